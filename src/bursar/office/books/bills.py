"""Bills of providers as they are kept: read from the administration or a file, and told again as often as one likes.

A reading replaces what was told of its days before, in one transaction: the same reading again changes nothing, a day
that has grown since gets its new figures. Who uses a key of the provider is kept beside; the key itself never is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from bursar.errors import InvalidInput, NotFound
from bursar.exchange.provider_bills import Bill, Line, Seat, fetch, joined, source
from bursar.exchange.provider_bills.values import MAX_NAME_CHARS, tokens, usage_of
from bursar.office import months
from bursar.office.catalogue import providers
from bursar.office.database import reading, transaction
from bursar.office.tables import (
    ORGANISATION,
    bill_cost,
    bill_day,
    bill_key,
    bill_line,
    bill_reading,
    billed_seat,
    provider_admin,
)
from bursar.office.vault import PROVIDER_ADMIN, Secret, adopt_master
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_SECRET_CHARS = 4096
MAX_ACCOUNT_CHARS = 100
MAX_ODDITIES_KEPT = 100
GATEWAY = ""
"""The owner of a key that the gateway itself uses."""
ROWS_AT_ONCE = 500
SETTLES_HOURS = 3
"""How long after its end a day may still grow. Anthropic names minutes, OpenAI nothing."""
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Admin:
    """Where a provider's administration is asked; its credential is left out."""

    provider: str
    kind: str
    base_url: str
    account: str
    since: int


# Credentials and keys.


def set_admin(
    desk: Desk, provider: str, secret: str, *, kind: str = "", base_url: str = "", account: str = ""
) -> Admin:
    """Keep the credential of a provider's administration, sealed. Raises InvalidInput naming the field."""
    kind = kind or _kind_of(desk, provider)
    found = source(kind)
    if (
        not secret
        or len(secret) > MAX_SECRET_CHARS
        or not secret.isascii()
        or not secret.isprintable()
        or " " in secret
    ):
        raise InvalidInput("secret", f"{len(secret)} characters", f"1 to {MAX_SECRET_CHARS} that fit into a header")
    if found.needs_account and not account:
        raise InvalidInput("account", "nothing", "the organisation whose seats are asked for")
    if len(account) > MAX_ACCOUNT_CHARS:
        raise InvalidInput("account", f"{len(account)} characters", f"at most {MAX_ACCOUNT_CHARS}")
    if found.needs_account:
        found.asks(account, 0, 0)
    address = providers.checked(providers.ProviderTerms(kind, base_url or found.base_url)).base_url
    row = {"kind": kind, "base_url": address, "account": account, "since": desk.now()}
    with transaction(desk.engine) as connection:
        adopt_master(connection, desk.vault)
        sealed = desk.vault.seal(Secret(secret), f"{PROVIDER_ADMIN}/{provider}")
        here = (provider_admin.c.organisation == ORGANISATION) & (provider_admin.c.provider == provider)
        if connection.execute(update(provider_admin).where(here).values(**row, sealed=sealed)).rowcount == 0:
            connection.execute(
                insert(provider_admin).values(organisation=ORGANISATION, provider=provider, **row, sealed=sealed)
            )
        desk.note(connection, "provider.admin_key", provider, {"kind": kind, "base_url": address, "account": account})
    return Admin(provider, kind, address, account, desk.now())


def forget_admin(desk: Desk, provider: str) -> None:
    """Forget the credential. Raises NotFound."""
    with transaction(desk.engine) as connection:
        here = (provider_admin.c.organisation == ORGANISATION) & (provider_admin.c.provider == provider)
        if connection.execute(delete(provider_admin).where(here)).rowcount == 0:
            raise _no_admin(provider)
        desk.note(connection, "provider.admin_key_forgotten", provider, {})


