"""What the rules of a place make of a case: a pure function of use, plan facts, date and rules version.

Of each purpose the first inclusion or exclusion that matches decides; what no rule matches needs an adviser and is never
zero. A rule that is open decides nothing: it says what it would take out, unless the organisation relies on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from bursar.tax.case import Assessment, Case, Charge, Flag, Line, Step, Use, share, step
from bursar.tax.charges import charges
from bursar.tax.facts import Assumption, Value
from bursar.tax.ground import Assumed, Ground, ground
from bursar.tax.values import Country, Rule, Rules

Key = tuple[str, date, frozenset[tuple[str, Value]], frozenset[str]]


def assess(case: Case, rules: Rules) -> Assessment:
    """The taxable amount of a case, when it counts, what it is charged, and every rule that said so."""
    return next(assess_all((case,), rules))


def assess_all(cases: Iterable[Case], rules: Rules) -> Iterator[Assessment]:
    """Many cases, in their order; what the rules say of a place and of facts is asked once for all who share them."""
    grounds: dict[Key, Ground] = {}
    for case in cases:
        placed = rules.place(case.jurisdiction)
        if placed is None:
            yield _unknown(case, rules, f"there are no rules for {case.jurisdiction[:40]!r}")
            continue
        country, jurisdiction = placed
        key = (jurisdiction, case.on, frozenset(case.facts.items()), case.relies_on)
        known = grounds.get(key)
        if known is None:
            known = grounds[key] = ground(country, jurisdiction, case.on, case.facts, case.relies_on)
        yield _assessed(case, known, rules)


def _assessed(case: Case, known: Ground, rules: Rules) -> Assessment:
    country = known.country
    if not known.held:
        return _unknown(case, rules, f"no rule of {country.name} holds on {case.on}")
    assumed: Assumed = dict(known.assumed)
    unit, ppm = _unit(case, country, assumed)
    timing = case.timing or (known.timing.choice if known.timing else "")
    trace = [step(rule) for rule in (None if case.timing else known.timing, known.basis) if rule is not None]
    if case.timing:
        assumed["timing"] = Assumption("timing", f"the plan says that it counts at {case.timing}")
    if not timing or known.basis is None:
        missing = "when it counts" if not timing else "how it is valued"
        return _unknown(case, rules, f"no rule of {country.name} says {missing}", trace=tuple(trace))
    if timing != "use" and case.available is None:
        why = f"it counts at {timing}, and nobody said what became available"
        return _unknown(case, rules, why, trace=tuple(trace))
    flags = list(known.flags)
    lines = []
    for use in _counted(case, timing):
        price = use.cost_nanos if known.basis.choice == "employer_cost" else use.list_nanos
        lines.append(_line(use.purpose, _into(price, ppm), known, assumed, trace, flags))
    lines += _left(case, timing, known.timing, ppm, assumed)
    included = sum(line.taxable or 0 for line in lines)
    if case.made_good:
        paid = _into(case.made_good, ppm)
        lines.append(Line("made good", paid, -min(paid, included), ""))
        included -= min(paid, included)
        assumed["made_good"] = Assumption("made_good", "what the person paid counts against what is taxable")
    if included and unit == country.currency:
        included = _cliffs(included, case.other_benefits, known, assumed, trace)
    elif included and known.has_cliffs:
        words = f"no exchange rate was given: limits in {country.currency} are not tried"
        assumed["exchange"] = Assumption("exchange", words)
    rated = _charges(case, included, known, assumed, unit == country.currency)
    trace += _rate_steps(known, rated)
    unclear = [line.purpose for line in lines if line.taxable is None]
    return Assessment(
        "needs_adviser" if unclear else "assessed",
        f"no rule of {country.name} says what {', '.join(unclear)} use is" if unclear else "",
        known.jurisdiction,
        case.on,
        unit,
        None if unclear else included,
        included,
        timing,
        known.basis.choice,
        tuple(lines),
        rated,
        tuple(flags),
        tuple(trace),
        tuple(assumed[name] for name in sorted(assumed)),
        rules.version,
    )


def _unknown(case: Case, rules: Rules, why: str, *, trace: tuple[Step, ...] = ()) -> Assessment:
    """Somebody has to be asked about all of it: every use at list price, in the case's own currency."""
    lines = tuple(Line(use.purpose, use.list_nanos, None if use.list_nanos else 0, "") for use in case.uses)
    return Assessment(
        "needs_adviser", why, case.jurisdiction, case.on, case.currency, None, 0, case.timing, "", lines, (), (),
        trace, (), rules.version,
    )  # fmt: skip


