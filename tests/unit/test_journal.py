"""The journal: balanced to the nano-unit, each line with what it was made from, accepted by bean-check; a chart read with care."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.checkers import run_checker

from bursar.errors import InvalidInput
from bursar.exchange.journal import (
    DEFAULT_CHART,
    Account,
    Carried,
    Entry,
    Figure,
    Journal,
    Line,
    Month,
    beancount_text,
    csv_rows,
    draw_up,
    prepaid_close,
    read_chart,
)
from bursar.exchange.journal.chart import TEMPLATE
from bursar.exchange.journal.files import COLUMNS
from bursar.exchange.sheets import csv_text
from bursar.money import NANO

CHART = read_chart(
    """
bursar: books/1
accounts:
  prepaid: {name: "Assets:Prepaid:Tokens", title: Prepaid tokens, code: "1410"}
  tools: "Expenses:Tools"
  cogs: "Expenses:Cost-Of-Sales"
postings:
  - {purpose: production, class: "*", account: cogs}
  - {purpose: "*", class: own_money, account: employees}
  - {purpose: personal, class: "*", account: compensation}
  - {purpose: work, class: pool, account: tools}
  - {purpose: "*", class: "*", account: expense}
providers: {anthropic: prepaid, "*": payable}
cost_centres: {platform: CC-100, payments: CC-100}
accrual: {plans: accumulating, use: 33.3333%}
purchases:
  - {day: 2026-11-03, provider: anthropic, amount: "$1,000", note: top-up}
  - {day: 2026-12-03, provider: anthropic, amount: "$5"}
