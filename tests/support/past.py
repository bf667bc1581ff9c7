"""Months that a house has behind it, and use that no gateway saw, written through the ledger's own rules."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.api import Served
from tests.support.console import ConsoleHouse

from bursar.ledger import Applied, Charge, LotTerms, Release, Request, Scope, Usage, apply_now
from bursar.office import months
from bursar.office.granting import pools

NANO = 1_000_000_000
NOW = months.month_of(int(datetime.now(UTC).timestamp()) * 1_000_000)
LAST, BEFORE = months.following(NOW, -1), months.following(NOW, -2)


def two_months(house: ConsoleHouse, team: str = "") -> None:
    """Eve had a hundred dollars in each of the last two months and used ten and eleven."""
    desk = house.desk
    eve = desk.add_person("eve", name="Eve", team=team, level="senior")["id"]
    for place, month in enumerate((BEFORE, LAST)):
        start, end = months.micros_of(month)
        lot = LotTerms(f"lot_eve_{month}", "USD", 100 * NANO, start, end, label=f"Stipend {month}")
        commands = [Release(f"release:{lot.id}", eve, lot)]
        apply_now(desk.store, commands, start, desk.now())
        charge(house, eve, 10 + place, start + 5 * 86_400_000_000, f"eve_{month}")


def own_money(house: ConsoleHouse, handle: str, dollars: int) -> None:
    """Somebody agreed to pay from their own money and used some of it for themselves, this month."""
    desk = house.desk
    person = desk.person(handle)["id"]
    pools.agree_to_own_money(desk, handle)
    start, end = months.micros_of(NOW)
    scope = Scope(purposes=("personal",))
    name = f"own_money:grant_of_{handle}:{NOW}:0"
    lot = LotTerms(name, "USD", 20 * NANO, start, end, priority=1, scope=scope, label="Own money")
    apply_now(desk.store, [Release(f"release:{name}", person, lot)], desk.now(), desk.now())
    charge(house, person, dollars, desk.now(), f"own_{handle}", purpose="personal")


def charge(house: ConsoleHouse | Served, person: str, dollars: int, at: int, name: str, purpose: str = "work") -> None:
    """Whole dollars at list price at an instant, recorded now; nine tenths of them are the cost."""
    usage = Usage(
        request_id=name,
        provider="anthropic",
        model="claude-sonnet-4-5",
        purpose=purpose,
        list_nanos=dollars * NANO,
        cost_nanos=dollars * NANO * 9 // 10,
        at=at,
        tokens={"input": 10},
    )
    request = Request("anthropic", "claude-sonnet-4-5", purpose)
    (answer,) = apply_now(
        house.desk.store, [Charge(name, person, "USD", dollars * NANO, request, usage)], at, house.desk.now()
    )
    assert isinstance(answer, Applied)
