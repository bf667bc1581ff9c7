"""Who runs out before the period ends: for each of some people what is left, at which rate it goes, and how long it lasts.

It rests on the same model as every forecast (`forecast.run_out`) and needs a few queries however many people there are.
How sure that is, is the spread of the same model (`forecast.chance`): whoever lasts on average and may still run out is told.
Who seems to save up is told by a rule that can be said in a sentence, and only as a guess: nothing tells why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from bursar.office.figures.forecast import DAY_HOURS, chance, rate_per_day
from bursar.office.oversight.subjects import Member
from bursar.office.telling import watch
from bursar.office.telling.watch import Outlook

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MICROS_PER_DAY = 86_400_000_000
WEEK_HOURS = 7 * DAY_HOURS
SAVING_LEFT = 4
"""Less than one part in so many is left ..."""
SAVING_FELL = 2
"""... and the last week cost less than one part in so many of the week before: somebody may be saving up."""

TIGHT = 0.2
"""Whoever would last and runs out in more than so many cases may run out."""

State = Literal["out", "dry", "tight", "saving", "fine", "idle", "nothing"]
STATES: tuple[State, ...] = get_args(State)
"""The worst first: used up; runs out before it resets; may run out; may be saving up; lasts; nothing used in two weeks;
nothing open."""
AT_RISK: frozenset[State] = frozenset(("out", "dry", "tight", "saving"))
"""Whom somebody should think of."""


@dataclass(frozen=True, slots=True)
class Runway:
    """One person; nano-USD, microseconds UTC."""

    member: Member
    state: State
    left: int
    """Available and held."""
    whole: int
    """What is open now, spent parts included."""
    spent: int
    rate_day: int
    """What the next days cost on average by the model."""
    resets: int
    """When the next allotment comes, 0 for never."""
    runs_out_at: int | None
    """None: not before it resets or ends."""
    chance: float | None = None
    """How likely it runs out before it resets, 0 to 1; None: not known, or it does not reset."""

    @property
    def days(self) -> float | None:
        """How long what is left lasts at the present rate, whether or not it resets before; None without any use."""
        if self.state in ("out", "nothing"):
            return 0.0
        return self.left / self.rate_day if self.rate_day else None

    @property
    def dry_days(self) -> float:
        """How many days somebody would be without before it resets."""
        if not self.resets or self.runs_out_at is None:
            return 0.0
        return max(0, self.resets - self.runs_out_at) / MICROS_PER_DAY


def runways(desk: Desk, members: Sequence[Member], now: int) -> list[Runway]:
    """The worst off first."""
    outlooks = watch.outlooks(desk, [watch.Holder(one.id, one.zone) for one in members], now)
    found = [runway(one, outlooks.get(one.id), now) for one in members]
    return sorted(found, key=_order)


def _order(one: Runway) -> tuple[int, int, float, int, str]:
    return STATES.index(one.state), one.runs_out_at or 0, -(one.chance or 0.0), -one.spent, one.member.handle


def runway(member: Member, outlook: Outlook | None, now: int) -> Runway:
    """What an outlook comes to."""
    if outlook is None:
        return Runway(member, "nothing", 0, 0, 0, 0, 0, None)
    purse = outlook.purse
    left = purse.available + purse.held
    rate = rate_per_day(outlook.hourly, now, member.zone) if outlook.hourly else 0
    likely = chance(outlook.hourly, left, now, outlook.resets, member.zone) if rate and outlook.resets > now else None
    return Runway(
        member,
        state_of(outlook, likely),
        left,
        purse.whole,
        purse.spent,
        rate,
        outlook.resets,
        outlook.runs_out_at,
        likely,
    )


def state_of(outlook: Outlook, likely: float | None = None) -> State:
    """How somebody stands."""
    purse = outlook.purse
    if purse.share_ppm >= watch.EXHAUSTED_PPM:
        return "out"
    if outlook.runs_out_at is not None:
        return "dry"
    if likely is not None and likely >= TIGHT:
        return "tight"
    if seems_saving(outlook):
        return "saving"
    return "fine" if any(outlook.hourly) else "idle"


def seems_saving(outlook: Outlook) -> bool:
    """Little is left, and the last week cost less than half of the week before: perhaps somebody holds back."""
    purse = outlook.purse
    last, before = sum(outlook.hourly[-WEEK_HOURS:]), sum(outlook.hourly[-2 * WEEK_HOURS : -WEEK_HOURS])
    little = (purse.available + purse.held) * SAVING_LEFT < purse.whole
    return little and before > 0 and last * SAVING_FELL < before
