"""What a page of offers is sent: the offer as it was, what its controls say now, and the offers beside it.

All of it travels with every request and is kept nowhere: an offer as one packed field, controls as fields of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from bursar.calendar import from_micros
from bursar.console.guest import Stranger
from bursar.console.visit import Visitor
from bursar.errors import InvalidInput
from bursar.offers.controls import CONTROLS
from bursar.offers.filling import MAX_VALUE_CHARS, blank, filled
from bursar.offers.link import MAX_CARRIED_CHARS, MAX_LINK_CHARS, unpacked
from bursar.office.figures.weighing import MAX_BESIDE
from bursar.plans.document import MAX_BYTES

Document = dict[str, Any]

MAX_FIELDS = 120
_MAX_PART_BYTES = MAX_BYTES + 1_024
LINK = "o"
"""The field, and the parameter of an address, that holds an offer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One form, read."""

    form: FormData
    name: str = ""
    """Of a file that was sent along; empty without one."""
    content: bytes = b""
    """Its first bytes, one more than is taken."""

    def text(self, name: str, most: int = MAX_VALUE_CHARS) -> str:
        """A field, empty without it. Raises `InvalidInput` if it is too long."""
        found = self.form.get(name, "")
        if not isinstance(found, str):
            return ""
        if len(found) > most:
            raise InvalidInput(name, f"{len(found):,} characters", f"at most {most:,}")
        return found

    @property
    def line(self) -> int:
        """Which of an offer's promises the controls are about."""
        return self._number("line")

    @property
    def next_line(self) -> int:
        """Which of them the controls are about from now on."""
        return self._number("to_line") if "show" in self.form else self.line

    def _number(self, name: str) -> int:
        found = self.text(name, 4) or "0"
        if not found.isdecimal():
            raise InvalidInput(name, repr(found), "the number of a line")
        return int(found)

    @property
    def base(self) -> Document:
        """The offer as the page had it."""
        packed = self.text(LINK, MAX_CARRIED_CHARS)
        return unpacked(packed, MAX_CARRIED_CHARS) if packed else blank()

    @property
    def document(self) -> Document:
        """The offer with what the controls say."""
        values = {name: self.text(name) for name in CONTROLS if name in self.form}
        forgotten = self.text("forget")
        if forgotten in values:
            values[forgotten] = ""
        return filled(self.base, values, self.line) if values else self.base

    @property
    def beside(self) -> list[Document]:
        """The other offers that are carried along."""
        return self._several("beside")

    @property
    def all(self) -> list[Document]:
        """Every offer of a comparison, in order."""
        return [*self._several(LINK), *self.beside]

    def _several(self, name: str) -> list[Document]:
        found = [one for one in self.form.getlist(name) if isinstance(one, str) and one]
        if len(found) > MAX_BESIDE:
            raise InvalidInput("offers", str(len(found)), f"at most {MAX_BESIDE} side by side")
        return [unpacked(one, MAX_CARRIED_CHARS) for one in found]

    @property
    def file(self) -> str:
        """The text of a file that was sent along. Raises `InvalidInput` for what is none."""
        if not self.name:
            raise InvalidInput("file", "nothing", "an offer: a file that begins with `bursar: offer/1`")
        if len(self.content) > MAX_BYTES:
            raise InvalidInput("file", f"more than {MAX_BYTES:,} bytes", f"an offer of at most {MAX_BYTES:,}")
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidInput("file", "bytes that are no text", "a text file in UTF-8") from None


async def sent_of(request: Request) -> Sent:
    """Read the form of a request."""
    async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=_MAX_PART_BYTES) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return Sent(form)
        return Sent(form, file.filename[:MAX_VALUE_CHARS], await file.read(MAX_BYTES + 1))


Form = Annotated[Sent, Depends(sent_of)]
"""What a page asks for as a parameter."""


def linked(request: Request) -> list[Document]:
    """The offers in an address."""
    found = [one for one in request.query_params.getlist(LINK) if one]
    if len(found) > MAX_BESIDE:
        raise InvalidInput("offers", str(len(found)), f"at most {MAX_BESIDE} side by side")
    return [unpacked(one, MAX_LINK_CHARS) for one in found]


def today(guest: Visitor | Stranger) -> date:
    return from_micros(guest.now).date()


def unseen(answer: Response) -> Response:
    """A page whose address holds an offer: for no index, and no other page is told that address."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
