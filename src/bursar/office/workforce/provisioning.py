"""Keeping the roster as a directory has it: create, change, deactivate, look up; the use cases behind the SCIM server.

Everybody of the roster is there, also who was never provisioned: they are known by their e-mail address, else by their
handle, until a directory gives them a name of its own. What the roster has no field for is kept as it came. Deactivating
runs the terms for leaving, with today in the person's own zone as the last day; nobody is ever removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from bursar.errors import BursarError, Conflict, Forbidden, InvalidInput, NotFound
from bursar.office.database import only_if, reading, transaction
from bursar.office.granting import hiring, promises
from bursar.office.tables import ORGANISATION, person, provisioned
from bursar.office.workforce import people
from bursar.office.workforce.roster import MAX_TEXT_CHARS

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_PAGE = 200
"""People in one answer."""
MAX_DOCUMENT_CHARS = 20_000
"""What is kept of a person beside the roster's own fields."""
MAX_HANDLES = 1_000
"""People whose addresses begin alike."""
HANDLE_CHARS = 58
FIELDS = ("name", "email", "team", "level", "job_family", "role", "location", "zone", "hire_date", "manager")
"""Of the roster, that a directory sets; the handle is made once from the name that it knows the person by."""

Document = dict[str, Any]


class Taken(Conflict):
    """Somebody else has this name, address or id."""


class Changed(BursarError):
    """It was changed since it was read."""

    exit_code = 4
    status = 412


@dataclass(frozen=True, slots=True)
class Wish:
    """What a directory wants of a person. `active` None: nothing is said about it."""

    user_name: str
    external_id: str = ""
    active: bool | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """By roster field; `manager` is the id of a person, empty for none."""
    document: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A person as a directory sees them."""

    person: Mapping[str, Any]
    user_name: str
    external_id: str
    document: Document
    active: bool
    manager: str
    """Id of the manager; empty for none."""
    changed: int
    """Microseconds UTC."""
    known: bool
    """Whether a directory ever wrote of the person."""

    @property
    def id(self) -> str:
        return str(self.person["id"])

    @property
    def version(self) -> str:
        """Of everything that is shown."""
        told = [dict(self.person), self.user_name, self.external_id, self.document, self.active, self.manager]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; None: whatever."""

    id: str | None = None
    user_name: str | None = None
    external_id: str | None = None
    email: str | None = None
    active: bool | None = None


def listed(
    connection: Connection, wanted: Wanted, now: int, *, start: int = 1, count: int = MAX_PAGE
) -> tuple[int, list[Record]]:
    """How many there are, and a page of them from the `start`th (from 1), in the order in which they were added."""
    conditions = [person.c.organisation == ORGANISATION, func.coalesce(provisioned.c.deleted, 0) == 0]
    if wanted.id is not None:
        conditions.append(person.c.id == wanted.id)
    if wanted.user_name is not None:
        conditions.append(_named(folded(wanted.user_name)))
    if wanted.external_id is not None:
        conditions.append(and_(provisioned.c.external_id == wanted.external_id, provisioned.c.external_id != ""))
    if wanted.email is not None:
        conditions.append(person.c.email == wanted.email.lower())
    query = _joined().where(*conditions).order_by(person.c.created, person.c.id)
    if wanted.active is None:
        total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        rows = connection.execute(query.offset(start - 1).limit(min(count, MAX_PAGE))).all()
        return int(total), _records(connection, rows, now)
    # A last day is over at midnight where the person is: that is no question for SQL.
    rows = [row for row in connection.execute(query) if _is_active(row, now) == wanted.active]
    return len(rows), _records(connection, rows[start - 1 : start - 1 + min(count, MAX_PAGE)], now)


def named(connection: Connection, person_id: str, now: int) -> Record:
    """The person with this id. Raises NotFound, also for one whom the directory has deleted."""
    if person_id.isprintable():
        for one in listed(connection, Wanted(id=person_id), now, count=1)[1]:
            return one
    raise NotFound(f"there is no user {person_id[:MAX_TEXT_CHARS]!r}")


def keeper(connection: Connection, person_id: str) -> str:
    """What the directory that keeps somebody's record calls them; empty where none does, or does no more."""
    row = connection.execute(select(provisioned).where(provisioned.c.person == person_id)).first()
    return "" if row is None or row.deleted else str(row.user_name)


