"""What a task costs: a few that people know, as token counts, priced from the book.

The counts are judgements of what such a task takes with today's clients, the cached part of the input included; they say
of which size a cost is (cents, dollars, hundreds), not what one's own next task will come to.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.prices.tariff import Tariff
from bursar.prices.usage import Usage


@dataclass(frozen=True, slots=True)
class Task:
    """Something that people let a model do, as what it reads and writes."""

    name: str
    title: str
    usage: Usage
    requests: int
    """In how many steps: each is held for and settled on its own."""


TASKS = (
    Task("email", "An e-mail", Usage(input=700, output=350), 1),
    Task("document", "A page of documentation", Usage(input=6_000, output=1_500), 2),
    Task("review", "A review of a change", Usage(input=30_000, cache_read=20_000, output=2_500), 4),
    Task("bug", "A bug found and mended", Usage(input=90_000, cache_read=900_000, output=18_000), 40),
    Task("feature", "A feature with its tests", Usage(input=400_000, cache_read=6_000_000, output=90_000), 180),
    Task("swarm", "Forty agents overnight", Usage(input=9_000_000, cache_read=140_000_000, output=2_200_000), 5_000),
)
"""From the smallest on."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A task at a price; nano-USD at list."""

    task: Task
    list_nanos: int

    @property
    def per_request_nanos(self) -> int:
        return self.list_nanos // self.task.requests


def priced(tariff: Tariff, tasks: tuple[Task, ...] = TASKS) -> list[Priced]:
    """Every task at list price, each as so many requests of one size: no long-context tier applies that none would reach."""
    found = []
    for task in tasks:
        one = Usage(
            **{
                name: count // task.requests
                for name in ("input", "cache_read", "output")
                if (count := getattr(task.usage, name))
            }
        )
        found.append(Priced(task, tariff.list_nanos(one) * task.requests))
    return found
