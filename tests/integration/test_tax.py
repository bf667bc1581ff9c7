"""Tax from the ledger on, on both engines: whose law holds, what counts, what nobody knows; the payroll file; the policy."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.support.books import NANO, Books, at
from tests.support.terminal import Terminal

from bursar.errors import InvalidInput, NotFound
from bursar.ledger import LotTerms, Release
from bursar.office.books import payroll_file, tax_policy, taxing
from bursar.office.books.payroll_columns import DEFAULT, FIGURES, written_columns
from bursar.office.books.taxing import Options
from bursar.office.database import reading
from bursar.office.granting import pools, promises
from bursar.office.tables import audit
from bursar.office.terms import rollout
from bursar.plans.check import load
from bursar.tax import YearToDate, loaded

pytest_plugins = ("tests.postgres",)

POLICY = """
places: {Berlin: DE, "London*": UK, San Francisco: US-CA}
facts:
  UK: {policy_document: false}
exchange:
  EUR: {rate: 0.90, source: "a test"}
  GBP: {rate: "0.80", source: "a test"}
payroll_columns:
  Employee ID: person
  Wage type: ='4711'
  Taxable: taxable
"""


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    """February of 2026: four people in four places; ada and ben use 100 personally, cem 40, dot only for work."""
    found = Books(tmp_path / "home", migrated_url, "2026-02-01")
    for handle, place in (("ada", "San Francisco"), ("ben", "London W1"), ("cem", "Berlin"), ("dot", "Osaka")):
        found.people[handle] = found.person(handle, location=place)
    found.release(found.people["ada"], 500, "2026-02-01", "2026-03-01")
    for handle, personal, work in (("ada", 100, 30), ("ben", 100, 0), ("cem", 40, 5), ("dot", 0, 9)):
        for purpose, dollars in (("personal", personal), ("work", work)):
            if dollars:
                found.charge(found.people[handle], dollars, "2026-02-10T12:00", purpose=purpose)
    found.charge(found.people["cem"], 30, "2026-02-20T12:00", purpose="personal")
    found.go_to("2026-03-02")
    yield found
    found.close()


def test_a_month_is_assessed_by_the_rules_of_each_persons_place(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    house = taxing.of_house(books.desk, "2026-02").value
    ada, ben, cem, dot = house.lines
    assert (ada.answer.jurisdiction, ada.answer.unit, ada.answer.taxable) == ("US-CA", "USD", 100 * NANO)
    # The employer pays nine tenths of list price, and a pound is 0.80 of a dollar: 100 * 0.9 * 0.8.
    assert (ben.answer.jurisdiction, ben.answer.unit, ben.answer.taxable) == ("UK", "GBP", 72 * NANO)
    assert (cem.answer.jurisdiction, cem.answer.unit, cem.answer.taxable) == ("DE", "EUR", 63 * NANO)
    assert (dot.answer.status, dot.answer.taxable) == ("needs_adviser", None)
    assert "Osaka" in dot.answer.why
    assert house.totals() == {"EUR": 63 * NANO, "GBP": 72 * NANO, "USD": 100 * NANO}
    assert (house.unclear, house.until) == (1, date(2026, 2, 28))


def test_as_of_a_day_only_what_was_used_by_then_counts(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    cem = taxing.of_person(books.desk, "cem", at="2026-02-15")
    assert (cem.month, cem.until) == ("2026-02", date(2026, 2, 15))
    assert cem.answer.taxable == 0  # 36 EUR by then, under the limit of the month
    assert "DE-8-2-11" in {step.rule for step in cem.answer.trace}
    assert taxing.of_person(books.desk, "cem", at="2026-02-15") == cem
    with pytest.raises(InvalidInput, match="2026-02"):
        taxing.of_person(books.desk, "cem", "2026-02", "2026-01-15")
    with pytest.raises(NotFound):
        taxing.of_person(books.desk, "nobody", "2026-02")


def test_one_person_is_told_what_was_unused_and_what_the_years_pay_makes_of_it(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    options = Options(year_to_date=YearToDate(375_000 * NANO))
    ada = taxing.of_person(books.desk, "ada", at="2026-02-27", options=options)
    lines = {line.purpose: line for line in ada.answer.lines}
    assert (lines["unused"].used, lines["unused"].taxable) == (370 * NANO, 0)
    assert ada.answer.charged("employee") == 24_350_000_000  # 22 %, 1.45 % and 0.9 % of 100
    granted = taxing.of_person(books.desk, "ada", "2026-02", options=Options(timing="vest"))
    assert granted.answer.taxable == 500 * NANO


YEARLY = """
bursar: plan/1
name: yearly
title: A year's credits
class: benefit
allotment: {amount: $1200, every: once, anchor: grant, proration: none, expires: never}
vesting: {over: 1 year, every: month}
statements: {tax: Personal use counts as pay., expectations: None., visibility: Totals., rate_limits: None., changes: None., approval_time: A day.}
"""


def test_use_vesting_and_grant_are_three_feeds_and_agree_at_the_years_end(migrated_url: str, tmp_path: Path) -> None:
    books = Books(tmp_path / "home", migrated_url, "2026-01-01T09:00")
    ada = books.person("ada", location="Austin, US-TX")
    rollout.apply_plan(books.desk, load(YEARLY))
    promises.give(books.desk, "ada", "yearly")
    months = [f"2026-{number:02}" for number in range(1, 13)]
    for month in [*months[1:], "2027-01"]:
        books.go_to(f"{month}-02T09:00")
        books.desk.run_calendar()
        books.charge(ada, 30, f"{month}-02T08:00", purpose="personal")
    books.go_to("2027-01-05")
    feeds = {
        timing: [
            sum(one.answer.taxable or 0 for one in taxing.of_house(books.desk, month, timing=timing).value.lines)
            for month in [*months, "2027-01"]
        ]
        for timing in ("use", "vest", "grant")
    }
    assert feeds["grant"] == [1200 * NANO] + [0] * 12
    assert feeds["vest"] == [0] + [100 * NANO] * 12
    assert feeds["use"] == [0] + [30 * NANO] * 12
    last = taxing.of_person(books.desk, "ada", "2027-01")
    left = next(line.used for line in last.answer.lines if line.purpose == "unused")
    assert sum(feeds["grant"]) == sum(feeds["vest"]) == sum(feeds["use"]) + left
    for timing, feed in feeds.items():
        found = taxing.of_person(books.desk, "ada", "2026-06", options=Options(timing))
        assert found.answer.taxable == feed[5]
    with pytest.raises(InvalidInput, match="timing"):
        taxing.of_house(books.desk, "2026-06", timing="someday")
    books.close()


def test_what_is_grossed_up_leaves_the_amount_after_what_is_withheld(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    options = Options(year_to_date=YearToDate(375_000 * NANO))
    ada = taxing.of_person(books.desk, "ada", "2026-02", options=options)
    found = taxing.grossed_up(ada, options)
    assert (found.net, round(found.gross / NANO, 4), round(found.tax / NANO, 4)) == (100 * NANO, 132.1877, 32.1877)
    with pytest.raises(InvalidInput, match="the year's pay"):
        taxing.grossed_up(ada, Options())
    with pytest.raises(InvalidInput, match="adviser"):
        taxing.grossed_up(taxing.of_person(books.desk, "dot", "2026-02"), Options())


def test_personal_use_that_one_paid_for_from_ones_own_pay_is_no_benefit(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    ben = books.people["ben"]
    books.go_to("2026-02-25")
    pools.agree_to_own_money(books.desk, "ben")
    lot = LotTerms(f"own_money:{ben}:2026-02:0", "USD", 40 * NANO, at("2026-02-25"))
    books.apply(Release(f"release:{lot.id}", ben, lot), at("2026-02-25"))
    books.charge(ben, 40, "2026-02-25T12:00", purpose="personal")
    books.go_to("2026-03-02")
    for found in (
        taxing.of_person(books.desk, "ben", "2026-02"),
        taxing.of_house(books.desk, "2026-02").value.of("ben"),
    ):
        assert found is not None
        assert found.own_money == 40 * NANO
        # 140 used at nine tenths, less the 40 that were paid, at 0.80 of a pound.
        assert found.answer.taxable == 68_800_000_000
        assert "made_good" in {one.name for one in found.answer.assumptions}


def test_without_a_policy_nobodys_law_is_guessed_and_nothing_is_zero(books: Books) -> None:
    house = taxing.of_house(books.desk, "2026-02").value
    assert {one.answer.status for one in house.lines} == {"needs_adviser"}
    assert {one.answer.taxable for one in house.lines} == {None}


def test_the_payroll_file_has_the_columns_that_were_mapped_and_escapes_formulas(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    books.desk.change_person("ada", name="=1+1")
    house = taxing.of_house(books.desk, "2026-02").value
    rows = list(csv.DictReader(io.StringIO(payroll_file.csv(house, tax_policy.policy(books.desk, loaded()).columns))))
    assert [(row["Employee ID"], row["Wage type"], row["Taxable"]) for row in rows] == [
        ("ada", "4711", "100.000000000"), ("ben", "4711", "72.000000000"), ("cem", "4711", "63.000000000"),
    ]  # fmt: skip
    columns = written_columns("Who=name, Amount=taxable, Ask=why")
    every = list(csv.DictReader(io.StringIO(payroll_file.csv(house, columns, everybody=True))))
    assert every[0]["Who"] == "'=1+1"
    assert (every[3]["Amount"], "Osaka" in every[3]["Ask"]) == ("", True)
    wide = list(csv.DictReader(io.StringIO(payroll_file.csv(house, DEFAULT))))
    assert "not tax advice" in wide[0]["notice"]
    assert "US-61-DEFAULT" in wide[0]["rules"]
    header, cells = payroll_file.table(house, tuple((name, name) for name in FIGURES))
    assert len(header) == len(FIGURES) == len(cells[0])


@pytest.mark.parametrize("text", ["Taxable", "=person", "A=salary", "A=person,A=name", "A='unclosed"])
def test_columns_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        written_columns(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("places: {Berlin: Germany}", "places"),
        ("facts: {FR: {cash_out: true}}", "facts"),
        ("facts: {DE: {colour: true}}", "facts.DE.colour"),
        ("facts: {DE: {cash_out: 3}}", "facts"),
        ("relies_on: [US-FMV]", "relies_on"),
        ("exchange: {EUR: {rate: -1, source: x}}", "exchange.EUR.rate"),
        ("exchange: {EUR: {rate: much, source: x}}", "exchange.EUR.rate"),
        ("exchange: {EUR: {rate: 0.9}}", "exchange.EUR.source"),
        ("exchange: {USD: {rate: 1, source: x}}", "exchange.USD"),
        ("payroll_columns: {A: salary}", "payroll_columns"),
        ("colour: blue", "colour"),
        ("[]", "document"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_field(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        tax_policy.read(text, loaded())
    assert field in error.value.field


def test_a_refused_policy_changes_nothing_and_a_change_is_a_line_of_the_audit_log(books: Books) -> None:
    tax_policy.change(books.desk, POLICY, loaded())
    with pytest.raises(InvalidInput):
        tax_policy.change(books.desk, "places: 3", loaded())
    with reading(books.desk.engine) as connection:
        assert tax_policy.written(connection) == POLICY
        told = connection.execute(select(audit.c.action).where(audit.c.subject == tax_policy.ROW)).scalars().all()
    assert told == ["setting.change"]


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("Berlin", "DE"), ("berlin", "DE"), ("London W1", "UK"), ("Munich, Germany", "DE"), ("us-ca", "US-CA"),
        ("Leeds, GB-ENG", "UK-ENG"), ("Osaka", ""), ("", ""),
        # Two letters alone are a state of an American roster as likely as a country.
        ("San Diego, CA", ""), ("Indianapolis, IN", ""), ("DE", ""),
    ],
)  # fmt: skip
def test_whose_law_holds_is_said_and_never_guessed(location: str, found: str) -> None:
    assert tax_policy.read(POLICY, loaded()).jurisdiction(location, loaded()) == found


def test_the_example_of_a_policy_can_be_put_in_force() -> None:
    found = tax_policy.read(tax_policy.EXAMPLE, loaded())
    assert found.columns == (("Employee ID", "person"), ("Wage type", "='4711'"), ("Taxable", "taxable"))
    assert found.exchange["EUR"].ppm == 920_000


def test_what_a_plan_says_becomes_facts() -> None:
    text = """
