"""Notices on their way: posted once, sent over real sockets, retried, never doubled, and no secret anywhere."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from tests.support.house import running_house
from tests.support.receivers import mail_server, make_certificate, web_server

from bursar.errors import Conflict, InvalidInput
from bursar.office.database import as_owner, transaction
from bursar.office.desk import Desk, open_desk
from bursar.office.settings import Settings
from bursar.office.telling import notices
from bursar.office.telling.channels import Notify, channels
from bursar.office.telling.notices import MAX_ATTEMPTS, deliver, wait_after
from bursar.office.telling.watch import watch
from bursar.office.vault import create_master_key

pytest_plugins = ("tests.postgres",)

CANARY = "canary-" + "5f3e" * 8
SIGNING = "whsec_" + base64.b64encode(CANARY.encode()).decode()
USED_UP = {"unit": "USD", "amount_nanos": 500 * 10**9}
DAY = 86_400_000_000


@dataclass
class Office:
    """Desks on one installation, told where notices go."""

    url: str
    home: Path
    opened: list[Desk]

    def desk(self, **notify: Any) -> Desk:
        settings = Settings(home=self.home, database_url=self.url, notify=Notify(**notify))
        desk = open_desk(settings, actor="test")
        self.opened.append(desk)
        return desk


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    create_master_key(tmp_path / "home" / "master.key")
    found = Office(migrated_url, tmp_path / "home", [])
    desk = found.desk()
    desk.add_person("ada", name="Ada Ábára", email="ada@example.org", zone="Europe/Berlin")
    desk.add_person("ben")
    yield found
    for one in found.opened:
        one.close()


def posted(desk: Desk, key: str = "exhausted:grt_1:7", person: str = "ada", now: int = 0) -> bool:
    with transaction(desk.engine) as connection:
        return notices.post(connection, key, "exhausted", person, USED_UP, now or desk.now())


def state(desk: Desk) -> list[tuple[str, str, int]]:
    return [
        (one["channel"], one["state"], one["attempts"])
        for notice in notices.listed(desk)
        for one in notice["deliveries"]
    ]


def test_a_notice_is_posted_once_for_its_key(office: Office) -> None:
    desk = office.desk()
    assert posted(desk)
    assert not posted(desk)
    assert posted(desk, "exhausted:grt_1:8")
    assert [one["subject"] for one in notices.listed(desk, "ada")] == ["The allotment is used up"] * 2
    assert notices.listed(desk, "ben") == []


def test_a_notice_that_is_undone_with_its_transaction_was_never_posted(office: Office) -> None:
    desk = office.desk()
    with transaction(desk.engine) as connection:
        notices.post(connection, "k", "exhausted", "ada", USED_UP, 1)
        connection.rollback()
    assert notices.listed(desk) == []


@pytest.mark.parametrize(
    ("key", "kind", "fields"),
    [
        ("", "exhausted", USED_UP),
        ("x" * 201, "exhausted", USED_UP),
        ("k", "gossip", USED_UP),
        ("k", "exhausted", {}),
        ("k", "exhausted", {**USED_UP, "prompt": "write me a poem"}),
        ("k", "exhausted", {**USED_UP, "amount_nanos": 1.5}),
        ("k", "exhausted", {**USED_UP, "amount_nanos": True}),
    ],
)
def test_what_no_kind_provides_for_is_refused(office: Office, key: str, kind: str, fields: Any) -> None:
    desk = office.desk()
    with pytest.raises(InvalidInput), transaction(desk.engine) as connection:
        notices.post(connection, key, kind, "ada", fields, 1)


def test_without_a_channel_a_notice_is_kept_and_not_sent_years_later(office: Office) -> None:
    desk = office.desk()
    posted(desk)
    assert deliver(desk, desk.now()) == 0
    with web_server() as hook:
        later = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        assert deliver(later, later.now()) == 0
        assert hook.posts == []
    assert len(notices.listed(desk)) == 1


def test_a_webhook_is_signed_as_the_standard_says(office: Office) -> None:
    with web_server() as hook:
        desk = office.desk(webhook_url=f"{hook.url}/in?x=1", webhook_secret=SIGNING)
        posted(desk)
        assert deliver(desk, desk.now()) == 1
        assert deliver(desk, desk.now()) == 0
        ((path, headers, body),) = hook.posts
    assert path == "/in?x=1"
    document = standardwebhooks.Webhook(SIGNING).verify(body, headers)
    assert document["type"] == "notice.exhausted"
    assert document["data"]["person"] == "ada"
    assert document["data"]["fields"] == USED_UP
    assert document["data"]["id"] == headers["webhook-id"]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SIGNING).verify(body.replace(b"ada", b"eve"), headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook("whsec_" + base64.b64encode(b"another secret..").decode()).verify(body, headers)


def test_a_failing_receiver_is_tried_again_later_and_later_and_gets_it_once(office: Office) -> None:
    with web_server() as hook:
        hook.answers = [500, 503, 204]
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        now = desk.now()
        assert deliver(desk, now) == 0
        assert state(desk) == [("webhook", "waiting", 1)]
        assert "answered 500" in notices.listed(desk)[0]["deliveries"][0]["reason"]
        assert deliver(desk, now + wait_after(1) - 1) == 0
        assert len(hook.posts) == 1
        now += wait_after(1)
        assert deliver(desk, now) == 0
        assert deliver(desk, now + wait_after(2)) == 1
        assert state(desk) == [("webhook", "delivered", 3)]
        assert deliver(desk, now + 365 * DAY) == 0
        assert len({headers["webhook-id"] for _, headers, _ in hook.posts}) == 1
        assert len({body for _, _, body in hook.posts}) == 1
        assert len(hook.posts) == 3


def test_attempts_end_at_a_maximum(office: Office) -> None:
    with web_server() as hook:
        hook.answers = [500]
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        now = desk.now()
        for attempt in range(1, MAX_ATTEMPTS + 5):
            assert deliver(desk, now) == 0
            now += wait_after(attempt)
        assert len(hook.posts) == MAX_ATTEMPTS
        assert state(desk) == [("webhook", "failed", MAX_ATTEMPTS)]


def test_each_channel_gets_it_once_though_another_fails(office: Office) -> None:
    with web_server() as hook, web_server() as chat, mail_server() as mailbox:
        hook.answers = [500, 204]
        desk = office.desk(
            webhook_url=hook.url,
            webhook_secret=SIGNING,
            slack_url=chat.url,
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="plain",
            smtp_from="bursar@example.org",
        )
        posted(desk)
        now = desk.now()
        assert deliver(desk, now) == 2
        assert deliver(desk, now + wait_after(1)) == 1
        assert deliver(desk, now + DAY) == 0
        assert (len(hook.posts), len(chat.posts), len(mailbox.mails)) == (2, 1, 1)


def test_two_nodes_do_not_send_the_same_notice_twice(office: Office) -> None:
    with web_server() as hook:
        desks = [office.desk(webhook_url=hook.url, webhook_secret=SIGNING) for _ in range(2)]
        for number in range(12):
            posted(desks[0], f"exhausted:grt:{number}")
        now = desks[0].now()
        arrived: list[int] = []
        threads = [threading.Thread(target=lambda one=one: arrived.append(deliver(one, now))) for one in desks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(arrived) == 12
        assert len(hook.posts) == len({headers["webhook-id"] for _, headers, _ in hook.posts}) == 12


def test_a_node_that_dies_while_sending_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as hook:
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        now = desk.now()

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("bursar.exchange.notify.webhook.post", die)
            with pytest.raises(KeyboardInterrupt):
                deliver(desk, now)
        assert deliver(desk, now) == 0
        assert deliver(desk, now + notices.CLAIM_MICROS) == 1
        assert len(hook.posts) == 1


def test_a_round_stops_between_two_letters_when_it_is_told_to(office: Office) -> None:
    with web_server() as hook:
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        for number in range(3):
            posted(desk, f"k:{number}")
        assert deliver(desk, desk.now(), stop=lambda: len(hook.posts) >= 1) == 1
        assert deliver(desk, desk.now(), limit=1) == 1


def test_a_redirect_is_not_followed(office: Office) -> None:
    with web_server() as hook, web_server() as other:
        hook.answers, hook.location = [307], f"{other.url}/elsewhere"
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        assert deliver(desk, desk.now()) == 0
        assert "redirects are not followed" in notices.listed(desk)[0]["deliveries"][0]["reason"]
        assert other.posts == []


def test_a_receiver_that_never_answers_costs_no_more_than_its_time_limit(office: Office) -> None:
    with web_server() as hook:
        hook.waits = threading.Event()
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING, timeout_seconds=0.2)
        posted(desk)
        began = time.monotonic()
        assert deliver(desk, desk.now()) == 0
        assert time.monotonic() - began < 5
        hook.waits.set()
        assert "did not answer within 0.2 seconds" in notices.listed(desk)[0]["deliveries"][0]["reason"]


def test_an_environment_with_a_proxy_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as hook, web_server() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        assert deliver(desk, desk.now()) == 1
        assert proxy.posts == []


def test_a_chat_channel_is_told_who_and_what_and_not_how_much(office: Office) -> None:
    with web_server() as chat:
        desk = office.desk(slack_url=f"{chat.url}/services/{CANARY}")
        posted(desk)
        assert deliver(desk, desk.now()) == 1
        ((path, _, body),) = chat.posts
    assert path == f"/services/{CANARY}"
    document = json.loads(body)
    assert document["text"] == "Ada Ábára: The allotment is used up"
    assert document["blocks"][0]["type"] == "section"
    assert "500" not in body.decode()


def test_mail_goes_encrypted_and_logged_in_to_a_server_that_is_trusted(office: Office, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with mail_server(certificate, CANARY) as mailbox:
        mail: dict[str, Any] = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_user": "bursar",
            "smtp_password": CANARY,
            "smtp_from": "bursar@example.org",
        }
        desk = office.desk(**mail)
        posted(desk)
        posted(desk, "for ben, who has no address", "ben")
        now = desk.now()
        assert deliver(desk, now) == 0
        assert "no trusted TLS" in notices.listed(desk, "ada")[0]["deliveries"][0]["reason"]
        assert mailbox.logins == []
        trusting = office.desk(**mail, smtp_ca_file=certificate)
        assert deliver(trusting, now + wait_after(1)) == 1
        (letter,) = mailbox.mails
    assert mailbox.logins == ["bursar"]
    assert letter["X-Encrypted"] == "True"
    assert letter["To"] == "Ada Ábára <ada@example.org>"
    assert letter["Subject"] == "Bursar: The allotment is used up"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().splitlines()[:3] == [
        "Hello Ada Ábára,",
        "",
        "Your allotment of $500.00 is used up; further requests may be refused.",
    ]


def test_mail_without_encryption_is_not_sent_unless_one_says_so(office: Office) -> None:
    with mail_server() as mailbox:
        desk = office.desk(smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_from="bursar@example.org")
        posted(desk)
        assert deliver(desk, desk.now()) == 0
        assert mailbox.mails == []
        assert "does not offer" in notices.listed(desk)[0]["deliveries"][0]["reason"]


def test_a_recipient_that_is_refused_for_good_is_not_tried_again(office: Office) -> None:
    with mail_server() as mailbox:
        mailbox.refuse = "550 nobody here"
        desk = office.desk(
            smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_security="plain", smtp_from="bursar@example.org"
        )
        posted(desk)
        assert deliver(desk, desk.now()) == 0
        assert state(desk) == [("mail", "failed", 1)]
        mailbox.refuse = "450 later"
        posted(desk, "another")
        assert deliver(desk, desk.now()) == 0
        assert ("mail", "waiting", 1) in state(desk)


def test_a_test_goes_over_every_channel_and_says_what_happened(office: Office) -> None:
    with web_server() as hook, web_server() as chat, mail_server() as mailbox:
        chat.answers = [404]
        desk = office.desk(
            webhook_url=hook.url,
            webhook_secret=SIGNING,
            slack_url=chat.url,
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="plain",
            smtp_from="bursar@example.org",
        )
        found = {one["channel"]: one["happened"] for one in notices.test(desk, "ada")}
        assert found == {"mail": "delivered", "webhook": "delivered", "slack": "failed: 127.0.0.1 answered 404"}
        assert "no e-mail address" in notices.test(desk, "ben")[0]["happened"]
        assert notices.listed(desk) == []


def test_no_secret_is_in_a_log_an_error_or_a_repr(
    office: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    certificate = make_certificate(tmp_path)
    with web_server() as hook, mail_server(certificate, "another password") as mailbox:
        hook.answers = [500]
        notify = {
            "webhook_url": f"{hook.url}/{CANARY}",
            "webhook_secret": SIGNING,
            "slack_url": f"{hook.url}/slack/{CANARY}",
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_user": "bursar",
            "smtp_password": CANARY,
            "smtp_ca_file": certificate,
            "smtp_from": "bursar@example.org",
        }
        desk = office.desk(**notify)
        posted(desk)
        deliver(desk, desk.now())
        assert [one[1:] for one in state(desk)] == [("waiting", 1)] * 3
    unreachable = office.desk(**notify)
    deliver(unreachable, unreachable.now() + DAY)
    said = [
        caplog.text,
        *capfd.readouterr(),
        repr(desk.settings),
        str(desk.settings),
        desk.settings.model_dump_json(),
        repr(channels(desk.settings.notify)),
        json.dumps(notices.listed(desk)),
        json.dumps(notices.test(desk, "ada")),
    ]
    for secret in (CANARY, SIGNING.removeprefix("whsec_"), base64.b64encode(CANARY.encode()).decode()):
        assert [text for text in said if secret in text] == []
    assert "refused user name and password (535)" in caplog.text


def test_a_secret_may_lie_in_a_file_that_nobody_else_can_read(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SIGNING}\n")
    file.chmod(0o644)
    with web_server() as hook:
        desk = office.desk(webhook_url=hook.url, webhook_secret_file=file)
        posted(desk)
        with pytest.raises(Conflict, match="can be read by others"):
            channels(desk.settings.notify)
        assert deliver(desk, desk.now()) == 0
        file.chmod(0o600)
        assert deliver(desk, desk.now()) == 1
        file.write_text("whsec_short")
        with pytest.raises(InvalidInput) as caught:
            channels(desk.settings.notify)
        assert "whsec_short" not in str(caught.value)


def test_a_channel_that_breaks_down_is_given_up_in_the_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise KeyError(CANARY)

    monkeypatch.setattr("bursar.exchange.notify.webhook.post", break_down)
    desk = office.desk(webhook_url="https://hooks.example.org", webhook_secret=SIGNING)
    posted(desk)
    now = desk.now()
    for attempt in range(1, MAX_ATTEMPTS + 2):
        assert deliver(desk, now) == 0
        now += wait_after(attempt)
    assert state(desk) == [("webhook", "failed", MAX_ATTEMPTS)]
    assert notices.listed(desk)[0]["deliveries"][0]["reason"] == "the channel webhook broke down: KeyError"


def test_a_broken_outbox_never_raises_to_the_gateway(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with web_server() as hook:
        desk = office.desk(webhook_url=hook.url, webhook_secret=SIGNING)
        posted(desk)
        deliver(desk, desk.now(), limit=0)
        with as_owner(desk.engine) as owner, transaction(owner) as connection:
            connection.exec_driver_sql("DROP TABLE notice_delivery")
        assert deliver(desk, desk.now()) == 0
        assert "notices are not delivered" in caplog.text


def test_the_wait_doubles_up_to_a_limit() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 40)]
    assert waits[:3] == [30_000_000, 60_000_000, 120_000_000]
    assert waits == sorted(waits)
    assert max(waits) == notices.MAX_WAIT_MICROS


def test_a_claim_lasts_longer_than_any_channel_may_take() -> None:
    longest = max(Notify.model_fields["timeout_seconds"].metadata, key=lambda one: getattr(one, "le", 0)).le
    assert longest * 1_000_000 * 8 < notices.CLAIM_MICROS


async def test_a_gateway_watches_and_delivers_by_itself_and_survives_what_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bursar.office.metering.serving.NOTICE_SECONDS", 0.05)
    rounds = iter([RuntimeError("once")])

    def fails_once(desk: Desk, now: int) -> int:
        for error in rounds:
            raise error
        return watch(desk, now)

    monkeypatch.setattr("bursar.office.metering.serving.watch", fails_once)
    with web_server() as hook:
        notify = Notify(webhook_url=hook.url, webhook_secret=SIGNING)
        async with running_house(tmp_path, grant="$0.0001", notify=notify) as house:
            for _ in range(3):
                await house.chat("hi", max_tokens=64)
            await house.settled()
            for _ in range(400):
                if hook.posts:
                    break
                await asyncio.sleep(0.02)
            assert house.client is not None
        kinds = [json.loads(body)["type"] for _, _, body in hook.posts]
    assert kinds
    assert set(kinds) <= {"notice.warning", "notice.exhausted", "notice.forecast"}
    assert "the next try is in" in caplog.text


def test_the_command_line_lists_tests_and_runs(tmp_path: Path) -> None:
    environment = {**os.environ, "BURSAR_HOME": str(tmp_path / "home"), "COLUMNS": "160"}

    def run(*words: str, expect: int = 0) -> str:
        command = [sys.executable, "-m", "bursar.cli", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("init")
    run("person", "add", "ada", "--email", "ada@example.org")
    assert "No notices yet" in run("notify", "list")
    assert "No channel is set" in run("notify", "test", "ada")
    assert "0 notices were posted" in run("notify", "run")
    with web_server() as hook, web_server() as chat:
        hook.answers = [204]
        chat.answers = [403]
        (tmp_path / "home" / "bursar.toml").write_text(f"[notify]\nwebhook_url = '{hook.url}'\n")
        environment |= {"BURSAR_NOTIFY_WEBHOOK_SECRET": SIGNING, "BURSAR_NOTIFY_SLACK_URL": chat.url}
        said = run("notify", "test", "ada", expect=6)
        assert "delivered" in said
        assert "answered 403" in said
        found = json.loads(run("notify", "test", "ada", "--json", expect=6))
        assert [(one["channel"], one["delivered"]) for one in found] == [("webhook", True), ("slack", False)]
        assert len(hook.posts) == 2
        assert json.loads(run("notify", "run", "--json")) == {"posted": 0, "unusual_keys": [], "delivered": 0}
