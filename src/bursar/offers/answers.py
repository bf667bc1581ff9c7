"""An evaluation as plain values, for `--json`, the API and whoever compares: sums in the offer's currency, rounded to cents.

Shares are of one with six digits, so that the same seed prints the same document on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from math import isfinite
from typing import Any

from bursar.offers import benchmarks, telling
from bursar.offers.evaluation import HORIZONS, Compared, Evaluation
from bursar.offers.outcome import FAN_QUANTILES, Spread
from bursar.offers.pay import Year
from bursar.offers.terms import ENGINE

Document = dict[str, Any]


def answers(one: Evaluation) -> Document:
    """Everything that is known of one offer."""
    outcome, years = one.outcome, one.outcome.years
    found = one.headline
    test_words = {"perk": "perk", "mixed": "some of each", "tool": "operating cost"}
    return {
        "offer": one.offer.name,
        "title": one.offer.title,
        "currency": one.offer.currency,
        "id": one.id,
        "engine": ENGINE,
        "seed": one.setup.seed,
        "worlds": outcome.paths,
        "months": outcome.months,
        "note": telling.DISCLAIMER,
        "besides": one.offer.note,
        "pay": {
            "spendable_cash": cents(found.cash),
            "equity": cents(found.equity),
            "signing_by_year": cents(found.signing),
            "tokens_at_face": cents(found.tokens),
            "headline_total": cents(found.total),
            "cash_like_total": cents(found.cash_like),
            "compute_share": share(found.share),
            "one_in": share(found.one_in),
            "inflation": share(found.inflation),
        },
        "worth": {
            "by_year": _spread(outcome.cash, years),
            "whole": _spread(outcome.cash, 1.0),
            "certainty_equivalent": cents(outcome.sure / years),
            "share_of_face": share(found.rate),
            "range_of_answers": [cents(one.asked.low), cents(one.asked.high)],
            "raise_worth_the_same": cents(outcome.raise_),
            "unlimited": cents(one.unlimited),
            "sentence": telling.worth_sentence(one),
        },
        "four_values": {name: share(value) for name, value in asdict(telling.four_values(one)).items()},
        "steps": [
            {"step": step.label, "by_year": cents(step.amount), "total": step.total} for step in telling.steps(one)
        ],
        "expected_by_year": {
            name: cents(getattr(outcome.totals, name) / years)
            for name in (
                "face",
                "used",
                "work",
                "personal",
                "forfeited",
                "left",
                "granted",
                "own",
                "unmet",
                "missed",
                "tax",
                "cost",
            )
        },
        "run_out": [
            {
                "line": run_out.line,
                "ever": share(run_out.ever),
                "of_periods": share(run_out.periods),
                "median_month": _known(run_out.first_month),
                "median_day_of_period": _known(run_out.day),
            }
            for run_out in outcome.run_outs
        ],
        "balance": None
        if outcome.fan is None
        else {
            f"p{round(100 * q)}": [cents(value) for value in row]
            for q, row in zip(FAN_QUANTILES, outcome.fan, strict=True)
        },
        "lasts": {
            "usage_a_month": cents(one.usage_a_month),
            "ten_thousand_months": _known(one.lasts_flat_months),
            "ten_thousand_months_as_expected": _known(one.lasts_months),
        },
        "among_reported": None
        if one.placed is None
        else {
            "amount_a_year_usd": cents(one.placed.amount),
            "below": one.placed.below.id if one.placed.below else None,
            "above": one.placed.above.id if one.placed.above else None,
            "around": [row.id for row in one.placed.around],
            "more_than": [
                {
                    "of": standing.population,
                    "by": standing.name,
                    "from": share(standing.low),
                    "to": share(standing.high),
                }
                for standing in one.placed.standings
            ],
            "looked_up": benchmarks.table().looked_up.isoformat(),
        },
        "prices": [
            {
                "scenario": scenario.price.name,
                "per_year": scenario.price.per_year,
                "source": scenario.price.source,
                "worth_by_year": cents(scenario.worth),
                "runs_out": share(scenario.run_out),
                "a_dollar_buys": dict(zip(map(str, HORIZONS), map(share, scenario.buys), strict=True)),
                "a_dollar_of_tokens_is_worth": dict(
                    zip(map(str, HORIZONS), map(share, scenario.worth_of_units), strict=True)
                ),
            }
            for scenario in one.scenarios
        ],
        "sensitivity": [
            {"assumption": moved.name, moved.low_text: cents(moved.low), moved.high_text: cents(moved.high)}
            for moved in one.sensitivities
        ],
        "laptop_test": [
            {
                "line": test.line,
                "score": round(test.score, 1),
                "verdict": test_words[test.verdict],
                "words": test.words,
                "terms": [
                    {"term": term.term, "points": round(term.points, 1), "evidence": term.evidence, "said": term.said}
                    for term in test.terms
                ],
            }
            for test in one.laptop
        ],
        "questions": questions(one),
        "fact_sheet": [
            {
                "line": facts.line,
                "missing": facts.missing,
                "answers": [
                    {"id": a.id, "question": a.question, "answer": a.answer, "given": a.given} for a in facts.answers
                ],
            }
            for facts in one.facts
        ],
        "attributes": [
            {
                "line": line.name,
                **{
                    a.question: {"cash": a.cash, "equity": a.equity, "tokens": a.tokens}
                    for a in telling.attributes(line)
                },
            }
            for line in one.offer.lines
        ],
        "trade_offs": telling.trade_offs(one),
        "years": {
            "raise_worth_the_same": _years(one.raise_years),
            "raise_of_the_face": _years(one.face_years),
        },
        "leaving": [
            {
                "month": leaving.month,
                "unspent": cents(leaving.unspent),
                "unvested": cents(leaving.unvested),
                "chance": share(leaving.chance),
            }
            for leaving in one.leaving
        ],
        "lost_on_leaving": cents(one.lost_on_leaving),
        "assumptions": assumptions(one),
    }


def questions(one: Evaluation) -> list[Document]:
    """What to ask, the most valuable first."""
    return [
        {
            "line": asked.line,
            "term": asked.term,
            "question": asked.question,
            "why": asked.why,
            "presumed": asked.presumed,
            "swing_by_year": cents(asked.swing),
            "laptop_points": round(asked.points, 1),
            "answers": [
                {"answer": answer.answer, "worth_by_year": cents(answer.worth), "change": cents(answer.change)}
                for answer in asked.answers
            ],
        }
        for asked in one.asked.questions
    ]


def comparison(found: Compared[Evaluation]) -> Document:
    """Offers side by side."""
    names = [one.offer.name for one in found.evaluations]
    return {
        "offers": [answers(one) for one in found.evaluations],
        "by_headline": [names[row] for row in found.by_headline],
        "by_cash_and_equity": [names[row] for row in found.by_cash],
        "by_worth": [names[row] for row in found.by_worth],
        "real_pay_cuts": [[names[a], names[b]] for a, b in found.pay_cuts],
        "what_would_change_the_first": list(found.flips),
    }


def assumptions(one: Evaluation) -> Document:
    """Every assumption, as it was used."""
    person = asdict(one.person)
    person["usage"] = {
        "name": one.person.usage.name,
        "median": cents(one.person.usage.median),
        "sigma": one.person.usage.sigma,
    }
    person["price"] = {
        "name": one.person.price.name,
        "per_year": one.person.price.per_year,
        "sigma": one.person.price.sigma,
    }
    person["lines"] = [
        {
            "line": line.name,
            "use": line.use,
            "fit": line.fit,
            "approval": line.approval,
            "own": line.own,
            "revocation": line.revocation,
            "taxed": line.taxed,
            "grossed_up": line.grossed_up,
            "wholesale_discount": line.discount,
            "presumed": list(line.unknown),
        }
        for line in one.offer.lines
    ]
    return person


def cents(amount: float) -> float:
    """To the cent; minus zero is zero."""
    return round(amount, 2) + 0.0


def share(value: float) -> float:
    return round(value, 6) + 0.0


def _known(value: float) -> float | None:
    return round(value, 2) if isfinite(value) else None


def _spread(spread: Spread, divisor: float) -> Document:
    return {name: cents(value / divisor) for name, value in asdict(spread).items()}


def _years(found: Iterable[Year]) -> list[Document]:
    return [
        {
            "year": year.year,
            "salary_by_then": cents(year.salary),
            "saved": cents(year.saved),
            "matched": cents(year.matched),
            "tokens": cents(year.tokens),
            "gap": cents(year.gap),
        }
        for year in found
    ]
