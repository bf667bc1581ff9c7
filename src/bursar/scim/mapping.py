"""A user as a directory writes it, and a person as the roster has it: one table in both directions. Pure.

What a directory wrote is given back as it came. Where the roster says something else (somebody changed it by hand, or an
import did), the roster is right, and its word replaces what is shown.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from scim2_models import Context, ScimPolicy

from bursar.calendar import from_micros
from bursar.office.workforce.provisioning import Document, Record, Wish
from bursar.scim.shapes import BursarUser, EnterpriseUser, Person

ENTERPRISE, BURSAR = str(EnterpriseUser.__schema__), str(BursarUser.__schema__)
PLACES: dict[str, tuple[str, ...]] = {
    "role": ("title",),
    "zone": ("timezone",),
    "team": (ENTERPRISE, "department"),
    "level": (BURSAR, "level"),
    "job_family": (BURSAR, "jobFamily"),
    "location": (BURSAR, "location"),
    "hire_date": (BURSAR, "hireDate"),
}
"""By field of the roster: where a user has it. Name, address and manager have rules of their own."""
ATTRIBUTES = {
    "name": "displayName",
    "email": "emails.value",
    "manager": f"{ENTERPRISE}:manager",
    **{field: ":".join(path) for field, path in PLACES.items()},
}
"""How a directory calls a field of the roster."""
NEVER_KEPT = ("schemas", "id", "meta", "userName", "externalId")
_WITHOUT = {"zone": "UTC"}
"""What a field of the roster is where nothing is said."""


def fields_of(document: Document) -> dict[str, str]:
    """The roster's fields that a user says something of; the manager by id."""
    found = {field: _text(_at(document, path)) for field, path in PLACES.items() if _at(document, path) is not None}
    name = document.get("name") or {}
    spoken = " ".join(str(part) for part in (name.get("givenName"), name.get("familyName")) if part)
    called = document.get("displayName") or name.get("formatted") or spoken
    if called or "displayName" in document or name:
        found["name"] = _text(called)
    if document.get("emails"):
        found["email"] = _address(document["emails"])
    manager = (_at(document, (ENTERPRISE, "manager")) or {}).get("value")
    if manager:
        found["manager"] = str(manager)
    return found


def wish_of(user: Document, before: Document, kept: Document | None = None) -> Wish:
    """What a directory wants: `user` as it is to be, `before` as it was.

    A field that was there and is no more becomes empty. A field that the directory never spoke of stays as the roster has
    it, so a directory that knows no levels does not erase them. With `kept`, what a patch changed is kept and no more.
    """
    given, had = fields_of(user), fields_of(before)
    cleared = {field: _WITHOUT.get(field, "") for field in had if field not in given}
    document = {key: value for key, value in user.items() if key not in NEVER_KEPT}
    if kept is not None:
        document = _changed(document, before, kept)
    return Wish(
        str(user.get("userName") or ""),
        str(user.get("externalId") or ""),
        user.get("active"),
        {**given, **cleared},
        document,
    )


def shown(record: Record, base: str) -> Document:
    """The user that a person is, as a document; `base` is the address of this server without a slash at its end."""
    user = deepcopy(record.document)
    said = fields_of(user)
    for field in (*PLACES, "name", "email", "manager"):
        has = record.manager if field == "manager" else str(record.person[field])
        if said.get(field, _WITHOUT.get(field, "")) != has:
            _put(user, field, has)
    manager = _at(user, (ENTERPRISE, "manager"))
    if manager:
        manager["$ref"] = f"{base}/Users/{manager['value']}"
    if not record.known or "active" in user:
        user["active"] = record.active
    if record.external_id:
        user["externalId"] = record.external_id
    return {
        "schemas": [str(schema) for schema in _schemas(user)],
        "id": record.id,
        "userName": record.user_name,
        **user,
        "meta": {
            "resourceType": "User",
            "created": from_micros(record.person["created"]).isoformat(),
            "lastModified": from_micros(record.changed).isoformat(),
            "location": f"{base}/Users/{record.id}",
            "version": tag(record),
        },
    }


def tag(record: Record) -> str:
    """The entity tag; weak, since attributes may be left out of what is sent."""
    return f'W/"{record.version}"'


def read(document: Document, policy: ScimPolicy) -> Person:
    """The same as a model, to be sent or patched."""
    return Person.model_validate(document, scim_policy=policy)


def written(user: Person) -> Document:
    """A model as a document with what a directory may write."""
    found: Document = user.model_dump(scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    return found


def _schemas(user: Document) -> list[str]:
    return [str(Person.__schema__), *(name for name in (ENTERPRISE, BURSAR) if user.get(name))]


def _put(user: Document, field: str, value: str) -> None:
    if field == "name":
        user.pop("name", None)
        _set(user, ("displayName",), value)
    elif field == "email":
        user.pop("emails", None)
        if value:
            user["emails"] = [{"value": value, "type": "work", "primary": True}]
    elif field == "manager":
        _set(user, (ENTERPRISE, "manager"), {"value": value} if value else None)
    else:
        _set(user, PLACES[field], value)


def _set(user: Document, path: tuple[str, ...], value: Any) -> None:
    at = user
    for part in path[:-1]:
        at = at.setdefault(part, {})
    if value:
        at[path[-1]] = value
    else:
        at.pop(path[-1], None)
    if len(path) > 1 and not at:
        user.pop(path[0])


def _changed(document: Document, before: Document, kept: Document) -> Document:
    """Of a patched user what is to be kept: what was kept before and is still there, and what became different."""
    found: Document = {}
    for key, value in document.items():
        if key in (ENTERPRISE, BURSAR):
            inner = _changed(value, before.get(key) or {}, kept.get(key) or {})
            if inner:
                found[key] = inner
        elif key in kept or value != before.get(key):
            found[key] = value
    return found


def _at(document: Document, path: tuple[str, ...]) -> Any:
    found: Any = document
    for part in path:
        found = (found or {}).get(part)
    return found


def _address(emails: list[dict[str, Any]]) -> str:
    ranked = sorted(emails, key=lambda one: (not one.get("primary"), one.get("type") != "work"))
    return str(ranked[0].get("value") or "").lower()


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
