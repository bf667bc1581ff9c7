"""Connect: how do I point my tools here? Lines to copy for each client, and one's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, NotFound
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.keyring import keys
from bursar.office.settings import Settings

READ, ISSUE, REVOKE = action("key.read"), action("key.issue"), action("key.revoke")
HERE = "$BURSAR_KEY"
OVERLAPS = ((0, "stops at once"), (3_600, "goes on for an hour"), (86_400, "goes on for a day"))
DONE = {
    "resumed": "The key works again.",
    "revoked": "The key is revoked. Within a second nothing passes with it any more.",
}

KeyId = Annotated[str, Path(max_length=80)]


@dataclass(frozen=True, slots=True)
class Client:
    """How one client is pointed here; `lines` are typed into a shell, or into the file that `where` names."""

    key: str
    name: str
    lines: str
    where: str = ""


@AREA.page("/connect", name="Connect", question="How do I point my tools at this?", action="key.read")
def connect(visit: Visit, done: str = "") -> Response:
    return _drawn(visit, done=done)


@AREA.form("/connect/keys", action="key.issue", name="Connect", question="How do I point my tools at this?")
def issue(
    visit: Visit,
    label: Annotated[str, Form(max_length=400)] = "",
    purpose: Annotated[str, Form(max_length=40)] = "work",
    project: Annotated[str, Form(max_length=400)] = "",
    models: Annotated[str, Form(max_length=4_000)] = "",
    cap: Annotated[str, Form(max_length=160)] = "",
    expires: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Issue a key and show its secret, this once."""
    person = visit.myself(ISSUE)
    typed = {"label": label, "purpose": purpose, "project": project, "models": models, "cap": cap, "expires": expires}
    try:
        with visit.desk() as desk:
            made = desk.issue_key(
                person["id"],
                label=label.strip(),
                purpose=purpose,
                project=project.strip(),
                models=tuple(models.split()),
                cap=cap.strip(),
                expires=expires,
            )
    except BursarError as error:
        return _drawn(visit, error=error, typed=typed)
    return _shown(visit, made, label or made["id"], "issued")


@AREA.form("/connect/keys/{key_id}/rotate", action="key.issue", name="Connect", question="A new secret for a key")
def rotate(visit: Visit, key_id: KeyId, overlap: Annotated[int, Form()] = 0) -> Response:
    """Give one's own key a new secret and show it, this once."""
    visit.myself(ISSUE)
    with visit.desk() as desk:
        found = _own(visit, desk, key_id)
        made = desk.rotate_key(found.id, overlap_seconds=overlap)
    return _shown(visit, made, found.terms.label or found.id, "rotated")


@AREA.page(
    "/connect/keys/{key_id}/rotate", name="New secret", question="What happens to the old one?", action="key.issue",
    in_menu=False,
)  # fmt: skip
def ask_rotate(visit: Visit, key_id: KeyId) -> Response:
    visit.myself(ISSUE)
    with visit.desk() as desk:
        found = _own(visit, desk, key_id)
    return visit.show("mine/key_rotate.html", key=found, overlaps=OVERLAPS)


@AREA.page(
    "/connect/keys/{key_id}/revoke", name="Revoke a key", question="Is it to stop for good?", action="key.revoke",
    in_menu=False,
)  # fmt: skip
def ask_revoke(visit: Visit, key_id: KeyId) -> Response:
    visit.myself(REVOKE)
    with visit.desk() as desk:
        found = _own(visit, desk, key_id)
    return visit.show("mine/key_revoke.html", key=found)


@AREA.form("/connect/keys/{key_id}/resume", action="key.revoke")
def resume(visit: Visit, key_id: KeyId) -> Response:
    """Let one's own paused key work again."""
    visit.myself(REVOKE)
    with visit.desk() as desk:
        desk.resume_key(_own(visit, desk, key_id).id)
    return visit.done("/connect", "resumed")


@AREA.form("/connect/keys/{key_id}/revoke", action="key.revoke")
def revoke(visit: Visit, key_id: KeyId) -> Response:
    """End one's own key for good."""
    visit.myself(REVOKE)
    with visit.desk() as desk:
        desk.revoke_key(_own(visit, desk, key_id).id)
    return visit.done("/connect", "revoked")


def _own(visit: Visitor, desk: Desk, key_id: str) -> keys.AccessKey:
    """A key of the caller's own; somebody else's is not there."""
    with reading(desk.engine) as connection:
        found = keys.named(connection, key_id)
    if found.person_id != visit.actor.person:
        raise NotFound("there is no such key of yours")
    return found


def _drawn(
    visit: Visitor, error: BursarError | None = None, typed: dict[str, str] | None = None, done: str = ""
) -> Response:
    person = visit.myself(READ)
    with visit.desk() as desk:
        found = desk.keys(person["id"])
    live = [one for one in found if one["state"] in ("live", "paused")]
    values: dict[str, Any] = {
        "live": live,
        "over": [one for one in found if one["state"] not in ("live", "paused")],
        "clients": list(clients(gateway_url(visit.caller.desks.settings), HERE)),
        "typed": typed or {"label": "", "purpose": "work", "project": "", "models": "", "cap": "", "expires": ""},
        "done": done,
        "told": DONE,
    }
    if error is not None:
        return visit.show_faults("mine/connect.html", error, **values)
    return visit.show("mine/connect.html", **values)


def _shown(visit: Visitor, made: dict[str, Any], label: str, how: str) -> Response:
    """The secret, and every line with it filled in; it is in no log, no cache and no second page."""
    url = gateway_url(visit.caller.desks.settings)
    return visit.show("mine/key_shown.html", made=made, label=label, how=how, clients=list(clients(url, made["token"])))


def gateway_url(settings: Settings) -> str:
    """Where clients reach the gateway."""
    return (settings.gateway_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def clients(url: str, key: str) -> Iterator[Client]:
    """The lines of every client that is known to work, with this key."""
    yield Client("claude", "Claude Code", f"export ANTHROPIC_BASE_URL={url}\nexport ANTHROPIC_AUTH_TOKEN={key}\nclaude")
    yield Client(
        "codex",
        "Codex",
        f'model_provider = "bursar"\n\n[model_providers.bursar]\nname = "Bursar"\nbase_url = "{url}/v1"\n'
        'env_key = "BURSAR_KEY"\nwire_api = "responses"',
        "in ~/.codex/config.toml, with BURSAR_KEY in the environment",
    )
    yield Client("gemini", "Gemini CLI", f"export GOOGLE_GEMINI_BASE_URL={url}\nexport GEMINI_API_KEY={key}\ngemini")
    yield Client(
        "aider", "aider", f"export OPENAI_API_BASE={url}/v1\nexport OPENAI_API_KEY={key}\naider --model openai/gpt-5"
    )
    yield Client(
        "openai", "OpenAI SDK", f'from openai import OpenAI\n\nclient = OpenAI(base_url="{url}/v1", api_key="{key}")'
    )
    yield Client(
        "anthropic",
        "Anthropic SDK",
        f'from anthropic import Anthropic\n\nclient = Anthropic(base_url="{url}", api_key="{key}")',
    )
    body = '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}'
    yield Client(
        "curl",
        "curl",
        f"curl {url}/v1/chat/completions \\\n  -H 'Authorization: Bearer {key}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'",
    )
