"""Offers side by side: which is better without tokens, and which with them at what they are worth?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bursar.console.candidate.area import AREA, BESIDE_UNITS, REPORT_UNITS, SCALES, count
from bursar.console.candidate.keeping import document_of, sent_as
from bursar.console.candidate.sent import LINK, Document, Form, Sent, linked, today, unseen
from bursar.console.candidate.showing import amount
from bursar.console.candidate.weigh import layout
from bursar.console.guest import Guest, Stranger
from bursar.console.visit import Visitor
from bursar.errors import InvalidInput
from bursar.offers import figures, telling
from bursar.offers.evaluation import Compared
from bursar.offers.link import MAX_CARRIED_CHARS, MAX_LINK_CHARS, link_in, packed, unpacked
from bursar.offers.telling import percent, said
from bursar.offers.weighing import Weighing
from bursar.office.figures.weighing import MAX_BESIDE
from bursar.office.figures.weighing import read as weighable
from bursar.plans.document import PlanFaults

NAME, QUESTION = "Compare offers", "Which is better without tokens, and which with them?"


@AREA.page("/offer/compare", name=NAME, question=QUESTION, action="offer.evaluate", whose="house", public=True)
def compare(guest: Guest, request: Request) -> Response:
    """Offers by a link, or how to begin."""
    given = linked(request)
    answer = _drawn(guest, given, by_link=bool(given))
    return unseen(answer) if given else answer


@AREA.ask("/offer/compare", name=NAME, question=QUESTION, action="offer.evaluate", whose="house", public=True)
def compared(guest: Guest, form: Form) -> Response:
    """The offers that were sent, and one more from a file or a link; without one that was taken away."""
    documents = form.all
    try:
        more = _one_more(form)
        if more is not None:
            weighable(more, today(guest))
            documents = [*documents, more]
        if len(documents) > MAX_BESIDE:
            raise InvalidInput("offers", str(len(documents)), f"at most {MAX_BESIDE} side by side")
    except PlanFaults as error:
        return _drawn(guest, form.all, refused=[str(one) for one in error.faults])
    except InvalidInput as error:
        return _drawn(guest, form.all[:MAX_BESIDE], refused=[error.sentence])
    gone = form.text("without", 2)
    if gone.isdecimal() and int(gone) < len(documents):
        del documents[int(gone)]
    return _drawn(guest, documents)


def _one_more(form: Sent) -> Document | None:
    if form.name:
        return document_of(form.file, form.name)
    pasted = form.text("link", MAX_LINK_CHARS + 200).strip()
    return unpacked(link_in(pasted)) if pasted else None


@AREA.ask("/offer/compare/report", action="offer.evaluate", whose="house", public=True)
def report(guest: Guest, form: Form) -> Response:
    """The report of all of them in one HTML file."""
    documents = form.all
    count(guest, REPORT_UNITS * max(1, len(documents)))
    return sent_as(SCALES.report(documents, today(guest)), "text/html", "offers-report.html")


def _drawn(
    guest: Visitor | Stranger, documents: list[Document], *, by_link: bool = False, refused: Sequence[str] = ()
) -> Response:
    everything = [packed(one, MAX_CARRIED_CHARS) for one in documents]
    values: dict[str, Any] = {
        "layout": layout(guest, by_link=by_link),
        "all": everything,
        "columns": [],
        "most": MAX_BESIDE,
        "refused": refused,
    }
    if documents:
        count(guest, BESIDE_UNITS * len(documents))
        values |= _beside(guest, SCALES.beside(documents, today(guest)), everything)
    return guest.show("candidate/compare.html", 422 if refused else 200, **values)


def _beside(guest: Visitor | Stranger, found: Compared[Weighing], everything: list[str]) -> dict[str, Any]:
    ones = found.evaluations
    address = "&".join(f"{LINK}={one}" for one in everything)
    here = f"{guest.request.url.scheme}://{guest.request.url.netloc}/offer/compare"
    return {
        "columns": [
            {"title": one.offer.title, "packed": text, "others": [*everything[:place], *everything[place + 1 :]]}
            for place, (one, text) in enumerate(zip(ones, everything, strict=True))
        ],
        "rows": _rows(found),
        "best": ones[found.by_worth[0]],
        "loudest": ones[found.by_headline[0]],
        "by_cash": ones[found.by_cash[0]].offer.title,
        "turned": found.by_cash[0] != found.by_worth[0],
        "chart": figures.package(ones),
        "cuts": telling.cuts(found),
        "flips": found.flips,
        "said": said,
        "currencies": sorted({one.offer.currency for one in ones}),
        "link": f"{here}?{address}" if len(address) <= MAX_LINK_CHARS else "",
        "disclaimer": telling.DISCLAIMER,
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one offer; `first`: the most of all of them, where that is a ranking."""

    text: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    cells: tuple[Cell, ...]
    strong: bool = False


def _rows(found: Compared[Weighing]) -> list[Row]:
    ones = found.evaluations

    def sums(name: str, figure: str, ranked: Sequence[int] = (), *, strong: bool = False) -> Row:
        first = ranked[0] if len(ones) > 1 and ranked else -1
        cells = (
            Cell(amount(getattr(one.headline, figure), one.offer.currency), place == first)
            for place, one in enumerate(ones)
        )
        return Row(name, tuple(cells), strong)

    def texts(name: str, told: Callable[[Weighing], str]) -> Row:
        return Row(name, tuple(Cell(told(one)) for one in ones))

    return [
        sums("Spendable cash", "cash"),
        sums("Equity", "equity"),
        sums("Signing bonus, over four years", "signing"),
        sums("Without tokens", "paid", found.by_cash, strong=True),
        sums("Tokens, as the offer says", "tokens"),
        sums("Tokens, worth to you", "worth"),
        sums("Headline", "total", found.by_headline),
        sums("Total, tokens at their worth", "cash_like", found.by_worth, strong=True),
        texts("Compute's share of the headline", lambda one: percent(one.headline.share, 1)),
        texts("Perk or tool (100: a tool)", lambda one: ", ".join(f"{test.score:.0f}" for test in one.laptop)),
        texts("Terms left open", lambda one: str(sum(len(line.unknown) for line in one.offer.lines))),
    ]
