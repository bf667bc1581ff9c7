"""The answers in words and steps: what terminal, report and console say alike.

Money is rounded to what a person needs; `--json` has it exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from bursar.money import Amount, Unit, format_amount
from bursar.offers.benchmarks import Row
from bursar.offers.evaluation import Compared, Evaluation
from bursar.offers.laptop import PERK, TOOL
from bursar.offers.outcome import Totals
from bursar.offers.terms import Line, Offer
from bursar.offers.weighing import Weighing

DISCLAIMER = (
    "An estimate for discussion, from assumptions that are printed beside it; no advice on tax, law or investment."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from face to what it is worth, dollars a year; a total stands by itself."""

    label: str
    amount: float
    total: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class FourValues:
    """The four values of a dollar of tokens at face; they are never mixed."""

    face: float
    used: float
    """At list price: the fair market value of what is consumed."""
    cost: float
    """What the employer pays for it."""
    worth: float
    """What it is worth as pay before tax to the person."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Does cash, equity or this line do what pay does?"""

    question: str
    cash: str
    equity: str
    tokens: str


def said(amount: float, currency: str = "USD", *, sign: bool = False) -> str:
    """A sum as a person needs it: `$1,903`, `-$420`, `1,903 EUR`; cents below ten."""
    if not isfinite(amount):
        return "-"
    digits = 2 if 0 < abs(round(amount, 2)) < 10 else 0
    nanos = round(round(amount, digits) * 10**9)
    text = format_amount(Amount(nanos, Unit(currency)), "exact", sign=sign)
    return text if digits else text.replace(".00", "")


def percent(share: float, digits: int = 0) -> str:
    """A share as one says it: `31%`, `under 1%`."""
    if 0 < share < 0.01 and digits == 0:
        return "under 1%"
    return f"{100 * share:.{digits}f}%"


def cents(worth: float, face: float) -> str:
    """Of a dollar of face: `19 cents`."""
    return f"{100 * worth / face:.0f} cents" if face else "-"


def worth_sentence(one: Weighing) -> str:
    """What the tokens are worth, in one sentence."""
    currency, years = one.offer.currency, one.outcome.years
    spread = one.outcome.cash
    low, middle, high = (said(value / years, currency) for value in (spread.p10, spread.p50, spread.p90))
    worlds = f"8 worlds in 10 lie between {low} and {high}, the middle one at {middle}"
    if one.face == 0 or one.outcome.totals.face == 0:
        return "Nothing is promised."
    if spread.mean < -0.5:
        return (
            f"They cost you about {said(-one.outcome.a_year, currency)} a year: what you pay for work and tax is more than "
            f"what they are worth to you ({worlds})."
        )
    if spread.p90 < 0.5:
        return "As pay they are worth nothing to you: they pay for the employer's work, not for yours."
    rest = cents(one.outcome.a_year, one.face)
    mean = said(one.outcome.a_year, currency)
    return f"About {mean} a year to you, before tax: {rest} on the dollar of face ({worlds})."


def raise_sentence(one: Evaluation) -> str:
    """The raise that would be worth the same, and what access without a limit would be worth."""
    first = same_raise_sentence(one)
    if all(line.unlimited for line in one.offer.lines):
        return first
    return f"{first} Access without a limit on the same terms would be worth {said(one.unlimited, one.offer.currency)}."


def same_raise_sentence(one: Weighing) -> str:
    """The raise that would be worth the same."""
    money, found = one.offer.currency, one.outcome.raise_
    if found < -0.5:
        return f"It is as if the salary were {said(-found, money)} a year lower."
    if found < 0.5:
        return "No raise at all would be worth the same."
    return f"A raise of {said(found, money)} a year would be worth the same."


def share_sentence(one: Weighing) -> str:
    """How much of the headline is compute."""
    found = one.headline
    if not found.tokens or one.offer.pay.salary is None:
        return "The offer names no salary, so no share of it can be given." if one.offer.pay.salary is None else ""
    return f"One dollar in {found.one_in:.3g} of the headline is compute ({percent(found.share, 2)})."


