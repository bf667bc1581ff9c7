"""The explanation of what tokens are worth: every figure of its examples is what the code computes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from bursar.offers.benchmarks import uber
from bursar.offers.lines import REVOCATION
from bursar.offers.outcome import DEFAULT_PATHS, MOST_LOST, Outcome, Setup, evaluate
from bursar.offers.pay import headline
from bursar.offers.reading import read
from bursar.offers.terms import Line, Pay, Person
from bursar.offers.value import (
    annuity,
    certainty_equivalent,
    exceeds,
    limited_expected,
    lognormal_top_share,
    personal_value,
    price_factor,
    run_out,
)
from bursar.offers.worlds import BLOCK

PAGE = (Path(__file__).resolve().parents[2] / "docs/explanation/valuation.md").read_text(encoding="utf-8")
SECTIONS = dict(part.split("\n", 1) for part in PAGE.split("\n## ")[1:])
DOLLARS = re.compile(r"-?\$\d[\d,]*(?:\.\d+)?")
WEIGHED = Setup(paths=1, hazard="weighted", fan=False)
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FACE, COST = 10_000, 0.8


def told(amount: float) -> str:
    """As the page writes it: whole dollars."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.0f}"


def offered(*changes: tuple[str, str], setup: Setup = WEIGHED) -> Outcome:
    text = EXAMPLE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    draft = read(text, start=date(2026, 1, 1))
    return evaluate(draft.offer, draft.person, setup)


def worth(consumed: float, own: float, elasticity: float = 1.0) -> float:
    return float(personal_value(np.array([float(consumed)]), own, elasticity)[0])


def row(section: str, begins: str) -> str:
    """A row of a table, without its bars."""
    (found,) = [one for one in SECTIONS[section].split("\n") if one.startswith(f"| {begins} |")]
    return found


# In plain words.

AGREED = ("changes: notice", "changes: contract")
BUSY = ("usage: $800", "usage: $1,600")
IFS: dict[str, list[tuple[str, str]]] = {
    "it is as above": [],
    "only work may use it": [("use: open", "use: work")],
    "she would have spent $500 a month anyway: all of it saves her money": [("own_spend_a_month: $200", "own_spend_a_month: $500")],
    "she would have spent $20 a month: the tax on it is more than it is worth to her": [("own_spend_a_month: $200", "own_spend_a_month: $20")],
    "personal use is not taxed": [("taxed: personal_use", "taxed: nothing")],
    "it is for one platform, on which a dollar does what 60 cents do elsewhere": [("use: open", "use: open\n  fit: 60%")],
    "it may be taken away at any time": [("changes: notice", "changes: at_will")],
    "it can only be changed by agreement": [AGREED],
    "she would have paid for a fifth of the work use herself": [("me:\n", "me:\n  additionality: 20%\n")],
    "it is tax on the face, used or not": [("taxed: personal_use", "taxed: face")],
    "by agreement only, she needs twice as much, and what is missing waits": [AGREED, BUSY],
    "the same, and what is missing is topped up without a word": [
        AGREED, BUSY, ("use: open", "use: open\n  approval: {chance: 100%, reason: none}"),
    ],
    "the same, and what is missing comes out of her own pocket": [AGREED, BUSY, ("use: open", "use: open\n  own_money: 100%")],
}  # fmt: skip


@pytest.mark.parametrize("condition", IFS)
def test_what_a_few_words_change_is_what_the_evaluation_says(condition: str) -> None:
    assert row("In plain words", condition) == f"| {condition} | {told(offered(*IFS[condition]).cash.mean)} |"


def test_no_condition_of_the_table_goes_untested() -> None:
    table = SECTIONS["In plain words"].split("| if | cash equivalent |\n|---|---|\n")[1].split("\n\n")[0]
    assert [line.split(" | ")[0].removeprefix("| ") for line in table.split("\n")] == list(IFS)


def test_the_way_from_face_to_three_thousand_adds_up() -> None:
    sure, risky = offered(AGREED), offered()
    totals = sure.totals
    kept = risky.cash.mean * (1 - 0.35)
    for begins, amount in (
        ("face", totals.face),
        ("used at list price", totals.used),
        ("the employer's cost", totals.cost),
        ("worth of the work use", totals.additional),
        ("worth of her own use", totals.worth),
        ("tax on her own use", -totals.tax),
        ("what she has of it", totals.worth - totals.tax),
        ("the same with its risk", kept),
    ):
        assert row("In plain words", begins).startswith(f"| {begins} | {told(amount)} |")
    words = SECTIONS["In plain words"]
    assert f"**{told(risky.cash.mean)}** | before tax, as a salary is: {told(kept)} / 0.65 |" in words
    assert (
        f"{told(totals.work)} for work and {told(totals.personal)} for herself; {told(totals.forfeited)} expire"
        in words
    )
    assert f"$200 that she saves, and the next $100, worth {told(worth(300, 200) - 200)} to her" in words
    assert f"instalments that would be a raise of {told(risky.raise_)}." in words
    assert f"| twelve times {told(totals.face / 12)} |" in words
    assert f"What the offer calls {told(FACE)} costs the employer {told(COST * totals.used)}" in words


