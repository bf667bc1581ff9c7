"""A user as a directory writes it and a person as the roster has it: what is written comes back, and the roster is right."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.profile import NIGHTLY

from bursar.office.workforce.provisioning import FIELDS, Record
from bursar.scim.mapping import BURSAR, ENTERPRISE, fields_of, read, shown, wish_of, written
from bursar.scim.shapes import POLICY

WORDS = st.text("abc xyzÄλ<&'\"", min_size=1, max_size=12).map(str.strip).filter(bool)
ADDRESSES = st.sampled_from(["ada@example.com", "b.c@example.org", "x+y@example.net"])
EMAILS = st.lists(
    st.fixed_dictionaries({"value": ADDRESSES}, optional={"type": st.sampled_from(["work", "home"])}),
    min_size=1, max_size=3, unique_by=lambda one: one["value"],
)  # fmt: skip
USERS = st.fixed_dictionaries(
    {"userName": WORDS, "active": st.booleans()},
    optional={
        "displayName": WORDS,
        "name": st.fixed_dictionaries({"formatted": WORDS}, optional={"givenName": WORDS, "familyName": WORDS}),
        "title": WORDS,
        "timezone": st.sampled_from(["UTC", "Europe/Lisbon", "Asia/Tokyo"]),
        "emails": EMAILS,
        "externalId": WORDS,
        ENTERPRISE: st.fixed_dictionaries(
            {"department": WORDS},
            optional={"costCenter": WORDS, "employeeNumber": WORDS, "manager": st.just({"value": "per_1"})},
        ),
        BURSAR: st.fixed_dictionaries(
            {"level": WORDS}, optional={"jobFamily": WORDS, "hireDate": st.just("2026-01-05")}
        ),
    },
)
ROSTER = st.fixed_dictionaries(
    {**{name: st.one_of(st.just(""), WORDS) for name in FIELDS if name not in ("email", "zone", "hire_date")},
     "email": st.one_of(st.just(""), ADDRESSES), "zone": st.sampled_from(["UTC", "Europe/Lisbon"]),
     "hire_date": st.sampled_from(["", "2024-02-29"])}
)  # fmt: skip
FEW = settings(max_examples=500 if NIGHTLY else 25)
BASE = "https://bursar.example.com/scim/v2"


def record(user: dict[str, Any], roster: dict[str, str]) -> Record:
    """What is kept of a user beside a row of the roster, as reading it gives it."""
    wish = wish_of(user, {})
    row = {"id": "per_9", "created": 1_000_000, **dict.fromkeys(FIELDS, ""), "zone": "UTC", **roster}
    manager = row.pop("manager")
    return Record(
        row, wish.user_name, wish.external_id, wish.document, wish.active is not False, manager, 2_000_000, True
    )


def plain(user: dict[str, Any]) -> dict[str, Any]:
    """Without what the server itself adds."""
    found = {key: value for key, value in user.items() if key not in ("schemas", "id", "meta")}
    if "manager" in found.get(ENTERPRISE, {}):
        found[ENTERPRISE] = {**found[ENTERPRISE], "manager": {"value": found[ENTERPRISE]["manager"]["value"]}}
    return found


@FEW
@given(USERS)
def test_what_a_directory_wrote_is_given_back_as_it_was_written(user: dict[str, Any]) -> None:
    assert plain(shown(record(user, fields_of(user)), BASE)) == user


@FEW
@given(USERS, ROSTER)
def test_what_the_roster_says_otherwise_is_what_is_shown(user: dict[str, Any], roster: dict[str, str]) -> None:
    found = fields_of(shown(record(user, roster), BASE))
    for name in FIELDS:
        assert found.get(name, "UTC" if name == "zone" else "") == roster[name], name


@FEW
@given(USERS, ROSTER)
def test_what_is_shown_is_a_user_by_the_published_schema_and_comes_back_from_it(
    user: dict[str, Any], roster: dict[str, str]
) -> None:
    told = shown(record(user, roster), BASE)
    assert fields_of(written(read(told, POLICY))) == fields_of(told)


@FEW
@given(USERS, USERS)
def test_a_replacement_says_something_of_every_field_that_was_there_or_is(
    user: dict[str, Any], before: dict[str, Any]
) -> None:
    wish = wish_of(user, before)
    assert set(wish.fields) == set(fields_of(user)) | set(fields_of(before))
    for name, value in wish.fields.items():
        assert value == fields_of(user).get(name, "UTC" if name == "zone" else "")


@FEW
@given(USERS, ROSTER)
def test_a_patch_that_changes_nothing_keeps_nothing_that_was_the_rosters_own(
    user: dict[str, Any], roster: dict[str, str]
) -> None:
    before = record(user, roster)
    told = written(read(shown(before, BASE), POLICY))
    wish = wish_of(told, told, before.document)
    assert set(wish.document) <= set(before.document)
    for name, value in wish.fields.items():
        assert value == roster[name]