def run_out_sentences(one: Weighing) -> list[str]:
    """When each line runs out, and how sure that is."""
    found = []
    for run_out in one.outcome.run_outs:
        name = "It" if len(one.outcome.run_outs) == 1 else run_out.line
        line = next(line for line in one.offer.lines if line.name == run_out.line)
        period = _period(line)
        if run_out.ever < 0.0005:
            found.append(f"{name} does not run out before {period} ends.")
            continue
        day = "" if not isfinite(run_out.day) else f"; where it does, half the time by day {run_out.day:.0f}"
        if run_out.ever == run_out.periods:
            found.append(f"{name} runs out before {period} ends in {percent(run_out.ever)} of worlds{day}.")
        else:
            found.append(
                f"{name} runs out before {period} ends in {percent(run_out.periods)} of all of them, and at least once in "
                f"{percent(run_out.ever)} of worlds{day}."
            )
    if any(line.unlimited for line in one.offer.lines):
        found.append("Access without a limit does not run out.")
    return found


def shortfall_sentence(one: Weighing) -> str:
    """What a shortfall comes to."""
    totals, years, currency = one.outcome.totals, one.outcome.years, one.offer.currency
    parts = []
    for amount, words in (
        (totals.own, "you would pay {} a year for work yourself"),
        (totals.unmet, "work worth {} a year would wait"),
        (totals.granted, "{} a year would be granted on top"),
    ):
        if amount / years >= 1:
            parts.append(words.format(said(amount / years, currency)))
    if not parts:
        return "Nothing that you want would be missing."
    return (", and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]).capitalize() + "."


def lasts_sentence(one: Evaluation) -> str:
    """How long $10,000 lasts at this use."""
    usage = said(one.usage_a_month, one.offer.currency)
    flat = _months(one.lasts_flat_months)
    grown = _months(one.lasts_months)
    more = "" if grown == flat else f", {grown} as your use and prices are expected to go"
    return f"At {usage} a month, {said(10_000, one.offer.currency)} last {flat} if nothing changes{more}."


def standing_sentences(one: Evaluation) -> list[str]:
    """Where the allowance stands among reported ones."""
    found = one.placed
    if found is None:
        return []
    sentences = []
    if found.above is not None and found.below is not None:
        sentences.append(f"It lies between {_reported(found.below)} and {_reported(found.above)}.")
    elif found.below is not None:
        sentences.append(f"It is more than every reported figure, the next of which is {_reported(found.below)}.")
    elif found.above is not None:
        sentences.append(f"It is less than every reported figure, the next of which is {_reported(found.above)}.")
    for standing in found.standings:
        if standing.known:
            sentences.append(f"It is more than {percent(standing.high)} of {standing.population} ({standing.name}).")
        else:
            sentences.append(
                f"It is more than {percent(standing.low)} to {percent(standing.high)} of {standing.population} ({standing.name})."
            )
    return sentences


def _reported(row: Row) -> str:
    ends = f"{row.amount:,g}" if row.to is None else f"{row.amount:,g} to {row.to:,g}"
    return f"{ends} {row.unit} ({row.source.split(',')[0]}, {row.date}: {row.population})"


def steps(one: Weighing) -> list[Step]:
    """From face to what it is worth as pay, by year."""
    totals, years, person = one.outcome.totals, one.outcome.years, one.person
    after_tax = one.outcome.cash.mean * (1 - person.tax)
    found = [
        Step("Face", totals.face, True, "what the offer says"),
        Step("Taken away", totals.released - totals.face, why="terms may change"),
        Step("Forfeited", -totals.forfeited, why="before you used it"),
        Step("Still unspent at the end", -totals.left, why="yours, not used by then"),
        Step("Prices since the release", _moved(totals), why="tokens keep their number"),
        Step("Granted on top", totals.granted, why="beyond the promise"),
        Step("Without a limit", totals.unlimited, why="as much as you want"),
        Step("Used at list price", totals.used, True, "fair market value"),
        Step("Work", totals.additional - totals.work, why="the employer's, not yours"),
        Step(
            "More than you would buy",
            totals.worth - totals.personal,
            why="a dollar does less there",
        ),
        Step("Your tax on it", -totals.tax, why="at list price"),
        Step("Your own money", -totals.own_more, why="work that you pay for"),
        Step("After you leave", totals.tail, why="usable or paid out"),
    ]
    net = totals.additional + totals.worth - totals.tax + totals.tail - totals.own_more
    found += [
        Step("Paid later than today", after_tax - net, why="discounted to today"),
        Step("In your hand", after_tax, True, "after tax"),
        Step("As pay before tax", one.outcome.cash.mean - after_tax, why="a raise is taxed as well"),
        Step("Cash equivalent", one.outcome.cash.mean, True, "a sum before tax"),
    ]
    return [
        Step(one.label, one.amount / years, one.total, one.why) for one in found if one.total or abs(one.amount) >= 0.5
    ]


def _moved(totals: Totals) -> float:
    """By how much what was promised in units has gained or lost between its release and its use."""
    return totals.drawn + totals.forfeited + totals.left - totals.released


def four_values(one: Weighing) -> FourValues:
    """By dollar of face."""
    totals = one.outcome.totals
    face = totals.face or 1.0
    return FourValues(1.0, totals.used / face, totals.cost / face, one.outcome.cash.mean / face)


def attributes(line: Line) -> list[Attribute]:
    """What this line does of what pay does, from its terms."""
    plan = line.plan
    vests = plan is not None and plan.vesting is not None
    after = plan is not None and (plan.leaving.unspent == "keep" or plan.leaving.pay_out > 0)
    open_use = (
        "partly: on its own providers"
        if line.use != "work" and line.portable != "yes"
        else "yes"
        if line.use != "work"
        else "no: work only"
    )
    taxed = {"nothing": "no", "personal_use": "personal use, at list price", "face": "all of it, used or not"}[
        line.taxed
    ]
    return [
        Attribute("Spendable as you like?", "yes", "when sold", open_use),
        Attribute(
            "Yours for good?", "yes", "once vested", "as it vests, until it expires" if vests else "until it expires"
        ),
        Attribute("May grow in value?", "saved, it earns", "yes", "no: prices fall, and it expires"),
        Attribute("Survives leaving?", "yes", "what has vested", "for a while or in part" if after else "no"),
        Attribute("Anchors the next offer?", "yes", "often", "no"),
        Attribute("May be cut by an e-mail?", "no", "no", "no" if line.contractual == "yes" else "yes"),
        Attribute(
            "Taxed?", "yes", "at vesting or sale", taxed if not line.grossed_up else f"{taxed}; the company pays it"
        ),
    ]


def trade_offs(one: Weighing) -> list[str]:
    """What one gives up, a line for each negative attribute."""
    found = []
    for line, test in zip(one.offer.lines, one.laptop, strict=True):
        found += [f"{term.title}: {term.evidence}" for term in test.terms if term.value >= 1 and term.points > 0]
        if line.plan is not None and len(line.plan.scope.providers) == 1:
            found.append(f"Locked to one provider: {line.plan.scope.providers[0]}.")
        if line.own:
            found.append("Overage comes out of your pocket.")
        if line.fit < 1:
            found.append(f"A dollar of it does what {percent(line.fit)} of a dollar does elsewhere.")
    salary = one.offer.pay.salary
    if salary and one.face > 0.2 * salary:
        found.append(f"It is {percent(one.face / salary)} of the salary: ask what output is expected for it.")
    if one.tightly_metered:
        found.append("Tightly metered: as it stands it costs you money.")
    return found


def gauge(score: float) -> str:
    """Where a score of the laptop test lies."""
    return "perk" if score <= PERK else "operating cost" if score >= TOOL else "some of each"


def cuts(found: Compared[Weighing]) -> list[str]:
    """Offers that pay less and look like more."""
    names = [one.offer.title for one in found.evaluations]
    return [
        f"{names[b]} has the larger headline and pays {said(_paid(found, a) - _paid(found, b))} a year less in cash and "
        f"equity than {names[a]}: a real pay cut."
        for a, b in found.pay_cuts
    ]


def _paid(found: Compared[Weighing], row: int) -> float:
    return found.evaluations[row].headline.paid


def _period(line: Line) -> str:
    every = line.plan.allotment.every if line.plan is not None else None
    if every is None:
        return "the time"
    return f"a {every.unit}" if every.count == 1 else f"a period of {every}"


def _months(months: float) -> str:
    if not isfinite(months):
        return "for ever"
    if months < 1:
        return f"{months * 365.25 / 12:.0f} days"
    return f"{months:.1f} months" if months < 24 else f"{months / 12:.1f} years"


def total_pay(offer: Offer) -> float:
    """Everything but tokens, by year."""
    return offer.pay.cash + offer.pay.equity


__all__ = ["DISCLAIMER", "attributes", "cents", "cuts", "four_values", "said", "steps", "trade_offs", "worth_sentence"]
