"""Templates are the example plans: one text, in two places."""

from __future__ import annotations

import pytest
from tests.support.examples import PLANS, terms_of

from bursar.errors import NotFound
from bursar.plans.check import load
from bursar.plans.templates import names, text


def test_every_example_is_a_template_and_says_the_same() -> None:
    examples = {path.stem[3:]: terms_of(path).split("\n", 1)[1] for path in PLANS}
    assert names() == tuple(sorted(examples))
    for name, terms in examples.items():
        assert text(name) == terms, "copy the example's terms, without its first line and calendar, to plans/templates"


def test_a_template_has_the_name_of_its_plan() -> None:
    assert [load(text(name)).plan.name for name in names()] == list(names())


@pytest.mark.parametrize("name", ["", "../document", "stipend.yaml", "nothing"])
def test_what_is_no_template_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        text(name)
    assert "hard-stop, hire-date-ladder" in caught.value.hint
