"""Wire dialects, sans-IO: parse a request, meter a reply, phrase a refusal. Nothing here reads a clock or a socket."""

from bursar.gateway.dialects.contract import Call, Dialect, Malformed, Meter, Reading, Refusal, Reply
from bursar.gateway.dialects.keys import authenticate_upstream, credentials
from bursar.gateway.dialects.routes import route

__all__ = [
    "Call",
    "Dialect",
    "Malformed",
    "Meter",
    "Reading",
    "Refusal",
    "Reply",
    "authenticate_upstream",
    "credentials",
    "route",
]
