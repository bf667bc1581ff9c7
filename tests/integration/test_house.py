"""The house's figures on both engines: exposure, spend, the forecast, nodes, keys in use, traffic, names, pages of logs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import DAY, NANO, Books, at

from bursar.errors import InvalidInput
from bursar.ledger import Request, TakeHold
from bursar.office import naming, standing
from bursar.office.access import Actor, Subject, action
from bursar.office.catalogue import provider_changes
from bursar.office.catalogue.providers import ProviderTerms
from bursar.office.database import reading, transaction
from bursar.office.figures import exposure, house_spending, ratio
from bursar.office.granting import grants, promises
from bursar.office.keyring import key_pages, key_use
from bursar.office.metering import nodes, traffic
from bursar.office.months import days_of
from bursar.office.oversight import audit_pages, journal_pages, reads, verification
from bursar.office.terms import rollout
from bursar.office.workforce import bands
from bursar.plans.check import load

pytest_plugins = ("tests.postgres",)

PLAN = """\
bursar: plan/1
name: stipend
title: Token stipend
class: provisioned_tool
allotment: {every: month, anchor: calendar, proration: none, expires: period}
tiers:
  - {name: senior, when: {level: senior}, amount: $100}
otherwise: {name: everybody, amount: $10}
limit:
  then:
    - grace: $5
    - top_up: {step: $2, up_to: $6}
    - stop
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
leaving: {unspent: keep, tail: 14 days}
statements:
  tax: A tool; not taxed.
  expectations: None.
  visibility: Your manager sees totals.
  rate_limits: Those of the providers.
  changes: People team.
  approval_time: Within a day.
"""


@pytest.fixture
def books(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Six people under a plan since the first of March 2026, seen from the tenth."""
    monkeypatch.setattr(standing, "QUICK_SECONDS", 1_000.0)  # however slow this machine is: taken anew every time
    found = Books(tmp_path / "home", migrated_url, "2026-03-01")
    rollout.apply_plan(found.desk, load(PLAN))
    for number in range(6):
        found.person(f"p{number}", "mobile" if number < 5 else "law", level="senior" if number < 5 else "junior")
        promises.give(found.desk, f"p{number}", "stipend")
    found.go_to("2026-03-10T12:00")
    yield found
    found.close()


def person(books: Books, handle: str) -> str:
    return str(books.desk.person(handle)["id"])


def test_exposure_says_what_was_promised_released_spent_and_is_still_to_come(books: Books) -> None:
    ada = person(books, "p0")
    books.charge(ada, 30, "2026-03-09T10:00")
    request = Request("anthropic", "claude-opus-4-1", "work")
    books.apply(TakeHold("hold_1", ada, "USD", 5 * NANO, NANO, books.now() + DAY, request, node="gw/1"), books.now())
    house = exposure.house(books.desk).value
    one = house.of("USD")
    held = one.sums.held
    assert held > 0
    assert (one.sums.released, one.sums.spent, one.sums.open + held) == (510 * NANO, 30 * NANO, 480 * NANO)
    # Twelve months ahead, of five seniors and one junior.
    assert one.coming == 12 * 510 * NANO
    assert (one.beyond.grace, one.beyond.top_up) == (6 * 5 * NANO, 6 * 6 * NANO)
    assert one.most_now == one.sums.open + held + 6 * 11 * NANO
    assert [(group.key, group.people, group.sums.released) for group in house.by("tier", "USD")] == [
        ("groups of fewer than five", 6, 510 * NANO)
    ]
    assert [(group.key, group.coming) for group in house.by("plan", "USD")] == [("stipend", 12 * 510 * NANO)]


def test_exposure_of_other_units_is_never_added_up(books: Books) -> None:
    books.release(person(books, "p0"), 50, "2026-03-02", unit="TOKENS")
    house = exposure.house(books.desk).value
    assert [one.unit for one in house.exposures] == ["USD", "TOKENS"]
    assert house.of("TOKENS").sums.open == 50 * NANO
    assert house.of("USD").sums.released == 510 * NANO
    assert house.by("plan", "TOKENS")[0].key == exposure.BY_HAND


