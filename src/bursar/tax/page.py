"""The rules as a page of the documentation: every figure with its source, how sure it is, and what it assumes."""

from __future__ import annotations

from collections.abc import Iterator

from bursar.money import NANO
from bursar.tax.facts import FACTS, assumption
from bursar.tax.values import PARTS, Country, Rule, Rules

BEGIN, END = "<!-- rules: bursar tax rules --markdown -->", "<!-- end of the rules -->"


def page(rules: Rules) -> str:
    """Tables by country, between the marks."""
    return "\n".join([BEGIN, *_lines(rules), END])


def _lines(rules: Rules) -> Iterator[str]:
    yield ""
    for _, country in sorted(rules.countries.items()):
        yield f"### {country.name}"
        yield ""
        yield (
            f"Amounts in {country.currency}; looked up on {country.looked_up}; a tax year begins on "
            f"{country.year_begins} (month-day). Of inclusions and exclusions the first that matches decides."
        )
        yield ""
        yield "| rule | holds | what it says | figure | needs | citation | where it was read | sure | assumption |"
        yield "|---|---|---|---|---|---|---|---|---|"
        yield from (_row(rule, country) for rule in country.rules)
        yield ""


def _row(rule: Rule, country: Country) -> str:
    cells = (
        f"`{rule.id}`",
        f"{rule.effective_from} to {rule.effective_to}" if rule.effective_to else f"from {rule.effective_from}",
        f"{rule.effect}: {rule.says}",
        figure(rule, country),
        "; ".join(f"{name} = {' or '.join(_word(one) for one in values)}" for name, values in rule.condition.items()),
        rule.citation,
        rule.source_seen,
        rule.confidence,
        " ".join(part for part in (rule.note, _assumed(rule)) if part),
    )
    return f"| {' | '.join(one.replace('|', '/') for one in cells)} |"


def figure(rule: Rule, country: Country) -> str:
    """The rate, limit or choice of a rule, in words."""
    if rule.effect == "rate":
        rate = "the person's own rate" if rule.rate_ppm is None else f"{rule.rate_ppm * 100 / PARTS:g} %"
        past = f" past {_money(rule.floor, country)}" if rule.floor else ""
        upto = f" up to {_money(rule.cap, country)}" if rule.cap is not None else ""
        counted = f" of the year's {rule.against}" if rule.against else ""
        return f"{rate} of {' and '.join(rule.payer)}{past}{upto}{counted}"
    if rule.effect == "cliff":
        return f"{_money(rule.amount, country)} {rule.unit.replace('_', ' ')}"
    return rule.choice.replace("_", " ")


def _money(nanos: int, country: Country) -> str:
    whole, part = divmod(nanos, NANO)
    return f"{country.currency} {whole:,}" + (f".{part:09}".rstrip("0") if part else "")


def _assumed(rule: Rule) -> str:
    """What is assumed of the facts that it needs, where nobody says."""
    found = [assumption(FACTS[name]).words for name in rule.condition if FACTS[name].assumed is not None]
    return f"Unless said: {'; '.join(found)}." if found else ""


def _word(value: bool | str) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else value
