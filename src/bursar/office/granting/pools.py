"""Pools: money that a team shares when somebody's own is used up, and consents to pay with one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from bursar.errors import Conflict, InvalidInput
from bursar.ledger import NEVER, LotTerms, Release, reading
from bursar.money import parse_amount
from bursar.office.database import reading as looking
from bursar.office.database import transaction
from bursar.office.granting import grants
from bursar.office.metering.limits import POOL_PREFIX, pool_account
from bursar.office.tables import consent
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

OWN_MONEY_WORDS = (
    "I agree that what I use beyond my allotment, up to the sum that my plan names for a period, is deducted from my pay. "
    "I can withdraw this at any time; it then ends with the next request."
)


def fund(desk: Desk, name: str, amount: str, *, expires: str = "", note: str = "") -> dict[str, Any]:
    """Put an amount into a team's pool, in USD."""
    account = pool_account(name)
    given = parse_amount(amount)
    if str(given.unit) != "USD" or given.nanos <= 0:
        raise InvalidInput("amount", repr(amount), "an amount in USD above nothing")
    now = desk.now()
    until = desk.instant(expires, "UTC", "expires") if expires else NEVER
    if until <= now:
        raise InvalidInput("expires", expires, "a day in the future")
    lot = LotTerms(desk.new_id("lot"), "USD", given.nanos, now, until, grant=account, label=f"Pool {name}")
    desk.apply(Release(f"release:{lot.id}", account, lot, note))
    with transaction(desk.engine) as connection:
        desk.note(connection, "pool.fund", account, {"amount_nanos": given.nanos, "lot": lot.id, "note": note})
    return {"pool": account, "lot": lot.id, "amount_nanos": given.nanos}


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every pool with what is left of it."""
    accounts = desk.store.read(
        lambda session: [
            row[0]
            for row in session.rows(
                "SELECT person FROM account WHERE person >= ? AND person < ? ORDER BY person", POOL_PREFIX, "pool;"
            )
        ]
    )
    found = []
    for account in accounts:
        lots = desk.store.read(lambda session, account=account: reading.balance(session, account, desk.now()))  # type: ignore[misc]
        open_lots = [lot for lot in lots if lot.open]
        found.append(
            {
                "pool": account,
                "available_nanos": sum(lot.available for lot in open_lots),
                "held_nanos": sum(lot.held for lot in open_lots),
                "spent_nanos": sum(lot.spent for lot in lots),
                "amount_nanos": sum(lot.terms.amount for lot in open_lots),
            }
        )
    return found


def of_person(desk: Desk, person: str) -> list[dict[str, Any]]:
    """The pools that a person's running grants lead to at their limit, with what is left of each."""
    now = desk.now()
    with looking(desk.engine) as connection:
        holder = people.named(connection, person)
        running = grants.listed(connection, person=holder["id"], active_at=now)
    steps = [step for grant in running for step in grant.history.segment_at(now).plan.at_limit if step.pool]
    names = {pool_account(holder["team"] if step.pool == "team" else step.pool) for step in steps}
    return [one for one in listed(desk) if one["pool"] in names]


def agree_to_own_money(desk: Desk, person: str) -> dict[str, Any]:
    """Record a person's consent to pay beyond the limit from their pay, in the words that they agreed to."""
    with transaction(desk.engine) as connection:
        holder = people.named(connection, person)
        if connection.execute(
            select(consent).where(consent.c.person == holder["id"], consent.c.withdrawn == 0)
        ).first():
            raise Conflict(f"{holder['handle']} has agreed already")
        connection.execute(
            insert(consent).values(person=holder["id"], given=desk.now(), kind="own_money", words=OWN_MONEY_WORDS)
        )
        desk.note(connection, "consent.give", holder["id"], {"kind": "own_money", "words": OWN_MONEY_WORDS})
    return {"person": holder["handle"], "kind": "own_money", "words": OWN_MONEY_WORDS}


def withdraw_own_money(desk: Desk, person: str) -> None:
    """Take the consent back; the next request is not paid for any more."""
    with transaction(desk.engine) as connection:
        holder = people.named(connection, person)
        connection.execute(
            update(consent)
            .where(consent.c.person == holder["id"], consent.c.withdrawn == 0)
            .values(withdrawn=desk.now())
        )
        desk.note(connection, "consent.withdraw", holder["id"], {"kind": "own_money"})


def consents(desk: Desk, person: str) -> list[dict[str, Any]]:
    """What a person agreed to, and when they took it back."""
    with looking(desk.engine) as connection:
        holder = people.named(connection, person)
        rows = connection.execute(select(consent).where(consent.c.person == holder["id"]).order_by(consent.c.given))
        return [dict(row._mapping) for row in rows]
