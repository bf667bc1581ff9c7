"""The desk: every use case of an installation, whoever asks (command line, later console and API).

A desk is an opened database with its ledger, vault and clock. Each change is one transaction with its line in the audit
log; answers are plain documents, amounts in nano-units, instants in microseconds or ISO 8601.
"""

from __future__ import annotations

import getpass
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from bursar.calendar import micros, parse_instant, parse_zone
from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.ledger import (
    NEVER,
    Applied,
    Command,
    LotTerms,
    Rejected,
    Release,
    Revoke,
    Scope,
    Store,
    apply_now,
    make_months,
    open_store,
)
from bursar.money import Amount, Unit, parse_amount
from bursar.office import audit
from bursar.office.catalogue import pricing, providers, rates
from bursar.office.database import check_schema, migrate, open_engine, reading, transaction
from bursar.office.granting import grants, hiring, promises
from bursar.office.keyring import keys, tokens
from bursar.office.settings import Settings
from bursar.office.vault import Secret, Vault, create_master_key, open_vault
from bursar.office.workforce import people
from bursar.office.workforce.roster import compare

MICROS = 1_000_000
GATEWAY_UNIT = "USD"
"""What the gateway charges requests in."""
NOT_BY_THE_GATEWAY = (
    "The gateway charges in USD and does not draw on this; seats and recorded usage of exactly this unit do."
)
Clock = Callable[[], int]


def system_clock() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1000


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(6)}"


