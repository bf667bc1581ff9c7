"""Requests in flight: what is running now, and how to stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bursar.gateway.dialects.contract import Call
from bursar.gateway.directory import KeyRecord


class LiveRequest:
    """One admitted request. `stop` asks it to end badly: the client gets an error event, never a clean end."""

    __slots__ = ("_wake", "call", "held_nanos", "key", "request_id", "started", "stop_reason")

    def __init__(self, request_id: str, key: KeyRecord, call: Call, started: int) -> None:
        self.request_id = request_id
        self.key = key
        self.call = call
        self.started = started
        self.held_nanos = 0
        self.stop_reason = ""
        self._wake: Callable[[], object] | None = None

    def on_stop(self, wake: Callable[[], object] | None) -> None:
        """What to call so that the request notices at once that it shall stop."""
        self._wake = wake

    def stop(self, reason: str) -> None:
        if not self.stop_reason:
            self.stop_reason = reason
            if self._wake is not None:
                self._wake()


class Live:
    """All requests in flight of one gateway."""

    def __init__(self) -> None:
        self._requests: dict[str, LiveRequest] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[LiveRequest]:
        return iter(tuple(self._requests.values()))

    def add(self, request: LiveRequest) -> None:
        self._requests[request.request_id] = request

    def remove(self, request: LiveRequest) -> None:
        self._requests.pop(request.request_id, None)

    def stop(self, matches: Callable[[LiveRequest], bool], reason: str) -> int:
        """Stop every request that matches; returns how many."""
        chosen = [request for request in self._requests.values() if matches(request)]
        for request in chosen:
            request.stop(reason)
        return len(chosen)
