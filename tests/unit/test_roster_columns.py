"""A roster of another system: its own names of columns, rows that are wrong left out, what changes told field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput
from bursar.office.workforce.roster import FIELDS, compare, header_of, narrowed, suggested

OTHER = "Work Email,Full Name,Job Level,Department,SSN,Reports To\nada@example.com,Ada,L5,core,123,\nben@example.com,Ben,L4,core,456,ada@example.com\n"


def known(handle: str, **fields: str) -> dict[str, Any]:
    return {"id": f"per_{handle}", **dict.fromkeys(FIELDS, ""), "zone": "UTC", "handle": handle, **fields}


def test_usual_names_of_columns_are_known_and_others_are_left_aside() -> None:
    assert suggested(header_of(OTHER)) == {
        "Work Email": "email",
        "Full Name": "name",
        "Job Level": "level",
        "Department": "team",
        "SSN": "",
        "Reports To": "manager",
    }


def test_a_field_is_suggested_for_one_column_only() -> None:
    assert suggested(["Email", "Work Email", "handle"]) == {"Email": "email", "Work Email": "", "handle": "handle"}


@given(st.lists(st.text(max_size=20), max_size=12))
def test_a_suggestion_names_every_column_and_no_field_twice(header: list[str]) -> None:
    found = suggested(header)
    assert set(found) == set(header)
    fields = [one for one in found.values() if one]
    assert len(fields) == len(set(fields))
    assert set(fields) <= set(FIELDS)


def test_a_file_of_another_system_is_read_by_its_columns() -> None:
    found = compare(OTHER, [], columns=suggested(header_of(OTHER)))
    assert [(one["handle"], one["level"], one["team"], one["manager"]) for one in found.added] == [
        ("ada", "L5", "core", ""),
        ("ben", "L4", "core", "ada"),
    ]
    assert "123" not in repr(found)


def test_without_columns_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(InvalidInput, match="header: found 'Department', 'Full Name'"):
        compare(OTHER, [])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"Shoe": "email"}, "columns: found 'Shoe', expected columns that the file has"),
        ({"Work Email": "shoe"}, "header: found .*'shoe'"),
        ({"Work Email": "email", "Full Name": "email"}, "header: found .*'email'"),
        (dict.fromkeys(["Work Email", "Full Name", "Job Level", "Department", "SSN", "Reports To"], ""), "nothing"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(columns: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        compare(OTHER, [], columns=columns)


ROWS = (
    "handle,email,manager,hire_date\n"
    "ada,ada@example.com,,2026-01-05\n"
    "ben,not an address,ada,\n"
    "cy,cy@example.com,ben,\n"
    "dee,dee@example.com,cy,\n"
    "ada,ada2@example.com,,\n"
    "eve,eve@example.com,ada,2026-02-30\n"
    "fay,fay@example.com,ada,\n"
)


def test_rows_that_are_wrong_refuse_the_whole_file() -> None:
    with pytest.raises(InvalidInput, match=r"line 3: email: found 'not an address'") as caught:
        compare(ROWS, [])
    assert "line 7: hire_date" in caught.value.hint


def test_rows_that_are_wrong_can_be_left_out_and_so_are_those_who_would_report_to_them() -> None:
    found = compare(ROWS, [], leave_out=True)
    assert [one["handle"] for one in found.added] == ["ada", "fay"]
    assert [one.field for one in found.refused] == [
        "line 3: email",
        "line 4: manager",
        "line 5: manager",
        "line 6: handle",
        "line 7: hire_date",
    ]


def test_a_file_without_any_good_row_changes_nothing() -> None:
    found = compare("handle\nÄ\n", [known("ada")], leave_out=True)
    assert (found.added, found.updated, found.unchanged, len(found.refused)) == ([], [], 0, 1)


def test_what_changes_is_told_field_by_field() -> None:
    before = [known("ada", email="ada@example.com", level="L4", team="core")]
    found = compare("email,level\nada@example.com,L5\n", before)
    assert [(one["handle"], changed) for one, changed in found.changes(before)] == [("ada", {"level": ("L4", "L5")})]


def test_what_is_left_aside_goes_no_further_and_the_rest_says_the_same() -> None:
    columns = suggested(header_of(OTHER))
    kept = narrowed(OTHER, columns)
    assert "123" not in kept
    assert compare(kept, []) == compare(OTHER, [], columns=columns)
