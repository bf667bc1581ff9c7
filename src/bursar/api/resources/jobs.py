"""Jobs: long work that one began, to be followed, fetched and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bursar.api import pages
from bursar.api.calls import Call, Called, Owner, Thing
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.problems import TooMany
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Page, instant, instant_or_none, said
from bursar.errors import Conflict, NotFound, Unavailable
from bursar.web.jobs import Job, Jobs, Work

JOBS = Resource("Jobs", "Long work: followed by asking or by events, fetched, cancelled.")
LOOK_SECONDS = 0.2
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

    id: str = said("Its id.", "job_5f0e6a1c2b3d")
    kind: str = said("What kind of work it is.", "simulation")
    title: str = said("In words.", "Simulation of stipend")
    state: str = said("waiting, running, done, failed or cancelled.", "running")
    share: float = said("How much of it is done, from 0 to 1.", 0.4)
    created: Instant = said("When it was begun.", "2026-11-20T09:00:00Z")
    started: Instant | None = said("When work on it began.", "2026-11-20T09:00:01Z")
    ended: Instant | None = said("When it was over.", None)
    result_type: str | None = said("Media type of its result, once it is done.", None)
    result_bytes: int | None = said("Size of its result, once it is done.", None)
    problem: JobProblem | None = Field(description="Why it failed.")


def _owner(request: Request, _: Connection, name: str) -> Owner | None:
    try:
        return Owner(account=_jobs(request).named(name).account)
    except NotFound:
        return None


JOB = Thing("job", _owner)


@JOBS.get("/jobs", "listJobs", "My jobs", action="work.follow", whose="account")
def list_jobs(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[JobDocument]:
    """The newest first; those of the process that answers, for an hour after their end."""
    found = _jobs(call.request).of(call.by.account)
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
    errors=(409,),
)
def get_job_result(call: Called) -> Response:
    """In the media type that the job names. Raises a conflict while it is not done."""
    job = _job(call)
    if job.result is None:
        raise Conflict(f"job {job.id} is {job.state}", "ask again when it is done")
    name = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in job.result.name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(job.result.content, media_type=job.result.type, headers=headers)


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

    async def events() -> AsyncIterator[str]:
        streams.add(mark)
        try:
            said_, quiet = "", 0.0
            while True:
                told = job_of(job).model_dump_json()
                if told != said_:
                    said_, quiet = told, 0.0
                    yield f"event: {'over' if job.is_over else 'progress'}\ndata: {told}\n\n"
                if job.is_over or pulse.is_stopping:
                    return
                await asyncio.sleep(LOOK_SECONDS)
                quiet += LOOK_SECONDS
                if quiet >= BEAT_SECONDS:
                    quiet = 0.0
                    yield ": beat\n\n"
        finally:
            streams.discard(mark)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@JOBS.post("/jobs/{job}/cancel", "cancelJob", "Cancel a job", action="work.follow", whose="thing", thing=JOB)
def cancel_job(call: Called) -> JobDocument:
    """It ends at its next step. One that is over stays as it is, which is a conflict."""
    return job_of(_jobs(call.request).cancel(call.named))


def begin(call: Call, kind: str, title: str, work: Work) -> JobDocument:
    """Take up a piece of work for the caller."""
    try:
        job = _jobs(call.request).begin(call.by.account, kind, title, work)
    except Unavailable as error:
        raise TooMany(error.sentence, error.hint) from None
    call.worked = True
    call.location = f"/jobs/{job.id}"
    return job_of(job)


def job_of(job: Job) -> JobDocument:
    problem = job.problem
    return JobDocument(
        id=job.id,
        kind=job.kind,
        title=job.title,
        state=job.state,
        share=round(job.share, 4),
        created=instant(job.created),
        started=instant_or_none(job.started),
        ended=instant_or_none(job.ended),
        result_type=job.result.type if job.result else None,
        result_bytes=len(job.result.content) if job.result else None,
        problem=JobProblem(status=problem.status, detail=problem.sentence, hint=problem.hint) if problem else None,
    )


def _job(call: Call) -> Job:
    return _jobs(call.request).named(call.named)


def _jobs(request: Request) -> Jobs:
    found: Jobs = request.app.state.jobs
    return found
