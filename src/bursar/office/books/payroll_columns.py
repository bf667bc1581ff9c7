"""Which columns a payroll file has, and which figure stands in each.

A mapping of headers to the names of figures, in order; `='a text'` is the same text in every row, for what a payroll system
wants to read (a wage type, a company number) and Bursar does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from bursar.errors import InvalidInput

FIGURES: Mapping[str, str] = {
    "month": "2026-10",
    "person": "the handle",
    "name": "the name",
    "email": "the e-mail address",
    "team": "the team",
    "location": "the place, as the roster has it",
    "jurisdiction": "whose rules were asked; empty where nobody said",
    "status": "assessed, or needs_adviser",
    "taxable": "what counts as pay; empty where an adviser has to be asked",
    "at_least": "what counts in any case",
    "currency": "of taxable and at_least",
    "timing": "when it counts: use, vest, grant",
    "basis": "list_price or employer_cost",
    "personal_list": "personal use at list price, USD",
    "personal_cost": "personal use at the employer's cost, USD",
    "work_list": "use for work at list price, USD",
    "other_list": "use for nothing that was said, at list price, USD",
    "own_money": "own money to be deducted, USD",
    "rules": "ids of every rule that had a part in it",
    "flags": "ids of rules that ask somebody to look",
    "why": "why somebody has to be asked",
    "rules_version": "of the rules",
    "notice": "that this is no advice",
}
"""Every figure by name, and what it is."""
MAX_COLUMNS = 100

Columns = tuple[tuple[str, str], ...]
"""Header and figure, in order."""
DEFAULT: Columns = tuple(
    (name, name)
    for name in (
        "month", "person", "name", "location", "jurisdiction", "status", "taxable", "currency", "personal_list",
        "own_money", "rules", "flags", "why", "notice",
    )
)  # fmt: skip


def checked_columns(given: Mapping[str, str]) -> Columns:
    """Columns of a mapping. Raises `InvalidInput` for a figure that there is not."""
    if len(given) > MAX_COLUMNS:
        raise InvalidInput("columns", f"{len(given)} columns", f"at most {MAX_COLUMNS}")
    for header, figure in given.items():
        if fixed(figure) is None and figure not in FIGURES:
            known = ", ".join(FIGURES)
            raise InvalidInput("columns", f"{header[:60]!r} = {figure[:60]!r}", f"one of {known}, or ='a text'")
    return tuple(given.items())


def written_columns(text: str) -> Columns:
    """Columns as an option: `Employee ID=person,Wage type='4711',Taxable=taxable`. Raises `InvalidInput`."""
    found: dict[str, str] = {}
    for part in text.split(","):
        header, sign, figure = (one.strip() for one in part.partition("="))
        if not header or not sign or not figure:
            raise InvalidInput("columns", repr(part[:60]), "header=figure, separated by commas")
        if header in found:
            raise InvalidInput("columns", f"{header[:60]!r} twice", "each header once")
        found[header] = f"={figure}" if figure.startswith("'") else figure
    return checked_columns(found)


def fixed(figure: str) -> str | None:
    """The text of a column that is the same in every row; None for a figure."""
    if len(figure) >= 3 and figure.startswith("='") and figure.endswith("'"):
        return figure[2:-1]
    return None
