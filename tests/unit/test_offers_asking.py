"""What an offer does not say becomes a question with what each answer is worth; what it says does not."""

from __future__ import annotations

import pytest
from tests.support.offers import line

from bursar.errors import InvalidInput
from bursar.offers import telling
from bursar.offers.asking import TERMS, Asked
from bursar.offers.evaluation import Evaluation, evaluated
from bursar.offers.interview import ASKS, answered, applies, start, written
from bursar.offers.laptop import POINTS, WEIGHTS, laptop_test
from bursar.offers.outcome import Setup
from bursar.offers.reading import read
from bursar.offers.terms import Person
from bursar.offers.weighing import identity

FEW = Setup(paths=2_048)


def evaluation(terms: str, more: str = "") -> Evaluation:
    return evaluated(read(f"bursar: offer/1\nname: acme\ntokens: {{{terms}}}\n{more}"), setup=FEW)


def asked(terms: str) -> Asked:
    return evaluation(terms).asked


def terms_of(found: Asked) -> set[str]:
    return {question.term for question in found.questions}


def test_everything_missing_is_asked_and_nothing_that_is_said() -> None:
    bare = terms_of(asked("amount: $500"))
    assert {
        "use",
        "every",
        "expires",
        "rollover",
        "limit",
        "changes",
        "leaving",
        "taxed",
        "expected",
        "seen_by",
    } <= bare
    assert "would_buy" not in bare
    assert "approval" not in bare
    said = terms_of(asked("amount: $500, every: month, use: open, taxed: nothing, changes: contract"))
    assert said.isdisjoint({"use", "every", "taxed", "changes", "grossed_up"})


def test_a_limit_that_asks_leaves_the_question_how_often_it_grants() -> None:
    found = asked("amount: $500, every: month, limit: {then: [{request: {reason: required}}, stop]}")
    assert "approval" in terms_of(found)
    assert "limit" not in terms_of(found)


def test_the_most_valuable_question_stands_first_and_the_range_holds_every_answer() -> None:
    found = asked("amount: $500, every: month")
    swings = [question.swing for question in found.questions]
    assert swings == sorted(swings, reverse=True)
    for question in found.questions:
        for answer in question.answers:
            assert found.low - 1e-6 <= answer.worth <= found.high + 1e-6


def test_the_answer_that_is_presumed_changes_nothing() -> None:
    whole = evaluation("amount: $500, every: month")
    presumed = {"use": "open: personal projects too", "expires": "with its period", "taxed": "personal use is taxed"}
    for question in whole.asked.questions:
        if question.term in presumed:
            (same,) = [answer for answer in question.answers if answer.answer == presumed[question.term]]
            assert same.change == pytest.approx(0, abs=1e-6)


def test_every_unknown_term_has_a_question_with_a_reason() -> None:
    bare = read("bursar: offer/1\nname: a\ntokens: {amount: $5}\n").offer.lines[0]
    for name in bare.unknown:
        if name != "would_buy":
            assert TERMS[name].question.endswith("?")
            assert TERMS[name].why


class TestTheLaptopTest:
    def test_weights_add_up_to_one(self) -> None:
        assert sum(WEIGHTS.values()) == pytest.approx(1)

    def test_what_is_not_known_counts_half(self) -> None:
        bare = read("bursar: offer/1\nname: a\ntokens: {amount: $5}\n").offer.lines[0]
        test = laptop_test(bare, Person(personal_share=0.5), 0.0)
        assert all(term.value == 0.5 for term in test.terms if term.term in WEIGHTS)
        assert test.score == pytest.approx(50)

    def test_a_tool_and_a_perk(self) -> None:
        tool = line("$500", "month", use="work", needed="yes", automatic="yes", portable="no", justified="no")
        perk = line(
            "$500",
            "month",
            use="personal",
            needed="no",
            automatic="no",
            portable="yes",
            justified="no",
            would_buy="yes",
        )
        assert laptop_test(tool, Person(), 0.0).verdict == "tool"
        assert laptop_test(perk, Person(), 0.0).verdict == "perk"

    def test_three_more_terms_move_it_by_their_points(self) -> None:
        base = line("$500", "month")
        score = laptop_test(base, Person(), 0.0).score
        bought = laptop_test(base.with_(would_buy="yes"), Person(), 0.0).score
        below = laptop_test(base, Person(), 0.5).score
        assert bought - score == pytest.approx(POINTS["would_buy"][0])
        assert below - score == pytest.approx(POINTS["below_need"][0])

    def test_the_offers_own_sentence_is_the_evidence(self) -> None:
        quoted = line("$500", "month", quotes={"use": "For our products only."}, use="work")
        (term,) = [one for one in laptop_test(quoted, Person(), 0.0).terms if one.term == "work_restricted"]
        assert term.evidence == "For our products only."

    def test_the_score_stays_on_its_scale(self) -> None:
        for use in ("open", "work", "personal"):
            for answer in ("yes", "no", "unknown"):
                one = line("$1", "month", use=use, needed=answer, would_buy=answer, portable=answer, automatic=answer)
                assert 0 <= laptop_test(one, Person(), 1.0).score <= 100


