"""The wallet's figures beside the ledger's own replay; what somebody would keep; how to ask; where it went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest

from bursar.errors import InvalidInput
from bursar.ledger import Charge, Request, Usage, apply_now, reading
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import spending, wallet
from bursar.office.granting import asking, promises, topups
from bursar.office.metering import running
from bursar.office.settings import Settings
from bursar.office.telling import watch
from bursar.office.terms import own_terms, rollout
from bursar.office.workforce import departing
from bursar.plans.check import load

START = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * 1_000_000
HOUR = 3_600_000_000
DAY = 24 * HOUR
DOLLAR = 10**9
PLAN = """\
bursar: plan/1
name: stipend
title: Token stipend
class: provisioned_tool
allotment: {amount: $300, every: month, anchor: calendar, proration: none, expires: period}
rollover: {cap: 25%, periods: 1}
limit:
  then:
    - request: {reason: required, approvers: [manager], up_to: $500, expires: 7 days}
    - stop
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
leaving: {unspent: UNSPENT}
statements: {tax: A tool., expectations: None., visibility: Totals., rate_limits: None., changes: After notice., approval_time: A day.}
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Ada, whose manager is Grace, in her third month of a stipend, with a top-up and a revoked gift; on each engine.

    Tests only look at her: what changes somebody is done to somebody new.
    """
    moment = [START]
    url = ""
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_wallet")
        url = server.replace("/postgres?", "/bursar_wallet?")
    settings = Settings(home=tmp_path_factory.mktemp("wallet"), database_url=url)
    initialise(settings, lambda: moment[0])
    opened = open_desk(settings, lambda: moment[0], actor="test")
    opened.add_person("grace", name="Grace Hall")
    opened.add_person("ada", name="Ada Abara", manager="grace", zone="America/Chicago")
    rollout.apply_plan(opened, load(PLAN.replace("UNSPENT", "keep, tail: 14 days")))
    promises.give(opened, "ada", "stipend")
    gift = ""
    for day in range(80):
        for hour, amount in ((9, 2), (15, 1 + day % 5)):
            moment[0] = START + day * DAY + hour * HOUR
            opened.run_calendar()
            _charge(opened, f"c{day}.{hour}", amount * DOLLAR, session=f"s{day % 3}", key="key_1" if day % 2 else "")
        if day == 70:
            gift = opened.give("ada", "$40", label="Gift")["grant"]
        if day == 72:
            asked = topups.request(opened, "ada", "$25", reason="more")
            moment[0] += 2 * HOUR
            topups.decide(opened, asked["id"], by="grace", approve=True)
        if day == 75:
            opened.revoke_grant(gift)
    watch.watch(opened, moment[0])
    yield opened
    opened.close()


def _charge(desk: Desk, name: str, amount: int, *, session: str, key: str) -> None:
    usage = Usage(provider="openai", model="gpt-5", list_nanos=amount, at=desk.now(), session=session, key=key)
    person = desk.person("ada")["id"]
    apply_now(desk.store, [Charge(name, person, "USD", amount, Request("openai", "gpt-5", "work"), usage)], desk.now())


def test_the_burn_down_is_what_the_ledger_replays_for_the_end_of_each_day(desk: Desk) -> None:
    person = desk.person("ada")["id"]
    past = wallet.wallet(desk, "ada")["burn"]["past"]
    assert len(past) >= 18
    for day, left in past[:-1]:
        end = ((date.fromisoformat(day) - date(1970, 1, 1)).days + 1) * DAY - 1
        lots = desk.store.read(lambda session, end=end: reading.balance(session, person, end))  # type: ignore[misc]
        assert left == sum(lot.available + lot.held for lot in lots if lot.terms.effective <= end), day
    found = wallet.wallet(desk, "ada")
    assert past[-1][1] == found["available_nanos"] + found["held_nanos"]


def test_both_clocks_and_the_band_ahead(desk: Desk) -> None:
    found = wallet.wallet(desk, "ada")
    assert found["resets_micros"] == int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000
    assert found["runs_out_micros"] is None
    assert 4 * DOLLAR < found["rate_day_nanos"] < 6 * DOLLAR
    ahead = found["burn"]["ahead"]
    assert ahead[0][1:] == (ahead[0][2],) * 3
    assert all(low <= middle <= high for _, low, middle, high in ahead)
    widths = [high - low for _, low, _, high in ahead]
    assert widths == sorted(widths)
    assert widths[-1] > DOLLAR
    assert [one[2] for one in ahead] == sorted((one[2] for one in ahead), reverse=True)


def test_what_comes_is_told_in_order(desk: Desk) -> None:
    events = wallet.coming(desk, "ada")
    assert [one["at_micros"] for one in events] == sorted(one["at_micros"] for one in events)
    assert {"release", "roll"} <= {one["event"] for one in events}


def test_somebody_without_anything_has_an_empty_wallet(desk: Desk) -> None:
    found = wallet.wallet(desk, "grace")
    assert (found["available_nanos"], found["lots"], found["burn"]["ahead"]) == (0, [], [])
    assert all(left == 0 for _, left in found["burn"]["past"])


def test_leaving_today_is_what_leaving_today_does(desk: Desk) -> None:
    desk.add_person("lea", name="Lea")
    promises.give(desk, "lea", "stipend")
    desk.give("lea", "$7", label="Gift")
    told = departing.if_leaving(desk, "lea")
    before = desk.store.read(lambda session: session.head().seq)
    assert told["keeps_nanos"] == told["has_nanos"] > 0
    assert told["loses_nanos"] == 0
    assert told["never_comes_nanos"] == 12 * 300 * DOLLAR
    assert desk.store.read(lambda session: session.head().seq) == before, "a rehearsal writes nothing"
    promises.leave(desk, "lea", told["last_day"])
    clock = desk.clock
    desk.clock = lambda: told["ends_micros"] + 1
    try:
        desk.run_calendar()
        assert wallet.wallet(desk, "lea")["available_nanos"] == told["keeps_nanos"]
    finally:
        desk.clock = clock


def test_what_is_forfeited_on_leaving_is_told_before(desk: Desk) -> None:
    rollout.apply_plan(desk, load(PLAN.replace("UNSPENT", "forfeit").replace("name: stipend", "name: strict")))
    desk.add_person("eve", name="Eve")
    promises.give(desk, "eve", "strict")
    told = departing.if_leaving(desk, "eve")
    assert (told["keeps_nanos"], told["loses_nanos"]) == (0, 300 * DOLLAR)
    assert told["grants"][0]["terms"] == "what is unspent is forfeited"


def test_the_way_to_ask_has_the_measured_time_of_answers(desk: Desk) -> None:
    (way,) = asking.ways_to_ask(desk, "ada")
    assert (way["decided"], way["minutes"], way["approvers"]) == (1, 120, ["Grace Hall"])
    assert (way["up_to_nanos"], way["reason_required"]) == (500 * DOLLAR, True)
    assert asking.ways_to_ask(desk, "grace") == []


def test_terms_are_told_with_how_they_came_to_be(desk: Desk) -> None:
    desk.add_person("ann", name="Ann")
    promises.give(desk, "ann", "stipend")
    grant = own_terms.terms(desk, "ann")[0]
    assert (grant["version"], grant["amount"], len(grant["answers"])) == (1, "$300.00 every month", 12)
    promises.amend(desk, grant["grant"], amount="$200", reason="A smaller team")
    again = own_terms.terms(desk, "ann")[0]
    first, *_ = again["history"]
    assert (first["ahead"], first["why"]) == (True, "A smaller team")
    assert "$200.00 every month instead of $300.00 every month" in first["what"]
    assert again["amount"] == "$300.00 every month"


def test_where_it_went_by_session_and_key_adds_up_to_the_rollup(desk: Desk) -> None:
    from bursar.office.figures import reports

    whole = sum(row["amount_nanos"] for row in reports.usage(desk, "model", person="ada", start="2026-07-01")["rows"])
    for by in ("session", "key", "agent"):
        found = spending.spending(desk, "ada", by, 100)
        assert found["complete"]
        assert sum(row["amount_nanos"] for row in found["rows"]) == whole
        assert sum(row["requests"] for row in found["rows"]) == 160
    assert [row["key"] for row in spending.spending(desk, "ada", "session", 100)["rows"]].count("s0") == 1
    with pytest.raises(InvalidInput, match="expected one of key, session, agent"):
        spending.spending(desk, "ada", "shoe")


def test_nothing_runs_where_nothing_runs_and_what_was_charged_is_there(desk: Desk) -> None:
    found = running.running(desk, "ada")
    assert (found["flights"], found["held_nanos"]) == ([], 0)
    assert len(found["recent"]) == running.RECENT
    assert found["recent"][0]["session"] == "s1"


def test_a_month_by_day_is_the_statement_that_names_every_request(desk: Desk) -> None:
    from bursar.office.figures import reports, statements

    for month, until in (("2026-08-01", "2026-09-01"), ("2026-09-01", "2026-10-01"), ("2026-10-01", "")):
        found = statements.month(desk, "ada", date.fromisoformat(month))
        whole = reports.statement(desk, "ada", month, until)
        assert found["opening_nanos"] == whole["opening_nanos"], month
        assert found["closing_nanos"] == whole["closing_nanos"], month
        assert found["spent_nanos"] == sum(line["spent_nanos"] for line in whole["lines"])
        lines = found["lines"]
        assert [one["at_micros"] for one in lines] == sorted(one["at_micros"] for one in lines)
        assert lines[-1]["balance_nanos"] == found["closing_nanos"]
        assert sum(one["requests"] for one in lines) == sum(line["kind"] == "charge" for line in whole["lines"])
        others = {(line["kind"], line["at_micros"], line["change_nanos"]) for line in whole["lines"]}
        assert {(one["kind"], one["at_micros"], one["change_nanos"]) for one in lines if not one["day"]} <= others


def test_what_fell_due_and_nobody_recorded_is_on_the_statement(desk: Desk) -> None:
    from bursar.office.figures import reports, statements

    desk.add_person("due", name="Due")
    desk.give("due", "$9", expires="2026-10-25", label="Short")
    clock = desk.clock
    desk.clock = lambda: START + 95 * DAY
    try:
        for month, until in (("2026-10-01", "2026-11-01"), ("2026-11-01", "")):
            found = statements.month(desk, "due", date.fromisoformat(month))
            whole = reports.statement(desk, "due", month, until)
            assert found["closing_nanos"] == whole["closing_nanos"] == 0
            assert len(found["lines"]) == len(whole["lines"])
    finally:
        desk.clock = clock


def test_a_day_has_its_requests_the_newest_first(desk: Desk) -> None:
    from bursar.office.figures import statements

    found = statements.day(desk, "ada", date(2026, 9, 3))
    assert [one.amount for one in found] == [4 * DOLLAR, 2 * DOLLAR]
    assert statements.day(desk, "ada", date(2026, 9, 3), found[0].seq) == found[1:]
