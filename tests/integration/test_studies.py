"""Questions that a house asks about itself, of one house with a year behind it: in aggregates, and refused where agreed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import NANO, Books
from tests.support.terminal import Terminal

from bursar.errors import Conflict, Forbidden, InvalidInput
from bursar.insight.outcomes import Outcome
from bursar.insight.working_time import parse_hours
from bursar.office import openings
from bursar.office.access import Actor, Subject, action
from bursar.office.database import migrate, open_engine, transaction
from bursar.office.figures import exposure, studies
from bursar.office.granting import promises, topup_figures, topups
from bursar.office.oversight import portable, reads
from bursar.office.terms import rollout
from bursar.plans.check import load

pytest_plugins = ("tests.postgres",)

PLAN = """
bursar: plan/1
name: NAME
title: NAME
class: CLASS
allotment: {every: month, proration: none}
tiers: [{name: senior, when: {level: senior}, amount: $100}]
otherwise: {amount: $50}
limit: {then: [{request: {approvers: [boss]}}, stop]}
statements:
  tax: Personal use is wages at list price.
  expectations: None.
  visibility: Totals.
  rate_limits: None.
  changes: People team.
  approval_time: A day.
"""
NORMAL = parse_hours("9:00-18:00", "Europe/Berlin")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Eleven people: six seniors of mobile under a tool, five juniors of law under a benefit, and their boss."""
    home = tmp_path_factory.mktemp("studies")
    url = f"sqlite:///{home / 'bursar.db'}"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    found = Books(home / "home", url, "2026-01-01")
    for name, plan_class in (("tools", "provisioned_tool"), ("perks", "benefit")):
        rollout.apply_plan(found.desk, load(PLAN.replace("NAME", name).replace("CLASS", plan_class)))
    found.person("boss", "board", level="principal", zone="Europe/Berlin")
    for number in range(11):
        senior = number < 6
        found.people[f"p{number}"] = found.person(
            f"p{number}",
            "mobile" if senior else "law",
            level="senior" if senior else "junior",
            zone="Europe/Berlin",
            manager="boss",
        )
        promises.give(found.desk, f"p{number}", "tools" if senior else "perks")
    found.go_to("2026-03-20T12:00")
    found.desk.run_calendar()
    for number in range(11):
        found.charge(found.people[f"p{number}"], 2, "2026-01-15T10:00")
        found.charge(found.people[f"p{number}"], 4, "2026-02-16T10:00")
    ada = found.people["p0"]
    for day in range(2, 10):  # nine a day until less than a fifth is left, then two
        found.charge(ada, 10.5, f"2026-03-{day:02}T10:00")
    for day in range(10, 14):
        found.charge(ada, 2, f"2026-03-{day:02}T10:00")
    found.charge(found.people["p1"], 30, "2026-03-18T23:00")  # midnight in Berlin
    found.charge(found.people["p1"], 10, "2026-03-18T12:00")
    found.charge(found.people["p2"], 6, "2026-03-18T12:00", purpose="personal")
    yield found
    found.close()


def test_every_study_is_answered_by_both_engines(migrated_url: str, tmp_path: Path) -> None:
    found = Books(tmp_path / "home", migrated_url, "2026-01-01")
    desk = found.desk
    try:
        ada = found.person("ada", "mobile", level="senior")
        found.go_to("2026-01-20T12:00")
        found.release(ada, 50, "2026-01-02", "2026-06-01")
        found.charge(ada, 5, "2026-01-15T23:00", purpose="learning")
        assert studies.rationed(desk, "ada").early_days == 1
        assert studies.unattended(desk, "ada", NORMAL).unattended == 5 * NANO
        assert studies.leverage(desk).share("learning") == 1.0
        assert studies.trend(desk, "2026-01")[0].people == 1
        assert studies.transferred(desk, 5, 4).carried == 0
        assert studies.double_counted(desk, {"none": 1}) == []
        assert studies.brought(desk, "2026-01", [Outcome("ada", "x", 1)]).withheld == 1
        assert studies.exceptions(desk).count == 0
        assert sum(one.released for one in studies.budget(desk)) == 50 * NANO
        assert topup_figures.figures(desk).requests == 0
        assert portable.check(json.dumps(portable.portable(desk, "ada")))["person"] == "ada"
    finally:
        found.close()


def test_what_counts_as_pay_is_given_to_nobody_before_it_says_how_it_is_taxed(books: Books) -> None:
    silent = PLAN.replace("  tax: Personal use is wages at list price.\n", "").replace("NAME", "silent")
    rollout.apply_plan(books.desk, load(silent.replace("CLASS", "benefit")))
    with pytest.raises(Conflict, match="leaves 1 of the twelve answers open: tax"):
        promises.give(books.desk, "p0", "silent")


