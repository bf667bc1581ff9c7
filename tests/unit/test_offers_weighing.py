"""Weighed once, an offer says what its evaluation says; what is kept from answer to answer changes no figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bursar.offers import asking, telling
from bursar.offers.evaluation import beside, compared, evaluated
from bursar.offers.outcome import Setup, worth
from bursar.offers.reading import Draft, read
from bursar.offers.weighing import weighed
from bursar.office.figures.weighing import REPORT_WORLDS, WORLDS

FEW = Setup(paths=512)
ASKED = replace(FEW, fan=False)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "offers").glob("*.yaml"))


def draft(file: Path) -> Draft:
    return read(file.read_text(encoding="utf-8"), file.name)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_answer_is_worth_what_the_offer_with_it_is_worth(file: Path) -> None:
    one = draft(file)
    found = asking.asked(one, one.person, ASKED, worth(one.offer, one.person, ASKED))
    names = [line.name for line in one.offer.lines]
    for question in found.questions:
        index = names.index(question.line)
        terms = dict(asking.TERMS[question.term].answers)
        for answer in question.answers:
            variant = asking._variant(one, index, terms[answer.answer])
            assert answer.worth == pytest.approx(worth(variant.offer, one.person, ASKED), abs=1e-9)


@pytest.mark.parametrize("file", EXAMPLES[:4], ids=lambda file: file.stem)
def test_a_weighing_and_an_evaluation_of_the_same_worlds_say_the_same(file: Path) -> None:
    one = draft(file)
    quick, whole = weighed(one, setup=FEW), evaluated(one, setup=FEW)
    assert quick.id == whole.id
    assert quick.outcome.cash == whole.outcome.cash
    assert quick.laptop == whole.laptop
    assert telling.steps(quick) == telling.steps(whole)
    assert telling.worth_sentence(quick) == telling.worth_sentence(whole)
    assert telling.raise_sentence(whole).startswith(telling.same_raise_sentence(quick))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_page_says_what_the_report_says_within_what_it_states(file: Path) -> None:
    one = draft(file)
    page, report = weighed(one, setup=Setup(paths=WORLDS)), weighed(one, setup=Setup(paths=REPORT_WORLDS))
    assert abs(page.outcome.a_year - report.outcome.a_year) <= page.within + 0.01
    assert page.within <= 0.05 * max(page.face, abs(page.outcome.a_year), 1_000)
    for quick, whole in zip(page.outcome.run_outs, report.outcome.run_outs, strict=True):
        assert abs(quick.periods - whole.periods) <= 0.03


def test_offers_beside_each_other_rank_and_flip_as_their_whole_comparison_does() -> None:
    ones = [draft(file) for file in EXAMPLES[:3]]
    quick, whole = beside(ones, setup=FEW), compared(ones, setup=FEW)
    for name in ("by_headline", "by_cash", "by_worth", "pay_cuts", "flips"):
        assert getattr(quick, name) == getattr(whole, name)
    assert [one.id for one in quick.evaluations] == [one.id for one in whole.evaluations]