def create(desk: Desk, wish: Wish) -> Record:
    """Add a person; who was deleted with the same name and external id comes back. Raises Taken, InvalidInput."""
    now = desk.now()
    with _unique(), transaction(desk.engine) as connection:
        gone = connection.execute(
            select(provisioned).where(provisioned.c.folded == folded(wish.user_name), provisioned.c.deleted > 0)
        ).first()
        if gone is not None and (not wish.external_id or gone.external_id != wish.external_id):
            # An address that is given to somebody new must not hand them what another person left behind.
            hint = "give it to nobody else, or send the external id that this person had"
            raise Taken(f"somebody who left was called {wish.user_name}", hint)
        if gone is not None:
            person_id = str(gone.person)
            connection.execute(update(provisioned).where(provisioned.c.person == person_id).values(deleted=0))
            desk.note(connection, "person.provision", person_id, {"returned": True})
        else:
            _refuse_taken(connection, wish.user_name, "")
            row = {name: value for name, value in wish.fields.items() if name in FIELDS}
            row["manager"] = _handle(connection, row.get("manager", ""))
            made = people.add(
                connection, {"handle": _free_handle(connection, wish.user_name), **row}, desk.new_id("per"), now
            )
            person_id = made["id"]
            _keep(connection, person_id, wish, now)
            desk.note(connection, "person.add", person_id, {"handle": made["handle"], "by_directory": True})
    if gone is not None:
        return change(desk, person_id, replace(wish, active=wish.active is not False))
    if wish.active is False:
        promises.leave(desk, person_id, _today(desk, person_id))
    else:
        hiring.hired(desk, [person_id])
    return _read(desk, person_id)


def change(desk: Desk, person_id: str, wish: Wish, *, seen: str = "", own: str = "") -> Record:
    """Bring a person to what a directory says; grants follow to the tier that is theirs, as with any change.

    `seen` is the version that the wish rests on; `own` the id of the caller's own person, whose record is not theirs to
    change. Raises NotFound, Changed, Taken, InvalidInput, Forbidden.
    """
    now = desk.now()
    _not_oneself(person_id, own)
    with _unique(), _only_seen(desk, person_id, seen), transaction(desk.engine) as connection:
        before = named(connection, person_id, now)
        if folded(before.user_name) != folded(wish.user_name):
            _refuse_taken(connection, wish.user_name, person_id)
        wanted = {name: value for name, value in wish.fields.items() if name in FIELDS}
        if "manager" in wanted:
            wanted["manager"] = _handle(connection, wanted["manager"])
        fields = {name: value for name, value in wanted.items() if before.person[name] != value}
        if fields:
            row = people.change(connection, person_id, fields)
            told = ", ".join(f"{name} is {value}" for name, value in fields.items())
            promises.retier(connection, desk, dict(before.person), row, told)
        kept = _kept(connection, person_id)
        if fields or kept != (wish.user_name, wish.external_id, _text(wish.document)):
            _keep(connection, person_id, wish, now)
            desk.note(connection, "person.change", person_id, {**fields, "by_directory": True})
    if fields:
        promises.run_calendar(desk)
    _bring(desk, before, wish.active)
    return _read(desk, person_id)


def remove(desk: Desk, person_id: str, *, seen: str = "", own: str = "") -> None:
    """Deactivate a person and show them to the directory no more. Raises NotFound, Changed, Forbidden."""
    now = desk.now()
    _not_oneself(person_id, own)
    with _only_seen(desk, person_id, seen), transaction(desk.engine) as connection:
        before = named(connection, person_id, now)
        _keep(connection, person_id, Wish(before.user_name, before.external_id, document=before.document), now)
        connection.execute(update(provisioned).where(provisioned.c.person == person_id).values(deleted=now))
        desk.note(connection, "person.unprovision", person_id, {"by_directory": True})
    _bring(desk, before, False)


def folded(name: str) -> str:
    """A name as it is compared: case does not matter (RFC 7643, section 4.1.1)."""
    return name.casefold()


def _bring(desk: Desk, before: Record, active: bool | None) -> None:
    if active is None or active == before.active:
        return
    if active:
        desk.set_person_state(before.id, "active")
    else:
        promises.leave(desk, before.id, _today(desk, before.id))


@contextmanager
def _only_seen(desk: Desk, person_id: str, seen: str) -> Iterator[None]:
    """Change only what the directory has seen, if it says what that was."""
    if not seen:
        yield
        return

    def check(connection: Connection) -> None:
        if named(connection, person_id, desk.now()).version != seen:
            raise Changed("it was changed since it was read", "read it again, and decide again")

    with only_if(check):
        yield


@contextmanager
def _unique() -> Iterator[None]:
    """Whatever refuses a name, a handle or an address: it is taken, also by whoever was faster."""
    try:
        yield
    except Taken:
        raise
    except Conflict as error:
        told = "somebody else has this name, handle or address already"
        raise Taken(told if error.__cause__ is not None else error.sentence, error.hint) from error


def _not_oneself(person_id: str, own: str) -> None:
    if own and own == person_id:
        raise Forbidden(
            "nobody changes their own record", "let the directory's token be of an account that is no person"
        )


