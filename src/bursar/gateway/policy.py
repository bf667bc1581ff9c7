"""The named limits and choices of a gateway; every one can be set, none is hidden in the code."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """How a gateway admits, relays and settles. Durations in seconds unless the name says otherwise."""

    max_body_bytes: int = 32 * MIB
    receipt_seconds: float = 30.0
    """A request must have arrived completely within this time of its connection or its first byte."""
    keepalive_seconds: float = 75.0
    max_connections: int = 8_192
    max_reply_bytes: int = 64 * MIB
    """A buffered (not streamed) reply may not be larger."""
    drain_seconds: float = 30.0
    """At shutdown: how long requests in flight may go on before they are stopped and settled."""
    quiet_seconds: float = 1.0
    """At shutdown: how long connections without a request are kept when nothing runs any more."""
    unready_seconds: float = 0.0
    """At shutdown: how long `/readyz` says no while requests are still accepted, for balancers that have to ask first."""
    hold_seconds: int = 2 * 3600
    """Time limit of a hold; longer than any request may take."""
    request_seconds: float = 3600.0
    """A request that is not over by then is stopped and settled."""
    floor_output_tokens: int = 4096
    """A request is admitted if at least this much output can be afforded beside its input."""
    share_divisor: int = 8
    """One request may hold at most this fraction (1/n) of what is free, if more would be needed for its worst case."""
    unbounded_input_tokens: int = 32_768
    """Allowance for input that only the provider knows: server-side tools, stored conversations, remote files."""
    unknown_model: str = "refuse"
    """`refuse`, or `ceiling`: price an unknown model at the dearest rates of its provider."""
    hang_up: str = "drain"
    """When the client hangs up in a stream: `drain` the provider's reply for its real usage, or `stop` and estimate."""
    hang_up_bytes: int = 4 * MIB
    hang_up_seconds: float = 60.0
    client_seconds: float = 120.0
    """A client that reads nothing of a stream for so long has left; what it was sent is settled."""
    on_lapse: str = "unresolved"
    """A hold that nobody settles becomes a visible `unresolved` charge, or is `released`."""
    person_requests_per_minute: int = 0
    """Of every person, over all their keys; 0: no limit."""
    person_tokens_per_minute: int = 0
    ask_at: str = ""
    """Where people ask for more: a sentence or a link, shown in every refusal."""


DEFAULT_POLICY = Policy()