# Every other figure.


def figures() -> dict[str, set[str]]:
    """By section, the dollars that its text may name: computed, or given in the same sentence."""
    base = offered()
    spread = uber()
    mean = spread.median * exp(spread.sigma**2 / 2)
    limits = [(limit, limited_expected(limit, spread.median, spread.sigma)) for limit in (200.0, 500.0, 1_500.0)]
    prices = [price_factor(per_year, years) for per_year in (0.5, 0.33, 1.2) for years in (0.5, 1.0, 2.0)]
    return {
        "(3) and (4): what personal use is worth": {
            *map(told, (2_400, 6_000, 10_000, 2_400 / (1 - 0.5))),
            *(told(worth(use, 2_400, eps)) for use in (2_400, 6_000, 10_000) for eps in (0.5, 1.0, 2.0)),
        },
        "(5): one month after another": {
            *map(told, (200, 200 / 0.35, base.cash.mean)),
            told(offered(setup=replace(WEIGHED, against="cash")).cash.mean),
        },
        "(6): before tax, and as a raise": {told(6_000), told(6_000 / (1 - 0.35))},
        "(7): for who dislikes risk": {
            *map(told, (10_000, 200_000)),
            *(told(certainty_equivalent(np.array([0.0, 1e4]), 2e5, gamma)) for gamma in (2.0, 1.0)),
        },
        "(8): beside the headline": {f"${headline(Pay(), FACE, base.a_year).rate:.2f}", "$1"},
        "(9): when it runs out": {told(10_000), told(1_500)},
        "(10) and (11): a month of many people": {
            *(told(part) for limit, used in limits for part in (limit, used, limit - used)),
            told(mean),
        },
        "Price times quantity": {
            told(FACE),
            *map(told, [FACE / one for one in prices] + [FACE * one for one in prices]),
        },
    }


@pytest.mark.parametrize("section", figures())
def test_every_dollar_of_a_section_is_computed(section: str) -> None:
    expected = figures()[section]
    found = {one.rstrip(",.") for one in DOLLARS.findall(SECTIONS[section])}
    assert found == expected


def test_sections_without_computed_dollars_have_none() -> None:
    others = set(SECTIONS) - set(figures()) - {
        "In plain words", "Many worlds", "Defaults, and where they come from", "What we do otherwise, and why", "Literature",
    }  # fmt: skip
    assert others
    assert {section: DOLLARS.findall(SECTIONS[section]) for section in others} == {section: [] for section in others}


def test_rows_of_prices_belong_together() -> None:
    rows = [line.split(" | ") for line in SECTIONS["Price times quantity"].split("\n") if " months | $" in line]
    factors = iter(price_factor(per_year, years) for per_year in (0.5, 0.33, 1.2) for years in (0.5, 1.0, 2.0))
    for cells in rows:
        factor = next(factors)
        assert [cells[-2], cells[-1].removesuffix(" |")] == [told(FACE / factor), told(FACE * factor)]
    assert len(rows) == 9


def test_months_until_it_runs_out_are_computed() -> None:
    lasts = [12 * run_out(10_000, 18_000, rate) for rate in (0.0, log(3), log(0.5), log(3) + log(0.5))]
    assert "lasts {:.1f} months if nothing changes, {:.1f} if use triples within a year, {:.1f} if prices halve, and {:.1f} if both".format(*lasts) in PAGE.replace("\n", " ")  # fmt: skip


@pytest.mark.parametrize("limit", [200, 500, 1_500])
def test_rows_of_limits_belong_together(limit: int) -> None:
    spread = uber()
    used = limited_expected(limit, spread.median, spread.sigma)
    out = exceeds(limit, spread.median, spread.sigma)
    assert f"| {told(limit)} | {told(used)} | {told(limit - used)} | {out:.1%}".replace("%", " %") in PAGE


