"""An offer is read: the document becomes an `Offer` and a `Person`, every fault with its line and column.

What an offer does not say is presumed (`PRESUMED`), marked as unknown, and becomes a question. The terms of each line are
compiled by the plan's own code, so an allotment, a rollover or a vesting schedule means here what it means there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from math import inf
from typing import Any

from pydantic import ValidationError

from bursar.calendar import Interval, parse_interval
from bursar.insight.simulation.usage import Persona, PriceDrift, parse_persona, parse_price
from bursar.money import CURRENCIES, GPU_HOURS, NANO, parse_amount
from bursar.offers.document import ApprovalPart, EquityPart, MePart, OfferDocument, PayPart, TokensPart
from bursar.offers.lines import (
    PLAN_TERMS,
    PRESUMED,
    REVOCATION,
    TERMS,
    answer,
    as_plan,
    automatic,
    justified,
    share,
    unknown_terms,
    use_of,
)
from bursar.offers.terms import MAX_YEARS, Line, Offer, Pay, Person, TaxedOn, Use
from bursar.plans import document as shape
from bursar.plans.check import compiled, load
from bursar.plans.document import Fault, PlanFaults, Source
from bursar.plans.terms import Plan

DEFAULT_MONTHS = 12
LONGEST_DEFAULT_MONTHS = 48
"""Of an offer that vests or does not expire: what equity is usually looked at for."""

COMPILED_PLANS = 256
"""Terms of lines that are kept compiled."""

_FIELDS = shape._FIELDS | frozenset(
    name
    for part in (OfferDocument, PayPart, EquityPart, TokensPart, ApprovalPart, MePart)
    for name in part.model_fields
)


@dataclass(frozen=True)
class Draft:
    """A document that was read, and from which variants can be compiled."""

    document: OfferDocument
    source: Source
    plans: dict[str, str] = field(default_factory=dict)
    """Texts of the plan documents that it names."""
    start: date = date(2027, 1, 1)

    @cached_property
    def offer(self) -> Offer:
        return _Compiler(self).offer()

    @cached_property
    def person(self) -> Person:
        return _Compiler(self).person(self.document.me or MePart())

    def who(self, part: MePart) -> Person:
        """Somebody else who weighs it. Raises `PlanFaults` for amounts that have no rate here."""
        compiler = _Compiler(self)
        found = compiler.person(part)
        if compiler.faults:
            raise PlanFaults(compiler.faults)
        return found

    def variant(self, line: int, **terms: Any) -> Draft:
        """The same offer with other terms of one line."""
        tokens = list(self.document.tokens)
        tokens[line] = tokens[line].model_copy(update=terms)
        horizon = f"{self.offer.months} months"
        changed = self.document.model_copy(update={"tokens": tuple(tokens), "horizon": horizon})
        return Draft(changed, self.source, self.plans, self.start)


def read(
    text: str, file: str = "offer", start: date = date(2027, 1, 1), plan: Callable[[str], str] | None = None
) -> Draft:
    """Read and check an offer. `plan` gives the text of a plan document that is named beside it.

    Raises `PlanFaults` with every fault found.
    """
    return _drafted(Source(text, file, "an offer that begins with `bursar: offer/1`"), start, plan)


def read_plain(value: Mapping[str, Any], start: date = date(2027, 1, 1)) -> Draft:
    """The same for a document that is plain values, not a text: its faults name fields, and no lines."""
    return _drafted(Source.plain(dict(value), "offer"), start, None)


def _drafted(source: Source, start: date, plan: Callable[[str], str] | None) -> Draft:
    if not isinstance(source.value, dict):
        raise PlanFaults([source.fault((), type(source.value).__name__, "an offer that begins with `bursar: offer/1`")])
    single = isinstance(source.value.get("tokens"), dict)
    if single:  # the same places, as the shape knows them
        source.places |= {("tokens", 0, *path[1:]): at for path, at in source.places.items() if path[:1] == ("tokens",)}
    try:
        document = OfferDocument.model_validate(source.value)
    except ValidationError as error:
        faults = list(shape.faults_of(error, source, _FIELDS))[: shape.MAX_FAULTS]
        if single:
            faults = [replace(one, field=one.field.replace("tokens.0.", "tokens.", 1)) for one in faults]
        raise PlanFaults(faults) from None
    texts: dict[str, str] = {}
    for index, part in enumerate(document.tokens):
        if part.plan is not None:
            if plan is None:
                raise PlanFaults(
                    [source.fault(("tokens", index, "plan"), repr(part.plan), "terms: files are not read here")]
                )
            texts[part.plan] = plan(part.plan)
    draft = Draft(document, source, texts, document.start or start)
    compiler = _Compiler(draft)
    compiler.offer()
    compiler.person(document.me or MePart())
    if compiler.faults:
        raise PlanFaults(sorted(compiler.faults, key=lambda one: (one.line, one.column)))
    return draft


class _Compiler:
    """Turns a document into terms and gathers what is wrong on the way."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.document, self.source = draft, draft.document, draft.source
        self.faults: list[Fault] = []
        self.single = isinstance(draft.source.value, dict) and isinstance(draft.source.value.get("tokens"), dict)

    def wrong(self, path: tuple[str | int, ...], found: str, expected: str) -> None:
        self.faults.append(self.source.fault(path, found, expected))

    def offer(self) -> Offer:
        document = self.document
        if not document.tokens:
            self.wrong(("tokens",), "nothing", "at least one promise of compute, or unlimited: true")
        if document.currency not in CURRENCIES:
            self.wrong(("currency",), repr(document.currency), "a currency of ISO 4217, such as USD")
        names = [part.name for part in document.tokens]
        for index, name in enumerate(names):
            if name in names[:index]:
                self.wrong(self._path(index, "name"), repr(name), "a name that no other line has")
        lines = tuple(self._line(index, part) for index, part in enumerate(document.tokens))
        return Offer(
            name=document.name,
            title=document.title or document.name,
            currency=document.currency,
            pay=self._pay(document.pay),
            lines=lines,
            first=self.draft.start,
            months=self._months(lines),
            digest=digest_of(document, self.draft.plans),
            note=(document.me.note if document.me is not None else None) or "",
        )

    def person(self, part: MePart) -> Person:
        usage = parse_persona(part.usage.replace(",", "").replace("_", ""))
        growth = float(part.growth)
        default_noise = 0.0 if growth == 1.0 else Person().growth_sigma
        rate = self._rate("USD", ("me", "usage"))
        own = parse_amount(part.own_spend_a_month)
        if usage.source == "given" and "@" not in part.usage:
            usage = Persona("given", usage.median, 0.0, "given")
        if rate != 1.0:
            usage = Persona(usage.name, usage.median * rate, usage.sigma, usage.source)
        return Person(
            usage=usage,
            month_sigma=float(part.noise),
            growth=growth,
            growth_sigma=default_noise if part.growth_noise is None else float(part.growth_noise),
            growth_years=float(part.growth_years),
            own_most=self._amount(("me", "own_most_a_month"), part.own_most_a_month),
            price=_drift(part.prices),
            personal_share=share(part.personal),
            own_spend=12 * self._money(own.nanos, str(own.unit), ("me", "own_spend_a_month")),
            elasticity=float(part.elasticity),
            additionality=share(part.additionality),
            tax=self._below_all(("me", "tax"), part.tax),
            discount=share(part.discount),
            leaving=share(part.leaving),
            aversion=float(part.aversion),
            wealth=self._wealth(part.wealth),
            work_first=part.burn == "work_first",
            raises=share(part.raises),
            returns=share(part.returns),
            match=share(part.match),
        )

    def _wealth(self, text: str) -> float:
        found = self._amount(("me", "wealth"), text)
        if found <= 0:
            self.wrong(("me", "wealth"), repr(text), "more than nothing")
            return 1.0
        return found

    def _pay(self, part: PayPart) -> Pay:
        equity = 0.0
        if isinstance(part.equity, EquityPart):
            over = parse_interval(part.equity.over)
            years = over.months / 12 if over.months else over.days / 365.25
            equity = self._amount(("pay", "equity", "amount"), part.equity.amount) / years
        elif part.equity is not None:
            equity = self._amount(("pay", "equity"), part.equity)
        salary = None if part.salary is None else self._amount(("pay", "salary"), part.salary)
        others = {
            name: self._amount(("pay", name), text) if (text := getattr(part, name)) is not None else 0.0
            for name in ("bonus", "signing", "benefits")
        }
        return Pay(salary=salary, equity=equity, **others)

    def _months(self, lines: tuple[Line, ...]) -> int:
        given = self.document.horizon
        if given is None:
            return max(DEFAULT_MONTHS, min(LONGEST_DEFAULT_MONTHS, max((_runs(line) for line in lines), default=0)))
        interval = parse_interval(given)
        months = interval.months or interval.days * 12 // 365
        if not 1 <= months <= MAX_YEARS * 12:
            self.wrong(("horizon",), repr(given), f"1 month to {MAX_YEARS} years")
            return DEFAULT_MONTHS
        return months

    def _line(self, index: int, part: TokensPart) -> Line:
        self._contradictions(index, part)
        plan = self._plan(index, part)
        unknown = tuple(unknown_terms(part, plan is not None and part.plan is not None))
        if part.plan is not None and plan is not None:
            use: Use = use_of(plan)
            taxed: TaxedOn = part.taxed or ("nothing" if plan.plan_class == "provisioned_tool" else "personal_use")
            revocation = REVOCATION[part.changes or "notice"]
        else:
            use = part.use or PRESUMED["use"]
            taxed = part.taxed or PRESUMED["taxed"]
            revocation = REVOCATION[part.changes or ("notice" if part.notice else "unknown")]
        tier = None
        if plan is not None:
            tier = plan.tier_named(part.tier) if part.tier else plan.tiers[0] if len(plan.tiers) == 1 else None
            if tier is None:
                names = ", ".join(one.name for one in plan.tiers)
                self.wrong(self._path(index, "tier"), repr(part.tier) if part.tier else "nothing", f"one of {names}")
                plan = None
        chance = share(part.approval.chance) if part.approval is not None else 0.0
        kinds = {step.kind for step in plan.at_limit} if plan is not None else set()
        reasons = [step.reason_required for step in plan.at_limit if step.kind == "request"] if plan else []
        return Line(
            name=part.name,
            plan=plan,
            tier=tier,
            unit_price=self._unit_price(index, part, plan),
            use=use,
            fit=share(part.fit),
            approval=chance,
            own=share(part.own_money) if part.own_money is not None else 0.0,
            revocation=revocation,
            taxed=taxed,
            grossed_up=part.grossed_up == "yes",
            discount=self._below_all(self._path(index, "wholesale"), part.wholesale),
            needed=answer(part.needed),
            would_buy=answer(part.would_buy),
            portable=answer(part.portable),
            automatic=automatic(part, kinds),
            justified=justified(part, reasons),
            contractual="unknown" if part.changes is None else "yes" if part.changes == "contract" else "no",
            expected=part.expected or (plan.statements.get("expectations", "") if plan is not None else ""),
            unknown=unknown,
            most_a_month=self._most(index, part),
            quotes=dict(part.quotes),
        )

    def _most(self, index: int, part: TokensPart) -> float:
        if part.most_a_month is None:
            return inf
        found = self._amount(self._path(index, "most_a_month"), part.most_a_month)
        if found <= 0:
            self.wrong(self._path(index, "most_a_month"), repr(part.most_a_month), "more than nothing")
        return found

    def _contradictions(self, index: int, part: TokensPart) -> None:
        path = self._path
        given = [name for name in TERMS if getattr(part, name) not in (None, ())]
        if part.unlimited and (part.amount is not None or part.plan is not None):
            self.wrong(path(index, "unlimited"), "unlimited beside an amount or a plan", "one of them")
        if part.unlimited and (
            cut := [n for n in given if n in ("rollover", "vesting", "expires", "limit", "approval", "own_money")]
        ):
            self.wrong(
                path(index, cut[0]), f"{cut[0]} of access without a limit", "nothing: there is no limit to reach"
            )
        if not part.unlimited and part.amount is None and part.plan is None:
            self.wrong(path(index), "no amount", "an amount, a plan, or unlimited: true")
        if part.plan is not None and (
            clash := [name for name in ("amount", *PLAN_TERMS) if getattr(part, name) is not None]
        ):
            self.wrong(path(index, clash[0]), f"{clash[0]} beside a plan", "the plan's own terms only")
        if part.tier is not None and part.plan is None:
            self.wrong(path(index, "tier"), repr(part.tier), "a plan that has tiers")
        if part.grossed_up == "yes" and part.taxed == "nothing":
            self.wrong(path(index, "grossed_up"), "a gross-up of what is not taxed", "taxed: personal_use or face")
        if part.changes == "contract" and part.notice:
            self.wrong(path(index, "notice"), "a notice beside changes: contract", "changes: notice, or no notice")
        if part.use == "work" and part.would_buy == "yes":
            self.wrong(
                path(index, "would_buy"), "yes, for work only", "no: what only work may use replaces nothing of yours"
            )
        if part.approval is not None and part.approval.reason == "none" and share(part.approval.chance) < 1:
            self.wrong(
                path(index, "approval", "chance"), repr(part.approval.chance), "100% where no reason is asked for"
            )
        unknown_terms = sorted(set(part.quotes) - set(TokensPart.model_fields))
        for name in unknown_terms:
            self.wrong(path(index, "quotes", name), "a term that is not known", f"one of {', '.join(TERMS)}")

    def _plan(self, index: int, part: TokensPart) -> Plan | None:
        if part.unlimited or (part.amount is None and part.plan is None):
            return None
        try:
            if part.plan is not None:
                plan = load(self.draft.plans[part.plan], part.plan).plan
            else:
                terms = as_plan(part, self.document.title or self.document.name, self.document.currency)
                plan = _compiled(json.dumps(terms, default=str))
        except PlanFaults as faults:
            for fault in faults.faults:
                if part.plan is not None:
                    self.faults.append(fault)
                else:
                    names = [int(one) if one.isdigit() else one for one in fault.field.split(".")]
                    names = names[1:] if names[0] == "allotment" else names
                    self.wrong(self._path(index, *names), fault.found, fault.expected)
            return None
        for tier in plan.tiers:
            if tier.amount.unit.is_currency:
                self._rate(str(tier.amount.unit), self._path(index, "amount"))
        return plan

    def _unit_price(self, index: int, part: TokensPart, plan: Plan | None) -> float:
        if plan is None:
            return 1.0
        unit = plan.tiers[0].amount.unit
        if unit.is_currency:
            if part.unit_price is not None:
                self.wrong(self._path(index, "unit_price"), repr(part.unit_price), "nothing: the amount is in money")
            return self._rate(str(unit), self._path(index, "amount"))
        per = "a GPU hour" if unit.base == GPU_HOURS else "a million tokens"
        if part.unit_price is None:
            self.wrong(self._path(index, "unit_price"), "nothing", f"what {per} costs at list price, such as $6")
            return 1.0
        price = self._amount(self._path(index, "unit_price"), part.unit_price)
        return price if unit.base == GPU_HOURS else price / 1_000_000

    def _amount(self, path: tuple[str | int, ...], text: str) -> float:
        found = parse_amount(text)
        if found.nanos < 0:
            self.wrong(path, repr(text), "no less than nothing")
        if not found.unit.is_currency:
            self.wrong(path, repr(text), f"money, such as $1,000 or 1,000 {self.document.currency}")
            return 0.0
        return self._money(found.nanos, str(found.unit), path)

    def _money(self, nanos: int, unit: str, path: tuple[str | int, ...]) -> float:
        return nanos / NANO * self._rate(unit, path)

    def _rate(self, unit: str, path: tuple[str | int, ...]) -> float:
        if unit == self.document.currency:
            return 1.0
        given = self.document.rates.get(unit)
        if given is None:
            expected = f"{self.document.currency}, or what one {unit} is worth: rates: {{{unit}: ...}}"
            if not any(fault.field == "rates" or unit in fault.expected for fault in self.faults):
                self.wrong(path, f"an amount in {unit}", expected)
            return 1.0
        return float(given)

    def _below_all(self, path: tuple[str | int, ...], text: str) -> float:
        found = share(text)
        if found >= 1:
            self.wrong(path, repr(text), "less than 100%")
            return 0.0
        return found

    def _path(self, index: int, *names: str | int) -> tuple[str | int, ...]:
        return ("tokens", *names) if self.single else ("tokens", index, *names)


