"""API tokens: shown once, limited to scopes and a time, never more than their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, update
from tests.support.signing import DAY, NOW, VAULT, Dice, add_account

from bursar.errors import Conflict, Forbidden, InvalidInput, NotFound
from bursar.office.access import TABLE, Actor, Subject, action, allow, require
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, api_tokens
from bursar.office.identity.api_tokens import IssuedToken, authenticate, scopes_of
from bursar.office.keyring.tokens import API_PREFIX, is_well_formed, make_token
from bursar.office.tables import api_token
from bursar.office.vault import Vault, rotate_master
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)


@pytest.fixture
def dice() -> Dice:
    return Dice()


@pytest.fixture
def house(engine: Engine, changing: Changing) -> Engine:
    with changing() as connection:
        people.add(connection, {"handle": "ada"}, "per_ada", 1)
    add_account(engine, "ada", "", person_id="per_ada", roles=["finance"])
    return engine


def issue(engine: Engine, dice: Dice, *scopes: str, **fields: object) -> IssuedToken:
    with transaction(engine) as connection:
        return api_tokens.issue(
            connection,
            VAULT,
            "acc_ada",
            scopes or ("wallet.read",),
            token_id=dice.id("tok"),
            entropy=dice(32),
            by="acc_ada",
            now=NOW,
            **fields,  # type: ignore[arg-type]
        )


def actor(engine: Engine, issued: IssuedToken, now: int = NOW, vault: Vault = VAULT) -> Actor | None:
    return authenticate(engine, vault, issued.secret.reveal(), now)


def test_a_token_is_its_account_with_its_scopes(house: Engine, dice: Dice) -> None:
    issued = issue(house, dice, "wallet.read", "plan.read", label="ci")
    assert is_well_formed(issued.secret.reveal(), API_PREFIX)
    found = actor(house, issued)
    assert found == Actor(
        "acc_ada",
        "per_ada",
        "org_1",
        frozenset({"person", "finance"}),
        f"token:{issued.token.id}",
        frozenset({"wallet.read", "plan.read"}),
    )
    assert allow(found, action("wallet.read"), Subject("org_1", "per_ada")).allowed
    with pytest.raises(Forbidden, match="scopes"):
        require(found, action("usage.read"), Subject("org_1", "per_ada"))


def test_what_is_stored_is_a_fingerprint_and_a_hint(house: Engine, dice: Dice) -> None:
    issued = issue(house, dice)
    text = issued.secret.reveal()
    with reading(house) as connection:
        row = connection.execute(select(api_token)).one()
        assert api_tokens.listed(connection) == [issued.token]
    assert text not in repr(row) + repr(issued)
    assert row.hint == f"{text[:12]}...{text[-4:]}"


def test_a_role_that_is_taken_is_taken_from_the_tokens_too(house: Engine, dice: Dice) -> None:
    issued = issue(house, dice, "books.close")
    books, house_itself = action("books.close"), Subject("org_1")
    assert allow(actor(house, issued), books, house_itself).allowed  # type: ignore[arg-type]
    with transaction(house) as connection:
        accounts.change_roles(connection, "acc_ada", remove=["finance"], by="x", now=NOW)
    assert not allow(actor(house, issued), books, house_itself).allowed  # type: ignore[arg-type]


def test_a_token_ends_with_its_time_its_revocation_and_its_accounts_suspension(house: Engine, dice: Dice) -> None:
    short, long = issue(house, dice, days=1), issue(house, dice, days=api_tokens.MAX_DAYS)
    assert actor(house, short, NOW + DAY - 1) is not None
    assert actor(house, short, NOW + DAY) is None
    assert [short.token.state(NOW + step) for step in (DAY - 1, DAY)] == ["live", "expired"]
    with transaction(house) as connection:
        accounts.suspend(connection, "acc_ada", by="x", now=NOW)
    assert actor(house, long) is None
    with transaction(house) as connection:
        accounts.reinstate(connection, "acc_ada", by="x", now=NOW)
    assert actor(house, long) is not None
    with transaction(house) as connection:
        api_tokens.revoke(connection, long.token.id, by="acc_ada", now=NOW)
        with pytest.raises(Conflict, match="revoked already"):
            api_tokens.revoke(connection, long.token.id, by="acc_ada", now=NOW)
    assert actor(house, long) is None


def test_one_revokes_ones_own_tokens_only(house: Engine, dice: Dice) -> None:
    issued = issue(house, dice)
    for account, token in (
        ("acc_other", issued.token.id),
        ("", "tok_none"),
        ("", issued.secret.reveal()),
        ("", "\x00"),
    ):
        with pytest.raises(NotFound) as caught, transaction(house) as connection:
            api_tokens.revoke(connection, token, by="x", now=NOW, account_id=account)
        assert issued.secret.reveal() not in str(caught.value)
    with transaction(house) as connection:
        api_tokens.revoke(connection, issued.token.id, by="acc_ada", now=NOW, account_id="acc_ada")
    with reading(house) as connection:
        assert api_tokens.named(connection, issued.token.id).state(NOW) == "revoked"


def test_it_is_remembered_by_the_day_when_a_token_was_used(house: Engine, dice: Dice) -> None:
    issued, writes = issue(house, dice), []

    @event.listens_for(house, "before_cursor_execute")
    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT"):
            writes.append(statement)

    for now in (NOW, NOW + 1, NOW + DAY, NOW + DAY + 1):
        actor(house, issued, now)
    assert len(writes) == 2
    with reading(house) as connection:
        assert api_tokens.named(connection, issued.token.id).last_used == "2023-11-15"


@pytest.mark.parametrize("text", ["", "bur_api_", "bur_api_" + "0" * 49, "é", "\ud800", make_token(bytes(32))])
def test_what_is_no_token_is_nobody(house: Engine, dice: Dice, text: str) -> None:
    issue(house, dice)
    assert authenticate(house, VAULT, text, NOW) is None


def test_an_access_key_of_the_same_randomness_is_no_api_token_and_the_other_way_round() -> None:
    key, token = make_token(bytes(32)), make_token(bytes(32), API_PREFIX)
    assert is_well_formed(key)
    assert is_well_formed(token, API_PREFIX)
    assert not is_well_formed(key, API_PREFIX)
    assert not is_well_formed(token)
    assert not is_well_formed("bur_live_" + token.removeprefix(API_PREFIX))


def test_tokens_outlive_the_exchange_of_the_master_key(house: Engine, dice: Dice, changing: Changing) -> None:
    issued, successor = issue(house, dice), Vault(bytes(32))
    with changing() as connection:
        rotate_master(connection, VAULT, successor)
    assert actor(house, issued, vault=successor) is not None


def test_a_scope_that_a_newer_bursar_knew_gives_nothing(house: Engine, dice: Dice, changing: Changing) -> None:
    issued = issue(house, dice)
    with changing() as connection:
        connection.execute(update(api_token).values(scopes='["wallet.burn"]'))
    found = actor(house, issued)
    assert found is not None
    assert not any(allow(found, row, Subject("org_1", "per_ada")).allowed for row in TABLE)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"days": 0}, "days"),
        ({"days": api_tokens.MAX_DAYS + 1}, "days"),
        ({"label": "x" * 101}, "label"),
        ({"label": "a\nb"}, "label"),
    ],
)
def test_a_token_out_of_bounds_is_refused(house: Engine, dice: Dice, fields: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        issue(house, dice, **fields)


def test_an_account_has_a_largest_number_of_live_tokens(
    house: Engine, dice: Dice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tokens, "MAX_PER_ACCOUNT", 1)
    issue(house, dice)
    with pytest.raises(Conflict, match="has 1 tokens"):
        issue(house, dice)
    with transaction(house) as connection:
        accounts.suspend(connection, "acc_ada", by="x", now=NOW)
    with pytest.raises(Conflict, match="suspended"):
        issue(house, dice)


# Scopes.


def test_bundles_are_written_out_in_the_tables_order() -> None:
    assert scopes_of(["topup:read"]) == ("topup.read",)
    assert scopes_of(["topup:write", "wallet.read"]) == ("wallet.read", "topup.ask", "topup.read", "topup.decide")
    assert set(scopes_of(["*:read"])) == {row.name for row in TABLE if row.kind == "read"}
    assert set(scopes_of(["*:write"])) == {row.name for row in TABLE if row.by_token}


@pytest.mark.parametrize(
    "scopes",
    [
        [],
        ["wallet"],
        ["wallet:burn"],
        ["books.read", "walet.read"],
        ["nothing:read"],
        ["signin:write"],
        [""],
        [":read"],
    ],
)
def test_a_scope_that_stands_for_nothing_is_refused(scopes: list[str]) -> None:
    with pytest.raises(InvalidInput):
        scopes_of(scopes)


@pytest.mark.parametrize("name", [row.name for row in TABLE if not row.by_token])
def test_what_no_token_may_do_is_no_scope(name: str) -> None:
    with pytest.raises(InvalidInput, match="something that a token may do"):
        scopes_of([name])
    assert name not in scopes_of(["*:write"])


@given(
    st.lists(
        st.sampled_from([row.name for row in TABLE if row.by_token] + ["*:read", "plan:write", "key:read"]), min_size=1
    )
)
def test_scopes_written_out_stand_for_themselves(names: list[str]) -> None:
    assert scopes_of(scopes_of(names)) == scopes_of(names)