def admins(desk: Desk) -> list[Admin]:
    """Every administration that can be asked, by provider."""
    with reading(desk.engine) as connection:
        rows = connection.execute(select(provider_admin).order_by(provider_admin.c.provider)).all()
    return [Admin(row.provider, row.kind, row.base_url, row.account, row.since) for row in rows]


def set_owner(desk: Desk, provider: str, key: str, person: str) -> None:
    """Say whose a key of the provider is; "" for the gateway's own. Raises InvalidInput, NotFound."""
    if not 0 < len(key) <= MAX_NAME_CHARS or not key.isprintable():
        raise InvalidInput("key", f"{len(key)} characters", f"the provider's name of a key, 1 to {MAX_NAME_CHARS}")
    with transaction(desk.engine) as connection:
        owner = people.named(connection, person)["id"] if person else GATEWAY
        put_owner(connection, provider, key, owner, desk.now())
        desk.note(connection, "bill.key", f"{provider}/{key}", {"person": owner})


def put_owner(connection: Connection, provider: str, key: str, owner: str, now: int) -> None:
    """The row of an owner; the caller writes the line of the audit log."""
    row = bill_key.c
    here = (row.organisation == ORGANISATION) & (row.provider == provider) & (row.key == key)
    if connection.execute(update(bill_key).where(here).values(person=owner, since=now)).rowcount == 0:
        connection.execute(
            insert(bill_key).values(organisation=ORGANISATION, provider=provider, key=key, person=owner, since=now)
        )


def owners(connection: Connection, provider: str) -> dict[str, str]:
    """Whose the provider's keys are, as far as somebody has said."""
    here = (bill_key.c.organisation == ORGANISATION) & (bill_key.c.provider == provider)
    return {row.key: row.person for row in connection.execute(select(bill_key).where(here))}


# Reading.


