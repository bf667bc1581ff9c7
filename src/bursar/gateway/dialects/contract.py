"""What every dialect answers, and the values that it answers with.

A dialect never does I/O: it is handed bytes and hands back bytes and values. The server owns sockets and time,
the ledger owns money; a dialect only knows how one provider's protocol is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from bursar.prices.usage import Usage


class Call(Struct, frozen=True):
    """What a request asks for, as far as money is concerned."""

    dialect: str
    """`openai.chat`, `openai.responses`, `openai.embeddings`, `openai.models`, `anthropic.messages`, ..."""
    billable: bool
    """False for model lists, token counts and the like: they are relayed and never hold."""
    model: str
    """As the client wrote it; empty where the call names none."""
    stream: bool = False
    output_limit: int | None = None
    """The client's own cap on output tokens per choice, None if it set none."""
    choices: int = 1
    """How many answers are generated (`n`, `candidateCount`); the worst case multiplies by it."""
    input_bound: int = 0
    """Tokens that the input can never exceed: a byte of text is at least a token's worth; images, audio and files by the
    provider's rule. Does not count what the provider fetches by itself (see `unbounded`)."""
    text_bytes: int = 0
    """The part of `input_bound` that is text, for calibrated tighter bounds."""
    cache_ttl: str = ""
    """Dearest cache write that the request can provoke: ``""`` (none), ``"5m"`` or ``"1h"``."""
    service_tier: str = ""
    """`priority`, `flex`, `batch`, ... as requested; empty for the default."""
    unbounded: tuple[str, ...] = ()
    """Server-side tools, previous responses, remote files: what cannot be bounded beforehand, by name."""
    reports_usage: bool = True
    """False if the client did not ask a chat stream for usage: it is injected and hidden from the client."""
    limit_field: str = ""
    """The field that sets an output limit where the client set none; chosen by the model's name, and open to be replaced
    by whoever knows the provider (`max_tokens` for compatible hosts, `max_completion_tokens` for OpenAI)."""
    session: str = ""
    agent: str = ""
    parent_agent: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A request that cannot be understood: `field` names what is wrong, `found` and `expected` say how."""

    field: str
    found: str
    expected: str
    status: int = 400

    @property
    def sentence(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not relayed, in words and in machine fields; each dialect phrases it in its own shape."""

    kind: str
    """`exhausted`, `contention`, `rate`, `unauthorized`, `forbidden`, `bad_request`, `not_found`, `too_large`, `timeout`,
    `unavailable`, `method`."""
    sentence: str
    retry_after_seconds: int | None = None
    resets_at: int | None = None
    """Unix seconds at which the next lot opens, None if unknown."""
    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    """Machine fields: reason, pool, limit_nanos, used_nanos, held_nanos, needed_nanos, ask_at."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer of our own."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter knows about a reply at some moment."""

    usage: Usage | None
    """The provider's own figures, None if it has not reported any (an explicit zero is a figure)."""
    final: bool
    """The provider's figures are complete: no later event will change them."""
    model: str = ""
    """The model that the provider says it served, empty if it did not say."""
    service_tier: str = ""
    """The tier that the provider says it billed."""
    output_bytes: int = 0
    """Bytes of generated text (visible, reasoning, tool arguments) seen so far: the ground of an estimate."""
    error: bool = False
    """The provider reported an error in the reply."""
    pending: bool = False
    """The provider goes on working after the reply (a background response): what it will bill is not known yet."""
    others: tuple[tuple[str, Usage], ...] = ()
    """What the provider bills beside `usage` for the same reply: the model (empty: the same one) and its figures.
    Anthropic's advisor and compaction steps are such; the figures in `usage` leave them out."""
    began: bool = field(default=False, compare=False)
    """A stream has begun: the provider has taken the input in, whatever comes of it."""


class Meter(Protocol):
    """Reads one reply as it passes through. Fed with identity-encoded bytes in any fragmentation."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes of the provider's reply; return the bytes that the client shall receive now."""
        ...

    @property
    def terminal(self) -> bool:
        """The dialect's last event has been seen: settle now, do not wait for the end of the stream."""
        ...

    def finish(self) -> bytes:
        """The provider closed the reply; return bytes that were held back for the client."""
        ...

    def reading(self) -> Reading: ...


class Dialect(Protocol):
    """One protocol. Modules of this folder hand out one instance each."""

    name: str

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        """Read a request. `headers` has lower-case names."""
        ...

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        """The body to forward. With `output_limit` None the client's own cap stands and the body is relayed byte for
        byte (but for usage injection); else output (hidden reasoning included) is lowered to `output_limit` tokens per
        choice, never raised."""
        ...

    def meter(self, call: Call, status: int, content_type: str) -> Meter: ...

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        """Phrase a refusal as the provider would, so that real clients stop at once and show the sentence."""
        ...

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        """The event that ends a stream badly; None if the connection has to be reset instead."""
        ...
