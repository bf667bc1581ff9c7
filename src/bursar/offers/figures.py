"""The charts of an offer, from its evaluation: one list for the report, the console and whoever draws them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bursar import charts
from bursar.calendar import months_later
from bursar.charts import BandNames, Bands, Bar, Bars, Gauge, Mark, Series, Swing, Tornado, Total, Waterfall, Zone
from bursar.offers import telling
from bursar.offers.evaluation import Evaluation
from bursar.offers.laptop import PERK, TOOL, LaptopTest
from bursar.offers.telling import said
from bursar.offers.weighing import Weighing

_NAMES = BandNames("p10", "median", "p90", "p25", "p75", band="eight worlds of ten", inner="half of them")
_MOST_SWINGS = 9


def waterfall(one: Weighing, key: str = "") -> Waterfall:
    """From face to what it is worth, by year."""
    steps: list[charts.Step | Total] = []
    for step in telling.steps(one):
        if step.total and steps:
            steps.append(Total(step.label, step.why))
        else:
            steps.append(charts.Step(step.label, round(step.amount, 2), step.why))
    return Waterfall(
        f"waterfall{key}",
        "From face to what it is worth to you, a year",
        "What the offer says stands on top, what a raise would have to be stands at the bottom, and in between is why.",
        steps,
        written=_money(one),
    )


def fan(one: Weighing, key: str = "") -> Bands | None:
    """What is left at the end of each month."""
    found = one.outcome.fan
    if found is None or not found.any():
        return None
    first = one.offer.first
    names = [_month(months_later(first, number)) for number in range(one.outcome.months)]
    p10, p25, p50, p75, p90 = ([round(float(value), 2) for value in row] for row in found)
    ends = [Mark(number, f"year {(number + 1) // 12} ends") for number in range(11, one.outcome.months, 12)]
    return Bands(
        f"fan{key}",
        "What is left at the end of each month",
        " ".join(telling.run_out_sentences(one)),
        names,
        [Series("left", p10, p50, p90, p25, p75)],
        marks=ends[:4],
        parts=_NAMES,
        written=_money(one),
        axis="month",
    )


def tornado(one: Evaluation, key: str = "") -> Tornado:
    """What the answer depends on."""
    swings = [
        Swing(moved.name, round(moved.low, 2), round(moved.high, 2), moved.low_text, moved.high_text)
        for moved in one.sensitivities[:_MOST_SWINGS]
    ]
    strongest = f"{swings[0].label} moves it most." if swings else ""
    return Tornado(
        f"tornado{key}",
        "What it depends on",
        f"Each assumption moved alone, the others as they are. {strongest}",
        round(one.outcome.a_year, 2),
        swings,
        middle_label="as assumed",
        low_name="the first value",
        high_name="the second",
        written=_money(one),
    )


def gauge(test: LaptopTest, key: str = "") -> Gauge:
    """The laptop test."""
    zones = [Zone(PERK, "perk"), Zone(TOOL, "some of each"), Zone(100, "operating cost")]
    return Gauge(f"laptop{key}", "Perk or tool?", test.words, round(test.score), zones)


def scenarios(one: Evaluation, key: str = "") -> Bars:
    """Worth under each path of prices."""
    bars = [
        Bar(
            scenario.price.name,
            [round(scenario.worth, 2)],
            "as today" if scenario.price.per_year == 1 else f"{scenario.price.per_year - 1:+.0%} a year",
        )
        for scenario in one.scenarios
    ]
    sentence = (
        "What it is worth to you a year if the price of the same work goes that way, and your use grows as expected."
    )
    return Bars(f"prices{key}", "If prices move", sentence, bars, ("worth a year",), written=_money(one), axis="prices")


def years(one: Evaluation, key: str = "") -> Bands:
    """A raise of the tokens' face beside the tokens."""
    names = ["today", *(f"year {year.year}" for year in one.face_years)]
    saved = [0.0, *(round(year.saved + year.matched, 2) for year in one.face_years)]
    tokens = [0.0, *(round(year.tokens, 2) for year in one.face_years)]
    return Bands(
        f"years{key}",
        "What compounds",
        f"{said(one.face, one.offer.currency)} a year as salary, saved after tax, beside what the tokens are worth to you.",
        names,
        [Series("as salary", middle=saved), Series("as tokens", middle=tokens)],
        written=_money(one),
        axis="years",
    )


def package(ones: Sequence[Weighing], key: str = "") -> Bars:
    """Offers side by side: cash first, tokens at what they are worth, and the rest of their face."""
    bars = []
    for one in ones:
        found = one.headline
        worth = max(0.0, found.worth)
        bars.append(
            Bar(
                one.offer.title,
                [
                    round(value, 2)
                    for value in (found.cash, found.equity + found.signing, worth, max(0.0, found.tokens - worth))
                ],
            )
        )
    parts = ("spendable cash", "equity and signing", "tokens, worth to you", "tokens, the rest of their face")
    sentence = "By year. Cash stands first; of the tokens only the third part is worth anything to you."
    return Bars(f"package{key}", "Total pay", sentence, bars, parts, written=_money(ones[0]), axis="offers")


def _money(one: Weighing) -> Callable[[float], str]:
    return lambda amount: said(amount, one.offer.currency)


def _month(day: object) -> str:
    return f"{day:%b %Y}"