def test_grants_with_the_same_future_are_asked_once_and_one_that_ends_brings_less(books: Books) -> None:
    before = exposure.house(books.desk).value.of("USD").coming
    with transaction(books.desk.engine) as connection:
        (found,) = grants.listed(connection, person=person(books, "p1"))
        grants.end(connection, found, at("2026-06-01"), "ended", books.now())
        books.desk.note(connection, "test", "end", {})
    # April and May instead of twelve months.
    assert exposure.house(books.desk).value.of("USD").coming == before - 10 * 100 * NANO


def test_months_say_what_opened_was_spent_and_lapsed_in_each(books: Books) -> None:
    books.charge(person(books, "p0"), 30, "2026-03-09T10:00")
    books.go_to("2026-04-02")
    books.desk.run_calendar()
    from bursar.ledger import sweep

    sweep(books.desk.store, books.now())
    found = exposure.months(books.desk, "2026-02", "USD").value
    assert [(one.month, one.released, one.spent, one.forfeited) for one in found] == [
        ("2026-02", 0, 0, 0),
        ("2026-03", 510 * NANO, 30 * NANO, 480 * NANO),  # at midnight, with the month that ended
        ("2026-04", 510 * NANO, 0, 0),
    ]


def test_spend_by_a_group_tells_no_group_of_fewer_than_five_apart(books: Books) -> None:
    for number in range(6):
        books.charge(
            person(books, f"p{number}"),
            1 + number,
            "2026-03-05T10:00",
            model="gpt-5" if number else "o3",
            provider="openai",
        )
    days = days_of("2026-03")
    by_model = house_spending.spend(books.desk, "model", *days).value
    assert (by_model.people, by_model.whole.list_nanos) == (6, 21 * NANO)
    assert [(one.people, one.merged) for one in by_model.groups] == [(6, 2)]
    by_team = house_spending.spend(books.desk, "team", *days).value
    assert [(one.people, one.merged) for one in by_team.groups] == [(6, 2)]
    by_provider = house_spending.spend(books.desk, "provider", *days).value
    assert [(one.key, one.sums.cost_nanos) for one in by_provider.groups] == [("openai", 21 * NANO * 9 // 10)]
    cells = house_spending.by_month(books.desk, "2026-03").value
    assert [(one.month, one.provider, one.sums.spread) for one in cells] == [("2026-03", "openai", 21 * NANO // 10)]


def test_the_month_lands_where_its_weeks_lead(books: Books) -> None:
    books.go_to("2026-01-01")
    ada = person(books, "p0")
    for day in range(69):
        books.clock = at("2026-01-01") + day * DAY + 1
        books.charge(
            ada, 2, f"2026-{1 + (day >= 31) + (day >= 59):02}-{day + 1 - 31 * (day >= 31) - 28 * (day >= 59):02}T10:00"
        )
    books.go_to("2026-03-11T00:30")
    found = house_spending.landing(books.desk).value
    assert (sum(found.daily), found.today, found.days) == (20 * NANO, 0, 21)
    assert found.fan is not None
    # Expected to go on as it did, and not certain to.
    assert found.fan.middle[-1] == pytest.approx(42 * NANO, rel=0.02)
    assert 36 * NANO < found.fan.low[-1] < 42 * NANO < found.fan.high[-1] < 50 * NANO


def test_a_nodes_beat_and_what_it_counted_are_kept_by_the_hour(books: Books) -> None:
    now = books.now()
    with transaction(books.desk.engine) as connection:
        for number in (2, 3):
            nodes.report(
                connection,
                "gw",
                started=now - DAY,
                in_flight=number,
                requests=number * 10,
                counts={("refusal", "exhausted", ""): number, ("error", "status 529", "anthropic"): 1},
                now=now,
            )
        nodes.report(
            connection, "old", started=1, in_flight=0, requests=1, counts={("refusal", "x", ""): 1}, now=now - 100 * DAY
        )
    with reading(books.desk.engine) as connection:
        known = {one.name: one for one in nodes.listed(connection)}
        found = nodes.counted(connection, now - DAY)
        series = nodes.by_hour(connection, now - DAY, now)
    assert (known["gw"].in_flight, known["gw"].requests, known["gw"].state(now)) == (3, 30, "running")
    assert known["gw"].state(now + 60_000_000) == "silent"
    assert [(one.kind, one.reason, one.provider, one.number) for one in found] == [
        ("error", "status 529", "anthropic", 2),
        ("refusal", "exhausted", "", 5),
    ]
    assert (series["refusal"][-1], len(series["refusal"])) == (5, 25)
    with transaction(books.desk.engine) as connection:
        nodes.stop(connection, "gw", now)
        nodes.report(connection, "new", started=now, in_flight=0, requests=0, counts={}, now=now)
    with reading(books.desk.engine) as connection:
        assert {one.name: one.state(now) for one in nodes.listed(connection)} == {
            "gw": "stopped",
            "old": "silent",
            "new": "running",
        }
        # What is older than ninety days was swept away.
        assert [one.reason for one in nodes.counted(connection, 0)] == ["status 529", "exhausted"]


def test_keys_know_when_they_were_last_used_and_are_found_by_what_is_known_of_them(books: Books) -> None:
    keys = {name: books.desk.issue_key(name, label=f"{name} laptop", project="search")["id"] for name in ("p0", "p1")}
    books.charge(person(books, "p0"), 1, "2026-03-08T10:00", key=keys["p0"])
    books.charge(person(books, "p0"), 1, "2026-03-07T10:00", key=keys["p0"])
    assert key_use.follow(books.desk) == 1
    assert key_use.follow(books.desk) == 0
    books.charge(person(books, "p0"), 1, "2026-03-06T10:00", key=keys["p0"])  # comes late: no step back
    key_use.follow(books.desk)
    with reading(books.desk.engine) as connection:
        assert key_use.last_used(connection, keys.values()) == {keys["p0"]: at("2026-03-08T10:00")}
        assert [one.key.person for one in key_pages.page(connection, books.now(), text="P0 LAP").keys] == ["p0"]
        assert len(key_pages.page(connection, books.now(), text="%").keys) == 0
        first = key_pages.page(connection, books.now(), rows=1)
        second = key_pages.page(connection, books.now(), rows=1, after=first.next)
        assert {first.keys[0].key.person, second.keys[0].key.person} == {"p0", "p1"}
        assert second.next == ""
        with pytest.raises(InvalidInput, match="after"):
            key_pages.page(connection, books.now(), after="nothing")
        with pytest.raises(InvalidInput, match="state"):
            key_pages.page(connection, books.now(), state="x")
    books.desk.revoke_key(keys["p1"])
    with reading(books.desk.engine) as connection:
        assert [one.key.person for one in key_pages.page(connection, books.now()).keys] == ["p0"]
        assert [one.key.person for one in key_pages.page(connection, books.now(), state="ended").keys] == ["p1"]


def test_traffic_is_the_last_hour_by_the_minute(books: Books) -> None:
    ada = person(books, "p0")
    books.charge(ada, 9, "2026-03-10T10:30")
    books.go_to("2026-03-10T11:50")
    books.charge(ada, 2, "2026-03-10T11:49:30")
    name = books.charge(ada, 3, "2026-03-10T11:30:30", model="gpt-5")
    books.correct(ada, name, 1)
    found = traffic.last_hour(books.desk).value
    assert (found.requests, found.nanos, len(found.minutes)) == (2, 5 * NANO, 60)
    assert (found.last_minute.requests, found.minutes[-1].requests) == (1, 0)
    assert [(one.key, one.requests) for one in found.models] == [("gpt-5", 1), ("claude-sonnet-4-5", 1)]


def test_bands_are_set_at_once_and_the_log_never_says_an_amount(books: Books) -> None:
    assert bands.replace(books.desk, "senior, $100,000\njunior, $60,000") == 2
    assert bands.replace(books.desk, "senior, $100,000\njunior, $60,000") == 0
    with pytest.raises(InvalidInput):
        bands.replace(books.desk, "senior, $120,000\njunior, free")
    with reading(books.desk.engine) as connection:
        assert [(one.level, one.yearly_nanos) for one in bands.listed(connection)] == [
            ("junior", 60_000 * NANO),
            ("senior", 100_000 * NANO),
        ]
    books.charge(person(books, "p0"), 1_000, "2026-03-09T10:00")
    found = ratio.comparison(books.desk).value
    assert (found.people[0].handle, found.days, found.people[0].status) == ("p0", 1, "exceeds")
    assert ratio.of_person(books.desk, person(books, "p0")) == found.people[0]
    assert bands.replace(books.desk, "senior, $110,000") == 2
    with reading(books.desk.engine) as connection:
        log = audit_pages.page(connection, action="band.change")
    assert [one.detail for one in log.lines] == [
        {"changed": ["senior"], "removed": ["junior"]},
        {"changed": ["junior", "senior"], "removed": []},
    ]


def test_a_provider_is_added_changed_and_forgotten_and_its_credential_is_nowhere(books: Books) -> None:
    secret = "sk-" + "s3cr3t" * 5
    terms = ProviderTerms("openai", "https://llm.example/v1")
    provider_changes.add(books.desk, "ours", terms, secret)
    provider_changes.change(books.desk, "ours", ProviderTerms("openai", "https://llm.example", ("llama-*",), 5))
    provider_changes.set_enabled(books.desk, "ours", enabled=False)
    (found,) = books.desk.providers()
    assert (found["secret"], found["state"], found["models"]) == ("encrypted", "disabled", ["llama-*"])
    provider_changes.remove(books.desk, "ours")
    with reading(books.desk.engine) as connection:
        log = audit_pages.page(connection, action="provider.")
    assert [one.action for one in log.lines] == [
        "provider.remove",
        "provider.disable",
        "provider.change",
        "provider.add",
    ]
    assert log.lines[2].detail == {"models": ["llama-*"], "priority": 5, "secret": False}
    assert "s3cr3t" not in str(log)


def test_the_audit_log_is_found_by_what_who_when_and_text(books: Books) -> None:
    with reading(books.desk.engine) as connection:
        every = audit_pages.page(connection, rows=1_000).lines
        assert [one.seq for one in every] == sorted((one.seq for one in every), reverse=True)
        first = audit_pages.page(connection, rows=3)
        assert audit_pages.page(connection, rows=3, before=first.next).lines[0].seq == first.lines[-1].seq - 1
        assert {one.action for one in audit_pages.page(connection, action="person.").lines} == {"person.add"}
        assert len(audit_pages.page(connection, text="P3").lines) >= 1
        assert audit_pages.page(connection, text="100%").lines == ()
        assert audit_pages.page(connection, actors=["nobody"]).lines == ()
        assert audit_pages.page(connection, start=at("2026-03-02")).lines == ()
    assert "person.add" in audit_pages.actions(books.desk)


def test_a_search_of_a_long_log_goes_on_where_it_ended(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(books.desk.engine) as connection:
        oldest = audit_pages.page(connection, rows=1_000).lines[-1]
        monkeypatch.setattr(audit_pages, "SEARCHED", 2)
        found, before, pages = [], 0, 0
        while True:
            part = audit_pages.page(connection, text=oldest.subject, before=before)
            found += [one.seq for one in part.lines]
            before, pages = part.next, pages + 1
            if not before:
                break
    assert oldest.seq in found
    assert pages > 2
    assert len(found) == len(set(found))


def test_who_looked_at_whom_goes_on_from_page_to_page_also_within_one_instant(books: Books) -> None:
    from bursar.office.identity import accounts

    with transaction(books.desk.engine) as connection:
        accounts.add(connection, "aud", account_id="acc_aud", by="test", now=1, roles=["auditor"])
    actor = Actor("acc_aud", "", "org_1", frozenset({"auditor"}), "session:x")
    subjects = [Subject("org_1", person(books, f"p{number}")) for number in range(6)]
    reads.look(books.desk.engine, actor, action("wallet.read"), subjects, "wallets", books.now())
    seen: list[str] = []
    place = None
    with reading(books.desk.engine) as connection:
        while True:
            found = audit_pages.looks(connection, "org_1", after=place, rows=4)
            seen += [one.whom for one in found.looks]
            place = found.next
            if place is None:
                break
        assert sorted(seen) == [f"p{number}" for number in range(6)]
        assert [one.whom for one in audit_pages.looks(connection, "org_1", whom="P4").looks] == ["p4"]
        assert audit_pages.looks(connection, "org_1", who="nobody").looks == ()
        assert audit_pages.looks(connection, "org_2").looks == ()


def test_the_journal_is_read_page_by_page_and_a_balance_at_any_instant(books: Books) -> None:
    ada = person(books, "p0")
    books.charge(ada, 30, "2026-03-09T10:00")
    whole = journal_pages.page(books.desk, rows=1_000).lines
    assert [one.seq for one in whole] == list(range(len(whole), 0, -1))
    first = journal_pages.page(books.desk, rows=3)
    assert journal_pages.page(books.desk, rows=3, before=first.next).lines[0].seq == first.next - 1
    mine = journal_pages.page(books.desk, person=ada).lines
    assert [(one.kind, one.change, one.spent) for one in mine] == [
        ("charge", -30 * NANO, 30 * NANO),
        ("release", 100 * NANO, 0),
    ]
    assert journal_pages.page(books.desk, until=at("2026-03-10T00:00")).lines[0].kind == "release"
    statement = journal_pages.statement(books.desk, ada, at("2026-03-01"), books.now(), "USD")
    assert (statement.opening, statement.closing, statement.lines[-1].balance) == (0, 70 * NANO, 70 * NANO)
    (lot,) = journal_pages.balance_at(books.desk, ada, at("2026-03-09T09:00"))
    assert (lot.available, lot.spent) == (100 * NANO, 0)
    # Known by the entry before the charge: nothing was spent, at any instant.
    (lot,) = journal_pages.balance_at(books.desk, ada, books.now(), len(whole) - 1)
    assert lot.spent == 0
    with pytest.raises(InvalidInput, match="seq"):
        journal_pages.balance_at(books.desk, ada, books.now(), 10_000)


def test_a_proof_is_a_file_that_fits(books: Books) -> None:
    import json

    from bursar.ledger.proof import verify_proof

    ada = person(books, "p0")
    books.charge(ada, 30, "2026-03-09T10:00")
    text = journal_pages.proof_of(books.desk, ada, at("2026-03-01"), books.now(), "USD")
    assert verify_proof(json.loads(text)) == []


def test_the_ledger_is_verified_with_and_against_a_head_that_was_kept(books: Books) -> None:
    steps: list[tuple[int, int]] = []
    found = verification.verified(books.desk, lambda done, whole: steps.append((done, whole)))
    assert found.clean
    assert steps[-1][0] == steps[-1][1] == found.ledger.entries
    kept = verification.read_anchor(verification.document(found)["anchor"])
    books.charge(person(books, "p0"), 1, "2026-03-09T10:00")
    assert verification.verified(books.desk, anchor=kept).clean
    assert kept is not None
    from msgspec.structs import replace

    other = verification.verified(books.desk, anchor=replace(kept, hash="0" * 64))
    assert not other.clean
    assert "is not the anchor that was kept" in other.findings[0]


def test_ids_in_logs_have_names(books: Books) -> None:
    key = books.desk.issue_key("p0")["id"]
    with reading(books.desk.engine) as connection:
        assert naming.subjects(connection, [person(books, "p1"), key, "nothing"]) == {
            person(books, "p1"): "p1",
            key: "p0",
        }
        assert naming.actors(connection, ["cli:root", "acc_x by token:tok_1", "demo"]) == {
            "cli:root": "root, command line",
            "acc_x by token:tok_1": "acc_x, by an API token",
            "demo": "demo",
        }


def test_figures_that_are_slow_stand_for_a_moment_and_a_change_of_terms_is_seen_at_once(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "QUICK_SECONDS", -1.0)
    monkeypatch.setattr(standing, "REST", 0)
    taken: list[int] = []
    again = threading.Event()

    def make(desk: object) -> int:
        taken.append(1)
        if len(taken) > 2:
            again.set()
        return len(taken)

    def ask() -> int:
        return standing.taken(books.desk, f"test:{books.desk.settings.url}", make).value

    assert (ask(), ask()) == (1, 1)  # nothing moved
    books.desk.issue_key("p0")
    assert ask() == 2  # the control plane changed: whoever changed it sees it
    books.charge(person(books, "p0"), 1, "2026-03-09T10:00")
    assert ask() == 2  # the journal moved: as it stood, and taken anew beside
    assert again.wait(30)
    for _ in range(500):
        if ask() == 3:
            break
        time.sleep(0.01)
    assert ask() == 3
