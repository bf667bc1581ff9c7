"""The fact sheet of a plan: twelve questions that an offer has to answer, answered in plain sentences from its terms.

What the terms know is computed from them; the rest are the document's own statements. Where the document does not say, the
answer is the question to ask, and its id is among what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bursar.calendar import Interval
from bursar.errors import InvalidInput
from bursar.money import TOKENS, Amount, format_amount, parse_amount
from bursar.plans.terms import PARTS, Plan, Step, Tier, Vesting
from bursar.plans.tranches import tranches

QUESTIONS: dict[str, str] = {
    "unit": "What is it counted in, and at which prices?",
    "amount": "How much is it, and how often?",
    "use": "What may I use it for, and is personal use allowed?",
    "expiry": "When does it expire?",
    "rollover": "What happens to what is left over?",
    "vesting": "Does it vest?",
    "limit": "What happens when it is used up, and how long does an approval take?",
    "changes": "Who may change these terms, and with what notice?",
    "leaving": "What happens when I leave?",
    "models": "Which providers and models, and at what rate limits?",
    "tax": "How is it taxed, and when?",
    "expectations": "What is expected of me in return, and who sees my usage?",
}
"""By id, in the order of a sheet."""

STANDING = {
    "provisioned_tool": "This is a tool that work needs; not part of your pay.",
    "benefit": "This counts as pay.",
    "hybrid": "Work use is a tool that work needs; personal use counts as pay.",
}
"""What a plan's class means, in a sentence."""

_Told = tuple[list[str], list[str]]
"""What is known, and what is left to ask."""

_ANY_DAY = date(2001, 1, 1)
"""Steps of vesting are told for a start on the first of a month; their amounts are the same on any other."""


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """One of the twelve."""

    id: str
    question: str
    answer: str
    """In plain sentences; the last one is the question to ask where the document does not say."""
    given: bool


