"""Questions that a house asks about itself: attended or not, rationed, shifted, counted twice, how it spreads, what it brought."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bursar.errors import InvalidInput, NotFound
from bursar.insight import outcomes
from bursar.insight.dispersion import dispersion
from bursar.insight.outcomes import Outcome
from bursar.insight.rationing import Day, rationing
from bursar.insight.shifting import counted_twice, transfer
from bursar.insight.trends import Used, drifts, month
from bursar.insight.working_time import WorkingTime, parse_hours, unattended
from bursar.money import NANO


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000


BERLIN = parse_hours("9:00-18:00", "Europe/Berlin", holidays=("2026-12-25",))


class TestWorkingTime:
    @pytest.mark.parametrize(
        ("instant", "at_work"),
        [
            ("2026-11-20T09:00+01:00", True),
            ("2026-11-20T08:59:59+01:00", False),
            ("2026-11-20T17:59:59+01:00", True),
            ("2026-11-20T18:00+01:00", False),
            ("2026-11-21T12:00+01:00", False),  # a Saturday
            ("2026-12-25T12:00+01:00", False),  # a holiday on a Friday
            ("2026-03-27T08:00+00:00", True),  # the Friday before the clocks change: 09:00 in Berlin
            ("2026-03-30T07:00+00:00", True),  # the Monday after: 09:00 is an hour earlier in UTC
            ("2026-03-30T06:59+00:00", False),
            ("2026-10-26T08:00+00:00", True),
            ("2026-10-26T07:59+00:00", False),
        ],
    )
    def test_hours_are_those_of_the_wall_also_where_the_clocks_change(self, instant: str, at_work: bool) -> None:
        assert BERLIN.at_work(at(instant)) is at_work

    def test_hours_and_days_are_read_as_people_write_them(self) -> None:
        found = parse_hours("8-16:30", "UTC", "sun-thu")
        assert (found.begins.hour, found.ends.minute, sorted(found.weekdays)) == (8, 30, [0, 1, 2, 3, 6])
        assert parse_hours("9-17", "UTC", "mon,wed").weekdays == {0, 2}

    @pytest.mark.parametrize(
        ("hours", "days", "holidays", "field"),
        [
            ("nine to five", "mon-fri", (), "hours"),
            ("18-9", "mon-fri", (), "hours"),
            ("9-25", "mon-fri", (), "hours"),
            ("9-17", "monday", (), "days"),
            ("9-17", "mon-fri", ("Christmas",), "holiday"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_field(
        self, hours: str, days: str, holidays: tuple[str, ...], field: str
    ) -> None:
        with pytest.raises(InvalidInput, match=f"{field}: found"):
            parse_hours(hours, "UTC", days, holidays)

    def test_a_calendar_of_holidays_has_a_largest_size(self) -> None:
        with pytest.raises(InvalidInput, match="holidays"):
            WorkingTime(BERLIN.zone, holidays=frozenset(date.fromordinal(700_000 + n) for n in range(1_001)))

    def test_the_unattended_share_of_a_night_is_exact(self) -> None:
        day = [(at(f"2026-11-19T{hour:02}:30+01:00"), 10) for hour in range(9, 18)]
        night = [(at(f"2026-11-19T{hour}:00+01:00"), 30) for hour in ("19", "20", "21")]
        found = unattended([*night, *day], BERLIN)
        assert (found.whole, found.unattended) == (180, 90)
        assert (found.share, found.longest_seconds) == (0.5, 7_200)
        assert unattended([], BERLIN).share == 0


class TestRationing:
    def test_who_holds_back_when_little_is_left_is_noticed_and_who_does_not_is_not(self) -> None:
        early = [Day(100, 1_000 - 100 * n, 1_000) for n in range(8)]
        rationer = rationing([*early, *(Day(40, 150 - 10 * n, 1_000) for n in range(4))])
        steady = rationing([*early, *(Day(100, 150, 1_000) for _ in range(4))])
        assert (rationer.ratio, rationer.flagged, rationer.held_back) == (0.4, True, 240.0)
        assert (steady.ratio, steady.flagged, steady.held_back) == (1.0, False, 0.0)

    def test_idle_days_and_too_few_days_say_nothing(self) -> None:
        few = rationing([Day(100, 900, 1_000)] * 5 + [Day(1, 100, 1_000)] * 2 + [Day(0, 100, 1_000)] * 9)
        assert (few.late_days, few.ratio, few.flagged) == (2, None, False)
        assert rationing([]).ratio is None

    def test_exactly_half_and_exactly_a_fifth_are_no_finding(self) -> None:
        days = [Day(100, 200, 1_000)] * 3 + [Day(50, 199, 1_000)] * 3
        assert (rationing(days).early_days, rationing(days).ratio, rationing(days).flagged) == (3, 0.5, False)
        with pytest.raises(InvalidInput, match="day: found"):
            rationing([Day(1, 11, 10)])


class TestShifting:
    def test_ten_thousand_granted_and_ten_thousand_saved_is_all_of_it(self) -> None:
        found = transfer(before=50_000, after=40_000, grants=10_000)
        assert (found.saved, found.carried, found.share) == (10_000, 10_000, 1.0)

    def test_what_people_pay_counts_and_a_house_that_saves_nothing_shifted_nothing(self) -> None:
        assert transfer(50, 40, grants=15, own=5).share == 0.5
        assert transfer(50, 60, grants=15).share == 0.0
        assert transfer(50, 0, grants=10).share == 1.0
        assert transfer(50, 40, grants=0).share is None
        with pytest.raises(InvalidInput, match="own: found -1"):
            transfer(1, 1, 1, -1)

    def test_one_grant_in_two_books_is_one_finding_of_its_amount(self) -> None:
        (found,) = counted_twice({"g1": 15_000, "g2": 5_000}, {"g1": 15_000, "g9": 1})
        assert (found.grant, found.amount) == ("g1", 15_000)
        assert counted_twice({"g1": 15_000}, {}) == []
        assert counted_twice({"g1": 15_000}, {"g1": 9_000})[0].amount == 9_000


ROSTER = {f"p{n}": "senior" if n < 6 else "junior" for n in range(12)}


class TestTrends:
    def test_adoption_and_spend_are_those_of_the_month(self) -> None:
        found = month("2026-10", ROSTER, [Used(f"p{n}", "", 10 * NANO) for n in range(6)], 5)
        assert (found.people, found.active, found.adoption) == (12, 6, 0.5)
        assert (found.per_active, found.per_head) == (10 * NANO, 5 * NANO)
        assert [(one.name, one.people, one.median) for one in found.levels] == [
            ("junior", 6, 0),
            ("senior", 6, 10 * NANO),
        ]

    @pytest.mark.parametrize("active", [1, 4, 8, 11])
    def test_few_who_use_it_or_few_who_do_not_are_not_told(self, active: int) -> None:
        found = month("2026-10", ROSTER, [Used(f"p{n}", "", NANO) for n in range(active)], 5)
        assert (found.active, found.amount, found.per_head, found.adoption) == (None, None, None, None)

    def test_nobody_and_everybody_tell_nobody_apart(self) -> None:
        assert month("2026-10", ROSTER, [], 5).active == 0
        assert month("2026-10", ROSTER, [Used(one, "", 1) for one in ROSTER], 5).adoption == 1.0
        assert month("2026-10", {"p1": "senior"}, [Used("p1", "", 1)], 5).amount is None

    def test_a_small_level_has_no_middle_and_the_others_say_how_it_moved(self) -> None:
        roster = {**ROSTER, "boss": "principal"}
        months = [
            month(name, roster, [Used(one, "", amount) for one in roster], 5)
            for name, amount in (("2026-01", 100), ("2026-02", 100), ("2026-03", 250))
        ]
        assert [one.name for one in months[0].levels] == ["junior", "senior"]
        assert [(one.level, one.times) for one in drifts(months)] == [("junior", 2.5), ("senior", 2.5)]
        assert drifts(months[:1]) == []


class TestOutcomes:
    def test_cost_by_accepted_outcome_is_told_of_five_people_and_more(self) -> None:
        declared = [Outcome(f"p{n}", "merged change", 4) for n in range(5)] + [Outcome("p0", "closed ticket", 9)]
        found = outcomes.judged(declared, {f"p{n}": 100 for n in range(9)}, 5)
        assert [(one.outcome, one.people, one.accepted, one.each) for one in found.costs] == [
            ("merged change", 5, 20, 25)
        ]
        assert found.withheld == 1

    def test_without_any_outcome_nobody_knows(self) -> None:
        found = outcomes.judged([], {"p1": 10**12}, 5)
        assert (found.known, found.costs) == (False, ())
        assert found.sentence.startswith("unknown")

    def test_a_file_is_read_whole_or_not_at_all(self) -> None:
        assert outcomes.read("person,outcome,accepted\nada,change,3\n\n") == [Outcome("ada", "change", 3)]
        for bad, said in (
            ("who,what\n", "line 1"),
            ("person,outcome,accepted\nada,change\n", "line 2"),
            ("person,outcome,accepted\nada,change,-1\n", "line 2: accepted"),
            ("person,outcome,accepted\nada,change,many\n", "line 2: accepted"),
        ):
            with pytest.raises(InvalidInput, match=said):
                outcomes.read(bad)

    def test_none_is_built_in_and_a_plug_in_is_found_by_its_entry_point(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert outcomes.sources() == {}
        with pytest.raises(NotFound) as caught:
            outcomes.source("changes")
        assert caught.value.hint == "installed are: none"
        (tmp_path / "of_a_test.py").write_text(
            "from bursar.insight.outcomes import Outcome\n"
            "class Changes:\n"
            "    name, what = 'changes', 'A change that was merged.'\n"
            "    def outcomes(self, month): return [Outcome('ada', month, 1)]\n"
        )
        told = tmp_path / "of_a_test-1.dist-info"
        told.mkdir()
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: of-a-test\nVersion: 1\n")
        (told / "entry_points.txt").write_text("[bursar.outcomes]\nchanges = of_a_test:Changes\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert list(outcomes.source("changes").outcomes("2026-10")) == [Outcome("ada", "2026-10", 1)]

    @pytest.mark.parametrize("made", [object(), type("Mute", (), {"name": "x", "what": " ", "outcomes": print})()])
    def test_a_plug_in_that_breaks_its_contract_is_refused(self, made: object) -> None:
        with pytest.raises(InvalidInput, match="plug-in x"):
            outcomes.checked("x", made)


class TestDispersion:
    def test_the_part_between_those_who_made_exceptions_is_exact(self) -> None:
        exceptions = [("ada", 100.0)] * 5 + [("bob", 300.0)] * 5 + [("cy", 900.0)]
        found = dispersion(exceptions, 5)
        assert [(one.name, one.count, one.mean, one.deviation) for one in found.groups] == [
            ("bob", 5, 300.0, 0.0),
            ("ada", 5, 100.0, 0.0),
        ]
        assert (found.between, found.withheld, found.count) == (1.0, 1, 11)

    def test_the_same_under_every_name_lies_between_nobody(self) -> None:
        found = dispersion([(name, amount) for name in ("ada", "bob") for amount in (100.0, 200.0)] * 3, 5)
        assert found.between == pytest.approx(0.0)
        assert dispersion([], 5).between is None
