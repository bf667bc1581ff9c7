"""What the gateway knows of the control plane, and how soon it knows of a change."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, text, update

from bursar.errors import Conflict, Unavailable
from bursar.office import audit
from bursar.office.catalogue import pricing, providers
from bursar.office.catalogue.providers import ProviderTerms
from bursar.office.database import as_owner, open_engine, transaction
from bursar.office.keyring import keys
from bursar.office.keyring.keys import KeyTerms
from bursar.office.keyring.tokens import make_token
from bursar.office.metering.directory import LiveDirectory
from bursar.office.tables import access_key, person, price_version, provider
from bursar.office.vault import Secret, Vault, rotate_master
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

VAULT = Vault(bytes(range(32)))
NEXT_VAULT = Vault(bytes(range(1, 33)))
NOW = int(datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()) * 1_000_000
SECOND = 1_000_000


@pytest.fixture
def token(changing: Changing) -> str:
    """Ada's key; prices are pinned and `openai` is configured."""
    with changing() as connection:
        pricing.pin(connection, NOW)
        people.add(connection, {"handle": "ada", "zone": "Asia/Tokyo"}, "per_ada", NOW)
        providers.add(connection, VAULT, "openai", ProviderTerms("openai"), secret=Secret("sk-upstream"), now=NOW)
    return issue(changing, 1)


def issue(changing: Changing, number: int, vault: Vault = VAULT, terms: KeyTerms = KeyTerms()) -> str:  # noqa: B008
    with changing() as connection:
        entropy = bytes([number] * 32)
        return keys.issue(
            connection, vault, "per_ada", terms, key_id=f"key_{number}", entropy=entropy, now=NOW
        ).token.reveal()


def test_a_key_is_known_by_its_secret_with_all_its_terms(engine: Engine, changing: Changing, token: str) -> None:
    terms = KeyTerms("ci", "personal", "thesis", ("gpt-*",), 5, "USD", NOW + SECOND)
    other = issue(changing, 2, terms=terms)
    directory = LiveDirectory(engine, VAULT)
    record = directory.authenticate(other, NOW)
    assert record is not None
    assert (record.key_id, record.person_id, record.person) == ("key_2", "per_ada", "ada")
    assert (record.purpose, record.project, record.models) == ("personal", "thesis", ("gpt-*",))
    assert (record.cap_nanos, record.expires_at, record.label) == (5, NOW + SECOND, "ci")
    plain = directory.authenticate(token, NOW)
    assert plain is not None
    assert (plain.key_id, plain.models, plain.expires_at) == ("key_1", (), 0)


