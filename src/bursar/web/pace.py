"""How often one address may ask: a bucket of units for each that fills again by itself, in memory, one process wide.

Only what costs the machine something is counted, where nobody has to be signed in for it. What is not remembered any more
has a full bucket, so forgetting the longest silent ones never lets anybody ask less.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass

MAX_REMEMBERED = 20_000
"""Addresses that are remembered; beyond that, the longest silent ones are not."""
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all that begin like it."""


@dataclass(slots=True)
class _Bucket:
    units: float
    at: float


class Pace:
    """`burst` units at once, `a_second` of them after that; for each key. Safe for threads."""

    def __init__(self, burst: float, a_second: float) -> None:
        self.burst, self.a_second = burst, a_second
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, units: float, now: float) -> float:
        """Take some units, or nothing if they are not there; returns the seconds until they would be, 0 if it took them.

        `now` is a clock that never goes back, seconds. More than a whole bucket is taken as a whole one.
        """
        wanted = min(units, self.burst)
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(self.burst, now)
            bucket.units = min(self.burst, bucket.units + max(0.0, now - bucket.at) * self.a_second)
            bucket.at = max(now, bucket.at)
            self._buckets[key] = bucket
            while len(self._buckets) > MAX_REMEMBERED:
                self._buckets.popitem(last=False)
            if bucket.units < wanted:
                return (wanted - bucket.units) / self.a_second
            bucket.units -= wanted
            return 0.0


def network_of(address: str) -> str:
    """What stands for everybody behind an address: itself, or its IPv6 network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, NETWORK_BITS), strict=False))
