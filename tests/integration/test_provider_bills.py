"""The clients of the providers' administrations, over real sockets, against what the stand-in really served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.support.standin import running

from bursar.demo.provider import Provider
from bursar.demo.provider.administration import Administration, SeatHolder
from bursar.demo.provider.bill import Served
from bursar.errors import Conflict, InvalidInput, Unavailable
from bursar.exchange.provider_bills import Bill, fetch, source
from bursar.exchange.provider_bills.values import plus
from bursar.prices import Usage

SINCE = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
DAY = 86_400
UNTIL = SINCE + 20 * DAY
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5", "cursor": "claude-4.5-sonnet"}


@dataclass
class Waits:
    """A clock that is not waited for."""

    seconds: list[float]

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture(scope="module")
def standin() -> Iterator[Provider]:
    """One stand-in in a loop of its own, as a provider is a process of its own."""
    with running(Provider()) as provider:
        provider.past = [
            Served(
                f"{name}-{nth}",
                name,
                "",
                model,
                Usage(input=1000 + nth, cache_read=10 * nth, output=50, reasoning=7),
                (SINCE + nth % 20 * DAY + 3600) * 1_000_000,
                key=f"apikey_{nth % 2}",
                user="ada@acme.example" if name == "cursor" else "",
            )
            for name, model in MODELS.items()
            for nth in range(60)
        ]
        yield provider


@pytest.fixture
def administration(standin: Provider) -> Iterator[Administration]:
    found = standin.administration
    found.asked.clear()
    yield found
    found.faults = type(found.faults)()
    found.admin_key = ""
    found.seats = []


def ask(standin: Provider, kind: str, secret: str = "sk-admin", waits: Waits | None = None) -> Bill:
    return fetch(
        source(kind),
        secret,
        account="acme",
        since=SINCE,
        until=UNTIL,
        base_url=standin.base_url,
        sleep=waits or Waits([]),
    )


def total(bill: Bill) -> Usage:
    found = Usage()
    for line in bill.lines:
        found = plus(found, line.usage)
    return found


def served(standin: Provider, name: str) -> tuple[int, int, int]:
    lines = [one.usage for one in standin.past if one.provider == name]
    return (
        sum(one.input for one in lines),
        sum(one.cache_read for one in lines),
        sum(one.output + one.reasoning for one in lines),
    )


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_month_in_pages_is_what_was_served_to_the_token(
    kind: str, standin: Provider, administration: Administration
) -> None:
    bill = ask(standin, kind)
    found = total(bill)
    assert (found.input, found.cache_read, found.output) == served(standin, kind)
    assert {line.key for line in bill.lines} == {"apikey_0", "apikey_1"}
    assert {line.model for line in bill.lines} == {MODELS[kind]}
    assert len(bill.days) == 20
    assert bill.pages >= 6, "twenty days come in pages of seven"
    assert sum(cost.amount_nanos for cost in bill.costs) > 0
    assert not bill.oddities


def test_openai_counts_requests_and_anthropic_does_not(standin: Provider, administration: Administration) -> None:
    assert sum(line.requests or 0 for line in ask(standin, "openai").lines) == 60
    assert {line.requests for line in ask(standin, "anthropic").lines} == {None}


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_page_that_comes_twice_counts_once_and_is_named(
    kind: str, standin: Provider, administration: Administration
) -> None:
    administration.faults.repeated_page = True
    bill = ask(standin, kind)
    found = total(bill)
    assert (found.input, found.cache_read, found.output) == served(standin, kind)
    assert {one.kind for one in bill.oddities} == {"repeated"}
    assert any("2026-11-01" in one.what and MODELS[kind] in one.what for one in bill.oddities)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_cut_page_ends_the_reading_with_its_number(
    kind: str, standin: Provider, administration: Administration
) -> None:
    administration.faults.cut_page = 2
    with pytest.raises(InvalidInput, match=r"page 2: found a page that was cut.*nothing was imported"):
        ask(standin, kind)


def test_a_cursor_that_leads_back_ends_the_reading(standin: Provider, administration: Administration) -> None:
    administration.faults.leading_back = True
    with pytest.raises(InvalidInput, match="a cursor that was given before"):
        ask(standin, "openai")


def test_a_late_day_is_not_spoken_of(standin: Provider, administration: Administration) -> None:
    administration.faults.late_days = frozenset({"2026-11-20"})
    bill = ask(standin, "anthropic")
    assert "2026-11-20" not in bill.days
    assert "2026-11-19" in bill.days


def test_who_is_asked_to_wait_waits_that_long_and_not_for_ever(
    standin: Provider, administration: Administration
) -> None:
    waits = Waits([])
    administration.faults.busy = [(429, "7"), (503, "")]
    assert ask(standin, "openai", waits=waits).lines
    assert waits.seconds == [7.0, 2.0]
    administration.faults.busy = [(429, "86400")]
    with pytest.raises(Unavailable, match="asks to wait 86400 seconds"):
        ask(standin, "openai", waits=waits)
    administration.faults.busy = [(503, "")] * 4
    with pytest.raises(Unavailable, match="4 times"):
        ask(standin, "openai", waits=waits)
    assert len(waits.seconds) == 5, "the last attempt is not waited after"


@pytest.mark.parametrize("kind", ["openai", "anthropic", "copilot", "cursor"])
def test_the_admin_key_goes_into_a_header_and_nowhere_else(
    kind: str, standin: Provider, administration: Administration
) -> None:
    administration.admin_key = "sk-canary-4711"
    ask(standin, kind, "sk-canary-4711")
    assert administration.asked
    assert not [one for one in administration.asked if "4711" in one]
    with pytest.raises(Conflict, match="refuses the admin key") as refused:
        ask(standin, kind, "sk-other-4712")
    assert "4712" not in refused.value.sentence + refused.value.hint


def test_a_host_that_is_not_there_is_named(administration: Administration) -> None:
    with pytest.raises(Unavailable, match=r"cannot reach 127.0.0.1 for usage of completions"):
        fetch(source("openai"), "x", since=SINCE, until=UNTIL, base_url="http://127.0.0.1:9", sleep=Waits([]))


def test_copilot_seats_come_with_when_they_were_used_last(standin: Provider, administration: Administration) -> None:
    administration.seats = [SeatHolder(f"dev{nth}", "", "2026-01-07", "2026-11-19") for nth in range(130)]
    bill = ask(standin, "copilot")
    assert len(bill.seats) == 130
    assert bill.seats[0].login == "dev0"
    assert (bill.seats[0].since, bill.seats[0].last_used) == ("2026-01-07", "2026-11-19")
    assert bill.pages == 2


def test_cursor_members_and_events_come_by_address(standin: Provider, administration: Administration) -> None:
    administration.seats = [SeatHolder("Ada", "ada@acme.example", "2026-01-07")]
    bill = ask(standin, "cursor")
    assert [seat.email for seat in bill.seats] == ["ada@acme.example"]
    assert len(bill.lines) == 60
    assert {line.user for line in bill.lines} == {"ada@acme.example"}
    assert {line.cost_nanos for line in bill.lines} == {12_500_000}
