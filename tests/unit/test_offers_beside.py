"""What stands beside an offer: pay over the years, whether the job needs it, people to weigh it as, things like it."""

from __future__ import annotations

from itertools import product

import pytest
from tests.support.offers import line, outcome, steady

from bursar.errors import InvalidInput
from bursar.offers.answers import answers
from bursar.offers.comparators import COMPARATORS
from bursar.offers.evaluation import evaluated
from bursar.offers.laptop import TOOL, score
from bursar.offers.necessity import NEEDED, NOT_NEEDED, QUESTIONS, necessity
from bursar.offers.outcome import Setup, worth
from bursar.offers.presets import PRESETS, preset
from bursar.offers.reading import read as read_offer
from bursar.offers.story import Paid, read, story


class TestYears:
    def test_a_base_that_stays_while_tokens_grow_by_half_is_flat_cash(self) -> None:
        (_, second) = story([Paid(2025, 200_000, tokens=10_000), Paid(2026, 200_000, tokens=15_000)])
        assert (second.base, second.tokens) == (0.0, 0.5)
        assert "flat cash" in second.flags[0]
        assert second.compute == 1.0

    def test_a_base_below_prices_while_tokens_grow_is_told_in_real_terms(self) -> None:
        (_, second) = story([Paid(2025, 100_000, tokens=1_000), Paid(2026, 102_000, tokens=1_500, inflation=0.05)])
        assert second.base_real == pytest.approx(1.02 / 1.05 - 1)
        assert "the base loses 2.9% to prices while the compute grows" in second.flags

    @pytest.mark.parametrize(("raised", "tokens", "flagged"), [(10_000, 11_000, True), (10_000, 10_000, False)])
    def test_more_than_half_of_what_grew_is_mostly_compute(self, raised: float, tokens: float, flagged: bool) -> None:
        (_, second) = story([Paid(2025, 100_000), Paid(2026, 100_000 + raised, tokens=tokens)])
        assert any("of what the package grew by is compute" in one for one in second.flags) is flagged

    @pytest.mark.parametrize(
        ("base", "equity", "tokens", "replaces"),
        [(150, 0, 50, True), (150, 60, 50, False), (150, 0, 0, False), (200, 0, 50, False)],
    )
    def test_cash_below_the_market_beside_tokens_replaces_pay(
        self, base: float, equity: float, tokens: float, replaces: bool
    ) -> None:
        (only,) = story([Paid(2026, base, equity, tokens, market=200)])
        assert any(one.startswith("replacing") for one in only.flags) is replaces

    def test_more_of_everything_says_nothing(self) -> None:
        (_, second) = story([Paid(2025, 100_000, 20_000, 1_000), Paid(2026, 110_000, 25_000, 2_000, inflation=0.03)])
        assert second.flags == ()

    def test_a_sheet_is_read_and_a_fault_names_its_line(self) -> None:
        text = 'Year,base,equity,tokens,inflation,market\n2025,$200k,,,,\n2026,"$204,000",$10k,$15k,3%,$250k\n'
        assert read(text)[1] == Paid(2026, 204_000.0, 10_000.0, 15_000.0, 0.03, 250_000.0)
        for bad, said in (
            ("year,base,shine\n", "line 1"),
            ("year\n2026\n", "line 1"),
            ("year,base\n26,$1\n", "line 2: year"),
            ("year,base\n2026,-$1\n", "line 2: base"),
            ("year,base\n2026,\n", "line 2: base"),
            ("year,base,equity\n2026,$1,1 EUR\n", "one currency"),
            ("year,base,inflation\n2026,$1,nan\n", "line 2: inflation"),
            ("year,base\n2026,$1,$2\n", "no more cells"),
        ):
            with pytest.raises(InvalidInput, match=said):
                read(bad)

    def test_years_follow_one_another(self) -> None:
        with pytest.raises(InvalidInput, match="expected 2026"):
            story([Paid(2025, 1), Paid(2027, 1)])
        with pytest.raises(InvalidInput, match="years: found 0"):
            story([])


class TestNecessity:
    def test_every_way_to_answer_has_a_probability_and_all_three_verdicts_occur(self) -> None:
        verdicts = set()
        for given in product(("yes", "no", "unknown"), repeat=len(QUESTIONS)):
            found = necessity(dict(zip((one.id for one in QUESTIONS), given, strict=True)))
            assert 0 <= found.probability <= 1
            assert (found.needed == "yes") == (found.probability >= NEEDED)
            assert (found.needed == "no") == (found.probability <= NOT_NEEDED)
            verdicts.add(found.needed)
        assert verdicts == {"yes", "no", "unknown"}
        assert sum(one.weight for one in QUESTIONS) == pytest.approx(1)

    def test_a_yes_more_never_makes_it_less_likely(self) -> None:
        names = [one.id for one in QUESTIONS]
        for given in product(("yes", "no", "unknown"), repeat=len(names)):
            before = dict(zip(names, given, strict=True))
            for name in names:
                assert necessity({**before, name: "yes"}).probability >= necessity(before).probability

    def test_nobody_knows_anything_is_a_half_and_no_verdict(self) -> None:
        assert necessity({}).probability == 0.5
        assert necessity({}).needed == "unknown"
        assert necessity({"tasks": "yes", "pace": "yes"}).reasons[0].startswith("Are there tasks")

    @pytest.mark.parametrize("bad", [{"shine": "yes"}, {"tasks": "maybe"}])
    def test_what_is_no_question_or_no_answer_is_refused(self, bad: dict[str, str]) -> None:
        with pytest.raises(InvalidInput):
            necessity(bad)