def _joined() -> Any:
    columns = (provisioned.c.user_name, provisioned.c.external_id, provisioned.c.document, provisioned.c.changed)
    return select(person, *columns).outerjoin(provisioned, provisioned.c.person == person.c.id)


def _named(name: str) -> Any:
    """Who is called so: by the directory, else by address, else by handle."""
    unknown = provisioned.c.person.is_(None)
    return or_(
        provisioned.c.folded == name,
        and_(unknown, person.c.email == name, person.c.email != ""),
        and_(unknown, person.c.handle == name, person.c.email == ""),
    )


def _records(connection: Connection, rows: Any, now: int) -> list[Record]:
    handles = sorted({row.manager for row in rows if row.manager})
    query = select(person.c.handle, person.c.id).where(
        person.c.organisation == ORGANISATION, person.c.handle.in_(handles)
    )
    ids = {row.handle: row.id for row in connection.execute(query)} if handles else {}
    return [_record(row, str(ids.get(row.manager, "")), now) for row in rows]


def _record(row: Any, manager: str, now: int) -> Record:
    found = {column.name: row._mapping[column] for column in person.c}
    return Record(
        found,
        row.user_name or row.email or row.handle,
        row.external_id or "",
        json.loads(row.document or "{}"),
        _is_active(row, now),
        manager,
        max(row.created, row.changed or 0),
        row.user_name is not None,
    )


def _is_active(row: Any, now: int) -> bool:
    """Who leaves today is inactive already: that is what a directory has asked for. Who is suspended is not leaving."""
    return row.status != "left" and not (row.leave_date and row.leave_date <= people.day_of(now, row.zone))


def _today(desk: Desk, person_id: str) -> str:
    return people.day_of(desk.now(), desk.person(person_id)["zone"])


def _refuse_taken(connection: Connection, user_name: str, person_id: str) -> None:
    if not user_name.strip() or len(user_name) > MAX_TEXT_CHARS or not user_name.isprintable():
        raise InvalidInput("userName", f"{len(user_name)} characters", f"printable text of at most {MAX_TEXT_CHARS}")
    query = _joined().where(person.c.organisation == ORGANISATION, person.c.id != person_id, _named(folded(user_name)))
    if connection.execute(query).first() is not None:
        raise Taken(f"somebody else is called {user_name}", "find them by userName, and change them")


def _free_handle(connection: Connection, user_name: str) -> str:
    """A short name that nobody has, from the name that the directory uses."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", user_name.partition("@")[0].lower()).lstrip("._-")[:HANDLE_CHARS] or "person"
    taken = set(
        connection.execute(select(person.c.handle).where(person.c.handle.startswith(plain, autoescape=True))).scalars()
    )
    candidates = (plain, *(f"{plain}-{number}" for number in range(2, MAX_HANDLES)))
    found = next((one for one in candidates if one not in taken), "")
    if not found:
        raise Taken(f"there are {MAX_HANDLES} people whose names begin with {plain}")
    return found


def _handle(connection: Connection, person_id: str) -> str:
    """What a manager is called, who is given by id."""
    if not person_id:
        return ""
    query = select(person.c.handle).where(person.c.id == person_id, person.c.organisation == ORGANISATION)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise InvalidInput("manager", repr(person_id[:MAX_TEXT_CHARS]), "the id of a user")
    return str(found)


def _kept(connection: Connection, person_id: str) -> tuple[str, str, str] | None:
    row = connection.execute(select(provisioned).where(provisioned.c.person == person_id)).first()
    return None if row is None else (row.user_name, row.external_id, row.document)


def _keep(connection: Connection, person_id: str, wish: Wish, now: int) -> None:
    if len(wish.external_id) > MAX_TEXT_CHARS or not wish.external_id.isprintable():
        raise InvalidInput("externalId", f"{len(wish.external_id)} characters", f"printable, at most {MAX_TEXT_CHARS}")
    text = _text(wish.document)
    if len(text) > MAX_DOCUMENT_CHARS:
        raise InvalidInput("user", f"{len(text)} characters", f"at most {MAX_DOCUMENT_CHARS}")
    values = {
        "user_name": wish.user_name,
        "folded": folded(wish.user_name),
        "external_id": wish.external_id,
        "document": text,
        "changed": now,
    }
    if _kept(connection, person_id) is None:
        connection.execute(insert(provisioned).values(person=person_id, **values))
    else:
        connection.execute(update(provisioned).where(provisioned.c.person == person_id).values(**values))


def _text(document: Document) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def _read(desk: Desk, person_id: str) -> Record:
    with reading(desk.engine) as connection:
        return named(connection, person_id, desk.now())
