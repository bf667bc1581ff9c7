"""What a roster would change, line by line, before anything is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput
from bursar.office.workforce import roster
from bursar.office.workforce.roster import FIELDS, checked, compare, ring


def known(handle: str, **fields: str) -> dict[str, Any]:
    return {"id": f"per_{handle}", **checked({"handle": handle, **fields})}


ADA = known("ada", email="ada@example.com", name="Ada", team="platform", zone="Europe/Lisbon")
BEN = known("ben", email="ben@example.com", name="Ben", manager="ada")


def refusal(text: str, people: list[dict[str, Any]] | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        compare(text, people or [])
    return caught.value


def test_new_people_are_added_with_every_field() -> None:
    found = compare("name,email,level\nAda Abara,Ada@Example.com,senior\n", [])
    assert found.updated == []
    (row,) = found.added
    assert set(row) == set(FIELDS)
    assert (row["handle"], row["email"], row["level"], row["zone"]) == ("ada", "ada@example.com", "senior", "UTC")


def test_the_header_may_name_every_field_in_any_order() -> None:
    header = "name,email,handle,level,job_family,role,team,location,zone,hire_date,manager"
    text = f"{header}\nAda,a@x.org,ada,L5,eng,ic,core,Lisbon,Europe/Lisbon,2024-02-29,\n"
    assert compare(text, []).added[0]["hire_date"] == "2024-02-29"


def test_columns_that_are_missing_leave_people_as_they_are() -> None:
    found = compare("email,level\nada@example.com,senior\n", [ADA, BEN])
    assert found.updated == [("per_ada", {**{name: ADA[name] for name in FIELDS}, "level": "senior"})]


def test_an_empty_cell_clears_a_field_but_never_the_handle() -> None:
    countess = known("countess", email="ada@example.com", team="platform")
    found = compare("email,handle,team\nada@example.com,,\n", [countess])
    ((_, row),) = found.updated
    assert (row["handle"], row["team"]) == ("countess", "")


def test_people_who_stay_the_same_are_counted() -> None:
    assert compare("handle,name\nada,Ada\nben,Ben\n", [ADA, BEN]) == roster.Import([], [], 2)


def test_empty_lines_are_skipped_and_quotes_understood() -> None:
    found = compare('handle,name\n\n  \nada,"Abara, ""Ada"""\n', [])
    assert found.added[0]["name"] == 'Abara, "Ada"'


def test_people_are_matched_by_address_before_handle() -> None:
    ((person_id, row),) = compare("email,handle\nada@example.com,countess\n", [ADA]).updated
    assert (person_id, row["handle"]) == ("per_ada", "countess")


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("", "header", "nothing"),
        ("handle,nickname\n", "header", "'nickname'"),
        ("handle,handle\n", "header", "'handle'"),
        ("name,team\nAda,x\n", "header", "name, team"),
        ("handle,name\nada\n", "line 2", "1 cells"),
        ("handle,name\nada,Ada,x\n", "line 2", "3 cells"),
        ('handle,name\nada,"Ada\n', "line 2", "unexpected end of data"),
        ("handle\nAda Abara\n", "line 2: handle", "'Ada Abara'"),
        ("handle\n../etc\n", "line 2: handle", "'../etc'"),
        ("handle,email\nada,ada at example\n", "line 2: email", "'ada at example'"),
        ("handle,zone\nada,Lisbon\n", "line 2: zone", "'Lisbon'"),
        ("handle,hire_date\nada,2023-02-29\n", "line 2: hire_date", "'2023-02-29'"),
        ("handle,hire_date\nada,29.02.2024\n", "line 2: hire_date", "'29.02.2024'"),
        ("handle,hire_date\nada,0001-01-01\n", "line 2: hire_date", "'0001-01-01'"),
        ("handle,name\nada," + "x" * 201 + "\n", "line 2: name", "201 characters"),
        ("handle,name\nada,a\x00b\n", "line 2: name", "3 characters"),
        ("handle\nada\nben\nada\n", "line 4: handle", "'ada' of line 2"),
        ("handle,email\nada,x@y.org\nben,X@y.org\n", "line 3: email", "'x@y.org' of ada"),
        ("handle,manager\nada,nobody\n", "line 2: manager", "'nobody'"),
        ("handle,manager\nada,ada\n", "line 2: manager", "ada -> ada"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_was_found(text: str, field: str, found: str) -> None:
    fault = refusal(text)
    assert (fault.field, fault.found) == (field, found)


def test_all_faults_are_told_together() -> None:
    fault = refusal("handle,hire_date\n?,\nada,soon\nben,never\n")
    assert fault.field == "line 2: handle"
    assert "line 3: hire_date: found 'soon'" in fault.hint
    assert "line 4: hire_date: found 'never'" in fault.hint


def test_of_very_many_faults_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "handle\n" + "?\n" * 50
    assert refusal(text).hint.endswith("; and 30 more")


def test_a_roster_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "MAX_ROSTER_ROWS", 3)
    assert len(compare("handle\na\nb\nc\n", []).added) == 3
    assert refusal("handle\na\nb\nc\nd\n").expected == "at most 3"