def test_what_is_no_key_of_ours_is_not_known(engine: Engine, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    typo = token[:-1] + ("a" if token[-1] != "a" else "b")
    for wrong in ("", "sk-ant-x", typo, token + "x", make_token(bytes(32))):
        assert directory.authenticate(wrong, NOW) is None
    assert not directory.is_live("key_none", NOW)


def test_a_key_works_up_to_the_instant_of_its_expiry(engine: Engine, changing: Changing, token: str) -> None:
    other = issue(changing, 2, terms=KeyTerms(expires=NOW + SECOND))
    directory = LiveDirectory(engine, VAULT)
    assert directory.authenticate(other, NOW + SECOND - 1) is not None
    assert directory.authenticate(other, NOW + SECOND) is None
    assert directory.is_live("key_2", NOW + SECOND - 1)
    assert not directory.is_live("key_2", NOW + SECOND)


def test_a_revocation_elsewhere_is_known_after_one_refresh(engine: Engine, migrated_url: str, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    elsewhere = open_engine(migrated_url)
    try:
        with transaction(elsewhere) as connection:
            keys.revoke(connection, "key_1", NOW)
            audit.record(connection, NOW, "me", "key.revoke", "key_1", {})
    finally:
        elsewhere.dispose()
    assert directory.authenticate(token, NOW) is not None
    assert directory.refresh()
    assert directory.authenticate(token, NOW) is None
    assert not directory.is_live("key_1", NOW)


def test_without_a_change_nothing_is_read_again(engine: Engine, changing: Changing, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    record = directory.authenticate(token, NOW)
    assert not directory.refresh()
    assert directory.authenticate(token, NOW) is record
    with changing():
        pass
    assert directory.refresh()
    assert not directory.refresh()


def test_suspended_people_may_not_spend_until_they_are_reinstated(
    engine: Engine, changing: Changing, token: str
) -> None:
    directory = LiveDirectory(engine, VAULT)
    for act, works in ((people.suspend, False), (people.reinstate, True)):
        with changing() as connection:
            act(connection, "per_ada")
        directory.refresh()
        assert (directory.authenticate(token, NOW) is not None) == works
        assert directory.is_live("key_1", NOW) == works


def test_keys_end_with_the_last_day_in_the_persons_own_zone(engine: Engine, changing: Changing, token: str) -> None:
    with changing() as connection:
        people.leave(connection, "per_ada", "2026-04-01", NOW)
    directory = LiveDirectory(engine, VAULT)
    end = int(datetime(2026, 4, 1, 15, tzinfo=UTC).timestamp()) * 1_000_000  # midnight in Tokyo
    assert directory.authenticate(token, end - 1) is not None
    assert directory.authenticate(token, end) is None


def test_a_row_that_cannot_be_understood_refuses_only_itself(
    engine: Engine, changing: Changing, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with changing() as connection:
        people.add(connection, {"handle": "ben"}, "per_ben", NOW)
        terms = KeyTerms()
        keys.issue(connection, VAULT, "per_ben", terms, key_id="key_ben", entropy=bytes([7] * 32), now=NOW)
        connection.execute(update(person).where(person.c.id == "per_ben").values(leave_date="some day"))
    directory = LiveDirectory(engine, VAULT)
    assert directory.authenticate(token, NOW) is not None
    assert not directory.is_live("key_ben", NOW)
    assert "keys of ben are refused" in caplog.text


def test_a_rotated_secret_works_for_the_overlap_and_the_new_one_at_once(
    engine: Engine, changing: Changing, token: str
) -> None:
    with changing() as connection:
        entropy = bytes([8] * 32)
        fresh = keys.rotate(connection, VAULT, "key_1", entropy=entropy, now=NOW, overlap_seconds=60).token.reveal()
    directory = LiveDirectory(engine, VAULT)
    end = NOW + 60 * SECOND
    old, new = directory.authenticate(token, end - 1), directory.authenticate(fresh, end - 1)
    assert old is not None
    assert new is not None
    assert old.key_id == new.key_id == "key_1"
    assert directory.authenticate(token, end) is None
    assert directory.authenticate(fresh, end) is not None
    assert directory.is_live("key_1", end)


def test_a_secret_rotated_without_overlap_or_revoked_in_it_is_dead(
    engine: Engine, changing: Changing, token: str
) -> None:
    with changing() as connection:
        second = keys.rotate(connection, VAULT, "key_1", entropy=bytes([8] * 32), now=NOW).token.reveal()
    directory = LiveDirectory(engine, VAULT)
    assert directory.authenticate(token, NOW) is None
    assert directory.authenticate(second, NOW) is not None
    with changing() as connection:
        keys.rotate(connection, VAULT, "key_1", entropy=bytes([9] * 32), now=NOW, overlap_seconds=60)
        keys.revoke(connection, "key_1", NOW)
    directory.refresh()
    assert directory.authenticate(second, NOW) is None


def test_requests_are_routed_by_pattern_then_family_in_order_of_priority(
    engine: Engine, changing: Changing, token: str
) -> None:
    with changing() as connection:
        for name, priority in (("groq", 50), ("cerebras", 10)):
            providers.add(connection, VAULT, name, ProviderTerms(name, models=("llama-*",), priority=priority), now=NOW)
    directory = LiveDirectory(engine, VAULT)
    found = directory.provider_for("openai", "llama-3.3-70b")
    assert found is not None
    assert found.name == "cerebras"
    family = directory.provider_for("openai", "groq/llama-3.3-70b")
    assert family is not None
    assert (family.name, family.secret) == ("openai", "sk-upstream")
    assert directory.provider_for("gemini", "gemini-2.5-pro") is None
    named = directory.provider_named("groq")
    assert named is not None
    assert named.base_url == "https://api.groq.com/openai"


def test_a_disabled_provider_is_not_known(engine: Engine, changing: Changing, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    with changing() as connection:
        providers.set_enabled(connection, "openai", enabled=False)
    directory.refresh()
    assert directory.provider_named("openai") is None
    assert directory.provider_for("openai", "gpt-5") is None


def test_deadlines_reach_the_gateway(engine: Engine, changing: Changing, token: str) -> None:
    with changing() as connection:
        terms = ProviderTerms("openai", connect_seconds=1, first_byte_seconds=2, idle_seconds=3)
        providers.change(connection, VAULT, "openai", terms)
    record = LiveDirectory(engine, VAULT).provider_named("openai")
    assert record is not None
    assert (record.connect_seconds, record.first_byte_seconds, record.idle_seconds) == (1, 2, 3)


def test_a_credential_that_does_not_open_stops_the_start(engine: Engine, changing: Changing, token: str) -> None:
    with changing() as connection:
        connection.execute(update(provider).values(secret=VAULT.seal("x", "provider/groq")))
    with pytest.raises(Conflict, match="provider/openai does not open"):
        LiveDirectory(engine, VAULT)


def test_a_credential_that_no_longer_opens_does_not_hold_back_a_revocation(
    engine: Engine, changing: Changing, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = LiveDirectory(engine, VAULT)
    with changing() as connection:
        connection.execute(update(provider).values(secret=VAULT.seal("x", "provider/groq")))
        keys.revoke(connection, "key_1", NOW)
    assert directory.refresh()
    assert directory.authenticate(token, NOW) is None
    assert directory.provider_named("openai") is None
    assert "provider openai is left out" in caplog.text


def test_prices_that_cannot_be_read_do_not_hold_back_a_revocation(
    engine: Engine, changing: Changing, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = LiveDirectory(engine, VAULT)
    before = directory.price_version()
    with changing() as connection:
        connection.execute(price_version.delete())
        keys.revoke(connection, "key_1", NOW)
    assert directory.refresh()
    assert directory.authenticate(token, NOW) is None
    assert directory.price_version() == before
    assert "last known state" in caplog.text


def test_new_prices_are_in_force_after_one_refresh(engine: Engine, changing: Changing, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    before = directory.price_version()
    record = directory.provider_named("openai")
    assert record is not None
    with changing() as connection:
        document = {"kind": "discount", "provider": "openai", "model": "gpt-4o", "basis_points": 1000}
        version = pricing.add_overlay(connection, document, NOW + SECOND)
    directory.refresh()
    assert directory.price_version() == version != before
    tariff = directory.tariff(record, "gpt-4o", NOW + SECOND, "")
    assert tariff is not None
    assert tariff.cost_basis_points == 9000


def test_a_wrong_master_key_is_refused_at_the_start(engine: Engine, token: str) -> None:
    with pytest.raises(Conflict, match="belongs to master key"):
        LiveDirectory(engine, NEXT_VAULT)


def test_an_exchanged_master_key_leaves_keys_and_providers_in_force(
    engine: Engine, changing: Changing, token: str
) -> None:
    running = LiveDirectory(engine, VAULT)
    with changing() as connection:
        assert rotate_master(connection, VAULT, NEXT_VAULT) == 1
    assert running.refresh()
    started = LiveDirectory(engine, NEXT_VAULT)
    for directory in (running, started):
        assert directory.authenticate(token, NOW) is not None
        record = directory.provider_named("openai")
        assert record is not None
        assert record.secret == "sk-upstream"
    with pytest.raises(Conflict, match="belongs to master key"):
        LiveDirectory(engine, VAULT)


def test_keys_of_three_master_keys_work_side_by_side(engine: Engine, changing: Changing, token: str) -> None:
    third = Vault(bytes(range(2, 34)))
    with changing() as connection:
        rotate_master(connection, VAULT, NEXT_VAULT)
    second = issue(changing, 2, NEXT_VAULT)
    with changing() as connection:
        rotate_master(connection, NEXT_VAULT, third)
    tokens = [token, second, issue(changing, 3, third)]
    directory = LiveDirectory(engine, third)
    found = [directory.authenticate(one, NOW) for one in tokens]
    assert [one and one.key_id for one in found] == ["key_1", "key_2", "key_3"]


def test_a_lost_database_leaves_what_is_known_in_force(engine: Engine, changing: Changing, token: str) -> None:
    directory = LiveDirectory(engine, VAULT)
    with changing():
        pass
    with as_owner(engine) as owner, transaction(owner) as connection:
        connection.execute(text("ALTER TABLE access_key RENAME TO moved"))
    with pytest.raises(Exception, match="access_key"):
        directory.refresh()
    assert directory.authenticate(token, NOW) is not None


def test_an_unreachable_database_is_unavailable(engine: Engine, token: str, tmp_path: object) -> None:
    directory = LiveDirectory(engine, VAULT)
    directory._engine = open_engine(f"{tmp_path}/none/lost.db")
    with pytest.raises(Unavailable):
        directory.refresh()
    assert directory.authenticate(token, NOW) is not None


def test_a_request_never_sees_half_of_a_change(engine: Engine, changing: Changing, token: str) -> None:
    """Every version swaps which of two keys is revoked; a reader in another thread sees exactly one live."""
    other = issue(changing, 2)
    with changing() as connection:
        keys.revoke(connection, "key_2", NOW)
    directory = LiveDirectory(engine, VAULT)
    done, seen = threading.Event(), []

    def look() -> None:
        while not done.is_set():
            view = directory._view
            seen.append(sum(key in view.live for key in ("key_1", "key_2")))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for turn in range(30):
            with changing() as connection:
                for key, revoked in (("key_1", (turn + 1) % 2), ("key_2", turn % 2)):
                    connection.execute(update(access_key).where(access_key.c.id == key).values(revoked=revoked))
            directory.refresh()
            assert (directory.authenticate(token, NOW) is None) == (turn % 2 == 0)
            assert (directory.authenticate(other, NOW) is None) == (turn % 2 == 1)
    finally:
        done.set()
        reader.join()
    assert set(seen) == {1}


def test_logs_of_a_start_show_no_credential(engine: Engine, token: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        directory = LiveDirectory(engine, VAULT)
    assert "sk-upstream" not in caplog.text + repr(directory._view)
