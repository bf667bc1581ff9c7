"""Every error says what happened in one sentence and maps to one exit code and one status."""

from __future__ import annotations

import pytest

from bursar.errors import BursarError, Conflict, Forbidden, InvalidInput, NotFound, Unavailable


@pytest.mark.parametrize("kind", [BursarError, NotFound, Conflict, Forbidden, Unavailable])
def test_an_error_carries_its_sentence_and_a_hint(kind: type[BursarError]) -> None:
    error = kind("No person is called Ada.", hint="bursar person list")
    assert (str(error), error.sentence, error.hint) == (
        "No person is called Ada.",
        "No person is called Ada.",
        "bursar person list",
    )


def test_invalid_input_names_the_field_what_was_found_and_what_was_expected() -> None:
    error = InvalidInput("plan.every", "'0 months'", "a count of 1 or more")
    assert error.sentence == "plan.every: found '0 months', expected a count of 1 or more"
    assert isinstance(error, ValueError)


def test_no_two_kinds_share_an_exit_code_or_a_status() -> None:
    kinds: list[type[BursarError]] = [BursarError, InvalidInput, NotFound, Conflict, Forbidden, Unavailable]
    assert len({kind.exit_code for kind in kinds}) == len({kind.status for kind in kinds}) == len(kinds)
    assert 0 not in {kind.exit_code for kind in kinds}
