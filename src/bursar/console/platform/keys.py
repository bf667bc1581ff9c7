"""Keys: whose key is that, and is it still used?"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query
from starlette.responses import Response

from bursar.console.platform.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action, reach
from bursar.office.database import reading
from bursar.office.keyring import key_pages, key_use, keys
from bursar.office.oversight.subjects import everybody, subject_of

READ = action("key.read")
REVOKE = action("key.revoke")
PATH = "/platform/keys"
STATES = {"live": "Live", "ended": "Revoked or over", "all": "All"}

KeyId = Annotated[str, Path(max_length=80)]


@AREA.page(PATH, name="Keys", question="Whose key is that, and is it still used?", action="key.read", whose="house")
def page(
    visit: Visit,
    find: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=10)] = "live",
    after: Annotated[str, Query(max_length=80)] = "",
    done: str = "",
) -> Response:
    visit.look(READ, [everybody(visit.actor)], "access keys")
    with visit.desk() as desk:
        # Gateways do it twice a minute; a page reads the rest, and never a journal of years.
        key_use.follow(desk, looks=1)
    with reading(visit.caller.desks.engine) as connection:
        found = key_pages.page(connection, visit.now, text=find, state=state, after=after)
    base = f"{PATH}?state={state}" + (f"&find={quote(find)}" if find else "")
    return visit.show(
        "platform/keys.html",
        keys=found.keys,
        next=found.next,
        find=find,
        state=state,
        first=not after,
        choices=[
            (f"{PATH}?state={one}" + (f"&find={quote(find)}" if find else ""), name, one)
            for one, name in STATES.items()
        ],
        may_revoke="organisation" in reach(visit.actor, REVOKE),
        done=done,
        base=base,
        path=PATH,
    )


@AREA.page(
    PATH + "/{key_id}/revoke",
    name="Revoke a key",
    question="Really?",
    action="key.revoke",
    whose="house",
    in_menu=False,
)
def revoking(visit: Visit, key_id: KeyId) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        found = keys.named(connection, key_id)
        visit.require(REVOKE, subject_of(connection, found.person_id))
    return visit.show("platform/key_revoke.html", key=found, path=PATH)


@AREA.form(PATH + "/{key_id}/revoke", action="key.revoke", whose="house")
def revoke(visit: Visit, key_id: KeyId) -> Response:
    """End a key of somebody; gateways stop it within a second."""
    with reading(visit.caller.desks.engine) as connection:
        found = keys.named(connection, key_id)
        visit.require(REVOKE, subject_of(connection, found.person_id))
    with visit.desk() as desk:
        desk.revoke_key(key_id)
    return visit.done(PATH, "revoked")


@AREA.form(PATH + "/{key_id}/resume", action="key.revoke", whose="house")
def resume(visit: Visit, key_id: KeyId) -> Response:
    """Let a paused key work again."""
    with reading(visit.caller.desks.engine) as connection:
        found = keys.named(connection, key_id)
        visit.require(REVOKE, subject_of(connection, found.person_id))
    with visit.desk() as desk:
        desk.resume_key(key_id)
    return visit.done(PATH, "resumed")
