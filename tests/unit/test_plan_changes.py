"""Changes, pauses and single payments within a period: the examples that a day-by-day life found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.plans import at, history_of, plan_of

from bursar.calendar import from_micros
from bursar.grants import Rehearsal, execute
from bursar.money import NANO
from bursar.plans.schedule import Event, History, Pause, Segment, due, next_due
from bursar.plans.terms import Plan


def changed(plan: Plan, *levels: tuple[str, int], **more: Any) -> History:
    """A grant with a level (dollars) from each day on."""
    whole = plan.tiers[0].amount
    segments = tuple(
        Segment(at(plan, when), plan, "everyone", replace(whole, nanos=amount * NANO)) for when, amount in levels
    )
    return replace(history_of(plan, levels[0][0]), segments=segments, **more)


def in_words(history: History, until: str = "2026-03-31T23:00:00") -> list[tuple[str, str, float]]:
    """What happens from March on: what, on which day, and how many dollars."""
    plan = history.segments[0].plan
    return [
        (event.kind, f"{from_micros(event.at):%m-%d}", dollars(event))
        for event in due(history, at(plan, "2026-02-28"), at(plan, until))
    ]


def dollars(event: Event) -> float:
    return round((event.lot.amount if event.lot else event.amount) / NANO, 2)


def pause(plan: Plan, since: str, until: str) -> Pause:
    return Pause(at(plan, since), at(plan, until))


def test_what_is_paid_once_is_not_paid_again_when_the_level_changes() -> None:
    plan = plan_of(allotment={"every": "once"})
    assert in_words(changed(plan, ("2026-03-01", 5000), ("2026-03-10", 6000))) == [
        ("release", "03-01", 5000),
        ("adjust", "03-10", 1000),
    ]
    assert in_words(changed(plan, ("2026-03-01", 5000), ("2026-03-10", 5000))) == [("release", "03-01", 5000)]


def test_what_vests_once_does_not_begin_again_when_the_level_changes() -> None:
    plan = plan_of(allotment={"every": "once"}, vesting={"over": "4 months", "every": "month"})
    rehearsal = Rehearsal([changed(plan, ("2026-01-01", 4000), ("2026-02-10", 4000))])
    rehearsal.run(at(plan, "2030-01-01"))
    assert rehearsal.available(rehearsal.at) == 4000 * NANO


def test_a_change_during_a_pause_does_not_lose_the_period() -> None:
    plan = plan_of()
    history = changed(plan, ("2026-01-01", 310), ("2026-03-05", 620), pauses=(pause(plan, "2026-02-20", "2026-03-10"),))
    assert in_words(history) == [("release", "03-10", 440)]  # 22 of 31 days


def test_a_raise_during_a_pause_is_released_after_it() -> None:
    plan = plan_of()
    history = changed(plan, ("2026-01-01", 310), ("2026-03-05", 620), pauses=(pause(plan, "2026-03-03", "2026-03-10"),))
    assert in_words(history) == [("release", "03-01", 310), ("adjust", "03-10", 220)]


def test_a_reduction_does_not_wait_for_the_end_of_a_pause() -> None:
    plan = plan_of(notice={"released_lots": "reduce"})
    history = changed(plan, ("2026-01-01", 620), ("2026-03-05", 310), pauses=(pause(plan, "2026-03-03", "2026-03-10"),))
    assert in_words(history) == [("release", "03-01", 620), ("reduce", "03-05", 270)]


def test_a_change_that_was_replaced_before_it_began_counts_for_nothing() -> None:
    plan = plan_of()
    history = changed(plan, ("2026-01-01", 310), ("2026-03-10", 620), ("2026-03-10", 930))
    assert in_words(history) == [("release", "03-01", 310), ("adjust", "03-10", 440)]


def test_what_was_not_taken_back_is_not_released_again() -> None:
    plan = plan_of(notice={"released_lots": "keep"})
    history = changed(plan, ("2026-01-01", 620), ("2026-03-05", 310), ("2026-03-10", 620))
    assert in_words(history) == [("release", "03-01", 620)]


def test_pauses_that_follow_one_another_are_one_pause() -> None:
    plan = plan_of()
    pauses = (pause(plan, "2026-02-20", "2026-03-05"), pause(plan, "2026-03-05", "2026-03-10"))
    assert in_words(changed(plan, ("2026-01-01", 310), pauses=pauses)) == [("release", "03-10", 220)]


def test_what_began_to_vest_during_a_pause_vests_after_it() -> None:
    plan = plan_of(allotment={"every": "month"}, vesting={"over": "3 months", "every": "month"})
    history = changed(plan, ("2026-01-15", 300), pauses=(pause(plan, "2026-01-20", "2026-03-10"),))
    rehearsal = Rehearsal([history])
    rehearsal.run(at(plan, "2026-03-15"))
    undisturbed = Rehearsal([replace(history, pauses=())])
    undisturbed.run(at(plan, "2026-03-15"))
    assert rehearsal.available(rehearsal.at) == undisturbed.available(rehearsal.at)


def test_two_changes_on_one_day_are_two_lots() -> None:
    plan = plan_of()
    history = changed(plan, ("2026-01-01", 310), ("2026-03-10T09:00:00", 620), ("2026-03-10T15:00:00", 930))
    rehearsal = Rehearsal([history])
    rehearsal.run(at(plan, "2026-03-11"))
    assert rehearsal.available(rehearsal.at) == (310 + 220 + 220) * NANO
    reduced = replace(plan, reduce_released=True)
    history = changed(reduced, ("2026-01-01", 930), ("2026-03-10T09:00:00", 620), ("2026-03-10T15:00:00", 310))
    rehearsal = Rehearsal([history])
    rehearsal.run(at(plan, "2026-03-11"))
    assert rehearsal.available(rehearsal.at) == (930 - 220 - 220) * NANO


def test_a_share_of_nothing_is_no_release() -> None:
    plan = plan_of("0.000000001 USD")
    assert due(history_of(plan, "2026-03-30"), 0, at(plan, "2026-03-31")) == []


def test_the_next_event_is_found_however_far_ahead_it_is() -> None:
    plan = plan_of(allotment={"every": "50 years", "anchor": "grant"})
    history = history_of(plan, "2026-03-01")
    for after in (-(2**50), 0, history.starts - 1):
        event = next_due(history, after)
        assert event is not None
        assert event.at == history.starts
    event = next_due(history, history.starts)
    assert event is not None
    assert event.at == at(plan, "2076-03-01")


def test_what_is_done_is_what_the_ledger_did() -> None:
    plan = plan_of()
    history = changed(plan, ("2026-03-01", 310))
    rehearsal = Rehearsal([history])
    rehearsal.run(history.starts)
    left = replace(history, ends=at(plan, "2026-03-16"), end_kind="left")
    (event,) = due(left, 0, left.starts)
    assert event.lot is not None
    assert event.lot.amount == 150 * NANO  # as it would have been, had it been known in time
    assert execute(rehearsal, "person", left, event).released == 0
    assert rehearsal.available(rehearsal.at) == 310 * NANO


def test_a_reduction_takes_of_its_own_period_before_what_rolled_over() -> None:
    plan = plan_of(notice={"released_lots": "reduce"}, rollover={"periods": 1})
    rehearsal = Rehearsal([changed(plan, ("2026-02-01", 310), ("2026-03-10", 0))])
    rehearsal.run(at(plan, "2026-03-11"))
    lots = {lot.terms.id: lot.revoked / NANO for lot in rehearsal.lots("person", rehearsal.at)}
    assert lots == {"lot_g_2026-02-01": 0, "lot_g_2026-02-01+": 0, "lot_g_2026-03-01": 220}
