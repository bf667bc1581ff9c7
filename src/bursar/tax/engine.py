"""What the rules of a place make of a case: a pure function of use, plan facts, date and rules version.

Of each purpose the first inclusion or exclusion that matches decides; what no rule matches needs an adviser and is never
zero. A rule that is open decides nothing: it says what it would take out, unless the organisation relies on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bursar.tax.case import Assessment, Case, Charge, Flag, Line, Step, Use, YearToDate, share, step
from bursar.tax.charges import charges
from bursar.tax.facts import FACTS, Assumption, Value, assumption
from bursar.tax.values import Country, Rule, Rules


@dataclass(slots=True)
class _Asked:
    """The facts of a case while rules ask them; what nobody gave is noted as it is asked."""

    given: dict[str, Value]
    assumed: dict[str, Assumption] = field(default_factory=dict)

    def matches(self, rule: Rule, purpose: str = "") -> bool:
        for name, values in rule.condition.items():
            if name == "purpose":
                if purpose not in values:
                    return False
                continue
            value = self.given.get(name)
            if value is None:
                self.assumed[name] = assumption(FACTS[name])
                value = FACTS[name].assumed
            if value not in values:
                return False
        return True


def assess(case: Case, rules: Rules) -> Assessment:
    """The taxable amount of a case, when it counts, what it is charged, and every rule that said so."""
    placed = rules.place(case.jurisdiction)
    if placed is None:
        return _unknown(case, rules, f"there are no rules for {case.jurisdiction[:40]!r}")
    country, jurisdiction = placed
    held = country.in_force(case.on, jurisdiction)
    if not held:
        return _unknown(case, rules, f"no rule of {country.name} holds on {case.on}")
    asked = _Asked(dict(case.facts))
    trace: list[Step] = []
    unit, ppm = _unit(case, country, asked)
    timing_rule = _first(held, "timing", asked)
    basis_rule = _first(held, "value_basis", asked)
    timing = case.timing or (timing_rule.choice if timing_rule else "")
    if timing_rule is not None and not case.timing:
        trace.append(step(timing_rule))
    if case.timing:
        asked.assumed["timing"] = Assumption("timing", f"the plan says that it counts at {case.timing}")
    if basis_rule is not None:
        trace.append(step(basis_rule))
    if not timing or basis_rule is None:
        missing = "when it counts" if not timing else "how it is valued"
        return _unknown(case, rules, f"no rule of {country.name} says {missing}", trace=tuple(trace), unit=unit)
    if timing != "use" and case.available is None:
        why = f"it counts at {timing}, and nobody said what became available"
        return _unknown(case, rules, why, trace=tuple(trace), unit=unit)
    flags = list(_flags(held, asked))
    lines: list[Line] = []
    for use in _counted(case, timing):
        price = use.cost_nanos if basis_rule.choice == "employer_cost" else use.list_nanos
        lines.append(_line(use.purpose, _into(price, ppm), held, asked, case.relies_on, trace, flags))
    if timing == "use":
        said = timing_rule.id if timing_rule is not None and timing_rule.choice == "use" else ""
        left = (("unused", case.unused), ("expired", case.expired))
        lines += [Line(name, _into(amount, ppm), 0, said) for name, amount in left if amount]
    elif case.expired:
        words = "what lapses had counted when it became available; no rule here gives that back"
        asked.assumed["expired"] = Assumption("expired", words)
    included = sum(line.taxable or 0 for line in lines)
    included = max(0, included - _into(case.made_good, ppm))
    if case.made_good:
        asked.assumed["made_good"] = Assumption("made_good", "what the person paid counts against what is taxable")
    if included and unit == country.currency:
        included = _cliffs(included, case.other_benefits, held, asked, trace)
    elif included and any(rule.effect == "cliff" for rule in held):
        asked.assumed["exchange"] = Assumption(
            "exchange", f"no exchange rate was given: limits in {country.currency} are not tried"
        )
    open_lines = [line.purpose for line in lines if line.taxable is None]
    rated, more = _charges(case, included, held, asked, unit == country.currency)
    trace += [step(rule, amount) for rule, amount in more]
    return Assessment(
        "needs_adviser" if open_lines else "assessed",
        f"no rule of {country.name} says what {', '.join(open_lines)} use is" if open_lines else "",
        jurisdiction,
        case.on,
        unit,
        None if open_lines else included,
        included,
        timing,
        basis_rule.choice,
        tuple(lines),
        rated,
        tuple(flags),
        tuple(trace),
        tuple(asked.assumed[name] for name in sorted(asked.assumed)),
        rules.version,
    )


def _unknown(case: Case, rules: Rules, why: str, *, trace: tuple[Step, ...] = (), unit: str = "") -> Assessment:
    return Assessment(
        "needs_adviser", why, case.jurisdiction, case.on, unit or case.currency, None, 0, case.timing, "", (), (), (),
        trace, (), rules.version,
    )  # fmt: skip


def _unit(case: Case, country: Country, asked: _Asked) -> tuple[str, int | None]:
    """The unit of the answer, and what turns an amount of the case into it."""
    if case.currency == country.currency:
        return country.currency, None
    if case.exchange is None:
        return case.currency, None
    words = f"1 {case.currency} = {case.exchange.ppm / 1_000_000:g} {country.currency} ({case.exchange.source})"
    asked.assumed["exchange"] = Assumption("exchange", words)
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


def _first(held: Iterable[Rule], effect: str, asked: _Asked) -> Rule | None:
    return next((rule for rule in held if rule.effect == effect and asked.matches(rule)), None)


def _flags(held: Iterable[Rule], asked: _Asked) -> Iterator[Flag]:
    for rule in held:
        if rule.effect == "flag" and asked.matches(rule):
            yield Flag(rule.id, rule.says, rule.citation)


def _line(
    purpose: str,
    amount: int,
    held: Iterable[Rule],
    asked: _Asked,
    relies_on: frozenset[str],
    trace: list[Step],
    flags: list[Flag],
) -> Line:
    for rule in held:
        if rule.effect not in ("include", "exclude") or not asked.matches(rule, purpose):
            continue
        if rule.confidence == "open" and rule.id not in relies_on:
            if rule.effect == "exclude" and amount:
                flags.append(Flag(rule.id, f"Open, so not relied on: {rule.says}", rule.citation))
            continue
        trace.append(step(rule, amount if rule.effect == "include" else -amount))
        return Line(purpose, amount, amount if rule.effect == "include" else 0, rule.id)
    return Line(purpose, amount, None if amount else 0, "")


def _cliffs(included: int, others: int, held: Iterable[Rule], asked: _Asked, trace: list[Step]) -> int:
    """What is left of an amount after limits below which nothing counts, and past which everything does."""
    for rule in held:
        if rule.effect == "cliff" and asked.matches(rule):
            total = included + (others if rule.unit == "a_month" else 0)
            if rule.unit == "a_month" and not others:
                words = "no other benefit of the month counts towards the limit"
                asked.assumed["other_benefits"] = Assumption("other_benefits", words)
            if total <= rule.amount:
                trace.append(step(rule, -included))
                return 0
            trace.append(step(rule, 0))
    return included


def _charges(
    case: Case, amount: int, held: Iterable[Rule], asked: _Asked, local: bool
) -> tuple[tuple[Charge, ...], list[tuple[Rule, int]]]:
    rates = [rule for rule in held if rule.effect == "rate" and asked.matches(rule)]
    year: YearToDate | None = case.year_to_date if local else None
    found, unknown = charges(amount, rates, year, case.marginal_ppm)
    for rule in unknown:
        name = "marginal_rate" if rule.rate_ppm is None else "year_to_date"
        needs = "the person's own rate" if rule.rate_ppm is None else f"the year's {rule.against}"
        before = asked.assumed.get(name)
        ids = f"{before.words.split(': ')[-1]}, {rule.id}" if before else rule.id
        asked.assumed[name] = Assumption(name, f"{needs} was not given, so this is not worked out: {ids}")
    sums: dict[str, int] = {}
    for one in found:
        sums[one.rule] = sums.get(one.rule, 0) + one.amount
    return found, [(rule, sums[rule.id]) for rule in rates if rule.id in sums]