bursar: plan/1
name: perk
title: Perk
class: benefit
allotment: {amount: $100, every: month, anchor: calendar, proration: none, expires: period}
rollover: {cap: 25%, periods: 1}
limit: {then: [own_money: {step: $5, up_to: $50}, stop]}
leaving: {unspent: forfeit, pay_out: 50%}
"""
    plan = load(text).plan
    assert taxing.facts_of([plan]) == {
        "plan_class": "benefit", "restriction": "unrestricted", "overage": "out_of_pocket",
        "cash_out": True, "rollover_crosses_year": True,
    }  # fmt: skip
    assert taxing.facts_of([]) == {}


def test_the_commands_say_the_same_as_the_office(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("person", "change", "ada", "--location", "San Francisco")
    file = tmp_path / "tax.yaml"
    file.write_text(POLICY, encoding="utf-8")
    assert "3 places" in terminal.run("tax", "policy", str(file))
    assert "San Francisco" in terminal.run("tax", "policy")
    found = terminal.json("tax", "preview", "ada", "--wages", "375000")
    assert (found["status"], found["taxable_nanos"], found["jurisdiction"]) == ("assessed", 0, "US-CA")
    assert "not tax advice" in terminal.run("tax", "preview", "ada")
    assert "marginal" in terminal.run("tax", "preview", "ada", "--marginal", "much", expect=2)
    assert "PERSON" in terminal.run("tax", "preview", "--wages", "100", expect=2)
    assert "timing" in terminal.run("tax", "preview", "ada", "--timing", "someday", expect=2)
    assert "2026-10-31" in terminal.run("tax", "rules", "--at", "soon", expect=2)
    assert "Atlantis" in terminal.run("tax", "rules", "Atlantis", expect=3)
    assert "expected YAML" in terminal.run("tax", "policy", str(Path(__file__)), expect=2)
    assert "not tax advice" in terminal.run("tax", "preview", "--timing", "vest")
    assert "grossed up" in terminal.run("tax", "preview", "ada", "--wages", "375000", "--gross-up")
    assert terminal.json("tax", "preview")["people"] == []
    assert terminal.run("tax", "export", "--columns", "Who=person,Amount=taxable").splitlines() == ["Who,Amount"]
    assert '"people": []' in terminal.run("tax", "export", "--format", "json")
    rules = terminal.json("tax", "rules", "UK", "--at", "2026-10-31")["rules"]
    assert {"UK-C1A"} == {one["id"] for one in rules if one["id"].startswith("UK-C1A")}
    assert "UK-C1A-2023" in terminal.run("tax", "rules")
    compared = terminal.json("tax", "compare", "--at", "2026-10-31")["countries"]
    assert compared["IN"]["personal"]["taxable_nanos"] == 300 * NANO
    assert "India" in terminal.run("tax", "compare", "--restricted")
