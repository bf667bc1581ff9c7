"""What a directory asks for: a filter of equalities, a page. Everything else is told to be too much, never answered wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scim2_models import InvalidFilterException, ScimFilter, SearchRequest
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from bursar.office.workforce.provisioning import MAX_PAGE, Wanted
from bursar.scim.shapes import Person

FILTERS = "userName, externalId, id, emails.value or active, each with eq, joined by and"
MAX_FILTER_CHARS = 1_000
MAX_TERMS = 5
MAX_START = 1_000_000_000
"""Beyond it there is nobody."""
_NAMES = {
    "username": "user_name",
    "externalid": "external_id",
    "id": "id",
    "emails.value": "email",
    "emails": "email",
    "active": "active",
}


def wanted(filter_: ScimFilter[Any] | None) -> Wanted:
    """What a filter narrows to. Raises InvalidFilterException for one that is not answered here."""
    if filter_ is None:
        return Wanted()
    if len(filter_) > MAX_FILTER_CHARS:
        raise _unknown(f"{len(filter_)} characters")
    terms = _terms(filter_.ast)
    if len(terms) > MAX_TERMS:
        raise _unknown(f"{len(terms)} terms")
    found = Wanted()
    for name, value in terms:
        before = getattr(found, name)
        if before is not None and before != value:
            raise _unknown("two values of one attribute")
        found = replace(found, **{name: value})
    return found


def page(asked: SearchRequest[Any]) -> tuple[int, int]:
    """The place of the first one, from 1, and how many at most."""
    return min(asked.start_index or 1, MAX_START), MAX_PAGE if asked.count is None else min(asked.count, MAX_PAGE)


def _terms(node: FilterNode) -> list[tuple[str, Any]]:
    match node:
        case LogicalExpr(op=LogicalOperator.and_, terms=terms):
            return [one for term in terms for one in _terms(term)]
        case Comparison(attr_path=path, op=CompareOperator.eq, value=value):
            return [(_name(str(path)), _value(_name(str(path)), value))]
        case ValuePath(attr_path=path, val_filter=Comparison(attr_path=inner, op=CompareOperator.eq, value=value)):
            name = _name(f"{path}.{inner}")
            return [(name, _value(name, value))]
        case _:
            raise _unknown(str(node))


def _name(path: str) -> str:
    plain = path.removeprefix(f"{Person.__schema__}:").lower()
    if plain not in _NAMES:
        raise _unknown(path)
    return _NAMES[plain]


def _value(name: str, value: Any) -> Any:
    if isinstance(value, bool) != (name == "active") or not isinstance(value, bool | str):
        raise _unknown(f"{name} eq {value!r}")
    return value


def _unknown(found: str) -> InvalidFilterException:
    return InvalidFilterException(detail=f"filter: found {found[:200]}, expected {FILTERS}")
