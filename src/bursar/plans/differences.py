"""What differs between two plans, term by term, in words."""

from __future__ import annotations

from typing import Any

from bursar.money import Amount, Unit, format_amount
from bursar.plans.terms import Plan, plain


def differences(before: Plan, after: Plan) -> dict[str, tuple[str | None, str | None]]:
    """By the term's path (`tiers.senior.amount`), what it was and what it is; None where there is none."""
    old, new = terms_of(before), terms_of(after)
    return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}


def terms_of(plan: Plan) -> dict[str, str]:
    """Every term that says something, by its path."""
    found: dict[str, str] = {}

    def put(path: str, value: Any) -> None:
        if isinstance(value, dict) and set(value) == {"nanos", "unit"}:
            found[path] = format_amount(Amount(value["nanos"], Unit(value["unit"])))
        elif isinstance(value, dict):
            for key, one in value.items():
                put(f"{path}.{key}" if path else key, one)
        elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            for index, one in enumerate(value):
                put(f"{path}.{one.get('name') or index}" if isinstance(one, dict) else f"{path}.{index}", one)
        elif value not in (None, [], ""):
            found[path] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    put("", {key: value for key, value in plain(plan).items() if key != "digest"})
    return found