def _unit(case: Case, country: Country, assumed: Assumed) -> tuple[str, int | None]:
    """The unit of the answer, and what turns an amount of the case into it."""
    if case.currency == country.currency or case.exchange is None:
        return case.currency, None
    words = f"1 {case.currency} = {case.exchange.ppm / 1_000_000:g} {country.currency} ({case.exchange.source})"
    assumed["exchange"] = Assumption("exchange", words)
    return country.currency, case.exchange.ppm


def _into(nanos: int, ppm: int | None) -> int:
    return nanos if ppm is None else share(nanos, ppm)


def _counted(case: Case, timing: str) -> Iterator[Use]:
    """What counts at all: what was used, or all that became available where that is what is taxed."""
    if timing == "use" or case.available is None:
        yield from case.uses
    else:
        purpose = "work" if case.facts.get("restriction") == "work_only" else "available"
        yield Use(purpose, case.available.list_nanos, case.available.cost_nanos)


def _left(case: Case, timing: str, rule: Rule | None, ppm: int | None, assumed: Assumed) -> list[Line]:
    """What is unused and what lapsed: nothing, by the rule that counts use; where availability counts, it has counted."""
    if timing == "use":
        said = rule.id if rule is not None and rule.choice == "use" else ""
        left = (("unused", case.unused), ("expired", case.expired))
        return [Line(name, _into(amount, ppm), 0, said) for name, amount in left if amount]
    if case.expired:
        words = "what lapses had counted when it became available; no rule here gives that back"
        assumed["expired"] = Assumption("expired", words)
    return []


def _line(purpose: str, amount: int, known: Ground, assumed: Assumed, trace: list[Step], flags: list[Flag]) -> Line:
    decision = known.decision(purpose)
    assumed.update(decision.assumed)
    if amount:
        flags += decision.passed
    rule = decision.rule
    if rule is None:
        return Line(purpose, amount, None if amount else 0, "")
    taken = amount if rule.effect == "include" else 0
    trace.append(step(rule, taken or -amount))
    return Line(purpose, amount, taken, rule.id)


def _cliffs(included: int, others: int, known: Ground, assumed: Assumed, trace: list[Step]) -> int:
    """What is left of an amount after limits up to which nothing counts, and past which everything does."""
    assumed.update(known.cliff_assumed)
    for rule in known.cliffs:
        monthly = rule.unit == "a_month"
        if monthly and not others:
            words = "no other benefit of the month counts towards the limit"
            assumed["other_benefits"] = Assumption("other_benefits", words)
        if included + (others if monthly else 0) <= rule.amount:
            trace.append(step(rule, -included))
            return 0
        trace.append(step(rule, 0))
    return included


def _charges(case: Case, amount: int, known: Ground, assumed: Assumed, local: bool) -> tuple[Charge, ...]:
    found, unknown = charges(amount, known.rates, case.year_to_date if local else None, case.marginal_ppm)
    for rule in unknown:
        own = rule.rate_ppm is None
        name = "marginal_rate" if own else "year_to_date"
        needs = "the person's own rate" if own else "the year's pay before it"
        before = assumed.get(name)
        ids = f"{before.words.rpartition(': ')[2]}, {rule.id}" if before else rule.id
        assumed[name] = Assumption(name, f"{needs} was not given, so this is not worked out: {ids}")
    return found


def _rate_steps(known: Ground, rated: tuple[Charge, ...]) -> Iterator[Step]:
    sums: dict[str, int] = {}
    for one in rated:
        sums[one.rule] = sums.get(one.rule, 0) + one.amount
    return (step(rule, sums[rule.id]) for rule in known.rates if rule.id in sums)