@lru_cache(maxsize=COMPILED_PLANS)
def _compiled(document: str) -> Plan:
    """A line's terms as a plan; of the many answers that are tried, most leave them as they are."""
    return compiled(json.loads(document))


def _runs(line: Line) -> int:
    """Months over which one promise is worth looking at: until it has vested or has expired."""
    plan = line.plan
    if plan is None:
        return 0
    if plan.vesting is not None:
        return plan.vesting.over.months if plan.vesting.over is not None else LONGEST_DEFAULT_MONTHS
    if plan.allotment.every is not None:
        return 0
    expires = plan.allotment.expires
    if isinstance(expires, Interval):
        return expires.months or -(-expires.days * 12 // 365)
    return LONGEST_DEFAULT_MONTHS


def _drift(text: str) -> PriceDrift:
    found = parse_price(text)
    return PriceDrift(found.name, found.per_year, 0.0, found.source) if text == "flat" else found


def digest_of(document: OfferDocument, plans: dict[str, str]) -> str:
    """SHA-256 of what a document means."""
    # A note enters no figure, so it makes no other offer; where there is none, nothing of it is said.
    meaning = json.dumps(
        [document.model_dump(mode="json", exclude={"me": {"note"}}), plans], sort_keys=True, ensure_ascii=False
    )
    return sha256(meaning.encode()).hexdigest()