def test_leaving_a_hazard_out_of_both_sides_costs_what_the_page_says() -> None:
    def too_high(growth: float, years: int, grows: float) -> str:
        ends = [(month + 1) / 12 for month in range(12 * years)]
        worth_then = np.array([growth ** min(end, grows) for end in ends])
        paid = np.array([exp(-0.05 * end) for end in ends])
        seen = paid * np.array([exp(-0.15 * end) for end in ends])
        raised = (paid @ worth_then / paid.sum()) / (seen @ worth_then / seen.sum()) - 1
        return f"{raised:.1%}".replace("%", " %")

    assert f"raise would come out {too_high(2, 1, 1)} too high" in PAGE
    assert f"the first two triple the value, {too_high(3, 4, 2)}." in PAGE


def test_the_raise_is_paid_in_instalments() -> None:
    base = offered()
    stays = offered(("\nme:\n", "\nme:\n  leaving: 0%\n"))
    assert stays.raise_ == pytest.approx(stays.cash.mean / annuity(0.05, 12))
    assert base.raise_ == pytest.approx(base.cash.mean / annuity(0.05, 12), rel=0.002)  # her value is nearly level
    assert lognormal_top_share(0.8646) == pytest.approx(0.3382, abs=1e-3)  # Phi(sig - 1.2816)


# Many worlds, and defaults.


def test_the_offer_for_somebody_unknown_is_worth_about_what_the_page_says() -> None:
    draft = read(EXAMPLE[: EXAMPLE.index("\nme:") + 1], start=date(2026, 1, 1))
    found = evaluate(draft.offer, draft.person, Setup(fan=False))
    text = SECTIONS["Many worlds"].replace("\n", " ")
    said = re.search(r"about \$([\d,]+) / \$([\d,]+) / \$([\d,]+) .*?about \$([\d,]+) on average, as good as about \$([\d,]+) .*? about \$([\d,]+) would be used, about \$([\d,]+) lost", text)  # fmt: skip
    assert said is not None
    p10, p50, p90, mean, sure, used, lost = (float(one.replace(",", "")) for one in said.groups())
    near = 4 * found.cash.error
    assert abs(found.cash.mean - mean) <= near
    assert abs(found.sure - sure) <= near
    for name, quantile in (("p10", p10), ("p50", p50), ("p90", p90)):
        assert abs(getattr(found.cash, name) - quantile) <= 2 * near
    assert abs(found.used.mean - used) <= 4 * found.used.error
    assert abs(found.totals.forfeited - lost) <= 0.02 * lost
    assert found.run_outs[0].ever == pytest.approx(0.4, abs=0.03)


def test_sizes_that_the_page_names_are_those_of_the_code() -> None:
    assert f"lives through {DEFAULT_PATHS:,} worlds" in PAGE
    assert f"{BLOCK:,} worlds at a time" in PAGE
    assert f"more than {MOST_LOST:.0%}".replace("%", " %") in PAGE


PERSON, LINE = Person(), Line("tokens", None, None)
DEFAULTS = {
    "usage.median": f"${PERSON.usage.median:.2f}",
    "usage.sigma": f"{PERSON.usage.sigma:g}",
    "price.per_year": f"{PERSON.price.per_year:g}",
    "price.sigma": f"{PERSON.price.sigma:g}",
    **{
        name: f"{getattr(PERSON, name):g}"
        for name in (
            "month_sigma", "growth", "growth_sigma", "growth_years", "shifts", "personal_share", "elasticity",
            "additionality", "tax", "discount", "leaving", "aversion",
        )
    },
    **{name: told(getattr(PERSON, name)) for name in ("own_spend", "own_most", "wealth")},
    "revocation": f"{LINE.revocation:g}",
    "wholesale": f"{LINE.discount:g}",
    "fit": f"{LINE.fit:g}",
}  # fmt: skip


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_of_the_page_is_that_of_the_code(name: str) -> None:
    assert row("Defaults, and where they come from", f"`{name}` | {DEFAULTS[name]}")


def test_no_default_of_the_page_is_one_that_the_code_does_not_know() -> None:
    assert set(re.findall(r"^\| `([\w.]+)` \|", SECTIONS["Defaults, and where they come from"], re.MULTILINE)) == set(
        DEFAULTS
    )
    assert (REVOCATION["contract"], REVOCATION["at_will"]) == (0.0, 0.5)


def test_every_formula_that_the_code_names_is_on_the_page() -> None:
    folder = Path(__file__).resolve().parents[2] / "src/bursar/offers"
    named = {one for path in folder.glob("*.py") for one in re.findall(r"\((\d{1,2})\)", " ".join(re.findall(r'"""(.*?)"""', path.read_text(), re.DOTALL)))}  # fmt: skip
    assert named
    for number in named:
        assert f"({number})" in PAGE
