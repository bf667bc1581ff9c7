"""The demo company's month held against the stand-in's own bill, read over sockets from its administration.

First as it was charged: nothing is left to explain. Then with 5 % of the use past the gateway, 2 % of the charges only
estimated and a page of the bill that comes twice, after the month has been closed: each is found, named and set right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.profile import size
from tests.support.standin import running

from bursar.demo.company import history, roster
from bursar.demo.provider import Provider, Served
from bursar.demo.provider.administration import Faults, key_id
from bursar.demo.provider.past import served
from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.exchange.provider_bills.values import plus
from bursar.ledger import Charge, LotTerms, Release, apply_now
from bursar.office.books import bills, closes, reconciliation, suspense
from bursar.office.books.reconciling import reconcile
from bursar.office.catalogue import pricing
from bursar.office.database import reading
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.prices import Usage

MONTH = "2026-10"
START = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000
END = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000
NOW = int(datetime(2026, 11, 3, 9, tzinfo=UTC).timestamp()) * 1_000_000
KEYS = {"openai": "sk-gateway-openai", "anthropic": "sk-gateway-anthropic"}
SHADOW = "sk-somebody"
OWN = "sk-adas-own"
PEOPLE = size(6, 40)
pytestmark = pytest.mark.xdist_group("reconciling")  # a month's story, told in order


@dataclass
class Company:
    """A month that was charged, the truth about it, and a provider that bills it."""

    desk: Desk
    provider: Provider
    charged: list[Charge]
    truth: list[Served]
    estimated: dict[str, set[str]] = field(default_factory=dict)
    """Ids of charges that were estimated, by provider."""
    outside: list[Served] = field(default_factory=list)

    def ask(self, provider: str, *, apply: bool = False) -> dict[str, Any]:
        bill = bills.read_bill(self.desk, provider, MONTH)
        return reconcile(self.desk, provider, MONTH, apply_it=apply, bill=bill)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    settings = Settings(home=tmp_path_factory.mktemp("company"), port=0)
    clock = [START]
    initialise(settings, lambda: clock[0])
    desk = open_desk(settings, lambda: clock[0], "test")
    staff = [(str(desk.add_person(one.handle, email=one.email)["id"]), one) for one in roster(7, PEOPLE)]
    with reading(desk.engine) as connection:
        book = pricing.current_book(connection)
    lots = [
        Release(f"release:{who}", who, LotTerms(f"lot_{who}", "USD", 100_000 * 10**9, START, NOW + 10**13))
        for who, _ in staff
    ]
    apply_now(desk.store, lots, START)
    every = [
        (at, [one for one in batch if isinstance(one, Charge) and one.usage and one.usage.provider in KEYS])
        for at, batch in history(staff, book, book.version, END, 7)
        if at >= START
    ]
    chance = random.Random(3)
    charged, estimated = [], {name: set[str]() for name in KEYS}
    for at, batch in every:
        made = []
        for one in batch:
            assert one.usage is not None
            if chance.random() < 0.02:
                estimated[one.usage.provider].add(one.id)
                one = _estimate(one, book)
            made.append(one)
        if made:
            apply_now(desk.store, list(made), at)
        charged += made
    clock[0] = NOW
    truth = served((one for _, batch in every for one in batch), KEYS)
    with running(Provider()) as provider:
        for name, secret in KEYS.items():
            desk.add_provider(name, base_url=provider.base_url, secret=secret)
            bills.set_admin(desk, name, f"sk-admin-{name}", base_url=provider.base_url)
        yield Company(desk, provider, charged, truth, estimated, _outside(truth, charged, estimated, chance))
    desk.close()


def _estimate(one: Charge, book: Any) -> Charge:
    """What the gateway would have guessed of a reply that broke off."""
    assert one.usage is not None
    counts = Usage(**one.usage.tokens)
    guessed = msgspec.structs.replace(counts, output=max(1, counts.output * 7 // 10), reasoning=0)
    tariff = book.tariff(one.usage.provider, one.usage.model, one.usage.at)
    value = tariff.list_nanos(guessed)
    tokens = {name: count for name in Usage.__struct_fields__ if (count := getattr(guessed, name))}
    usage = msgspec.structs.replace(
        one.usage, status="estimated", tokens=tokens, list_nanos=value, cost_nanos=tariff.cost_nanos(guessed)
    )
    return msgspec.structs.replace(one, amount=value, usage=usage)


def _outside(
    truth: list[Served], charged: list[Charge], estimated: dict[str, set[str]], chance: random.Random
) -> list[Served]:
    """One request in twenty went past the gateway: by Ada's own key, by a key that nobody knows, by the gateway's own.

    The last stay out of days on which a charge of the same model was estimated: nobody could tell them apart there.
    """
    unsure = {
        (one.usage.at // 86_400_000_000, one.usage.model)
        for one in charged
        if one.usage is not None and one.usage.status == "estimated"
    }
    found = []
    for nth, one in enumerate(chance.sample(truth, len(truth) // 20)):
        secret = (OWN, SHADOW, KEYS[one.provider])[nth % 3]
        if secret == KEYS[one.provider] and (one.at // 86_400_000_000, one.model) in unsure:
            secret = SHADOW
        found.append(replace(one, id=f"past-{one.id}", key=key_id(secret)))
    return found


def total(lines: list[Served]) -> Usage:
    found = Usage()
    for one in lines:
        found = plus(found, one.usage)
    return msgspec.structs.replace(found, output=found.output + found.reasoning, reasoning=0)


def told(findings: list[dict[str, Any]]) -> Usage:
    found = Usage()
    for one in findings:
        found = plus(found, Usage(**one["tokens"]))
    return found


def of(found: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in found["findings"] if one["kind"] in kinds]


def test_the_month_ties_out_against_the_providers_own_bill_with_nothing_unexplained(company: Company) -> None:
    company.provider.past = served(company.charged, KEYS)
    for name in KEYS:
        found = company.ask(name)
        assert found["findings"] == []
        assert found["unexplained"] == 0
        assert found["matched"] == found["cells"] > 30
        assert found["bill_list_nanos"] == found["charged_list_nanos"] > 0
        # The provider rounds its costs on its own, and OpenAI tells them as binary fractions.
        assert abs(found["bill_cost_nanos"] - found["charged_list_nanos"]) < 1_000
        assert found["gateway_keys"] == [key_id(KEYS[name])]
        assert found["assumed_keys"], "nobody said which key is the gateway's: the charges did"


def test_a_dry_run_keeps_nothing(company: Company) -> None:
    company.provider.past = served(company.charged, KEYS)
    company.ask("openai")
    with reading(company.desk.engine) as connection:
        assert bills.readings(connection) == []
        assert bills.told_providers(connection) == []


def test_what_is_injected_is_found_named_and_set_right_once(company: Company) -> None:
    desk = company.desk
    company.provider.past = company.truth + company.outside
    company.provider.administration.faults.repeated_page = True
    closed = closes.close(desk, MONTH, "before the bill came", lambda done, whole: None)
    ada = desk.people()[0]["handle"]
    for name in KEYS:
        bills.set_owner(desk, name, key_id(OWN), ada)
        found = company.ask(name, apply=True)
        assert found["unexplained"] == 0
        # The page that came twice is named, and counted once.
        assert {one["kind"] for one in found["oddities"]} == {"repeated"}
        # Every estimate is found, and nothing else is corrected.
        assert {one["charge"] for one in of(found, "estimated", "unresolved")} == company.estimated[name]
        # Use past the gateway, to the token: Ada's own, and what nobody owns.
        past = [one for one in company.outside if one.provider == name]
        assert told(of(found, "outside")) == total([one for one in past if one.key == key_id(OWN)])
        assert {one["person"] for one in of(found, "outside")} == {ada}
        assert told(of(found, "suspense")) == total([one for one in past if one.key != key_id(OWN)])
        assert {one["kind"] for one in found["findings"]} == {"estimated", "outside", "suspense"}
        assert found["corrected"] == len(company.estimated[name])
        again = company.ask(name, apply=True)
        assert again["entries"] == again["corrected"] == again["charged"] == again["changed_lines"] == 0
        assert {one["kind"] for one in again["findings"]} == {"suspense"}
    # The closed month stays as it was; what came to be known is a correction of the next one.
    with reading(desk.engine) as connection:
        frozen = closes.frozen(connection, MONTH)
    assert (frozen.close.digest, frozen.whole) == (closed["digest"], True)
    late = closes.pending(desk).value
    assert late
    assert {one.concerns for one in late} == {MONTH}
    assert reconciliation.reconcile(desk, lambda done, whole: None)["agree"]
    assert verification.verified(desk).findings == []


def test_finance_resolves_what_is_in_suspense_until_the_bill_and_the_books_agree(company: Company) -> None:
    desk = company.desk
    company.provider.past = company.truth + company.outside
    with reading(desk.engine) as connection:
        waiting = suspense.listed(connection, state="open")
    assert len(waiting) > 5
    ben = desk.people()[1]["handle"]
    with pytest.raises(NotFound):
        suspense.attribute(desk, "no-such-place", ben)
    with pytest.raises(InvalidInput, match="note: found nothing"):
        suspense.dismiss(desk, waiting[0]["place"], "")
    owned: set[tuple[str, str]] = set()
    dismissed = dict.fromkeys(KEYS, 0)
    for nth, one in enumerate(waiting):
        place, key = one["place"], (one["provider"], one["key"])
        if one["key"] and key not in owned:
            # Whose key it is says whose the rest of it was.
            owned.add(key)
            done = suspense.attribute(desk, place, ben, "it is his job", own_key=True)
            assert (done["state"], done["person"]) == ("attributed", ben)
        elif not one["key"] and nth % 2:
            suspense.dismiss(desk, place, "the proof of concept of last year's vendor")
            dismissed[one["provider"]] += one["list_nanos"]
            with pytest.raises(Conflict, match="dismissed already"):
                suspense.attribute(desk, place, ben)
    assert len(owned) == len(KEYS)
    assert all(dismissed.values())
    for name in KEYS:
        found = company.ask(name, apply=True)
        assert {one["kind"] for one in found["findings"]} == {"outside", "suspense"}
        assert {one["person"] for one in of(found, "outside")} == {ben}
    with reading(desk.engine) as connection:
        waiting = suspense.listed(connection, state="open")
    assert {one["key"] for one in waiting} == {""}
    for one in waiting:
        suspense.dismiss(desk, one["place"], "the same")
        dismissed[one["provider"]] += one["list_nanos"]
    for name in KEYS:
        found = company.ask(name, apply=True)
        assert found["findings"] == []
        assert found["entries"] == 0
        assert found["bill_list_nanos"] == found["charged_list_nanos"] + dismissed[name]
    with reading(desk.engine) as connection:
        assert suspense.listed(connection, state="open") == []
    assert verification.verified(desk).findings == []


def test_a_cut_page_leaves_everything_as_it_was(company: Company) -> None:
    company.provider.administration.faults = Faults(cut_page=3)
    with reading(company.desk.engine) as connection:
        before = bills.readings(connection)
    with pytest.raises(InvalidInput, match=r"page 3.*nothing was imported"):
        company.ask("openai", apply=True)
    with reading(company.desk.engine) as connection:
        assert bills.readings(connection) == before
    company.provider.administration.faults = Faults()


def test_the_admin_key_is_sealed_and_told_nowhere(company: Company, tmp_path: Path) -> None:
    file = company.desk.settings.home / "bursar.db"
    raw = b"".join(one.read_bytes() for one in file.parent.glob("bursar.db*"))
    assert b"sk-admin-openai" not in raw
    assert "sk-admin" not in repr(bills.admins(company.desk))
    assert not [one for one in company.provider.administration.asked if "sk-admin" in one]