class TestTelling:
    def test_the_steps_lead_from_face_to_worth(self) -> None:
        whole = evaluation("amount: $800, every: month, own_money: 30%, taxed: personal_use")
        steps = telling.steps(whole)
        total = 0.0
        for step in steps:
            if step.total and total:
                assert total == pytest.approx(step.amount, abs=2)
                total = step.amount
            else:
                total += step.amount
        assert steps[0].label == "Face"
        assert steps[-1].amount == pytest.approx(whole.outcome.a_year)

    def test_a_package_that_costs_money_says_so(self) -> None:
        whole = evaluation(
            "amount: $100, every: month, use: work, own_money: 100%, taxed: nothing", "me: {usage: $2000}\n"
        )
        assert whole.tightly_metered
        assert "cost you" in telling.worth_sentence(whole)
        assert "lower" in telling.raise_sentence(whole)
        assert "pay" in telling.shortfall_sentence(whole)

    def test_work_only_is_worth_nothing_and_says_why(self) -> None:
        whole = evaluation("amount: $100, every: month, use: work, taxed: nothing, leaving: {unspent: forfeit}")
        assert "worth nothing to you" in telling.worth_sentence(whole)

    @pytest.mark.parametrize(
        ("amount", "text"),
        [
            (1_903.4, "$1,903"),
            (-420.0, "-$420"),
            (0.0, "$0"),
            (3.456, "$3.46"),
            (-0.001, "$0"),
            (12_345_678.9, "$12,345,679"),
        ],
    )
    def test_money_is_said_as_people_say_it(self, amount: float, text: str) -> None:
        assert telling.said(amount) == text

    def test_a_share_of_nearly_nothing_is_not_nothing(self) -> None:
        assert telling.percent(0.004) == "under 1%"
        assert telling.percent(0.0) == "0%"
        assert telling.percent(0.2105, 2) == "21.05%"


def test_the_same_offer_person_and_seed_have_the_same_identity() -> None:
    draft = read("bursar: offer/1\nname: acme\ntokens: {amount: $500}\n")
    other = read("bursar: offer/1\nname: acme\ntokens: {amount: $501}\n")
    assert identity(draft.offer, Person(), FEW) == identity(draft.offer, Person(), FEW)
    assert identity(draft.offer, Person(), FEW) != identity(other.offer, Person(), FEW)
    assert identity(draft.offer, Person(), FEW) != identity(draft.offer, Person(), Setup(paths=2_048, seed=1))


class TestTheInterview:
    def test_knowing_nothing_but_the_amount_is_an_offer(self) -> None:
        document = start("acme")
        for ask in ASKS:
            answer = "$500" if ask.path == "tokens.amount" else ""
            document = answered(document, ask, answer)
        assert read(written(document)).offer.lines[0].unknown

    def test_every_choice_can_be_read_by_its_number_and_its_word(self) -> None:
        for ask in ASKS:
            for number, choice in enumerate(ask.choices, start=1):
                base = answered(start(), next(one for one in ASKS if one.path == "tokens.amount"), "$500")
                if "rollover" in str(choice.fields) or choice.word == "gone":
                    base = {**base, "tokens": {**base["tokens"], "every": "month"}}
                by_number, by_word = answered(base, ask, str(number)), answered(base, ask, choice.word)
                assert by_number == by_word
                assert read(written(by_number))

    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("pay.salary", "a lot"),
            ("tokens.amount", "many"),
            ("me.tax", "200%"),
            ("me.usage", "-5"),
            ("pay.bonus", "-$5"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_what_can(self, path: str, answer: str) -> None:
        ask = next(one for one in ASKS if one.path == path)
        with pytest.raises(InvalidInput) as refused:
            answered(start(), ask, answer)
        assert refused.value.expected

    def test_a_choice_that_is_none_is_refused(self) -> None:
        ask = next(one for one in ASKS if one.choices)
        with pytest.raises(InvalidInput, match="a number from 1"):
            answered(start(), ask, "sometimes")

    def test_access_without_a_limit_is_not_asked_what_happens_at_it(self) -> None:
        document = answered(start(), next(one for one in ASKS if one.path == "tokens.amount"), "unlimited")
        left = [ask for ask in ASKS if applies(ask, document)]
        assert not any("used up" in ask.question or "How often" in ask.question for ask in left)