class TestPresets:
    def test_each_is_worth_the_same_every_time_and_none_like_another(self) -> None:
        draft = read_offer("bursar: offer/1\nname: acme\ntokens: {amount: $500, every: month, use: open}")

        def value(name: str) -> float:
            return worth(draft.offer, draft.who(preset(name)), Setup(paths=1_024, fan=False))

        found = {name: value(name) for name in PRESETS}
        assert found == {name: value(name) for name in PRESETS}
        assert len(set(found.values())) == len(PRESETS) == 4
        assert found["weekend-builder"] > found["steady-dev"]

    def test_an_unknown_one_is_refused_by_name(self) -> None:
        with pytest.raises(InvalidInput, match="weekend-builder, steady-dev, agent-swarm, non-coder"):
            preset("rockstar")


class TestOtherThings:
    def test_what_is_usually_provided_scores_by_the_laptop_tests_own_weights_and_has_a_source(self) -> None:
        assert [one.score for one in COMPARATORS if one.name in ("laptop", "licence")] == pytest.approx([85.0, 92.5])
        assert all(one.source and one.tool_because for one in COMPARATORS)
        assert len({one.name for one in COMPARATORS}) == len(COMPARATORS)
        assert (
            next(one.score for one in COMPARATORS if one.name == "laptop")
            >= TOOL
            > score(dict.fromkeys(("required_for_job", "expires"), 1.0))
        )

    def test_a_gym_stipend_is_weighed_as_tokens_are(self) -> None:
        """$50 a month for somebody who would pay $60 themselves is worth $600 a year; who would not use it, nothing."""
        gym = line("$50", "month", name="gym", use="personal")
        keen = outcome(gym, steady(60.0, own_spend=720.0))
        assert keen.a_year == pytest.approx(600.0)
        never = outcome(gym, steady(0.000001, own_spend=0.0))
        assert never.a_year == pytest.approx(0.0, abs=1e-3)

    def test_what_a_rate_limit_does_not_let_through_is_worth_nothing(self) -> None:
        """$500 a month for somebody who uses all of it, where the limits let $200 through: the limit times the time."""
        keen = steady(500.0, own_spend=12 * 500.0)
        free = outcome(line("$500", "month", use="personal"), keen)
        bound = outcome(line("$500", "month", use="personal", most_a_month=200.0), keen)
        assert (round(free.totals.used), round(bound.totals.used)) == (6_000, 2_400)
        assert bound.a_year == pytest.approx(outcome(line("$200", "month", use="personal"), keen).a_year)
        assert bound.totals.forfeited == pytest.approx(3_600)
        assert bound.totals.missed == pytest.approx(3_600)
        # Nobody approves what no limit lets through, and access without a limit is bound by it as well.
        granted = outcome(
            line("$100", "month", use="work", approval=1.0, most_a_month=200.0), steady(500.0, personal_share=0.0)
        )
        assert granted.totals.used == pytest.approx(2_400)
        assert granted.totals.unmet == pytest.approx(3_600)
        unlimited = line("$1", use="personal", most_a_month=200.0).with_(plan=None, tier=None)
        assert outcome(unlimited, keen).totals.used == pytest.approx(2_400)
        # Throughput is in tokens: at half the price half the dollars pass.
        text = "bursar: offer/1\nname: acme\ntokens: {amount: $500, every: month, most_a_month: $200}"
        assert read_offer(text).offer.lines[0].most_a_month == 200.0
        with pytest.raises(InvalidInput, match="most_a_month"):
            read_offer(text.replace("$200", "$0"))

    def test_a_note_on_what_one_learns_moves_no_figure(self) -> None:
        text = "bursar: offer/1\nname: acme\ntokens: {amount: $500, every: month, use: open}\nme: {usage: $400NOTE}"
        plain, noted = (read_offer(text.replace("NOTE", note)) for note in ("", ", note: I learnt to lead agents."))
        few = Setup(paths=512, fan=False)
        assert noted.document.me is not None
        assert noted.document.me.note == "I learnt to lead agents."
        assert worth(plain.offer, plain.person, few) == worth(noted.offer, noted.person, few)
        assert plain.offer.digest == noted.offer.digest
        told = answers(evaluated(noted, setup=few))
        assert told["besides"] == "I learnt to lead agents."
        assert told == {**answers(evaluated(plain, setup=few)), "besides": "I learnt to lead agents."}
