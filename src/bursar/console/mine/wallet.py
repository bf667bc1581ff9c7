"""My wallet: how much is left, and when does it run out?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bursar.charts import BandNames, Bands, Mark, Series, Span, Timeline
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.ledger import NEVER
from bursar.office.access import action
from bursar.office.figures import wallet as wallets

WALLET = action("wallet.read")
MICROS_PER_DAY = 86_400_000_000
SOON_MICROS = 3 * MICROS_PER_DAY
"""A run-out that is nearer than this is a warning."""


@AREA.page("/wallet", name="Wallet", question="How much have I left, and when does it run out?", action="wallet.read")
def wallet(visit: Visit) -> Response:
    return _drawn(visit, "mine/wallet.html")


@AREA.part("/wallet/now", action="wallet.read")
def now(visit: Visit) -> Response:
    """The figures and the burn, asked for again whenever something moves."""
    return _drawn(visit, "mine/wallet_now.html")


def _drawn(visit: Visitor, template: str) -> Response:
    person = visit.myself(WALLET)
    with visit.desk() as desk:
        found = wallets.wallet(desk, person["id"])
        coming = wallets.coming(desk, person["id"])
    return visit.show(
        template,
        wallet=found,
        clocks=clocks(found, visit.now),
        lead=lead(found, visit.now, visit.zone),
        burn=burn_chart(found),
        coming=coming,
        timeline=timeline(found, coming, visit.now, visit.zone),
    )


def clocks(found: dict[str, Any], now: int) -> dict[str, Any]:
    """The two clocks in words: when it comes again, and how long it lasts."""
    resets, runs_out, ends = found["resets_micros"], found["runs_out_micros"], found["ends_micros"]
    rate = found["rate_day_nanos"]
    if not found["amount_nanos"]:
        lasts, note = "nothing is open", "no allotment can be spent now"
    elif runs_out is not None and runs_out <= now:
        lasts, note = "used up", "what is left admits no request"
    elif runs_out is not None:
        lasts, note = f"about {words.until(runs_out, now)}", "at this rate"
    elif not rate:
        lasts, note = "no end in sight", "nothing was used in the last two weeks"
    else:
        days = (found["available_nanos"] + found["held_nanos"]) // rate
        lasts = f"about {words.span(days * 86_400)}"
        note = f"at about {words.written(rate)} a day" + ("; it resets before" if resets else "")
    again = words.until(resets, now) if resets else "never" if ends >= NEVER or not ends else "not again"
    return {
        "resets": again,
        "resets_at": resets,
        "ends": 0 if resets or ends >= NEVER else ends,
        "lasts": lasts,
        "lasts_note": note,
        "warn": runs_out is not None and runs_out - now < SOON_MICROS,
    }


def lead(found: dict[str, Any], now: int, zone: ZoneInfo) -> str:
    """The page's answer in one sentence."""
    left, resets = found["available_nanos"] + found["held_nanos"], found["resets_micros"]
    if not found["amount_nanos"]:
        return "Nothing is open: no allotment can be spent now."
    if found["runs_out_micros"] is not None and found["runs_out_micros"] > now:
        when = found["forecast"] or "it runs out soon"
        early = f", {words.span((resets - found['runs_out_micros']) / words.MICROS)} before it resets" if resets else ""
        return f"{words.written(left)} is left: {when}{early}."
    last = found["burn"]["ahead"][-1:]
    if resets and last and last[0][2] > 0:
        return (
            f"{words.written(left)} is left, and it resets in {words.until(resets, now)}. "
            f"At this rate about {words.written(last[0][2])} will be left then."
        )
    return f"{words.written(left)} is left" + (f", and it resets in {words.until(resets, now)}." if resets else ".")


def burn_chart(found: dict[str, Any]) -> Bands:
    """What was left at the end of each day, and what will be, with eight cases in ten around it."""
    past, ahead = found["burn"]["past"], found["burn"]["ahead"]
    days = [day for day, _ in past] + [one[0] for one in ahead[1:]]
    # A reset within the last day that is looked at has no position of its own.
    known = [amount for _, amount in past] + [None] * (len(days) - len(past))
    series = [Series("left", middle=known)]
    if len(ahead) > 1:
        before: list[int | None] = [None] * (len(past) - 1)
        columns = [[*before, *(one[place] for one in ahead)] for place in (1, 2, 3)]
        series.append(Series("at this rate", low=columns[0], middle=columns[1], high=columns[2]))
    marks = [Mark(len(past) - 1, "now")] if ahead else []
    return Bands(
        "burn",
        "What is left, day by day",
        "The line is what was left at the end of each day (UTC). Ahead of now it goes on at the rate of the last two weeks; "
        "the band holds eight cases in ten, if days vary as they did.",
        names=[_short(day) for day in days],
        series=series,
        marks=marks,
        parts=BandNames(low="low", middle="expected", high="high", band="eight cases in ten"),
        axis="day",
        written=words.written_round,
        empty="Nothing was promised or used yet",
    )


def timeline(found: dict[str, Any], coming: list[dict[str, Any]], now: int, zone: ZoneInfo) -> Timeline:
    """Lots from their opening to their end, and what comes next."""
    today = words.local_date(now, zone)
    horizon = today + timedelta(days=62)
    earliest = today - timedelta(days=45)
    spans = []
    for lot in found["lots"]:
        start = max(words.local_date(lot["effective_micros"], zone), earliest)
        endless = lot["expires_micros"] >= NEVER
        end = horizon if endless else min(horizon, words.local_date(lot["expires_micros"] - 1, zone))
        note = "no end" if endless else lot["scope"]
        spans.append(Span(lot["label"], start, max(start, end), lot["available_nanos"], note))
    for event in coming:
        if event["event"] in ("release", "roll") and event["unit"] == found["unit"]:
            # A roll is told by its lot, which says that it was carried over.
            name = event["label"] or "Next allotment"
            day = date.fromisoformat(event["day"])
            if day <= horizon:
                spans.append(Span(name, day, None, event["amount_nanos"]))
    return Timeline(
        "coming",
        "What is open until when, and what comes next",
        "Bars are what is open, with what is left of each; diamonds are days on which something is released.",
        spans[:40],
        today=today,
        axis="lot",
        written=words.written,
        empty="Nothing is open and nothing is coming",
    )


def _short(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.day} {found:%b}"
