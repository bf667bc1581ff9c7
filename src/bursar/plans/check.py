"""What a plan's shape cannot say: the document becomes terms, or every fault in it is named with its line.

Faults refuse a plan. Advice does not: it says where the terms pull against each other, as selling tokens as pay, keeping
them tax-free and leaving overage with the person do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from bursar.calendar import Interval, parse_interval, parse_zone
from bursar.errors import InvalidInput
from bursar.money import Amount, Unit, format_amount
from bursar.plans import document as shape
from bursar.plans.document import Fault, PlanDocument, PlanFaults, Source, amount, parts
from bursar.plans.terms import (
    ATTRIBUTES,
    PARTS,
    Allotment,
    Leaving,
    Notice,
    Plan,
    RolloverTerms,
    ScopeTerms,
    Step,
    Tier,
    Velocity,
    Vesting,
    plain,
)
from bursar.plans.tranches import schedule_of

Path = tuple[str | int, ...]
_PERK_WORDS = re.compile(r"\b(perk|perks|bonus|reward|compensation|pay package|total comp)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that is allowed and worth a second thought."""

    code: str
    sentence: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan without faults."""

    plan: Plan
    advice: tuple[Advice, ...]
    text: str


def load(text: str, file: str = "plan") -> Checked:
    """Read, check and compile a plan document. Raises `PlanFaults`."""
    found, source = shape.read(text, file)
    plan = _compiled(found, source)
    return Checked(plan, tuple(_advice(plan, source)), text)


def compiled(value: Mapping[str, Any], file: str = "plan") -> Plan:
    """The plan of a document that is plain values, not text. Raises `PlanFaults`, without lines."""
    return _compiled(*shape.shaped(Source.plain(dict(value), file)))


def _compiled(found: PlanDocument, source: Source) -> Plan:
    faults: list[Fault] = []
    plan = _Compiler(found, source, faults).plan()
    if faults:
        raise PlanFaults(sorted(faults, key=lambda one: (one.line, one.column)))
    return plan


class _Compiler:
    """Turns a document into terms and gathers what is wrong on the way."""

    def __init__(self, found: PlanDocument, source: Source, faults: list[Fault]) -> None:
        self.found, self.source, self.faults = found, source, faults
        self.unit = ""

    def wrong(self, path: Path, found: str, expected: str) -> None:
        self.faults.append(self.source.fault(path, found, expected))

    def plan(self) -> Plan:
        found = self.found
        tiers = self._tiers()
        every = None if found.allotment.every == "once" else parse_interval(found.allotment.every)
        allotment = Allotment(every, found.allotment.anchor, found.allotment.proration, self._expiry(every))
        statements = {name: text for name, text in found.statements.model_dump().items() if text}
        plan = Plan(
            name=found.name,
            title=found.title,
            digest="",
            currency=found.currency,
            zone=parse_zone(found.zone),
            plan_class=found.plan_class,
            eligible=_patterns(found.eligible),
            tiers=tiers,
            allotment=allotment,
            vesting=self._vesting(),
            rollover=self._rollover(every, tiers),
            scope=ScopeTerms(tuple(found.scope.providers), tuple(found.scope.models), tuple(found.scope.purposes)),
            warnings=self._warnings(),
            at_limit=self._steps(),
            notice=Notice(found.notice.adjust, found.notice.reduce, found.notice.revoke),
            leaving=self._leaving(),
            velocity=self._velocity(),
            floor=self._same_unit(("floor",), amount(found.floor)),
            priority=found.priority,
            reduce_released=found.notice.released_lots == "reduce",
            statements=statements,
        )
        return _with_digest(plan)

    def _tiers(self) -> tuple[Tier, ...]:
        found = self.found
        if not found.tiers:
            if found.allotment.amount is None:
                self.wrong(("allotment",), "no amount and no tiers", "an amount for everybody, or tiers with amounts")
                return (Tier("everyone", Amount(1, Unit("USD"))),)
            if found.otherwise != "none":
                self.wrong(("otherwise",), "an amount for the others", "tiers before it, or only allotment.amount")
            return (Tier("everyone", self._positive(("allotment", "amount"), found.allotment.amount)),)
        if found.allotment.amount is not None:
            self.wrong(("allotment", "amount"), "an amount beside tiers", "amounts in the tiers and in otherwise only")
        tiers = [
            Tier(one.name, self._positive(("tiers", index, "amount"), one.amount), _patterns(one.when))
            for index, one in enumerate(found.tiers)
        ]
        for index, tier in enumerate(tiers):
            self._reachable(tiers, index, tier)
        if found.otherwise != "none":
            other = self._positive(("otherwise", "amount"), found.otherwise.amount)
            if any(tier.name == found.otherwise.name for tier in tiers):
                self.wrong(("otherwise", "name"), repr(found.otherwise.name), "a name that no tier has")
            tiers.append(Tier(found.otherwise.name, other))
        return tuple(tiers)

    def _reachable(self, tiers: list[Tier], index: int, tier: Tier) -> None:
        path: Path = ("tiers", index, "when")
        if not tier.when:
            self.wrong(
                path, "no attribute", f"at least one of {', '.join(ATTRIBUTES)}; use otherwise for everybody else"
            )
        for earlier in tiers[:index]:
            if earlier.name == tier.name:
                self.wrong(("tiers", index, "name"), repr(tier.name), "a name of its own")
            if earlier.when and all(
                name in tier.when and all(_covered(one, patterns) for one in tier.when[name])
                for name, patterns in earlier.when.items()
            ):
                self.wrong(
                    path, f"only people whom tier {earlier.name} takes first", "somebody whom no earlier tier takes"
                )
            elif len(tier.when) == 1 and tier.when.keys() == earlier.when.keys():
                (name,) = tier.when
                twice = [one for one in tier.when[name] if _covered(one, earlier.when[name])]
                if twice:
                    self.wrong(
                        (*path, name), f"{', '.join(twice)} again", f"values that tier {earlier.name} does not take"
                    )

    def _positive(self, path: Path, text: str) -> Amount:
        found = amount(text)
        assert found is not None
        if found.nanos <= 0:
            self.wrong(path, repr(text), "more than nothing; leave people out with `for` or `otherwise: none`")
        self._same_unit(path, found)
        return found

    def _same_unit(self, path: Path, found: Amount | None) -> Amount | None:
        if found is None:
            return None
        unit = str(found.unit)
        if found.unit.is_currency and unit != self.found.currency:
            self.wrong(path, unit, f"the plan's currency {self.found.currency}")
        elif not self.unit:
            self.unit = unit
        elif unit != self.unit:
            self.wrong(path, unit, f"{self.unit}, as elsewhere in this plan")
        return found

    def _expiry(self, every: Interval | None) -> Any:
        given = self.found.allotment.expires
        if given == "period":
            return "never" if every is None or self.found.vesting is not None else "period"
        if given == "never" or isinstance(given, date):
            return given
        return parse_interval(str(given))

    def _vesting(self) -> Vesting | None:
        part = self.found.vesting
        if part is None:
            return None
        shares = tuple(parts(one) for one in part.shares or ())
        terms = Vesting(
            None if part.over is None else parse_interval(part.over),
            parse_interval(part.every),
            None if part.cliff is None else parse_interval(part.cliff),
            part.rounding,
            shares,
            part.on_event or "",
            parse_interval(part.deadline) if isinstance(part.deadline, str) else part.deadline,
        )
        if shares and sum(shares) != PARTS:
            self.wrong(("vesting", "shares"), f"{sum(shares) / 10_000:g}% in all", "100%")
        elif not shares and terms.over is None and not terms.on_event:
            self.wrong(
                ("vesting",), "no over, shares or on_event", "over: 4 years, the share of each step, or an event"
            )
        else:
            try:
                schedule_of(terms)
            except InvalidInput as error:
                self.wrong(("vesting", error.field.split(".")[-1]), error.found, error.expected)
        return terms

    def _rollover(self, every: Interval | None, tiers: tuple[Tier, ...]) -> RolloverTerms | None:
        part = self.found.rollover
        if not isinstance(part, shape.RolloverPart):
            return None
        if every is None:
            self.wrong(("rollover",), "a rollover", "none: a plan that pays once has no next period")
        if self.found.allotment.expires != "period":
            sentence = "expires: period; what lives longer does not roll, and what says that it expires must"
            self.wrong(("rollover",), f"a rollover of what expires: {self.found.allotment.expires}", sentence)
        if self.found.vesting is not None:
            self.wrong(("rollover",), "a rollover beside vesting", "one of the two")
        cap: Amount | int | None = None
        if part.cap is not None:
            cap = (
                parts(part.cap)
                if part.cap.strip().endswith("%")
                else self._same_unit(("rollover", "cap"), amount(part.cap))
            )
        floor = self._same_unit(("rollover", "floor"), amount(part.floor))
        least = min((tier.amount.nanos for tier in tiers), default=0)
        most = least * cap // PARTS if isinstance(cap, int) else cap.nanos if cap is not None else None
        if floor is not None and most is not None and floor.nanos > most:
            self.wrong(("rollover", "floor"), format_amount(floor), "at most the cap")
        if floor is not None and floor.nanos > least:
            self.wrong(("rollover", "floor"), format_amount(floor), "at most the smallest allotment")
        periods = None if part.periods == "unlimited" else part.periods
        return RolloverTerms(parts(part.share), cap, floor, periods)

    def _warnings(self) -> tuple[int, ...]:
        found = tuple(parts(one) for one in self.found.limit.warnings)
        if list(found) != sorted(set(found)) or any(not 0 < one < PARTS for one in found):
            self.wrong(("limit", "warnings"), "shares out of order", "rising shares between 0% and 100%")
        return found

    def _steps(self) -> tuple[Step, ...]:
        given = self.found.limit.then
        steps: list[Step] = []
        for index, one in enumerate(given):
            path: Path = ("limit", "then", index)
            if one == "stop":
                if index != len(given) - 1:
                    self.wrong(path, "stop before other steps", "stop last: nothing after it is ever reached")
                steps.append(Step("stop"))
                continue
            assert isinstance(one, shape.LimitStep)
            chosen = [name for name in shape.LimitStep.model_fields if getattr(one, name) is not None]
            if len(chosen) != 1:
                self.wrong(path, " and ".join(chosen) or "no step", f"one of {', '.join(shape.LimitStep.model_fields)}")
                continue
            steps.append(self._step(path, one))
            if steps[-1].kind == "request" and any(later != "stop" for later in given[index + 1 :]):
                self.wrong(path, "a request before other steps", "it last but for stop: a request waits for a person")
        if not steps or steps[-1].kind != "stop":
            steps.append(Step("stop"))
        return tuple(steps)

    def _step(self, path: Path, one: shape.LimitStep) -> Step:
        if one.grace is not None:
            return Step("grace", amount=self._positive((*path, "grace"), one.grace))
        if one.top_up is not None or one.own_money is not None:
            kind = "top_up" if one.top_up is not None else "own_money"
            part = one.top_up or one.own_money
            assert part is not None
            step = self._positive((*path, kind, "step"), part.step)
            most = self._positive((*path, kind, "up_to"), part.up_to)
            if most.unit == step.unit and most.nanos < step.nanos:
                self.wrong((*path, kind, "up_to"), repr(part.up_to), "at least one step")
            if kind == "own_money" and not step.unit.is_currency:
                self.wrong((*path, kind, "step"), repr(part.step), "money: nobody can pay in tokens")
            return Step("top_up" if kind == "top_up" else "own_money", amount=step, up_to=most)
        if one.request is not None:
            asked = one.request
            most_asked = self._same_unit((*path, "request", "up_to"), amount(asked.up_to))
            return Step(
                "request",
                up_to=most_asked,
                reason_required=asked.reason == "required",
                approvers=tuple(asked.approvers),
                expires_days=asked.expires,
            )
        if one.pool is not None:
            return Step("pool", pool=one.pool)
        models = tuple((one.cheaper_model or {}).items())
        if not models:
            self.wrong(
                (*path, "cheaper_model"), "no models", "the pattern of a model, and the one that answers instead"
            )
        for pattern, target in models:
            if not target or fnmatchcase(target, pattern):
                self.wrong((*path, "cheaper_model", pattern), repr(target), "a model that the pattern does not match")
        return Step("cheaper_model", models=models)

    def _leaving(self) -> Leaving:
        part = self.found.leaving
        if part.tail and part.unspent != "keep":
            self.wrong(("leaving", "tail"), f"{part.tail} days of what is forfeited", "unspent: keep, or no tail")
        if part.tail > shape.MAX_TAIL_DAYS:
            self.wrong(("leaving", "tail"), f"{part.tail} days", f"at most {shape.MAX_TAIL_DAYS} days")
        if part.unspent == "keep" and parts(part.pay_out):
            self.wrong(("leaving", "pay_out"), repr(part.pay_out), "0% of what is kept: it is kept or paid out")
        for name in ("adjust", "reduce", "revoke"):
            if getattr(self.found.notice, name) > shape.MAX_NOTICE_DAYS:
                self.wrong(
                    ("notice", name), f"{getattr(self.found.notice, name)} days", f"at most {shape.MAX_NOTICE_DAYS}"
                )
        return Leaving(part.unspent, part.tail, parts(part.pay_out))

    def _velocity(self) -> Velocity:
        part = self.found.velocity
        hour = self._same_unit(("velocity", "per_hour"), amount(part.per_hour))
        day = self._same_unit(("velocity", "per_day"), amount(part.per_day))
        if hour is not None and day is not None and hour.unit == day.unit and hour.nanos > day.nanos:
            self.wrong(("velocity", "per_hour"), repr(part.per_hour), "at most what a day allows")
        return Velocity(hour, day)


def _patterns(when: shape.WhenPart) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(getattr(when, name)) for name in ATTRIBUTES if getattr(when, name)}


def _covered(value: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


def _with_digest(plan: Plan) -> Plan:
    # What is left out stays out, so that a field that plans learn later changes no digest of before.
    meaning = json.dumps(_said(plain(plan)), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return replace(plan, digest=sha256(meaning.encode()).hexdigest())


def _said(value: Any) -> Any:
    """A value without everything that says nothing."""
    if isinstance(value, dict):
        found = {key: _said(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one not in (None, "", [], {})}
    return [_said(one) for one in value] if isinstance(value, list) else value


def advice_of(plan: Plan) -> tuple[Advice, ...]:
    """The same advice of terms that have no document, hence no lines."""
    return tuple(_advice(plan, Source.plain({})))


def _advice(plan: Plan, source: Source) -> list[Advice]:
    found: list[Advice] = []

    def say(code: str, path: Path, sentence: str) -> None:
        found.append(Advice(code, sentence, source.fault(path, "", "").line))

    kinds = {step.kind for step in plan.at_limit}
    for_work = not plan.scope.purposes or "work" in plan.scope.purposes
    personal = not plan.scope.purposes or "personal" in plan.scope.purposes
    if "own_money" in kinds and for_work:
        say(
            "own-money-work",
            ("limit", "then"),
            "own money for work use: where the law obliges an employer to reimburse necessary expenses (California Labor "
            "Code 2802), this cannot be waived; restrict the step to personal use or reimburse it",
        )
    if plan.plan_class == "provisioned_tool":
        words = sorted(
            {word.lower() for text in (plan.title, *plan.statements.values()) for word in _PERK_WORDS.findall(text)}
        )
        if words:
            say("perk-wording", ("title",), f"a provisioned tool is no pay: the words {', '.join(words)} say otherwise")
        if plan.vesting is not None:
            say(
                "vesting-tool", ("vesting",), "a provisioned tool that vests reads as pay: class benefit, or no vesting"
            )
        if plan.scope.purposes == ("personal",):
            say("personal-tool", ("scope", "purposes"), "personal use only is a benefit, not a tool that work needs")
    elif "tax" not in plan.statements:
        say("tax-missing", ("class",), "a benefit is taxable somewhere: say how and when in statements.tax")
    if plan.plan_class == "hybrid" and not personal:
        say(
            "hybrid-work-only",
            ("scope", "purposes"),
            "hybrid, yet personal use is not allowed: that is a provisioned tool",
        )
    if plan.leaving.pay_out:
        say(
            "pay-out",
            ("leaving", "pay_out"),
            "a cash-out may be taxed when it becomes available (constructive receipt)",
        )
    if plan.rollover is None and plan.allotment.every is not None and plan.allotment.expires == "period":
        say("use-it-or-lose-it", ("allotment",), "nothing rolls over: expect a burst before every reset")
    if len(plan.scope.providers) == 1:
        say("lock-in", ("scope", "providers"), f"one provider only: locked to {plan.scope.providers[0]}")
    if plan.unit.startswith("tokens"):
        say("price-drift", ("allotment",), "tokens lose value as prices fall: say whether the amount is re-indexed")
    if not (plan.notice.adjust or plan.notice.reduce or plan.notice.revoke):
        say("no-notice", ("notice",), "no notice at all: terms could change from one day to the next")
    return found