"""
)


def used(person: str, provider: str, cost: int, *, month: str = "2026-11", **other: str) -> Figure:
    fields = {"team": "platform", "purpose": "work", "plan_class": "provisioned_tool", **other}
    return Figure(month, person, fields["team"], provider, fields["purpose"], fields["plan_class"], 2, 2 * cost, cost)


FIGURES = (
    used("ada", "anthropic", 7 * NANO + 1),
    used("ben", "anthropic", 3, team="payments"),
    used("cy", "anthropic", 5, team='=cmd|"x'),
    used("ada", "anthropic", 11, purpose="personal"),
    used("ada", "openai", 13, plan_class="own_money", purpose="personal"),
    used("pool:x", "openai", 17, plan_class="pool", team=""),
    used("ada", "openai", -19, month="2026-10"),
    used("ada", "google", 0),
    used("bot", "openai", 29, purpose="production"),
)


def november() -> Journal:
    carried = (Carried("rolling", 100 * NANO, True), Carried("monthly", 7, False))
    return draw_up(Month("2026-11", FIGURES, carried, accrued_before=23, prepaid_opening=40 * NANO), CHART)


def sides(journal: Journal) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for entry in journal.entries:
        for line in entry.lines:
            key = (entry.kind, line.role, line.cost_centre)
            found[key] = found.get(key, 0) + line.nanos
    return found


def test_use_goes_to_the_account_of_its_purpose_and_class_from_what_the_provider_is_paid_by() -> None:
    assert {key: nanos for key, nanos in sides(november()).items() if key[0] in ("usage", "correction")} == {
        ("usage", "expense", "CC-100"): 7 * NANO + 4,
        ("usage", "expense", '=cmd|"x'): 5,
        ("usage", "compensation", "CC-100"): 11,
        ("usage", "prepaid", ""): -(7 * NANO + 20),
        ("usage", "employees", ""): 26,
        ("usage", "recharge", ""): -13,
        ("usage", "tools", ""): 17,
        ("usage", "cogs", ""): 29,
        ("usage", "payable", ""): -59,
        ("correction", "expense", "CC-100"): -19,
        ("correction", "payable", ""): 19,
    }


def test_the_chart_that_is_printed_to_start_from_is_the_default() -> None:
    assert read_chart(TEMPLATE) == DEFAULT_CHART


def test_the_chart_in_the_documentation_can_be_put_into_force() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "finance.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    chart = read_chart(text)
    assert chart.paid_by("anthropic") == "prepaid"
    assert chart.account_of("production", "benefit") == "cogs"


def test_a_line_says_what_it_was_made_from() -> None:
    (line,) = [
        line for entry in november().entries for line in entry.lines if line.role == "expense" and line.nanos > NANO
    ]
    assert line.origin is not None
    assert (line.origin.people, line.origin.requests, line.origin.classes) == (2, 4, ("provisioned_tool",))
    assert (line.origin.month, line.origin.purpose, line.origin.list_nanos) == ("2026-11", "work", 2 * line.nanos)
    assert line.origin.query == (
        "bursar export focus --month 2026-11 --provider anthropic --purpose work --cost-centre CC-100"
    )


def test_a_correction_names_the_month_that_it_concerns() -> None:
    (entry,) = [one for one in november().entries if one.kind == "correction"]
    assert "2026-10" in entry.narration
    assert {line.origin.month for line in entry.lines if line.origin} == {"2026-10"}


def test_what_was_bought_and_not_used_is_the_prepaid_close() -> None:
    journal = november()
    assert journal.memo.prepaid_closing == (40 + 1000) * NANO - (7 * NANO + 20)
    assert prepaid_close(0, journal.entries) == journal.memo.prepaid_closing - 40 * NANO


def test_an_accrual_is_reversed_and_taken_anew_at_cost_and_by_the_share_that_is_used() -> None:
    journal = november()
    assert sides(journal)[("reversal", "accrued", "")] == 23
    # Half of list is cost: 100 x 33.3333 % x 1/2, to the nano-unit.
    assert sides(journal)[("accrual", "accrued", "")] == -(16_666_650_000) == -journal.memo.accrued
    assert journal.memo.disclosed == 7


def test_a_month_without_use_accrues_at_face_and_none_is_accrued_without_a_policy() -> None:
    month = Month("2026-11", (), (Carried("rolling", 100, True),))
    assert draw_up(month, CHART).memo.accrued == 33
    assert draw_up(month, DEFAULT_CHART).entries == ()
    assert draw_up(month, DEFAULT_CHART).memo.disclosed == 100


def test_no_entry_can_be_made_that_does_not_balance() -> None:
    account = Account("Assets:Bank", "Bank")
    with pytest.raises(ValueError, match="sum to 1 nano-units, expected 0"):
        Entry("x", date(2026, 11, 1), "usage", "x", (Line("cash", account, 3), Line("cash", account, -2)))


PARTS = st.builds(
    Figure,
    concerns=st.sampled_from(["2026-11", "2026-10"]),
    person=st.sampled_from(["ada", "ben"]),
    team=st.sampled_from(["", "Platform", "platform", "plat form", "платформа", 'a"b\\', "=x"]),
    provider=st.sampled_from(["anthropic", "openai", "x y"]),
    purpose=st.sampled_from(["work", "personal", "", "research", "production", "learning"]),
    plan_class=st.sampled_from(["benefit", "own_money", "pool", "overage"]),
    requests=st.integers(-5, 5),
    list_nanos=st.integers(-(10**18), 10**18),
    cost_nanos=st.integers(-(10**18), 10**18),
)


@given(st.lists(PARTS, max_size=12))
def test_every_journal_carries_the_whole_cost_and_balances(figures: list[Figure]) -> None:
    journal = draw_up(Month("2026-11", figures), CHART)
    given_by = [
        line
        for one in journal.entries
        if one.kind != "purchase"
        for line in one.lines
        if line.role in ("prepaid", "payable")
    ]
    assert -sum(line.nanos for line in given_by) == sum(one.cost_nanos for one in figures)
    assert sum(debit - credit for _, debit, credit in journal.totals()) == 0
    assert journal.memo.work + journal.memo.personal + journal.memo.other == journal.memo.cost_nanos
    # What stands in the file balances too, digit by digit.
    for block in beancount_text([journal], "x").split("\n\n")[2:]:
        amounts = re.findall(r"^  [A-Z]\S*  (-?)(\d+)\.(\d+) USD$", block, re.M)
        assert sum(int(sign + whole + rest.ljust(9, "0")) for sign, whole, rest in amounts) == 0


def test_two_cost_centres_never_become_one_account() -> None:
    figures = [used("ada", "anthropic", 1, team=team) for team in ("Data", "data", "da ta", "da-ta", "数据", "données")]
    text = beancount_text([draw_up(Month("2026-11", figures), DEFAULT_CHART)], "x")
    opened = re.findall(r"open (Expenses:\S+)", text)
    assert len(opened) == len(set(opened)) == 6


def test_bean_check_accepts_the_file(tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    december = draw_up(Month("2026-12", [used("ada", "x", 1, month="2026-12", team="数据")]), CHART)
    file.write_text(beancount_text([november(), december], 'Acme "quoted" \\ and\nmore'), encoding="utf-8")
    said = run_checker("bean-check", str(file))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_bean_check_finds_a_nano_unit_that_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    text = beancount_text([november()], "Acme")
    file.write_text(text.replace("7.000000004 USD", "7.000000005 USD"), encoding="utf-8")
    assert text.count("7.000000004 USD") == 1
    assert "does not balance" in run_checker("bean-check", str(file)).stderr


def test_the_sheet_has_every_line_and_no_formula() -> None:
    journal = november()
    found = list(csv.DictReader(io.StringIO(csv_text(COLUMNS, csv_rows([journal])), newline="")))
    assert len(found) == sum(len(one.lines) for one in journal.entries)
    assert {row["cost centre"] for row in found} == {"", "CC-100", "'=cmd|\"x"}
    assert not [cell for row in found for cell in row.values() if re.match(r"[=+@\t]|-(?!\d+\.\d{9}$)", cell)]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "chart"),
        ("[1]", "chart"),
        ("a: [", "line 1"),
        ("bursar: books/2", "bursar"),
        ("bursar: books/1\nfoo: 1", "chart.foo"),
        ("bursar: books/1\ncurrency: EUR", "currency"),
        ("bursar: books/1\naccounts: {cash: bank}", "accounts.cash.name"),
        ("bursar: books/1\naccounts: {Cash: 'Assets:X'}", "accounts.Cash"),
        ("bursar: books/1\naccounts: {cash: {name: 'Assets:X', titel: y}}", "accounts.cash.titel"),
        ("bursar: books/1\npostings: []", "postings"),
        ("bursar: books/1\npostings: [{purpose: work, account: expense}]", "postings"),
        ("bursar: books/1\npostings: [{purpose: leisure, account: expense}]", "postings[0].purpose"),
        ("bursar: books/1\npostings: [{class: gift, account: expense}]", "postings[0].class"),
        ("bursar: books/1\npostings: [{account: nowhere}]", "postings[0].account"),
        ("bursar: books/1\nproviders: {x: nowhere}", "providers.x"),
        ("bursar: books/1\nby_cost_centre: [nowhere]", "by_cost_centre[0]"),
        ("bursar: books/1\ncost_centres: {x: [1]}", "cost_centres.x"),
        ("bursar: books/1\naccrual: {use: 60}", "accrual.use"),
        ("bursar: books/1\naccrual: {use: 101%}", "accrual.use"),
        ("bursar: books/1\naccrual: {plans: some}", "accrual.plans"),
        ("bursar: books/1\npurchases: [{day: soon}]", "purchases[0].day"),
        ("bursar: books/1\npurchases: [{day: 2026-11-03, amount: 5 EUR, provider: x}]", "purchases[0].amount"),
        ("bursar: books/1\npurchases: [{day: 2026-11-03, amount: $5}]", "purchases[0].provider"),
        ("bursar: books/1\npurchases: [{day: 2026-11-03, amount: $5, provider: x, from: y}]", "purchases[0].from"),
        ("bursar: books/1\nx: " + "a" * 300_000, "chart"),
        ("bursar: &a [*a]", "bursar"),
        ("{a: " * 2000, "chart"),
    ],
)
def test_a_chart_that_is_wrong_names_the_field(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_chart(text)
    assert caught.value.field == field
    assert caught.value.found
    assert caught.value.expected