def test_who_rations_is_flagged_and_who_does_not_is_not(books: Books) -> None:
    found = studies.rationed(books.desk, "p0", 18)
    assert (found.early_days, found.late_days, found.flagged) == (8, 4, True)
    assert found.ratio == pytest.approx(2 / 10.5)
    assert not studies.rationed(books.desk, "p1").flagged
    with pytest.raises(InvalidInput, match="days: found 0"):
        studies.rationed(books.desk, "p0", 0)


def test_what_ran_at_night_where_the_person_is_has_its_exact_share(books: Books) -> None:
    found = studies.unattended(books.desk, "p1", NORMAL, 20)
    assert (found.whole, found.unattended, found.share) == (40 * NANO, 30 * NANO, 0.75)
    assert studies.unattended(books.desk, "p2", NORMAL, 20).unattended == 0
    weekend = studies.unattended(books.desk, "p0", NORMAL, 20)
    assert weekend.unattended == 21 * NANO  # a Saturday and a Sunday at $10.50


def test_use_has_three_shares_that_add_up(books: Books) -> None:
    found = studies.leverage(books.desk, "p2", 10)
    assert (found.share("personal"), found.share("work")) == (1.0, 0.0)
    house = studies.leverage(books.desk)
    assert house.amounts["personal"] == 6 * NANO
    assert sum(house.share(one) for one in house.amounts) == pytest.approx(1.0)


def test_how_use_spreads_is_told_by_month_and_level_and_never_of_few(books: Books) -> None:
    january, february, march = studies.trend(books.desk, "2026-01")
    assert (january.people, january.active, january.amount) == (12, None, None)  # all but the boss: that would tell
    assert [(one.name, one.median) for one in february.levels] == [("junior", 4 * NANO), ("senior", 4 * NANO)]
    assert march.active is None  # three of twelve
    assert all(level.name != "principal" for one in (january, february, march) for level in one.levels)


def test_what_people_carry_and_the_house_saved_is_its_share(books: Books) -> None:
    # Six grants of $100 and five of $50 a month promise $10,200 a year.
    found = studies.transferred(books.desk, 20_200 * NANO, 10_000 * NANO)
    assert (found.carried, found.saved, found.share) == (10_200 * NANO, 10_200 * NANO, 1.0)
    assert studies.transferred(books.desk, 20_200 * NANO, 20_200 * NANO).share == 0.0


def test_a_benefit_that_is_budgeted_too_is_found_and_a_tool_is_not(books: Books) -> None:
    by_plan = {one["plan"]: one["id"] for one in grants_of(books)}
    rows = [{"grant": by_plan["perks"], "amount": "$600"}, {"grant": by_plan["tools"], "amount": "$1,200"}]
    (found,) = studies.double_counted(books.desk, studies.budget_of(rows))
    assert (found.grant, found.amount) == (by_plan["perks"], 600 * NANO)
    for bad in ({"grant": "g"}, {"grant": "", "amount": "$1"}, {"grant": "g", "amount": "5 EUR"}):
        with pytest.raises(InvalidInput, match="budget: line 2"):
            studies.budget_of([bad])


def grants_of(books: Books) -> list[dict[str, str]]:
    from bursar.office.database import reading
    from bursar.office.granting import grants

    with reading(books.desk.engine) as connection:
        return [{"plan": one.plan, "id": one.id} for one in grants.listed(connection)]


def test_an_outcome_has_a_cost_where_somebody_declared_it_and_none_otherwise(books: Books) -> None:
    assert studies.brought(books.desk, "2026-02", []).sentence.startswith("unknown")
    found = studies.brought(books.desk, "2026-02", [Outcome(f"p{n}", "merged change", 2) for n in range(6)])
    assert [(one.people, one.accepted, one.each) for one in found.costs] == [(6, 12, 2 * NANO)]
    with pytest.raises(InvalidInput, match="outcomes: found 'stranger'"):
        studies.brought(books.desk, "2026-02", [Outcome("stranger", "x", 1)])


def test_exceptions_are_told_by_who_made_them_and_by_level(books: Books) -> None:
    assert studies.exceptions(books.desk).count == 0
    for number in range(6):
        promises.amend(books.desk, grant_of(books, f"p{number}"), amount="$150", reason="negotiated", agreed=True)
    books.go_to("2026-04-02T12:00")
    found = studies.exceptions(books.desk, "level")
    assert (found.count, [(one.name, one.count, one.mean) for one in found.groups]) == (6, [("senior", 6, 50.0)])
    assert [one.name for one in studies.exceptions(books.desk).groups] == ["test"]
    with pytest.raises(InvalidInput, match="by: found 'shoe size'"):
        studies.exceptions(books.desk, "shoe size")


def grant_of(books: Books, handle: str) -> str:
    from bursar.office.database import reading
    from bursar.office.granting import grants

    with reading(books.desk.engine) as connection:
        return next(one.id for one in grants.listed(connection, person=books.people[handle]))


