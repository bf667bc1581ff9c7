"""Usage in months on PostgreSQL: made ahead by any node, with the owner's rights and nothing else; nothing is lost beside them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from bursar.errors import Conflict
from bursar.ledger import Charge, LotTerms, Release, Store, Usage, apply_now, make_months, reading
from bursar.ledger.months import AHEAD, KEPT, covering, strays
from bursar.ledger.separation import ORGANISATION, options
from bursar.ledger.verify import verify
from bursar.office import database
from bursar.office.database import as_owner, check_schema, migrate, open_engine, schema_state

DAY = 86_400_000_000
JANUARY, APRIL = 20_454 * DAY, 20_544 * DAY
"""2026-01-01 and 2026-04-01, microseconds UTC."""


@pytest.fixture
def ledger(postgres_url: str, open_ledger: Callable[[str], Store]) -> Store:
    store = open_ledger(postgres_url)
    apply_now(store, [Release("release", "ada", LotTerms("lot", "USD", 10**9, 0))], 1)
    return store


def charged(store: Store, name: str, at: int, now: int) -> None:
    (answer,) = apply_now(
        store, [Charge(name, "ada", "USD", 10, usage=Usage(at=at, provider="openai", model="m"))], now
    )
    assert type(answer).__name__ == "Applied"


def places(store: Store, table: str) -> list[str]:
    with psycopg.connect(store.url) as owner:  # type: ignore[attr-defined]
        found = owner.execute(f"SELECT DISTINCT tableoid::regclass::text FROM {table} ORDER BY 1".encode())
        return [row[0] for row in found]


def test_months_are_made_once_and_usage_lies_in_its_own(ledger: Store) -> None:
    assert make_months(ledger, JANUARY + 5) == len(KEPT) * (1 + AHEAD)
    assert make_months(ledger, JANUARY + 6) == 0
    assert make_months(ledger, APRIL) == len(KEPT) * AHEAD
    for number, at in enumerate((JANUARY, JANUARY + 31 * DAY - 1, JANUARY + 31 * DAY, APRIL - 1)):
        charged(ledger, f"c{number}", at, at + 1)
    assert places(ledger, "charge") == ["charge_2026_01", "charge_2026_02", "charge_2026_03"]
    assert places(ledger, "usage_day") == ["usage_day_2026_01", "usage_day_2026_02", "usage_day_2026_03"]
    assert ledger.read(strays) == {}
    assert ledger.read(verify).findings == []


def test_what_lies_in_no_month_counts_like_anything_else_and_is_told_of(ledger: Store) -> None:
    charged(ledger, "early", JANUARY, JANUARY + 1)
    assert ledger.read(strays) == {"charge": 1, "usage_day": 1}
    assert make_months(ledger, JANUARY) == len(KEPT) * AHEAD  # January itself is not made over what lies there
    charged(ledger, "later", JANUARY + 5, JANUARY + 6)
    assert ledger.read(strays) == {"charge": 2, "usage_day": 1}
    assert ledger.read(verify).findings == []
    (lot,) = ledger.read(lambda session: reading.balance(session, "ada", JANUARY + 10))
    assert lot.spent == 20


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM charge_2026_01",
        "DELETE FROM usage_day_other",
        "DROP TABLE charge_2026_01",
        "ALTER TABLE charge DETACH PARTITION charge_2026_01",
        "TRUNCATE charge_2026_01",
        "CREATE TABLE charge_2020_01 PARTITION OF charge FOR VALUES FROM (0) TO (5)",
    ],
)
def test_the_applications_role_has_no_way_round_by_a_month(ledger: Store, statement: str) -> None:
    make_months(ledger, JANUARY)
    url = ledger.url  # type: ignore[attr-defined]
    with psycopg.connect(url, options=options(ORGANISATION)) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("wanted", ["-1, 1", "20454, 25", "20454, -1", "100001, 1"])
def test_a_node_cannot_make_what_is_no_month_of_our_time(ledger: Store, wanted: str) -> None:
    url = ledger.url  # type: ignore[attr-defined]
    with psycopg.connect(url, options=options(ORGANISATION)) as connection, pytest.raises(errors.RaiseException):
        connection.execute(f"SELECT bursar_months_of_charge({wanted})".encode())


def test_a_table_of_the_session_does_not_stand_in_for_the_ledgers(ledger: Store) -> None:
    url = ledger.url  # type: ignore[attr-defined]
    with psycopg.connect(url, options=options(ORGANISATION)) as connection:
        connection.execute("CREATE TEMPORARY TABLE charge (at bigint) PARTITION BY RANGE (at)")
        connection.execute("CREATE TEMPORARY TABLE charge_other PARTITION OF pg_temp.charge DEFAULT")
        assert connection.execute("SELECT bursar_months_of_charge(20454, 0)").fetchone() == (1,)
        found = connection.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.charge'::regclass")
        assert found.fetchone() == (2,)


def test_twice_the_same_charge_in_two_months_is_found(ledger: Store) -> None:
    """A key within months cannot refuse it; the proof does."""
    make_months(ledger, JANUARY)
    charged(ledger, "c", JANUARY, JANUARY + 1)
    with psycopg.connect(ledger.url, options=options(ORGANISATION, role="")) as owner:  # type: ignore[attr-defined]
        names = owner.execute(
            "SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = 'charge'::regclass "
            "AND attnum > 0 AND attname <> 'at'"
        ).fetchone()[0]  # type: ignore[index]
        owner.execute(f"INSERT INTO charge ({names}, at) SELECT {names}, at + {32 * DAY} FROM charge".encode())
    assert ledger.read(verify).findings != []


def test_every_month_between_two_days_is_made_before_rows_come_from_elsewhere(ledger: Store) -> None:
    first, last = 19_722, 20_544  # 2023-12-31 to 2026-04-01
    with psycopg.connect(ledger.url, options=options(ORGANISATION, role="")) as owner:  # type: ignore[attr-defined]
        for statement in covering(first, last):
            owner.execute(statement.encode())
        found = {row[0] for row in owner.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}
    wanted = {f"{year}_{month:02}" for year in (2024, 2025) for month in range(1, 13)} | {"2023_12", "2026_04"}
    assert {f"{table}_{month}" for table in ("charge", "usage_day") for month in wanted} <= found
    assert max(found - {"charge_other", "usage_day_other"}) <= "usage_day_2026_06"
    assert covering(5, 7) == covering(40_000, 40_001) == ()


# Coming from an older schema.


@pytest.fixture
def owned(postgres_url: str) -> str:
    """A database whose owner may make roles, as on a managed PostgreSQL, and is no superuser."""
    name = make_url(postgres_url).database
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN CREATE ROLE a_landlord LOGIN CREATEROLE NOSUPERUSER; EXCEPTION WHEN duplicate_object THEN END $$"
        )
        members = "SELECT pg_has_role('a_landlord', oid, 'MEMBER') FROM pg_roles WHERE rolname = 'bursar_app'"
        if connection.execute(members).fetchone() == (False,):
            connection.execute("GRANT bursar_app TO a_landlord WITH ADMIN OPTION")
        connection.execute(f"ALTER DATABASE {name} OWNER TO a_landlord".encode())
        connection.execute("ALTER SCHEMA public OWNER TO a_landlord")
    return postgres_url.replace("postgres:@", "a_landlord:@")


def test_an_older_database_of_an_owner_that_is_no_superuser_keeps_its_rows(owned: str) -> None:
    engine = open_engine(owned)
    try:
        _upgrade_to(engine, "0020")
        with as_owner(engine) as owner, owner.begin() as connection:
            for statement in OLD_ROWS:
                connection.exec_driver_sql(statement)
        migrate(engine)
        check_schema(engine)
        assert schema_state(engine).relation == "current"
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT seq, at, organisation FROM charge ORDER BY seq").fetchall()
            assert [tuple(row) for row in found] == [(1, JANUARY, "org_1"), (2, APRIL, "org_1"), (3, 7, "org_1")]
            days = connection.exec_driver_sql("SELECT day, amount FROM usage_day").fetchall()
            assert [tuple(row) for row in days] == [(20_454, 5)]
        with psycopg.connect(owned) as owner_:
            tables = owner_.execute("SELECT DISTINCT tableoid::regclass::text FROM charge ORDER BY 1").fetchall()
            assert tables == []  # its owner is below the policy
            owner_.execute("SET bursar.organisation = 'org_1'")
            tables = owner_.execute("SELECT DISTINCT tableoid::regclass::text FROM charge ORDER BY 1").fetchall()
            assert [row[0] for row in tables] == ["charge_2026_01", "charge_2026_04", "charge_other"]
        with (
            pytest.raises(Conflict, match="append-only"),
            as_owner(engine) as owner,
            database.transaction(owner) as connection,
        ):
            connection.exec_driver_sql("DELETE FROM charge")
    finally:
        engine.dispose()


def _upgrade_to(engine: object, revision: str) -> None:
    from alembic import command

    with as_owner(engine) as owner, owner.begin() as connection:  # type: ignore[arg-type]
        config = database._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


_ENTRY = "INSERT INTO entry VALUES ({seq}, 'c{seq}', '', 'charge', 'ada', 'USD', 1, 1, '', '', '', 0)"
_CHARGE = (
    "INSERT INTO charge VALUES ({seq}, 'ada', 'USD', 5, 0, {at}, '', '', 'openai', 'm', '', '', '', '', '', '', '', 'exact', "
    "'{{}}', 0, 0)"
)
OLD_ROWS = (
    "INSERT INTO account VALUES ('ada', 1)",
    *(_ENTRY.format(seq=seq) for seq in (1, 2, 3)),
    *(_CHARGE.format(seq=seq, at=at) for seq, at in ((1, JANUARY), (2, APRIL), (3, 7))),
    "INSERT INTO usage_day VALUES ('ada', 20454, 'USD', 'openai', 'm', '', '', 1, 0, 0, 0, 5, 0, 0, 0)",
)