def read_bill(
    desk: Desk,
    provider: str,
    month: str,
    *,
    fetching: Callable[..., Bill] = fetch,
    progress: Callable[[int], None] = lambda pages: None,
) -> Bill:
    """Ask the administration for a month, with the day before and after it. Keeps nothing.

    Raises NotFound without a credential, and whatever `fetch` does.
    """
    first, end = days_around(month)
    with reading(desk.engine) as connection:
        here = (provider_admin.c.organisation == ORGANISATION) & (provider_admin.c.provider == provider)
        row = connection.execute(select(provider_admin).where(here)).first()
    if row is None:
        raise _no_admin(provider)
    secret = desk.vault.open(row.sealed, f"{PROVIDER_ADMIN}/{provider}")
    tomorrow = datetime.fromtimestamp(desk.now() // _MICROS, UTC).date() + timedelta(days=1)
    until = min(end, max(first + timedelta(days=1), tomorrow))
    return fetching(
        source(row.kind),
        secret.reveal(),
        account=row.account,
        since=_seconds(first),
        until=_seconds(until),
        base_url=row.base_url,
        progress=progress,
    )


def days_around(month: str) -> tuple[date, date]:
    """A month's first day and the one after its last, each a day wider: a request may count on either side of midnight."""
    first, end = months.days_of(months.checked(month))
    return months.EPOCH + timedelta(days=first - 1), months.EPOCH + timedelta(days=end + 1)


def keep(desk: Desk, provider: str, bill: Bill, origin: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Keep what a bill tells of its days, in place of what was told before; says what changed.

    `origin` is `administration`, or the name of a file.
    """
    days = sorted(bill.days)
    told = {_place(one): one for one in _summed(bill.lines)}
    with transaction(desk.engine) as connection:
        known = {_place(one): one for one in lines(connection, provider, days)}
        changed = sum(1 for place in {*told, *known} if told.get(place) != known.get(place))
        costs = {one.identity: one for one in bill.costs}
        same_costs = _costs(connection, provider, days) == _cost_sums(bill)
        oddities = [{"kind": one.kind, "page": one.page, "what": one.what} for one in bill.oddities]
        found: dict[str, Any] = {
            "provider": provider,
            "source": origin,
            "first": days[0] if days else "",
            "last": days[-1] if days else "",
            "pages": bill.pages,
            "lines": len(told),
            "costs": len(costs),
            "seats": len(bill.seats),
            "changed": changed,
            "oddities": oddities,
            "dry_run": dry_run,
        }
        if dry_run:
            return found
        number = desk.new_id("bil")
        if changed or not same_costs:
            _replace(connection, provider, days, told.values(), bill)
        _spoken(connection, provider, days, desk.now())
        if bill.seats:
            _replace_seats(connection, bill.seats, desk.now())
        names = ("provider", "source", "first", "last", "pages", "lines", "changed")
        connection.execute(
            insert(bill_reading).values(
                id=number,
                organisation=ORGANISATION,
                at=desk.now(),
                actor=desk.actor,
                oddities=json.dumps(oddities[:MAX_ODDITIES_KEPT]),
                **{name: found[name] for name in names},
            )
        )
        desk.note(connection, "bill.read", provider, {name: found[name] for name in names if name != "provider"})
    return {**found, "id": number}


def lines(connection: Connection, provider: str, days: Iterable[str]) -> list[Line]:
    """What was told of some days."""
    row = bill_line.c
    query = select(bill_line).where(row.organisation == ORGANISATION, row.provider == provider)
    wanted = sorted(days)
    if not wanted:
        return []
    query = query.where(row.day >= wanted[0], row.day <= wanted[-1])
    kept = set(wanted)
    return [_line(one) for one in connection.execute(query) if one.day in kept]


def days_told(connection: Connection, provider: str, first: str, last: str) -> dict[str, int]:
    """Days, both ends included, of which the provider has spoken, and when it did last."""
    row = bill_day.c
    query = select(row.day, row.told).where(
        row.organisation == ORGANISATION, row.provider == provider, row.day >= first, row.day <= last
    )
    return {one.day: one.told for one in connection.execute(query)}


def is_settled(day: str, told: int) -> bool:
    """Whether a day was over for long enough when the provider told of it, so that nothing comes to it any more."""
    end = (date.fromisoformat(day) - months.EPOCH).days * months.MICROS_PER_DAY + months.MICROS_PER_DAY
    return told >= end + SETTLES_HOURS * 3_600_000_000


def cost_nanos(connection: Connection, provider: str, first: str, last: str) -> int | None:
    """What the provider charges for some days, both included; None where it has not said."""
    row = bill_cost.c
    query = select(row.amount_nanos).where(
        row.organisation == ORGANISATION, row.provider == provider, row.day >= first, row.day <= last
    )
    found = list(connection.execute(query).scalars())
    return sum(found) if found else None


def readings(connection: Connection, provider: str = "", limit: int = 20) -> list[dict[str, Any]]:
    """What was read, the newest first."""
    query = select(bill_reading).where(bill_reading.c.organisation == ORGANISATION)
    if provider:
        query = query.where(bill_reading.c.provider == provider)
    rows = connection.execute(query.order_by(bill_reading.c.at.desc(), bill_reading.c.id).limit(limit))
    return [{**row._mapping, "oddities": json.loads(row.oddities)} for row in rows]


def told_providers(connection: Connection) -> list[str]:
    """Providers that have told anything, by name."""
    query = select(bill_day.c.provider).where(bill_day.c.organisation == ORGANISATION).distinct()
    return sorted(connection.execute(query).scalars())


# Rows.


def _summed(found: Iterable[Line]) -> list[Line]:
    """Lines by day, model, key, member and tier: what else a provider groups by makes no difference here."""
    sums: dict[tuple[str, ...], Line] = {}
    for one in found:
        plain = Line(
            one.day, one.model, one.usage, one.key, one.user, one.tier, requests=one.requests, cost_nanos=one.cost_nanos
        )
        place = _place(plain)
        sums[place] = joined(sums[place], plain) if place in sums else plain
    return list(sums.values())


def _place(one: Line) -> tuple[str, ...]:
    return (one.day, one.model, one.key, one.user, one.tier)


def _replace(connection: Connection, provider: str, days: list[str], told: Iterable[Line], bill: Bill) -> None:
    for table in (bill_line, bill_cost):
        row = table.c
        here = (row.organisation == ORGANISATION) & (row.provider == provider)
        for start in range(0, len(days), ROWS_AT_ONCE):
            connection.execute(delete(table).where(here, row.day.in_(days[start : start + ROWS_AT_ONCE])))
    of = {"provider": provider}
    rows = [
        {
            **of,
            "day": one.day,
            "model": one.model,
            "key": one.key,
            "member": one.user,
            "tier": one.tier,
            "tokens": json.dumps(tokens(one.usage), sort_keys=True),
            "requests": -1 if one.requests is None else one.requests,
            "cost_nanos": -1 if one.cost_nanos is None else one.cost_nanos,
        }
        for one in told
    ]
    costs = [
        {**of, "day": day, "item": item, "amount_nanos": amount} for (day, item), amount in _cost_sums(bill).items()
    ]
    for target, values in ((bill_line, rows), (bill_cost, costs)):
        for start in range(0, len(values), ROWS_AT_ONCE):
            connection.execute(insert(target), values[start : start + ROWS_AT_ONCE])


def _cost_sums(bill: Bill) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for one in bill.costs:
        if one.day in bill.days:
            place = (one.day, one.item or one.model)
            found[place] = found.get(place, 0) + one.amount_nanos
    return found


def _costs(connection: Connection, provider: str, days: list[str]) -> Mapping[tuple[str, str], int]:
    row, kept = bill_cost.c, set(days)
    query = select(bill_cost).where(row.organisation == ORGANISATION, row.provider == provider)
    return {(one.day, one.item): one.amount_nanos for one in connection.execute(query) if one.day in kept}


def _spoken(connection: Connection, provider: str, days: list[str], now: int) -> None:
    row = bill_day.c
    here = (row.organisation == ORGANISATION) & (row.provider == provider)
    for start in range(0, len(days), ROWS_AT_ONCE):
        some = days[start : start + ROWS_AT_ONCE]
        connection.execute(delete(bill_day).where(here, row.day.in_(some)))
        connection.execute(
            insert(bill_day),
            [{"provider": provider, "day": one, "told": now} for one in some],
        )


def _replace_seats(connection: Connection, seats: tuple[Seat, ...], now: int) -> None:
    for product in {one.product for one in seats}:
        here = (billed_seat.c.organisation == ORGANISATION) & (billed_seat.c.product == product)
        connection.execute(delete(billed_seat).where(here))
    rows = [
        {
            "product": one.product,
            "login": one.login,
            "email": one.email,
            "since": one.since,
            "last_used": one.last_used,
            "ends": one.ends,
            "told": now,
        }
        for one in seats
    ]
    connection.execute(insert(billed_seat), rows)


def _line(row: Any) -> Line:
    return Line(
        row.day,
        row.model,
        usage_of(json.loads(row.tokens)),
        row.key,
        row.member,
        row.tier,
        requests=None if row.requests < 0 else row.requests,
        cost_nanos=None if row.cost_nanos < 0 else row.cost_nanos,
    )


def _kind_of(desk: Desk, provider: str) -> str:
    """A provider that requests go to says its kind; the name of any other is one."""
    with reading(desk.engine) as connection:
        found = {one.name: one.terms.kind for one in providers.listed(connection)}
    return found.get(provider, provider)


def _no_admin(provider: str) -> NotFound:
    return NotFound(
        f"there is no admin key of {provider[:MAX_NAME_CHARS]!r}",
        f"`bursar provider admin-key {provider[:40]} --secret-env ...` stores one; or import the bill from a file",
    )


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
