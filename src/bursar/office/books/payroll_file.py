"""A month's taxable amounts as rows of a payroll file: one line for each person, columns as the payroll system wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bursar.exchange.sheets import Cell, csv_text, number
from bursar.office.books.payroll_columns import FIGURES, Columns, fixed
from bursar.office.books.taxing import House, Taxed
from bursar.tax import Assessment, Use

_CELLS: Mapping[str, Callable[[Taxed], Cell]] = {
    "month": lambda one: one.month,
    "person": lambda one: one.handle,
    "name": lambda one: one.name,
    "email": lambda one: one.email,
    "team": lambda one: one.team,
    "location": lambda one: one.location,
    "jurisdiction": lambda one: one.answer.jurisdiction,
    "status": lambda one: one.answer.status,
    "taxable": lambda one: None if one.answer.taxable is None else number(one.answer.taxable),
    "at_least": lambda one: number(one.answer.at_least),
    "currency": lambda one: one.answer.unit,
    "timing": lambda one: one.answer.timing,
    "basis": lambda one: one.answer.basis,
    "personal_list": lambda one: number(one.used("personal").list_nanos),
    "personal_cost": lambda one: number(one.used("personal").cost_nanos),
    "work_list": lambda one: number(one.used("work").list_nanos),
    "other_list": lambda one: number(one.used("other").list_nanos + one.used("learning").list_nanos),
    "own_money": lambda one: number(one.own_money),
    "rules": lambda one: " ".join(dict.fromkeys(step.rule for step in one.answer.trace)),
    "flags": lambda one: " ".join(dict.fromkeys(flag.rule for flag in one.answer.flags)),
    "why": lambda one: one.answer.why,
    "rules_version": lambda one: one.answer.version,
    "notice": lambda one: one.answer.notice,
}
assert set(_CELLS) == set(FIGURES)  # both are the reference of the same names


def table(house: House, columns: Columns, *, everybody: bool = False) -> tuple[list[str], list[list[Cell]]]:
    """Headers and rows; only people of whom a run has something to take over, unless everybody is wanted."""
    lines = [one for one in house.lines if everybody or matters(one)]
    return [header for header, _ in columns], [[cell(one, figure) for _, figure in columns] for one in lines]


def csv(house: House, columns: Columns, *, everybody: bool = False) -> str:
    """The file; texts that look like a formula stay texts."""
    return csv_text(*table(house, columns, everybody=everybody))


def cell(one: Taxed, figure: str) -> Cell:
    """What stands in a column of somebody's row."""
    text = fixed(figure)
    return _CELLS[figure](one) if text is None else text


def matters(one: Taxed) -> bool:
    """Has a run anything to take over: an amount, a deduction, or a question about use that is not for work?"""
    unclear = one.answer.status == "needs_adviser" and any(use.purpose != "work" for use in one.uses)
    return bool(one.answer.at_least or one.own_money or unclear)


def plain(one: Taxed) -> dict[str, Any]:
    """A person's month as plain JSON values; amounts in nano-units."""
    return {
        "month": one.month,
        "until": one.until.isoformat(),
        "person": one.handle,
        "name": one.name,
        "location": one.location,
        "uses": [_use(use) for use in one.uses],
        "own_money_nanos": one.own_money,
        **assessment(one.answer),
    }


def assessment(answer: Assessment) -> dict[str, Any]:
    """What the rules answered, as plain JSON values."""
    return {
        "notice": answer.notice,
        "rules_version": answer.version,
        "status": answer.status,
        "why": answer.why,
        "jurisdiction": answer.jurisdiction,
        "on": answer.on.isoformat(),
        "unit": answer.unit,
        "taxable_nanos": answer.taxable,
        "at_least_nanos": answer.at_least,
        "timing": answer.timing,
        "basis": answer.basis,
        "lines": [
            {"purpose": line.purpose, "amount_nanos": line.used, "taxable_nanos": line.taxable, "rule": line.rule}
            for line in answer.lines
        ],
        "charges": [
            {
                "rule": one.rule,
                "topic": one.topic,
                "payer": one.payer,
                "base_nanos": one.base,
                "rate_ppm": one.rate_ppm,
                "amount_nanos": one.amount,
            }
            for one in answer.charges
        ],
        "flags": [{"rule": one.rule, "says": one.words, "citation": one.citation} for one in answer.flags],
        "trace": [
            {
                "rule": one.rule,
                "effect": one.effect,
                "says": one.words,
                "citation": one.citation,
                "confidence": one.confidence,
                "amount_nanos": one.amount,
            }
            for one in answer.trace
        ],
        "assumptions": [{"name": one.name, "assumed": one.words} for one in answer.assumptions],
    }


def _use(use: Use) -> dict[str, Any]:
    return {"purpose": use.purpose, "list_nanos": use.list_nanos, "cost_nanos": use.cost_nanos}
