"""Jobs: long work that one began, to be followed, fetched and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bursar.api import pages
from bursar.api.calls import Call, Called, Owner, Thing
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.problems import TooMany
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Page, instant, instant_or_none, said
from bursar.errors import Conflict, NotFound
from bursar.office.database import reading, transaction
from bursar.office.terms import scenarios
from bursar.office.works import work
from bursar.office.works.work import Work
from bursar.web import works

JOBS = Resource("Jobs", "Long work: followed by asking or by events, fetched, cancelled.")
LOOK_SECONDS = 0.5
"""How often a stream looks how far its job is."""
BEAT_SECONDS = 15.0
MAX_STREAMS = 100


class JobProblem(Document):
    """Why a job failed."""

    status: int = said("As an HTTP status.", 409)
    detail: str = said("In a sentence.", "the result is too large")
    hint: str = said("What to do.", "ask for less of it")


class JobDocument(Document):
    """A piece of long work."""

    id: str = said("Its id.", "wrk_5f0e6a1c2b3d")
    kind: str = said("What kind of work it is.", "simulation")
    title: str = said("In words.", "Simulation of stipend")
    state: str = said("waiting, running, done, failed or cancelled.", "running")
    share: float = said("How much of it is done, from 0 to 1.", 0.4)
    created: Instant = said("When it was begun.", "2026-11-20T09:00:00Z")
    started: Instant | None = said("When work on it began.", "2026-11-20T09:00:01Z")
    ended: Instant | None = said("When it was over.", None)
    result_type: str | None = said("Media type of its result, once it is done.", None)
    problem: JobProblem | None = Field(description="Why it failed.")


def _owner(_: Request, connection: Connection, name: str) -> Owner | None:
    try:
        return Owner(account=work.named(connection, name).account)
    except NotFound:
        return None


JOB = Thing("job", _owner)


@JOBS.get("/jobs", "listJobs", "My jobs", action="work.follow", whose="account")
def list_jobs(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[JobDocument]:
    """The newest first, also those that were begun in the console; what came out is kept for a week."""
    with reading(call.desks.engine) as connection:
        found = work.listed(connection, call.by.account)
    page, following = pages.before(found, after, limit, lambda one: (one.created, one.id))
    return Page[JobDocument](items=[job_of(one) for one in page], next=following)


@JOBS.get("/jobs/{job}", "getJob", "A job", action="work.follow", whose="thing", thing=JOB)
def get_job(call: Called) -> JobDocument:
    """How far it is."""
    return job_of(_job(call))


@JOBS.get(
    "/jobs/{job}/result",
    "getJobResult",
    "What a job made",
    action="work.follow",
    whose="thing",
    thing=JOB,
    gives="application/octet-stream",
    or_gives=("application/json", "application/x-ndjson"),
    errors=(409,),
)
def get_job_result(call: Called) -> Response:
    """In the media type that the job names. Raises a conflict while it is not done."""
    found = _job(call)
    if found.state != "done":
        raise Conflict(f"job {found.id} is {found.state}", "ask again when it is done")
    with reading(call.desks.engine) as connection:
        content = work.result(connection, found)
    if found.kind == scenarios.KIND:
        content = scenarios.document_of(content)
    name = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in found.result_name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=found.result_type, headers=headers)


@JOBS.get(
    "/jobs/{job}/events",
    "streamJob",
    "Follow a job",
    action="work.follow",
    whose="thing",
    thing=JOB,
    gives="text/event-stream",
    errors=(429,),
)
def stream_job(call: Called) -> Response:
    """Server-sent events: `progress` whenever it moves, `over` at the end; each has the job as JSON."""
    pulse = call.request.app.state.pulse
    streams: set[object] = call.request.app.state.__dict__.setdefault("job_streams", set())
    if pulse.is_stopping or len(streams) >= MAX_STREAMS:
        raise TooMany(f"{MAX_STREAMS} jobs are followed already", "ask for the job itself now and then")
    job, mark = _job(call), object()

    def look() -> Work:
        with reading(call.desks.engine) as connection:
            return work.named(connection, job.id)

    async def events() -> AsyncIterator[str]:
        streams.add(mark)
        try:
            said_, quiet, found = "", 0.0, job
            while True:
                told = job_of(found).model_dump_json()
                if told != said_:
                    said_, quiet = told, 0.0
                    yield f"event: {'progress' if found.is_open else 'over'}\ndata: {told}\n\n"
                if not found.is_open or pulse.is_stopping:
                    return
                await asyncio.sleep(LOOK_SECONDS)
                found = await run_in_threadpool(look)
                quiet += LOOK_SECONDS
                if quiet >= BEAT_SECONDS:
                    quiet = 0.0
                    yield ": beat\n\n"
        finally:
            streams.discard(mark)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@JOBS.post("/jobs/{job}/cancel", "cancelJob", "Cancel a job", action="work.follow", whose="thing", thing=JOB)
def cancel_job(call: Called) -> JobDocument:
    """It ends within a moment. One that is over stays as it is, which is a conflict."""
    found = _job(call)
    if not found.is_open:
        raise Conflict(f"job {found.id} is {found.state} already")
    call.worked = True
    with transaction(call.desks.engine) as connection:
        return job_of(work.cancel(connection, found, call.now))


def begin(call: Call, kind: str, title: str, asked: dict[str, Any], *, shared: bool = False) -> JobDocument:
    """Have long work done for the caller; `shared` work is followed by everybody with the right to its matter."""
    try:
        found = works.begin(call.request, call.by, kind, title, asked, shared=shared)
    except work.TooMuch as error:
        raise TooMany(error.sentence, error.hint) from None
    call.worked = True
    call.location = f"/jobs/{found.id}"
    return job_of(found)


def job_of(found: Work) -> JobDocument:
    failed = found.state == "failed"
    return JobDocument(
        id=found.id,
        kind=found.kind,
        title=found.title,
        state=found.state,
        share=round(found.done_ppm / work.PARTS, 4),
        created=instant(found.created),
        started=instant_or_none(found.began),
        ended=instant_or_none(found.ended),
        result_type=found.result_type or None,
        problem=JobProblem(status=found.status, detail=found.problem, hint=found.hint) if failed else None,
    )


def _job(call: Call) -> Work:
    with reading(call.desks.engine) as connection:
        found = work.named(connection, call.named)
    works.looked_at(call.request, found)
    return found