class Desk:
    """One opened installation. Close it, or use it through `open_desk`."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        vault: Vault,
        clock: Clock,
        actor: str,
        store: Store | None = None,
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.vault = vault
        self.clock = clock
        self.actor = actor
        self._store = store

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = open_store(self.settings.url, self.settings.organisation)
        return self._store

    def now(self) -> int:
        return self.clock()

    def new_id(self, prefix: str) -> str:
        return new_id(prefix)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self.engine.dispose()

    # People.

    def add_person(self, handle: str, **fields: str) -> dict[str, Any]:
        with transaction(self.engine) as connection:
            row = people.add(connection, {"handle": handle, **fields}, new_id("per"), self.now())
            self.note(connection, "person.add", row["id"], {"handle": handle})
        hiring.hired(self, [row["id"]])
        return row

    def people(self) -> list[dict[str, Any]]:
        with reading(self.engine) as connection:
            return people.listed(connection)

    def person(self, name: str) -> dict[str, Any]:
        with reading(self.engine) as connection:
            return people.named(connection, name)

    def import_people(
        self,
        text: str,
        *,
        name: str = "roster",
        columns: Mapping[str, str] | None = None,
        leave_out: bool = False,
        dry_run: bool = False,
        beat: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Bring the roster to what a CSV says, whole or not at all; with `leave_out`, without the rows that are wrong.

        `beat` is told how far it is, and ends it by raising: nothing is changed then.
        """
        with transaction(self.engine) as connection:
            before = {one["id"]: one for one in people.listed(connection)}
            found = compare(text, list(before.values()), columns=columns, leave_out=leave_out)
            added = [new_id("per") for _ in found.added]
            if not dry_run:
                people.apply_roster(connection, found, iter(added).__next__, self.now())
                for done, (person_id, _) in enumerate(found.updated):
                    if beat is not None:
                        beat(done, len(found.updated))
                    holder = people.named(connection, person_id)
                    promises.retier(connection, self, before[person_id], holder, "roster")
                counts = {"added": len(found.added), "updated": len(found.updated), "refused": len(found.refused)}
                self.note(connection, "person.import", name, counts)
        given = 0
        if not dry_run:
            self.run_calendar()
            given = hiring.hired(self, added)
        return {
            "added": len(found.added),
            "granted": given,
            "updated": len(found.updated),
            "unchanged": found.unchanged,
            "refused": [one.sentence for one in found.refused],
            "dry_run": dry_run,
        }

    def change_person(self, name: str, /, **fields: str) -> dict[str, Any]:
        """Change a person's record; their grants go to the tier that is theirs now, after the notice of the terms."""
        with transaction(self.engine) as connection:
            before = people.named(connection, name)
            row = people.change(connection, before["id"], fields)
            changed = {key: value for key, value in fields.items() if before[key] != value}
            made = promises.retier(connection, self, before, row, ", ".join(f"{k} is {v}" for k, v in changed.items()))
            self.note(connection, "person.change", row["id"], {**changed, "grants_amended": len(made)})
        promises.run_calendar(self)
        return row

    def set_person_state(self, name: str, state: str) -> dict[str, Any]:
        """Suspend a person's keys, or let them work again."""
        with transaction(self.engine) as connection:
            holder = people.named(connection, name)
            (people.suspend if state == "suspended" else people.reinstate)(connection, holder["id"])
            self.note(connection, f"person.{state}", holder["id"], {})
        return self.person(holder["id"])

    # Grants.

    def give(
        self,
        person: str,
        amount: str,
        *,
        expires: str = "",
        opens: str = "",
        priority: int = 50,
        providers: tuple[str, ...] = (),
        models: tuple[str, ...] = (),
        purposes: tuple[str, ...] = (),
        projects: tuple[str, ...] = (),
        label: str = "",
        note: str = "",
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Fund a lot of a person; the amount as people write it, in any unit. The gateway draws on USD only: `note`
        of the answer says so for every other unit, which seats and recorded usage draw on."""
        holder = self.person(person)
        granted = parse_amount(amount)
        if granted.nanos <= 0:
            raise InvalidInput("amount", repr(amount), "more than nothing")
        wrong = next((one for one in purposes if one not in keys.PURPOSES), None)
        if wrong is not None:
            raise InvalidInput("purpose", repr(wrong), f"one of {', '.join(keys.PURPOSES)}")
        scope = Scope(tuple(providers), tuple(models), _purposes(purposes, projects))
        now = self.now()
        effective = self.instant(opens, holder["zone"], "opens") if opens else now
        until = self.instant(expires, holder["zone"], "expires") if expires else NEVER
        if until <= max(effective, now):
            raise InvalidInput("expires", expires, "a date after the opening, in the future")
        grant = new_id("grt")
        terms = LotTerms(
            id=f"lot_{grant[4:]}_0",
            unit=str(granted.unit),
            amount=granted.nanos,
            effective=effective,
            expires=until,
            priority=priority,
            scope=scope,
            grant=grant,
            label=label or "grant",
        )
        if not dry_run:
            self.apply(Release(f"release:{terms.id}", holder["id"], terms, note))
            with transaction(self.engine) as connection:
                self.note(
                    connection,
                    "grant.give",
                    grant,
                    {"person": holder["id"], "amount_nanos": granted.nanos, "unit": terms.unit, "note": note},
                )
        return {
            "grant": grant,
            "lot": terms.id,
            "person": holder["handle"],
            "amount_nanos": granted.nanos,
            "unit": terms.unit,
            "effective": iso(effective),
            "expires": None if until >= NEVER else iso(until),
            "label": terms.label,
            "note": "" if terms.unit == GATEWAY_UNIT else NOT_BY_THE_GATEWAY,
        }

    def revoke_grant(self, grant: str, *, note: str = "") -> dict[str, Any]:
        """Take back what is unspent of every lot of a grant."""
        lots = self._lots_of_grant(grant)
        revoked = 0
        unit = self.grant_remainder(grant).unit
        for lot, person in lots:
            answers = apply_now(self.store, [Revoke(f"revoke:{lot}", person, lot, note)], self.now())
            if isinstance(answers[0], Applied):
                revoked += answers[0].amount
            elif len(lots) == 1 and isinstance(answers[0], Rejected):
                raise Conflict(answers[0].sentence)
        with transaction(self.engine) as connection:
            self.note(connection, "grant.revoke", grant, {"revoked_nanos": revoked, "note": note})
        return {"grant": grant, "revoked_nanos": revoked, "unit": str(unit)}

    def is_planned(self, grant: str) -> bool:
        """Is it a grant under a plan, or one lot that was given by hand?"""
        with reading(self.engine) as connection:
            return bool(grants.listed(connection, ids=[grant]))

    def grant_remainder(self, grant: str) -> Amount:
        """What is unspent of a grant that was given by hand: its lots are of one unit."""
        names = {lot for lot, _ in self._lots_of_grant(grant)}
        lots = [one for one in self.grants("") if one["lot"] in names]
        return Amount(sum(one["available_nanos"] for one in lots), Unit(lots[0]["unit"]))

    def _lots_of_grant(self, grant: str) -> list[tuple[str, str]]:
        rows = self.store.read(
            lambda session: session.rows("SELECT id, person FROM lot WHERE grant_id = ? ORDER BY effective", grant)
        )
        if not rows:
            raise NotFound(f"there is no grant {grant!r}", "`bursar grant list` shows which there are")
        return [(row[0], row[1]) for row in rows]

    def grants(self, person: str = "", at: str = "") -> list[dict[str, Any]]:
        """Grants with what is left of them now, or as it was."""
        from bursar.office.figures import reports

        return reports.grants(self, person, at)

    # Keys and providers.

    def issue_key(
        self,
        person: str,
        *,
        label: str = "",
        purpose: str = "work",
        project: str = "",
        models: tuple[str, ...] = (),
        cap: str = "",
        expires: str = "",
        parent: str = "",
        requests_per_minute: int = 0,
        tokens_per_minute: int = 0,
    ) -> dict[str, Any]:
        """A new key; under `parent` it takes a part of that key's cap, of which so much has to be free."""
        holder = self.person(person)
        cap_nanos = _dollars(cap, "cap").nanos if cap else 0
        until = self.instant(expires, holder["zone"], "expires") if expires else 0
        key_id = new_id("key")
        if parent and cap_nanos:
            self._refuse_more_than_is_left(holder["id"], parent, cap_nanos)
        with transaction(self.engine) as connection:
            pace = (requests_per_minute, tokens_per_minute)
            terms = keys.KeyTerms(label, purpose, project, models, cap_nanos, "USD", until, parent, *pace)
            entropy = secrets.token_bytes(tokens.RANDOM_BYTES)
            issued = keys.issue(
                connection, self.vault, holder["id"], terms, key_id=key_id, entropy=entropy, now=self.now()
            )
            self.note(connection, "key.issue", key_id, {"person": holder["id"], "purpose": purpose, "label": label})
        token = issued.token.reveal()  # the only time that it is shown
        return {"id": key_id, "person": holder["handle"], "token": token, "purpose": purpose, "cap_nanos": cap_nanos}

    def _refuse_more_than_is_left(self, person_id: str, parent: str, cap_nanos: int) -> None:
        """What was spent through the key above stays its own: only the rest of its cap can be handed down."""
        with reading(self.engine) as connection:
            above = keys.named(connection, parent)
        if not above.terms.cap_nanos or above.person_id != person_id:  # somebody else's is refused where it is issued
            return
        used = self.store.read(
            lambda session: session.rows(
                "SELECT COALESCE(SUM(spent + held), 0) FROM cap WHERE person = ? AND id = ?", person_id, parent
            )
        )[0][0]
        left = max(0, above.terms.cap_nanos - int(used))
        if cap_nanos > left:
            raise InvalidInput(
                "cap", f"{cap_nanos} nano-USD", f"at most {left} nano-USD, what is left of the cap above"
            )

    def keys(self, person: str = "") -> list[dict[str, Any]]:
        holder = self.person(person)["id"] if person else ""
        with reading(self.engine) as connection:
            found = keys.listed(connection, holder)
        return [_key(one, self.now()) for one in found]

    def rotate_key(self, key: str, *, overlap_seconds: int = 0) -> dict[str, Any]:
        """Give a key a new secret; the old one goes on working for a while, or stops at once."""
        with transaction(self.engine) as connection:
            issued = keys.rotate(
                connection,
                self.vault,
                key,
                entropy=secrets.token_bytes(tokens.RANDOM_BYTES),
                now=self.now(),
                overlap_seconds=overlap_seconds,
            )
            self.note(connection, "key.rotate", key, {"overlap_seconds": overlap_seconds})
        token = issued.token.reveal()  # the only time that it is shown
        return {"id": key, "person": issued.key.person, "token": token, "purpose": issued.key.terms.purpose}

    def revoke_key(self, key: str) -> None:
        with transaction(self.engine) as connection:
            keys.revoke(connection, key, self.now())
            self.note(connection, "key.revoke", key, {})

    def pause_key(self, key: str) -> None:
        """Stop a key for a while."""
        with transaction(self.engine) as connection:
            keys.pause(connection, key, self.now())
            self.note(connection, "key.pause", key, {})

    def resume_key(self, key: str) -> None:
        """Let a paused key work again."""
        with transaction(self.engine) as connection:
            keys.resume(connection, key, self.now())
            self.note(connection, "key.resume", key, {})

    def add_provider(
        self,
        name: str,
        *,
        kind: str = "",
        base_url: str = "",
        secret: str = "",
        models: tuple[str, ...] = (),
        purposes: tuple[str, ...] = (),
        requests_per_minute: int = 0,
        tokens_per_minute: int = 0,
    ) -> dict[str, Any]:
        with transaction(self.engine) as connection:
            known = {one.name for one in providers.listed(connection)}
            terms = providers.ProviderTerms(
                kind or name,
                base_url,
                models,
                purposes=purposes,
                requests_per_minute=requests_per_minute,
                tokens_per_minute=tokens_per_minute,
            )
            sealed = Secret(secret) if secret else None
            if name in known:
                found = providers.change(connection, self.vault, name, terms, secret=sealed)
            else:
                found = providers.add(connection, self.vault, name, terms, secret=sealed, now=self.now())
            detail = {"kind": found.terms.kind, "base_url": found.terms.base_url}
            self.note(connection, "provider.add", name, detail)
        return {"name": name, **detail, "models": list(found.terms.models)}

    def providers(self) -> list[dict[str, Any]]:
        with reading(self.engine) as connection:
            found = providers.listed(connection)
        return [_provider(one) for one in found]

    # Prices.

    def price_show(self, model: str, *, provider: str = "", at: str = "") -> dict[str, Any]:
        return rates.prices(self, model, provider, at)

    def price_set(self, provider: str, model: str, **fields: str) -> dict[str, Any]:
        document, sentence = rates.overlay_of(self, provider, model, fields)
        with transaction(self.engine) as connection:
            version = pricing.add_overlay(connection, document, self.now())
            self.note(connection, "price.set", f"{provider}/{model}", document)
        return {"version": version, "overlay": document, "sentence": sentence}

    # What the use cases share.

    def instant(self, text: str, zone: str = "UTC", field: str = "date") -> int:
        """A date or instant as people write it, in microseconds; a date alone is its local midnight."""
        return micros(parse_instant(text.strip(), parse_zone(zone), field=field))

    def run_calendar(self, person: str = "") -> None:
        """Do what is due by now, for everybody or one person."""
        promises.run_calendar(self, person=person)

    def apply(self, command: Command) -> Applied:
        """Apply a command to the ledger, after what is due for its person. Raises Conflict where the ledger says no."""
        promises.run_calendar(self, person=command.person)
        (answer,) = apply_now(self.store, [command], self.now())
        if isinstance(answer, Applied):
            return answer
        raise Conflict(answer.sentence if isinstance(answer, Rejected) else f"refused: {answer.reason}")

    def note(self, connection: Connection, action: str, subject: str, detail: dict[str, Any]) -> None:
        audit.record(connection, self.now(), self.actor, action, subject, detail)


def _purposes(purposes: tuple[str, ...], projects: tuple[str, ...]) -> tuple[str, ...]:
    """As a lot's scope has them: each purpose for each project, where projects are named."""
    wrong = next((one for one in projects if not one or "/" in one or len(one) > keys.MAX_TEXT_CHARS), None)
    if wrong is not None:
        raise InvalidInput("project", repr(wrong[:40]), "a project's name without a slash")
    return tuple(f"{kind}/{one}" for kind in purposes or ("",) for one in projects) if projects else tuple(purposes)


def _key(key: keys.AccessKey, now: int) -> dict[str, Any]:
    terms = key.terms
    return {
        "id": key.id,
        "hint": key.hint,
        "person": key.person,
        "label": terms.label,
        "purpose": terms.purpose,
        "project": terms.project,
        "models": list(terms.models),
        "cap_nanos": terms.cap_nanos,
        "parent": terms.parent,
        "requests_per_minute": terms.requests_per_minute,
        "tokens_per_minute": terms.tokens_per_minute,
        "expires_micros": terms.expires,
        "created_micros": key.created,
        "state": key.state(now),
    }


def _provider(provider: providers.Provider) -> dict[str, Any]:
    return {
        "name": provider.name,
        "kind": provider.terms.kind,
        "base_url": provider.terms.base_url,
        "models": list(provider.terms.models),
        "secret": "encrypted" if provider.has_secret else "none",
        "state": "enabled" if provider.enabled else "disabled",
    }


def iso(micros: int) -> str:
    return datetime.fromtimestamp(micros // MICROS, UTC).isoformat().replace("+00:00", "Z")


def _dollars(text: str, field: str) -> Amount:
    found = parse_amount(text, field=field)
    if str(found.unit) != "USD":
        raise InvalidInput(field, str(found.unit), "an amount in USD")
    return found


def initialise(settings: Settings, clock: Clock = system_clock) -> bool:
    """Make or migrate an installation: folder, master key, schema, prices. True if it is new."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.master_key:
        create_master_key(settings.key_file)
    engine = open_engine(settings.url, settings.organisation)
    try:
        try:
            check_schema(engine)
            fresh = False
        except Conflict as error:
            fresh = "has not been set up" in error.sentence
        migrate(engine)
        check_schema(engine)
        with transaction(engine) as connection:
            pricing.pin(connection, clock())
    finally:
        engine.dispose()
    store = open_store(settings.url, settings.organisation)
    try:
        make_months(store, clock())
    finally:
        store.close()
    return fresh


def check_there(settings: Settings) -> None:
    """Raise NotFound for a file that is not there, which opening it would make."""
    if settings.url.startswith("sqlite:///") and not Path(settings.url.removeprefix("sqlite:///")).exists():
        raise NotFound(
            f"there is no installation at {settings.home}", "run `bursar init`, or `bursar demo` to look around"
        )


def open_desk(settings: Settings | None = None, clock: Clock = system_clock, actor: str = "") -> Desk:
    """Open an installation that has been initialised."""
    settings = settings or Settings()
    check_there(settings)
    engine = open_engine(settings.url, settings.organisation)
    check_schema(engine)
    vault = open_vault(settings.key_file, settings.master_key, settings.organisation)
    return Desk(settings, engine, vault, clock, actor or f"cli:{_user()}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
