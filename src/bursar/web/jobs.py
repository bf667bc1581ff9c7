"""Long work: begun by a request, followed and cancelled by others, gone with the process that does it.

A job belongs to the account that began it. It lives in this process, in one of `RUNNING` threads, and its result is kept for
an hour; a process that ends takes its jobs with it, so nothing that has to happen is ever a job.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from bursar.errors import BursarError, Conflict, NotFound, Unavailable
from bursar.ledger import StoreUnavailable
from bursar.web.problems import Problem, problem_of

log = logging.getLogger("bursar.web.jobs")

RUNNING = 2
"""Jobs that are worked on at once; each takes a core and a desk."""
MAX_OPEN = 50
"""Jobs that wait or run, of everybody."""
MAX_OPEN_EACH = 4
MAX_KEPT_EACH = 20
"""Jobs of one account that are remembered; the oldest that is over is forgotten first."""
KEEP_SECONDS = 3_600
MAX_RESULT_BYTES = 32 * 1024 * 1024
MICROS = 1_000_000

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER: frozenset[State] = frozenset({"done", "failed", "cancelled"})


class Cancelled(Exception):
    """Whoever began the job does not want it any more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a job made."""

    content: bytes
    type: str
    name: str
    """As a file."""


Watch = Callable[[float], None]
"""Told the share that is done; raises Cancelled when the job is not wanted any more."""
Work = Callable[[Watch], Result]


@dataclass(eq=False, slots=True)
class Job:
    """One piece of long work. Instants in microseconds UTC, 0 for not yet."""

    id: str
    account: str
    kind: str
    title: str
    created: int
    state: State = "waiting"
    share: float = 0.0
    started: int = 0
    ended: int = 0
    result: Result | None = None
    problem: Problem | None = None
    unwanted: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        return self.state in OVER


class Jobs:
    """The jobs of one process."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(RUNNING, thread_name_prefix="job")
        self._closed = False

    def begin(self, account: str, kind: str, title: str, work: Work) -> Job:
        """Take up a piece of work. Raises Unavailable if there is too much of it."""
        with self._lock:
            self._forget()
            open_ = [one for one in self._jobs.values() if not one.is_over]
            if self._closed or len(open_) >= MAX_OPEN:
                raise Unavailable("no more long work can be taken up now", "try again when some of it is over")
            if sum(one.account == account for one in open_) >= MAX_OPEN_EACH:
                raise Unavailable(f"{MAX_OPEN_EACH} jobs of yours are not over yet", "wait for one, or cancel one")
            job = Job(f"job_{secrets.token_hex(6)}", account, kind, title, self._clock())
            self._jobs[job.id] = job
            future: Future[None] = self._pool.submit(self._run, job, work)
        future.add_done_callback(lambda one: self._never_began(job) if one.cancelled() else None)
        return job

    def named(self, job_id: str) -> Job:
        """The job with this id. Raises NotFound for one that was forgotten, or is another process's."""
        with self._lock:
            self._forget()
            found = self._jobs.get(job_id)
        if found is None:
            raise NotFound(f"there is no job {job_id[:80]!r}", "jobs live in one process, for an hour after their end")
        return found

    def of(self, account: str) -> list[Job]:
        """Jobs of an account, the newest first."""
        with self._lock:
            self._forget()
            found = [one for one in self._jobs.values() if one.account == account]
        return sorted(found, key=lambda one: (-one.created, one.id))

    def cancel(self, job_id: str) -> Job:
        """Stop a job at its next step; one that is over stays as it is. Raises NotFound, and Conflict for one that is over."""
        job = self.named(job_id)
        if job.is_over:
            raise Conflict(f"job {job.id} is {job.state} already")
        job.unwanted.set()
        return job

    def close(self) -> None:
        """Cancel everything and wait for the threads."""
        with self._lock:
            self._closed = True
            for one in self._jobs.values():
                one.unwanted.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, work: Work) -> None:
        def watch(share: float) -> None:
            job.share = max(job.share, min(1.0, share))
            if job.unwanted.is_set():
                raise Cancelled

        job.started, job.state = self._clock(), "running"
        try:
            watch(0.0)
            result = work(watch)
            if len(result.content) > MAX_RESULT_BYTES:
                raise Conflict(f"the result is larger than {MAX_RESULT_BYTES} bytes", "ask for less of it")
            job.result, job.share = result, 1.0
            self._end(job, "done")
        except Cancelled:
            self._end(job, "cancelled")
        except Exception as error:
            if not isinstance(error, BursarError | StoreUnavailable):
                log.exception("job %s (%s) failed", job.id, job.kind)
            job.problem = problem_of(error)
            self._end(job, "failed")

    def _end(self, job: Job, state: State) -> None:
        job.ended, job.state = self._clock(), state

    def _never_began(self, job: Job) -> None:
        self._end(job, "cancelled")

    def _forget(self) -> None:
        """What is over and old, and the oldest of those who have many."""
        now = self._clock()
        old = [one.id for one in self._jobs.values() if one.is_over and now - one.ended > KEEP_SECONDS * MICROS]
        by_account: dict[str, list[Job]] = {}
        for one in sorted(self._jobs.values(), key=lambda one: -one.created):
            by_account.setdefault(one.account, []).append(one)
        for kept in by_account.values():
            old += [one.id for one in kept[MAX_KEPT_EACH:] if one.is_over]
        for name in set(old):
            del self._jobs[name]
