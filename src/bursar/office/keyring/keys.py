"""Access keys: issue, list, rotate, revoke. The secret is seen once; what is stored is an HMAC of it.

A key says who spends, for what purpose, on which models and up to which cap. Rotation gives the same key a new secret:
its id, its cap and what was spent through it stay, so nobody can reset a cap by rotating.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.money import MAX_NANOS
from bursar.office.keyring.rates import check_rates
from bursar.office.keyring.tokens import PREFIX, TOKEN_CHARS, fingerprint, hint, is_well_formed, make_token
from bursar.office.tables import access_key, person
from bursar.office.vault import ACCESS_KEYS, Secret, Vault, adopt_master, peppers

PURPOSES = ("work", "learning", "personal", "production")
SERVICE = "service"
"""The job family of what is no human being: a service that runs in production has an account of its own."""
MAX_KEYS_PER_PERSON = 1000
MAX_PATTERNS = 100
MAX_TEXT_CHARS = 200
MAX_OVERLAP_SECONDS = 30 * 24 * 3600
"""How long a rotated key's old secret may go on working."""
MICROS_PER_SECOND = 1_000_000

State = Literal["live", "paused", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a key allows. The cap in nano-units of `cap_unit`, `expires` in microseconds UTC; 0 = none."""

    label: str = ""
    purpose: str = "work"
    project: str = ""
    models: tuple[str, ...] = ()
    """Shell patterns; empty admits every model."""
    cap_nanos: int = 0
    cap_unit: str = "USD"
    expires: int = 0
    parent: str = ""
    """The key that it stands under: it has a part of that one's cap, and ends with it."""
    requests_per_minute: int = 0
    tokens_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is stored: everything but the secret."""

    id: str
    person_id: str
    person: str
    """Handle, as people write it."""
    hint: str
    """Its first and last characters, to recognise it by."""
    terms: KeyTerms
    created: int
    revoked: int
    paused: int = 0

    def state(self, now: int) -> State:
        if self.revoked:
            return "revoked"
        if self.terms.expires and now >= self.terms.expires:
            return "expired"
        return "paused" if self.paused else "live"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment that its secret is known."""

    key: AccessKey
    token: Secret = field(repr=False)


def looks_like_key(text: str) -> bool:
    """Whether a text was meant as an access key, be it mistyped or cut off."""
    return text.strip().startswith(PREFIX) and len(text.strip()) <= 2 * TOKEN_CHARS


def issue(
    connection: Connection, vault: Vault, person_id: str, terms: KeyTerms, *, key_id: str, entropy: bytes, now: int
) -> IssuedKey:
    """Store a new key of a person. `entropy` is RANDOM_BYTES of randomness; the caller writes the audit line."""
    adopt_master(connection, vault)
    terms = _checked(terms, now)
    holder = connection.execute(
        select(person.c.handle, person.c.status, person.c.job_family).where(person.c.id == person_id).with_for_update()
    ).first()
    if holder is None:
        raise NotFound(f"there is no person {person_id!r}", "`bursar person list` shows who there is")
    if holder.status != "active":
        raise Conflict(f"{holder.handle} is {holder.status}", "only an active person gets a key")
    if terms.purpose == "production" and holder.job_family != SERVICE:
        raise InvalidInput(
            "purpose",
            f"production for {holder.handle}",
            f"somebody of job family {SERVICE}: production is charged to a service, not to a person's allotment",
            f"`bursar person add checkout --job-family {SERVICE}` makes an account for one",
        )
    terms = _under(connection, person_id, terms, now) if terms.parent else terms
    kept = select(func.count()).select_from(access_key).where(access_key.c.person == person_id)
    if connection.execute(kept.where(access_key.c.revoked == 0)).scalar_one() >= MAX_KEYS_PER_PERSON:
        raise Conflict(f"{holder.handle} has {MAX_KEYS_PER_PERSON} keys", "revoke some of them")
    token = make_token(entropy)
    connection.execute(
        insert(access_key).values(
            id=key_id,
            person=person_id,
            hmac=fingerprint(token, vault.derive(ACCESS_KEYS)),
            hint=hint(token),
            label=terms.label,
            purpose=terms.purpose,
            project=terms.project,
            models=json.dumps(list(terms.models)),
            cap_nanos=terms.cap_nanos,
            cap_unit=terms.cap_unit,
            expires=terms.expires,
            parent=terms.parent,
            requests_per_minute=terms.requests_per_minute,
            tokens_per_minute=terms.tokens_per_minute,
            created=now,
        )
    )
    key = AccessKey(key_id, person_id, holder.handle, hint(token), terms, now, 0)
    return IssuedKey(key, Secret(token))


def rotate(
    connection: Connection, vault: Vault, key_id: str, *, entropy: bytes, now: int, overlap_seconds: int = 0
) -> IssuedKey:
    """Give a key a new secret; the old one goes on working for `overlap_seconds`, an even older one stops."""
    adopt_master(connection, vault)
    if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
        raise InvalidInput("overlap", f"{overlap_seconds} s", f"0 to {MAX_OVERLAP_SECONDS} s")
    key = _live(connection, key_id, now)
    token = make_token(entropy)
    old = connection.execute(select(access_key.c.hmac).where(access_key.c.id == key_id)).scalar_one()
    connection.execute(
        update(access_key)
        .where(access_key.c.id == key_id)
        .values(
            hmac=fingerprint(token, vault.derive(ACCESS_KEYS)),
            hint=hint(token),
            previous_hmac=old if overlap_seconds else "",
            previous_until=now + overlap_seconds * MICROS_PER_SECOND if overlap_seconds else 0,
        )
    )
    return IssuedKey(
        AccessKey(key.id, key.person_id, key.person, hint(token), key.terms, key.created, 0), Secret(token)
    )


def revoke(connection: Connection, key_id: str, now: int) -> None:
    """End a key and those under it, old secrets included; gateways stop admitting it within a second."""
    key = named(connection, key_id)
    if key.revoked:
        raise Conflict(f"key {key_id} is revoked already")
    ends = (access_key.c.id == key_id) | ((access_key.c.parent == key_id) & (access_key.c.revoked == 0))
    connection.execute(update(access_key).where(ends).values(revoked=now))


def pause(connection: Connection, key_id: str, now: int) -> None:
    """Stop a key until `resume`: its cap, its secret and what was spent through it stay."""
    _live(connection, key_id, now)
    connection.execute(update(access_key).where(access_key.c.id == key_id).values(paused=now))


def resume(connection: Connection, key_id: str, now: int) -> None:
    """Let a paused key work again."""
    state = named(connection, key_id).state(now)
    if state != "paused":
        raise Conflict(f"key {key_id} is {state}", "only a paused key is resumed")
    connection.execute(update(access_key).where(access_key.c.id == key_id).values(paused=0))


def named(connection: Connection, key_id: str) -> AccessKey:
    """The key with this id. Raises NotFound."""
    row = connection.execute(_rows().where(access_key.c.id == key_id)).first()
    if row is None:
        # A secret given in place of an id must not come back in an error.
        shown = "of that secret" if looks_like_key(key_id) else repr(key_id[:MAX_TEXT_CHARS])
        raise NotFound(f"there is no key {shown}", "`bursar key list` shows which there are")
    return read(row)


def listed(connection: Connection, person_id: str = "") -> list[AccessKey]:
    """Keys of one person, or of everyone for an empty id, oldest first."""
    query = _rows().order_by(access_key.c.created, access_key.c.id)
    if person_id:
        query = query.where(access_key.c.person == person_id)
    return [read(row) for row in connection.execute(query)]


def _under(connection: Connection, person_id: str, terms: KeyTerms, now: int) -> KeyTerms:
    """The terms of a key under another one, which gives it a part of its cap: together they never spend more than before.

    What is already spent through the parent is the desk's to check: it stands in the ledger.
    """
    above = _live(connection, terms.parent, now)
    of = above.terms
    if above.person_id != person_id:
        raise NotFound(f"there is no key {above.id!r} of this person", "a key stands under one of its own person")
    if of.parent:
        raise InvalidInput(
            "parent", above.id, "a key that stands under no other: one level is enough to end all at once"
        )
    if terms.purpose != of.purpose or (of.project and terms.project not in ("", of.project)):
        raise InvalidInput("purpose", f"{terms.purpose} {terms.project}".strip(), f"{of.purpose} {of.project}".strip())
    if of.cap_nanos and not 0 < terms.cap_nanos < of.cap_nanos:
        raise InvalidInput("cap", f"{terms.cap_nanos} nano-USD", f"a part of {of.cap_nanos} nano-USD, the cap above it")
    if of.expires and terms.expires > of.expires:
        raise InvalidInput("expires", "a later instant", "no later than the key above it")
    foreign = [one for one in terms.models if of.models and one not in of.models]
    if foreign:
        raise InvalidInput("model", foreign[0], f"one of {', '.join(of.models)}, as the key above it")
    if of.cap_nanos:
        left = of.cap_nanos - terms.cap_nanos
        connection.execute(update(access_key).where(access_key.c.id == above.id).values(cap_nanos=left))
    return replace(
        terms,
        models=terms.models or of.models,
        expires=terms.expires or of.expires,
        project=terms.project or of.project,
    )


def authenticate(connection: Connection, vault: Vault, text: str, now: int) -> AccessKey | None:
    """The live key of this secret, of somebody who is active; None for any other. The gateway has its own directory."""
    if not is_well_formed(text):
        return None
    for pepper in peppers(connection, vault):
        mark = fingerprint(text, pepper)
        row = access_key.c
        known = (row.hmac == mark) | ((row.previous_hmac == mark) & (row.previous_until > now))
        found = connection.execute(_rows().where(known, person.c.status == "active")).first()
        if found is not None:
            key = read(found)
            live = key.state(now) == "live" and (
                not key.terms.parent or named(connection, key.terms.parent).state(now) == "live"
            )
            return key if live else None
    return None


def _live(connection: Connection, key_id: str, now: int) -> AccessKey:
    key = named(connection, key_id)
    if key.state(now) != "live":
        raise Conflict(f"key {key_id} is {key.state(now)}", "issue a new one, or resume it if it is paused")
    return key


def _rows() -> Any:
    return select(access_key, person.c.handle).join(person, person.c.id == access_key.c.person)


def read(row: Any) -> AccessKey:
    """A key from its row, which has its person's handle."""
    terms = KeyTerms(
        label=row.label,
        purpose=row.purpose,
        project=row.project,
        models=tuple(json.loads(row.models)),
        cap_nanos=row.cap_nanos,
        cap_unit=row.cap_unit,
        expires=row.expires,
        parent=row.parent,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
    )
    return AccessKey(row.id, row.person, row.handle, row.hint, terms, row.created, row.revoked, row.paused)


def _checked(terms: KeyTerms, now: int) -> KeyTerms:
    if terms.purpose not in PURPOSES:
        raise InvalidInput("purpose", repr(terms.purpose), f"one of {', '.join(PURPOSES)}")
    if len(terms.models) > MAX_PATTERNS:
        raise InvalidInput("model", f"{len(terms.models)} patterns", f"at most {MAX_PATTERNS}")
    for name, text in (("label", terms.label), ("project", terms.project), *(("model", one) for one in terms.models)):
        if len(text) > MAX_TEXT_CHARS or not text.isprintable():
            raise InvalidInput(name, f"{len(text)} characters", f"printable text of at most {MAX_TEXT_CHARS}")
    if not all(terms.models):
        raise InvalidInput("model", "an empty pattern", "a shell pattern such as gpt-5*")
    if not 0 <= terms.cap_nanos <= MAX_NANOS:
        raise InvalidInput("cap", f"{terms.cap_nanos} nano-units", "an amount that is not negative")
    if terms.cap_unit != "USD":
        raise InvalidInput("cap", terms.cap_unit, "an amount in USD: what the gateway charges in")
    check_rates(terms.requests_per_minute, terms.tokens_per_minute)
    if terms.expires and terms.expires <= now:
        raise InvalidInput("expires", "an instant that has passed", "a later one")
    return terms