def test_the_sums_of_the_budget_sheet_are_the_exposure(books: Books) -> None:
    lines = studies.budget(books.desk)
    house = exposure.house(books.desk).value.of("USD")
    assert sum(one.released for one in lines) == house.sums.released
    assert sum(one.coming for one in lines) == house.coming
    assert sum(one.spent for one in lines) == house.sums.spent
    assert "board" not in {one.department for one in lines}


def test_a_head_costs_its_pay_and_its_part_of_the_compute(books: Books) -> None:
    found = studies.loaded(books.desk, 370_000 * NANO, "mobile")
    spent = 6 * (2 + 4) + 8 * 10.5 + 4 * 2 + 40 + 6
    assert (found.people, found.compute) == (6, round(spent * 0.9 / 6 * NANO))
    assert found.share == found.compute / (370_000 * NANO + found.compute)
    with pytest.raises(InvalidInput, match="team: found 1 people"):
        studies.loaded(books.desk, NANO, "board")


def test_asking_for_more_is_told_in_sums_once_five_have_asked(books: Books) -> None:
    def ask(number: int, *, approve: bool) -> None:
        made = topups.request(books.desk, f"p{number}", "$5")
        topups.decide(books.desk, made["id"], by="boss", approve=approve)

    for number in range(4):
        ask(number, approve=True)
    few = topup_figures.figures(books.desk)
    assert (few.people, few.requests, few.approval_rate) == (4, None, None)
    assert few.verdict.startswith("too few")
    for number in range(4, 10):
        ask(number, approve=True)
    at_once = topup_figures.figures(books.desk)
    assert (at_once.people, at_once.approval_rate, at_once.median_minutes) == (10, 1.0, 0.0)
    assert at_once.verdict.startswith("operating cost")
    ask(10, approve=False)
    ask(0, approve=False)
    assert topup_figures.figures(books.desk).verdict.startswith("a budget")


def test_where_a_works_council_agreed_so_nobody_sees_single_people_and_sums_stay(books: Books) -> None:
    desk = books.desk
    boss = Actor("acc_boss", "boss", "org_1", frozenset({"finance", "manager", "auditor"}), "boss")
    own = Actor("acc_p0", books.people["p0"], "org_1", frozenset({"person"}), "p0")
    someone = Subject("org_1", books.people["p0"], ("boss",))

    def looks(actor: Actor, name: str, subject: Subject) -> None:
        reads.look(desk.engine, actor, action(name), [subject], "a page", desk.now())

    with transaction(desk.engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO user_account (id, organisation, login, created) VALUES ('acc_boss', 'org_1', 'boss', 1)"
        )
        openings.change(connection, "works-council", to=True, by="owner", now=desk.now())
    for name, subject in (
        ("burn.read", someone),
        ("usage.read", someone),
        ("running.read", someone),
        ("ratio.read", Subject("org_1")),
    ):
        with pytest.raises(Forbidden, match="without figures of single people"):
            looks(boss, name, subject)
    for study in (lambda: studies.rationed(desk, "p0"), lambda: studies.leverage(desk, "p0")):
        with pytest.raises(Forbidden, match="without figures of single people"):
            study()
    with pytest.raises(Forbidden):
        studies.unattended(desk, "p0", NORMAL)
    looks(own, "usage.read", someone)
    assert studies.trend(desk, "2026-02")[0].levels
    assert studies.leverage(desk).whole
    with transaction(desk.engine) as connection:
        openings.change(connection, "works-council", to=False, by="owner", now=desk.now())
    looks(boss, "usage.read", someone)


def test_the_commands_say_the_same_as_tables_sheets_and_json(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("grant", "give", "ada", "$500")
    assert terminal.json("study", "trend")["months"][-1]["amount"] is None
    assert "Too few days" in terminal.run("study", "rationing", "ada")
    assert terminal.json("study", "unattended", "ada", "--hours", "8-17")["share"] == 0
    assert "work" in terminal.run("study", "leverage")
    assert terminal.json("study", "transfer", "--before", "$10", "--after", "$5")["saved"] == 5 * NANO
    sheet = list(csv.reader(io.StringIO(terminal.run("study", "budget", "--csv"))))
    assert sheet[0] == ["department", "people", "released", "spent", "open", "coming"]
    assert sheet[1][2] == "500.000000000"
    file = tmp_path / "budget.csv"
    file.write_text("grant,amount\nnone,$5\n")
    assert "Nothing is counted twice" in terminal.run("study", "double-count", str(file))
    assert "Unknown" in terminal.run("study", "outcomes")
    assert "installed are: none" in terminal.run("study", "outcomes", "--plug-in", "changes", expect=3)
    assert "0 exceptions" in terminal.run("study", "exceptions")
    assert "team: found" in terminal.run("study", "loaded", "--pay", "$370,000", expect=2)
    assert terminal.json("topup", "stats")["people"] == 0