@dataclass(frozen=True, slots=True)
class FactSheet:
    """Twelve answers about a plan, for one of its tiers or for all."""

    plan: str
    title: str
    version: str
    """The plan's digest."""
    tier: str | None
    standing: str
    """Is it pay or a tool?"""
    answers: tuple[FactAnswer, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the questions that the document does not answer."""
        return tuple(one.id for one in self.answers if not one.given)

    def as_json(self) -> dict[str, Any]:
        """The sheet as plain JSON values."""
        return {**asdict(self), "answers": [asdict(one) for one in self.answers], "missing": list(self.missing)}

    def as_markdown(self) -> str:
        """The sheet as a page."""
        lines = [f"# {self.title}" + (f" ({self.tier})" if self.tier else ""), "", self.standing, ""]
        for number, one in enumerate(self.answers, start=1):
            lines += [
                f"## {number}. {one.question}",
                "",
                one.answer if one.given else f"**Not said.** {one.answer}",
                "",
            ]
        lines.append(f"Terms: `{self.plan}`, version `{self.version[:12]}`.")
        return "\n".join(lines) + "\n"


def fact_sheet(plan: Plan, tier: str | None = None) -> FactSheet:
    """The fact sheet of a plan. Raises `InvalidInput` for a tier that the plan does not have."""
    chosen = plan.tier_named(tier) if tier is not None else plan.tiers[0] if len(plan.tiers) == 1 else None
    if tier is not None and chosen is None:
        raise InvalidInput("tier", repr(tier), f"one of {', '.join(one.name for one in plan.tiers)}")
    answers = tuple(_Answers(plan, chosen))
    return FactSheet(plan.name, plan.title, plan.digest, tier, STANDING[plan.plan_class], answers)


class _Answers:
    """Each answer from its part of the terms."""

    def __init__(self, plan: Plan, tier: Tier | None) -> None:
        self.plan, self.tier = plan, tier
        self.told = plan.statements

    def __iter__(self) -> Iterator[FactAnswer]:
        for name, question in QUESTIONS.items():
            known, asked = getattr(self, f"_{name}")()
            sentences = [one for one in known if one] + [one for one in asked if one]
            yield FactAnswer(name, question, " ".join(sentences), not any(asked))

    def _unit(self) -> _Told:
        unit = self.tiers[0].amount.unit
        if unit.is_currency:
            return [
                f"It is counted in {unit}. Each request is charged at the provider's list price at that moment, "
                "whatever the company itself pays."
            ], []
        kind = unit.kind
        if unit.base == TOKENS:
            of = f"tokens of {kind}" if kind else "tokens"
            return [f"It is counted in {of}, each token as one whatever it costs; no price changes the quantity."], []
        of = f"hours of a GPU ({kind})" if kind else "hours of a GPU"
        return [f"It is counted in {of}, each hour as one whatever it costs; no price changes the quantity."], []

    def _amount(self) -> _Told:
        plan = self.plan
        when = f"{self._when()}, in {plan.zone.key}"
        joining = self._joining()
        if self.tier is not None:
            known = [f"{spoken(self.tier.amount)} {when}{joining}."]
        else:
            each = _listed([f"{spoken(one.amount)} for {one.name}" for one in self.tiers])
            known = [f"By tier: {each}; {when}{joining}."]
        if plan.vesting is not None:
            known.append("It is released as it vests.")
        if plan.floor is not None:
            known.append(f"It is never less than {spoken(plan.floor)}.")
        return known, []

    def _joining(self) -> str:
        """Who begins or ends within a period; one that begins with the grant has nobody who joins within it."""
        allotment = self.plan.allotment
        who = ["join"] * (allotment.anchor != "grant") + ["leave"] * (self.plan.vesting is None)
        if allotment.every is None or not who:
            return ""
        share = {"none": "the whole amount", "daily": "by days", "half_month": "by half months"}[allotment.proration]
        middle = f"mid-{allotment.every.unit}" if allotment.every.count == 1 else "within a period"
        return f"; for people who {' or '.join(who)} {middle} {share}"

    def _when(self) -> str:
        every, anchor = self.plan.allotment.every, self.plan.allotment.anchor
        if every is None:
            return "once, when the grant starts"
        if anchor == "calendar" and every.count == 1:
            return {
                "day": "every day",
                "week": "every Monday",
                "month": "on the first of each month",
                "quarter": "on the first of each quarter (January, April, July, October)",
                "year": "on the first of January of each year",
            }[every.unit]
        since = {
            "calendar": "the calendar",
            "hire_date": "the hire date",
            "grant": "the day on which the grant starts",
        }.get(str(anchor), str(anchor))
        return f"{_each(every)}, counted from {since}"

    def _use(self) -> _Told:
        match sorted(self.plan.scope.purposes):
            case ["work"]:
                known = "It is restricted to work; personal projects and learning after hours are not covered."
            case ["learning"]:
                known = "It is for learning and experiments; work and personal projects are paid for elsewhere."
            case ["learning", "work"]:
                known = "It is for work and for learning; personal projects are not covered."
            case ["personal"]:
                known = "It is for personal use only; work is paid for elsewhere."
            case _:
                known = "It is open: for work and for personal use, personal projects included."
        return [known], []

    def _expiry(self) -> _Told:
        expires, every = self.plan.allotment.expires, self.plan.allotment.every
        if expires == "never":
            return ["What has been released does not expire while the grant lasts."], []
        if expires == "period":
            assert every is not None
            return [f"Each amount expires at the end of its {_noun(every)}."], []
        if isinstance(expires, Interval):
            return [f"Each amount expires {_long(expires)} after its release."], []
        return [f"It expires as {expires} begins."], []

    def _rollover(self) -> _Told:
        terms, every = self.plan.rollover, self.plan.allotment.every
        if terms is None:
            if self.plan.allotment.expires == "period" and every is not None:
                return [f"Nothing rolls over: what is left at the end of a {_noun(every)} is gone."], []
            return ["There is no rollover; what is left stays until it expires."], []
        assert every is not None
        share = "all of what is left" if terms.share == PARTS else f"{_percent(terms.share)} of what is left"
        if terms.periods is None:
            long = "without an end"
        elif every.count == 1:
            long = f"for {terms.periods} more {every.unit}{'s' if terms.periods > 1 else ''}"
        else:
            long = f"for {terms.periods} more {'periods' if terms.periods > 1 else 'period'}"
        known = [f"At the end of a {_noun(every)} {share} rolls over and lives on {long}."]
        if isinstance(terms.cap, int):
            sum_of = f" ({spoken(self.tier.amount.share(terms.cap, PARTS))})" if self.tier is not None else ""
            known.append(f"At most {_percent(terms.cap)} of an allotment{sum_of} is carried in all; the rest is gone.")
        elif terms.cap is not None:
            known.append(f"At most {spoken(terms.cap)} is carried in all; the rest is gone.")
        else:
            known.append("There is no cap." if terms.share == PARTS else "There is no cap; the rest is gone.")
        if terms.floor is not None:
            known.append(f"{spoken(terms.floor)} is carried in any case, even if less is left.")
        known.append("What was carried is used first.")
        return known, []

    def _vesting(self) -> _Told:
        terms = self.plan.vesting
        if terms is None:
            return ["It does not vest: each amount may be used as soon as it is released."], []
        if terms.on_event:
            return [_once(terms)], []
        if terms.shares:
            shares = _listed([_percent(one) for one in terms.shares])
            return [f"It vests in {len(terms.shares)} steps, one after each {_noun(terms.every)}: {shares}."], []
        assert terms.over is not None
        assert terms.every is not None
        known = [f"It vests over {_long(terms.over)}, a part {_each(terms.every)}."]
        if terms.cliff is not None:
            first = terms.cliff.unit if terms.cliff.count == 1 else _long(terms.cliff)
            known.append(f"Nothing vests in the first {first}; then what has built up vests at once.")
        if self.tier is not None:
            steps = [one.amount for one in tranches(terms, self.tier.amount, _ANY_DAY) if one.amount]
            unit = self.tier.amount.unit
            if len(steps) > 1:
                known.append(
                    f"Of {spoken(self.tier.amount)} the first step is {spoken(Amount(steps[0], unit))}, "
                    f"the second {spoken(Amount(steps[1], unit))}, {len(steps)} in all."
                )
        return known, []

    def _limit(self) -> _Told:
        plan = self.plan
        known = []
        if plan.warnings:
            known.append(f"You are warned at {_listed([_percent(one) for one in plan.warnings])} of it.")
        for number, step in enumerate(plan.at_limit):
            known.append(f"{'First' if number == 0 and len(plan.at_limit) > 1 else 'Then'} {self._step(step)}.")
        asks = any(step.kind == "request" for step in plan.at_limit)
        approval = self.told.get("approval_time", "")
        known.append(approval)
        return known, ["How long does an approval take, as measured?"] if asks and not approval else []

    def _step(self, step: Step) -> str:
        per = "in all" if self.plan.allotment.every is None else f"in each {_noun(self.plan.allotment.every)}"
        match step.kind:
            case "grace":
                assert step.amount is not None
                return f"a grace of {spoken(step.amount)} is granted"
            case "top_up" | "own_money":
                assert step.amount is not None
                assert step.up_to is not None
                sums = f"in steps of {spoken(step.amount)}, up to {spoken(step.up_to)} {per}"
                if step.kind == "top_up":
                    return f"it is topped up automatically {sums}"
                return f"you may go on with your own money {sums}, deducted from your pay"
            case "request":
                most = f" up to {spoken(step.up_to)}" if step.up_to is not None else ""
                reason = "with a reason" if step.reason_required else "a reason is optional"
                lapses = f", and the request lapses after {step.expires_days} days" if step.expires_days else ""
                return f"you may ask for more{most}, {reason}, decided by {_listed(step.approvers, 'or')}{lapses}"
            case "pool":
                return f"the pool of {'your team' if step.pool == 'team' else step.pool} is used"
            case "cheaper_model":
                return "a cheaper model answers: " + _listed([f"{new} instead of {old}" for old, new in step.models])
            case _:
                until = " until the next release" if self.plan.allotment.every is not None else ""
                return f"requests are refused{until}"

    def _changes(self) -> _Told:
        notice = self.plan.notice
        known = [
            self.told.get("changes", ""),
            f"An adjustment is announced {_notice(notice.adjust)}, a reduction {_notice(notice.reduce)}, "
            f"a revocation {_notice(notice.revoke)}.",
            "A reduction may take back what has been released and is unspent."
            if self.plan.reduce_released
            else "A reduction does not take back what has been released.",
        ]
        return known, [] if known[0] else ["Who may change these terms?"]

    def _leaving(self) -> _Told:
        leaving = self.plan.leaving
        if leaving.unspent == "keep":
            known = [
                f"What is unspent on your last day can be used for {leaving.tail_days} days more, then it is forfeited."
                if leaving.tail_days
                else "What is unspent on your last day can be used until it expires."
            ]
        elif leaving.pay_out:
            rest = "" if leaving.pay_out == PARTS else "; the rest is forfeited"
            known = [f"{_percent(leaving.pay_out)} of what is unspent on your last day is paid out in cash{rest}."]
        else:
            known = ["What is unspent at the end of your last day is forfeited; nothing is paid out."]
        if self.plan.vesting is not None:
            known.append("What has not vested by then is not released any more.")
        return known, []

    def _models(self) -> _Told:
        scope, velocity = self.plan.scope, self.plan.velocity
        providers = f"Providers: {_listed(scope.providers)}" if scope.providers else "All connected providers"
        models = f"models: {_listed(scope.models)}" if scope.models else "all of their models"
        known = [f"{providers}; {models}."]
        for amount, per in ((velocity.per_hour, "an hour"), (velocity.per_day, "a day")):
            if amount is not None:
                known.append(f"At most {spoken(amount)} may be used in {per}.")
        if guarantee := self.told.get("guarantee", ""):
            known.append(f"Guaranteed, whatever is left of the amount: {guarantee}")
        limits = self.told.get("rate_limits", "")
        return [*known, limits], [] if limits else ["What are the rate limits?"]

    def _tax(self) -> _Told:
        tax = self.told.get("tax", "")
        asked = "How is it taxed, when is that reported, and does the company gross it up?"
        return [STANDING[self.plan.plan_class], tax], [] if tax else [asked]

    def _expectations(self) -> _Told:
        expected, seen = self.told.get("expectations", ""), self.told.get("visibility", "")
        return [expected, seen], [
            "" if expected else "What output is expected of me in return?",
            "" if seen else "Who sees my usage, and in what detail?",
        ]

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return self.plan.tiers


def _once(terms: Vesting) -> str:
    """When something vests all at once."""
    before = terms.deadline
    until = "" if before is None else f", if that is before {before}" if isinstance(before, date) else ""
    if isinstance(before, Interval):
        until = f", if that is within {_long(before)} of the start"
    return f"It vests all at once when {terms.on_event.replace('-', ' ')} is recorded{until}; not before."


def spoken(amount: Amount) -> str:
    """An amount as one says it: $1,500, not $1,500.00."""
    exact = format_amount(amount, "exact")
    if amount.unit.is_currency:
        return exact.removesuffix(".00")
    short = format_amount(amount)
    return short if parse_amount(short) == amount else exact


def _each(every: Interval) -> str:
    return f"each {every.unit}" if every.count == 1 else f"every {every}"


def _noun(every: Interval | None) -> str:
    if every is None:
        return "step"
    return every.unit if every.count == 1 else f"period of {every}"


def _long(interval: Interval) -> str:
    return f"{interval.count} {interval.unit}{'s' if interval.count > 1 else ''}"


def _notice(days: int) -> str:
    return "without notice" if not days else f"{days} days ahead" if days > 1 else "a day ahead"


def _percent(parts: int) -> str:
    return f"{parts // 10_000}{f'.{parts % 10_000:04}'.rstrip('0').rstrip('.')}%"


def _listed(words: tuple[str, ...] | list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def sheet_of(document: dict[str, Any]) -> FactSheet:
    """The sheet that `as_json` wrote."""
    answers = tuple(FactAnswer(one["id"], one["question"], one["answer"], one["given"]) for one in document["answers"])
    return FactSheet(
        document["plan"], document["title"], document["version"], document["tier"], document["standing"], answers
    )
