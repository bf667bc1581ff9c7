"""The short form of vesting that a plan writes in a line: over how long, how often, from which cliff, or on which event.

schedule(over="4 years", every="month", cliff="1 year")
schedule(every="year", shares=[10, 20, 30, 40])
schedule(on_event="product launched", deadline="2 years")
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from bursar.calendar import Interval, parse_interval
from bursar.errors import InvalidInput
from bursar.plans.vesting.terms import (
    Absolute,
    Allocation,
    Days,
    Event,
    Months,
    Portion,
    Relative,
    Start,
    Trigger,
    VestingCondition,
    VestingTerms,
)

START = "vesting-start"
SCHEDULE = "vesting"
EXPIRED = "expired"

_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,9})?", re.ASCII)


def schedule(
    *,
    over: Interval | str | None = None,
    every: Interval | str | None = None,
    cliff: Interval | str | None = None,
    shares: Sequence[int | str] | None = None,
    on_event: str | None = None,
    deadline: date | Interval | str | None = None,
    allocation: Allocation = "CUMULATIVE_ROUNDING",
    day_of_month: int | None = None,
    terms_id: str = "",
) -> VestingTerms:
    """Vesting terms in one of three shapes; raises `InvalidInput` for what does not sum to one or fits no shape.

    - Even: `over` a time in equal instalments `every` interval; with `cliff`, what accrued before it vests on it.
    - Graded: `shares` in percent (10, "12.5"), one at the end of `every` interval (a year), which sum to 100.
    - On an event: all at once when `on_event` happens, before `deadline`: a date, or a time since the vesting start. An
      event on the day of the deadline comes too late, as in OCF's example.

    The first two begin with a `Started` fact for the condition `vesting-start`, as does the third with a deadline.
    `day_of_month` 1 to 31 moves instalments that are counted in months to that day; 29 to 31 mean "or the last day".
    `terms_id` defaults to the words of the schedule.
    """
    if on_event is not None:
        unfit = {"over": over, "every": every, "cliff": cliff, "shares": shares, "day_of_month": day_of_month}
        _refuse(unfit, "nothing beside on_event but a deadline")
        return _on_event(on_event, deadline, allocation, terms_id)
    _refuse({"deadline": deadline}, "a deadline only beside on_event")
    if shares is not None:
        _refuse({"cliff": cliff}, "no cliff beside shares: a share of 0 vests nothing")
        step = _interval("every", every if every is not None else "year")
        return _graded(step, shares, over, allocation, day_of_month, terms_id)
    if over is None or every is None:
        raise InvalidInput("over" if over is None else "every", "nothing", "over and every, shares, or on_event")
    return _even(_interval("over", over), _interval("every", every), cliff, allocation, day_of_month, terms_id)


def _even(
    over: Interval,
    every: Interval,
    cliff: Interval | str | None,
    allocation: Allocation,
    day_of_month: int | None,
    terms_id: str,
) -> VestingTerms:
    count = _times("over", over, every)
    words = f"over {over}, every {every}"
    at = None
    if cliff is not None:
        after = _interval("cliff", cliff)
        at = _times("cliff", after, every)
        if at > count:
            raise InvalidInput("cliff", str(after), f"at most {over}, the time over which it vests")
        words += f", cliff {after}"
    condition = VestingCondition(
        SCHEDULE, Relative(_period(every, count, day_of_month, at), START), portion=Portion(1, count)
    )
    return _terms(terms_id, words, allocation, [condition])


def _graded(
    every: Interval,
    shares: Sequence[int | str],
    over: Interval | str | None,
    allocation: Allocation,
    day_of_month: int | None,
    terms_id: str,
) -> VestingTerms:
    parts = [_share(f"shares[{index}]", each) for index, each in enumerate(shares)]
    if sum(parts) != 1:
        raise InvalidInput("shares", f"a sum of {sum(parts) * 100}%", "shares in percent that sum to 100")
    if over is not None and _times("over", _interval("over", over), every) != len(parts):
        raise InvalidInput("over", str(over), f"{len(parts)} times {every}, a share each")
    conditions = []
    for index, part in enumerate(parts):
        period = _period(every, 1, day_of_month, None, times=index + 1)
        follows = (f"{SCHEDULE}-{index + 2}",) if index + 1 < len(parts) else ()
        portion = Portion(part.numerator, part.denominator)
        conditions.append(
            VestingCondition(
                f"{SCHEDULE}-{index + 1}", Relative(period, START), portion=portion, next_condition_ids=follows
            )
        )
    words = f"{', '.join(str(each) for each in shares)} percent, every {every}"
    return _terms(terms_id, words, allocation, conditions)


def _on_event(
    event: str, deadline: date | Interval | str | None, allocation: Allocation, terms_id: str
) -> VestingTerms:
    if event in (START, EXPIRED):
        raise InvalidInput("on_event", repr(event), "another name")
    try:
        met = VestingCondition(event, Event(), portion=Portion(1, 1))
    except InvalidInput as error:
        raise InvalidInput("on_event", error.found, error.expected) from None
    if deadline is None:
        return VestingTerms(terms_id or f"on {event}", f"on {event}", f"Vests on {event}.", allocation, (met,))
    trigger: Trigger
    if isinstance(deadline, date):
        trigger, words = Absolute(deadline), str(deadline)
    else:
        span = _interval("deadline", deadline)
        trigger, words = Relative(_period(span, 1, None, None), START), f"{span} from the start"
    expired = VestingCondition(EXPIRED, trigger, quantity=0)
    # The deadline comes first, so that it wins its own day.
    return _terms(terms_id, f"on {event}, before {words}", allocation, [expired, met], both=True)


def _terms(
    terms_id: str, words: str, allocation: Allocation, conditions: Sequence[VestingCondition], both: bool = False
) -> VestingTerms:
    """`conditions` after a start, which leads to the first of them or, with `both`, to each."""
    follows = tuple(each.id for each in (conditions if both else conditions[:1]))
    start = VestingCondition(START, Start(), quantity=0, next_condition_ids=follows)
    return VestingTerms(terms_id or words, words, f"Vests {words}.", allocation, (start, *conditions))


def _interval(field: str, text: Interval | str) -> Interval:
    return text if isinstance(text, Interval) else parse_interval(text, field=field)


def _period(every: Interval, count: int, day_of_month: int | None, cliff: int | None, times: int = 1) -> Days | Months:
    if every.months:
        return Months(every.months * times, count, day_of_month, cliff)
    _refuse({"day_of_month": day_of_month}, "a day of the month only beside months, quarters or years")
    return Days(every.days * times, count, cliff)


def _times(field: str, span: Interval, every: Interval) -> int:
    """How often `every` fits into `span`, exactly: instalments sum to one only then."""
    for whole, part in ((span.months, every.months), (span.days, every.days)):
        if whole and part and whole % part == 0:
            return whole // part
    raise InvalidInput(field, str(span), f"a whole number of times {every}")


def _share(field: str, percent: int | str) -> Fraction:
    text = str(percent)
    if isinstance(percent, float) or not _PERCENT.fullmatch(text):
        raise InvalidInput(field, repr(percent)[:40], "percent, such as 10 or '12.5'")
    return Fraction(text) / 100


def _refuse(unfit: Mapping[str, object], expected: str) -> None:
    for field, value in unfit.items():
        if value is not None:
            raise InvalidInput(field, str(value)[:40], expected)