def test_the_handle_of_somebody_who_is_not_in_the_file_is_taken() -> None:
    fault = refusal("email,handle\nada@example.com,ben\n", [ADA, BEN])
    assert (fault.field, fault.found) == ("line 2: handle", "'ben' of somebody who is not in this file")


def test_two_people_may_exchange_handles() -> None:
    found = compare("email,handle\nada@example.com,ben\nben@example.com,ada\n", [ADA, BEN])
    assert [(one, row["handle"], row["manager"]) for one, row in found.updated] == [
        ("per_ada", "ben", ""),
        ("per_ben", "ada", "ben"),
    ]


def test_one_person_in_two_lines_is_refused() -> None:
    fault = refusal("email,handle\nada@example.com,one\n,ada\n", [ADA])
    assert (fault.field, fault.found) == ("line 3", "'ada', as in line 2")


def test_managers_are_found_by_address_and_anywhere_in_the_file() -> None:
    found = compare("handle,email,manager\nben,,cy@x.org\ncy,cy@x.org,\n", [])
    assert [(row["handle"], row["manager"]) for row in found.added] == [("cy", ""), ("ben", "cy")]


def test_managers_come_before_their_reports_however_deep() -> None:
    rows = [f"p{n},p{n + 1}" for n in range(2000)] + ["p2000,"]
    handles = [row["handle"] for row in compare("handle,manager\n" + "\n".join(rows), []).added]
    assert handles == [f"p{n}" for n in range(2000, -1, -1)]


def test_reports_follow_a_manager_who_gets_another_handle() -> None:
    found = compare("email,handle\nada@example.com,countess\n", [ADA, BEN])
    assert [(one, row["manager"]) for one, row in found.updated] == [("per_ada", ""), ("per_ben", "countess")]


def test_a_ring_of_managers_is_refused_also_across_the_file() -> None:
    fault = refusal("handle,manager\nada,ben\n", [ADA, BEN])
    assert fault.field == "line 2: manager"
    assert set(fault.found.split(" -> ")) == {"ada", "ben"}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["", *"abcdefgh"]), min_size=1))
def test_a_ring_is_found_exactly_if_somebody_reports_to_themselves(managers: dict[str, str]) -> None:
    def above(handle: str) -> set[str]:
        found: set[str] = set()
        while (handle := managers.get(handle, "")) and handle not in found:
            found.add(handle)
        return found

    inside = {handle for handle in managers if handle in above(handle)}
    circle = ring(managers)
    assert bool(circle) == bool(inside)
    assert set(circle) <= inside


cells = st.text(max_size=12)


@given(
    st.lists(st.lists(cells, max_size=4), max_size=6), st.sampled_from(["handle,email,manager", "handle", "email,zone"])
)
def test_whatever_the_file_says_it_is_read_or_refused_in_words(rows: list[list[str]], header: str) -> None:
    text = header + "\n" + "\n".join(",".join(row) for row in rows)
    try:
        found = compare(text, [ADA, BEN])
    except InvalidInput:
        return  # any other error fails the test
    assert all(checked(row) == row for row in found.added)
