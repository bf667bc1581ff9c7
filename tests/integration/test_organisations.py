"""Two organisations in one PostgreSQL: nothing of the one is seen, changed, counted or guessed by the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import Connection, errors, sql
from sqlalchemy import func, insert, select
from sqlalchemy.exc import ProgrammingError
from tests.support.api import listening, token_of
from tests.support.terminal import Terminal

from bursar.api import PREFIX
from bursar.cli.accounts import add_first_owner
from bursar.errors import BursarError, Conflict, InvalidInput
from bursar.ledger import Applied, Charge, LotTerms, Release, Store, apply_now, make_months, open_store, reading
from bursar.ledger.postgres import PostgresSession
from bursar.ledger.separation import APP_ROLE, ORGANISATION, options, separation
from bursar.ledger.session import Session
from bursar.ledger.verify import verify
from bursar.office import audit, openings, organisations
from bursar.office.access import ASSIGNABLE
from bursar.office.database import as_owner, check_schema, open_engine, transaction
from bursar.office.database import reading as looking
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.identity import accounts
from bursar.office.metering.directory import LiveDirectory
from bursar.office.settings import Settings
from bursar.office.tables import metadata, price_overlay

pytest_plugins = ("tests.postgres",)

OTHER = "globex"
EXCEPTIONS = {
    "alembic_version": "the schema's revision is everybody's",
    "schema_floor": "which releases may serve the schema is everybody's",
    "organisation": "the list itself: its id is the organisation, and a policy of its own says so",
}
_names = itertools.count()


@dataclass(frozen=True, slots=True)
class Two:
    """A database with two organisations, and a desk at each."""

    url: str
    desks: tuple[Desk, Desk]

    def store(self, which: int) -> Store:
        return self.desks[which].store

    def connect(self, organisation: str = ORGANISATION, role: str = APP_ROLE) -> Connection[tuple[object, ...]]:
        """A connection as Bursar's own are; without a role as the superuser that the URL names."""
        return psycopg.connect(self.url, options=options(organisation, role))


@pytest.fixture(scope="module")
def furnished(postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database to copy: two organisations with the same handles, the same ids in the ledger, and different figures."""
    create(postgres_template, "organisations_two", "bursar_template")
    url = postgres_template.replace("/postgres?", "/organisations_two?")
    ours = Settings(home=tmp_path_factory.mktemp("two"), database_url=url)
    initialise(ours)
    organisations.add(ours, OTHER, "Globex Ltd", actor="test")
    for factor, name in enumerate((ORGANISATION, OTHER), start=1):
        with open_desk_of(ours.model_copy(update={"organisation": name})) as desk:
            desk.add_person("ada", email="ada@example.com")
            give(desk.store, 1_000 * factor)
    return ours


def create(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


@pytest.fixture
def url(request: pytest.FixtureRequest, postgres_template: str) -> Iterator[str]:
    """A database with one organisation, or with the two."""
    name = f"organisations_{next(_names)}"
    create(postgres_template, name, "organisations_two" if "two" in request.fixturenames else "bursar_template")
    yield postgres_template.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_template, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def two(furnished: Settings, url: str) -> Iterator[Two]:
    """The two organisations, with a desk at each."""
    settings = [
        furnished.model_copy(update={"database_url": url, "organisation": name}) for name in (ORGANISATION, OTHER)
    ]
    with open_desk_of(settings[0]) as first, open_desk_of(settings[1]) as second:
        yield Two(url, (first, second))


@contextmanager
def open_desk_of(settings: Settings) -> Iterator[Desk]:
    desk = open_desk(settings, actor="test")
    try:
        yield desk
    finally:
        desk.close()


def give(store: Store, amount: int) -> None:
    answers = apply_now(
        store, [Release("release", "per_1", LotTerms("lot", "USD", amount, 0)), Charge("charge", "per_1", "USD", 10)], 5
    )
    assert all(isinstance(one, Applied) for one in answers)


def dump(connection: Connection[tuple[object, ...]]) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that this connection sees."""
    return {
        name: connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
        for name in tables(connection)
    }


def tables(connection: Connection[tuple[object, ...]]) -> list[str]:
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition ORDER BY relname"
    )
    return [str(row[0]) for row in found]


# The schema.


def test_every_table_is_put_apart_by_its_organisation(url: str) -> None:
    with psycopg.connect(url) as connection:
        every = tables(connection)
        assert set(metadata.tables) <= set(every)
        wrong = [f"{name}: {why}" for name in every if name not in EXCEPTIONS for why in faults(connection, name)]
        forced = {
            row[0]: row[1:]
            for row in connection.execute("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class")
        }
    assert wrong == []
    assert forced["organisation"] == (True, True)


def faults(connection: Connection[tuple[object, ...]], table: str) -> Iterator[str]:
    """What lets one organisation reach into another's rows of a table."""
    flags = connection.execute(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]
    ).fetchone()
    if flags != (True, True):
        yield "its policy is not forced"
    column = connection.execute(
        "SELECT is_nullable, column_default FROM information_schema.columns "
        "WHERE table_name = %s AND column_name = 'organisation'",
        [table],
    ).fetchone()
    if column != ("NO", "current_setting('bursar.organisation'::text)"):
        yield f"its column is {column}"
    policies = connection.execute(
        "SELECT qual, with_check, cmd, roles::text FROM pg_policies WHERE tablename = %s", [table]
    )
    mine = "(organisation = NULLIF(current_setting('bursar.organisation'::text, true), ''::text))"
    if policies.fetchall() != [(mine, mine, "ALL", "{public}")]:
        yield "it has no policy, or another one"
    keys = connection.execute(
        "SELECT conname, attname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
        "WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f') "
        "UNION ALL SELECT indexrelid::regclass::text, attname FROM pg_index "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] WHERE indrelid = %s::regclass",
        [table, table],
    ).fetchall()
    if not keys:
        yield "it has no key"
    for name, first in keys:
        if first != "organisation":
            yield f"{name} begins with {first}"


def test_a_table_that_was_forgotten_would_be_found(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE forgotten (id text PRIMARY KEY)")
        assert len(list(faults(connection, "forgotten"))) == 5
        for statement in separation("forgotten"):
            connection.execute(statement.encode())
        assert list(faults(connection, "forgotten")) == []


def test_nobody_but_the_owner_may_touch_the_journal_or_the_list(two: Two) -> None:
    with two.connect() as connection:
        rights = {
            row[0]: row[1:]
            for row in connection.execute(
                "SELECT relname, has_table_privilege(oid, 'UPDATE'), has_table_privilege(oid, 'DELETE'), "
                "has_table_privilege(oid, 'TRUNCATE'), has_table_privilege(oid, 'REFERENCES') FROM pg_class "
                "WHERE relname IN ('entry', 'posting', 'charge', 'seal', 'audit', 'alembic_version')"
            )
        }
        assert set(rights.values()) == {(False, False, False, False)}
        assert connection.execute("SELECT has_table_privilege('organisation', 'INSERT')").fetchone() == (False,)
        (acting,) = connection.execute(
            "SELECT (rolsuper, rolbypassrls, rolcanlogin)::text FROM pg_roles WHERE rolname = current_user"
        ).fetchone() or ("",)
        assert acting == "(f,f,f)"


# Raw SQL, as the application's role.


def test_a_select_without_a_condition_shows_one_organisation(two: Two) -> None:
    with two.connect() as ours, two.connect(OTHER) as theirs:
        here, there = dump(ours), dump(theirs)
        for name in ("entry", "posting", "charge", "seal", "lot", "account", "usage_day", "head", "person"):
            assert len(here[name]) == len(there[name]) > 0, name
        columns = {name: columns_of(ours, name) for name in here}
    for found, whose in ((here, ORGANISATION), (there, OTHER)):
        for name, rows in found.items():
            if name not in ("alembic_version", "schema_floor"):
                place = columns[name].index("id" if name == "organisation" else "organisation")
                assert {row[place] for row in rows} <= {whose}, name
    assert amounts(here["lot"], columns["lot"]) == [1_000]
    assert amounts(there["lot"], columns["lot"]) == [2_000]


def columns_of(connection: Connection[tuple[object, ...]], name: str) -> list[str]:
    cursor = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(name)))
    return [one.name for one in cursor.description or ()]


def amounts(rows: list[tuple[object, ...]], columns: list[str]) -> list[object]:
    return [row[columns.index("amount")] for row in rows]


REACHING = (
    "INSERT INTO account (organisation, person, opened) VALUES ('globex', 'per_9', 1)",
    "INSERT INTO person (organisation, id, handle, created) VALUES ('globex', 'per_9', 'eve', 1)",
    "INSERT INTO audit VALUES (99, 1, 'a', 'b', 'c', 'd', 'e', 'f', 'globex')",
    "UPDATE lot SET organisation = 'globex'",
    "UPDATE person SET organisation = 'globex'",
    "UPDATE head SET organisation = 'globex'",
    "UPDATE organisation SET id = 'globex2'",
    "INSERT INTO organisation (id) VALUES ('mine_too')",
    "UPDATE entry SET note = 'x'",
    "DELETE FROM seal",
    "TRUNCATE person CASCADE",
    "COPY account (organisation, person, opened) FROM STDIN",
    "ALTER TABLE person NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY one_organisation ON person",
    "CREATE TABLE mine (id text)",
)


def test_what_would_reach_into_another_organisation_is_refused(two: Two) -> None:
    refused = (errors.InsufficientPrivilege, errors.FeatureNotSupported)
    with two.connect(OTHER) as theirs:
        before = dump(theirs)
    with two.connect() as connection:
        for statement in REACHING:
            with pytest.raises(refused), connection.transaction():
                connection.execute(statement.encode())
    with two.connect(OTHER) as theirs:
        assert dump(theirs) == before


def test_changes_without_a_condition_stay_at_home(two: Two) -> None:
    with two.connect(OTHER) as theirs:
        before = dump(theirs)
    with two.connect() as connection:
        assert connection.execute("UPDATE person SET name = 'overwritten'").rowcount == 1
        assert connection.execute("UPDATE lot SET revoked_at = 7").rowcount == 1
        assert connection.execute("UPDATE control_version SET version = version + 100").rowcount == 1
        assert connection.execute("DELETE FROM price_version").rowcount == 1
        assert connection.execute("DELETE FROM person WHERE organisation = 'globex'").rowcount == 0
    with two.connect(OTHER) as theirs:
        assert dump(theirs) == before


def test_copying_out_copies_one_organisation(two: Two) -> None:
    with two.connect() as connection, connection.cursor().copy("COPY lot (organisation, amount) TO STDOUT") as rows:
        assert list(rows.rows()) == [(ORGANISATION, "1000")]


def test_row_security_cannot_be_switched_off(two: Two) -> None:
    with two.connect() as connection:
        connection.execute("SET row_security = off")
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute("SELECT * FROM lot")


@pytest.mark.parametrize("setting", ["", "-c bursar.organisation="])
def test_a_connection_that_does_not_say_whose_it_is_sees_nothing_and_writes_nothing(two: Two, setting: str) -> None:
    with psycopg.connect(two.url, options=f"{setting} -c role={APP_ROLE}", autocommit=True) as connection:
        found = dump(connection)
        assert {name for name, rows in found.items() if rows} == {"alembic_version", "schema_floor"}
        with pytest.raises(psycopg.Error, match=r"unrecognized configuration parameter|row-level security"):
            connection.execute("INSERT INTO account (person, opened) VALUES ('x', 1)")


def test_an_owner_that_is_no_superuser_is_below_the_policies_too(two: Two) -> None:
    with two.connect(role="") as connection:
        connection.execute("CREATE ROLE an_owner NOSUPERUSER")
        connection.execute("ALTER TABLE lot OWNER TO an_owner")
        connection.execute("SET ROLE an_owner")
        assert connection.execute("SELECT organisation FROM lot").fetchall() == [(ORGANISATION,)]
        connection.rollback()


def test_a_key_that_is_taken_elsewhere_is_free_here(two: Two) -> None:
    """A unique violation would tell that the other organisation has such a row; and no number is drawn from a common well."""
    with two.connect() as ours, two.connect(OTHER) as theirs:
        for connection in (ours, theirs):
            connection.execute("INSERT INTO person (id, handle, created) VALUES ('per_same', 'same', 1)")
            connection.execute("INSERT INTO price_snapshot VALUES ('digest', 'x', '', 1)")
    numbers = []
    for which in (0, 1, 0, 1):
        with transaction(two.desks[which].engine) as connection_:
            made = connection_.execute(insert(price_overlay).values(document="{}", created=1))
            numbers.append(made.inserted_primary_key[0])
    assert numbers == [1, 1, 2, 2]


# The ledger.


def test_the_same_ids_live_in_both_and_each_chain_stands_by_itself(two: Two) -> None:
    heads = [two.store(which).read(lambda session: session.head()) for which in (0, 1)]
    assert [(one.batch, one.seq) for one in heads] == [(1, 2), (1, 2)]
    assert heads[0].hash != heads[1].hash
    balances = [balance(two.store(which)) for which in (0, 1)]
    assert balances == [990, 1_990]
    with two.connect(OTHER) as theirs:
        before = dump(theirs)
    for number in range(5):
        apply_now(two.store(0), [Charge(f"c{number}", "per_1", "USD", 7)], 10 + number)
    with two.connect(OTHER) as theirs:
        assert dump(theirs) == before
    for which, seals in ((0, 6), (1, 1)):
        found = two.store(which).read(verify)
        assert (found.findings, found.seals) == ([], seals)


def balance(store: Store) -> int:
    return store.read(lambda session: sum(one.available for one in reading.balance(session, "per_1", 10**6)))


def test_what_was_altered_in_one_is_found_there_and_not_in_the_other(two: Two) -> None:
    with two.connect(role="") as owner:
        owner.execute("ALTER TABLE posting DISABLE TRIGGER ALL")
        owner.execute("UPDATE posting SET amount = 11 WHERE amount = 10 AND organisation = 'globex'")
    assert two.store(0).read(verify).findings == []
    assert two.store(1).read(verify).findings != []


def test_writers_of_two_organisations_do_not_wait_for_each_other(two: Two) -> None:
    def meanwhile(session: Session) -> None:
        session.lock(["per_1"], 50)
        session.lock_head()
        apply_now(two.store(1), [Charge("beside", "per_1", "USD", 1)], 50)

    two.store(0).transact(meanwhile)
    assert balance(two.store(1)) == 1_989


def test_everyones_newest_entry_is_found_by_an_index_below_the_policy(two: Two) -> None:
    """Below a policy a comparison with a sub-query of the same row would read the whole journal, for every batch."""
    with two.connect(role="") as owner:
        owner.execute(
            "INSERT INTO entry (seq, command, content, kind, person, unit, effective, recorded, hold, corrects, note, prior) "
            "SELECT n, 'c' || n, '', 'charge', 'per_' || n % 50, 'USD', 1, 1, '', '', '', 0 FROM generate_series(100, 20000) n"
        )
    with two.connect(role="") as owner:
        owner.execute("ANALYZE entry")
    with two.connect() as connection:
        asked = PostgresSession.NEWEST + PostgresSession.IN.replace("?", "%s")
        plan = connection.execute(f"EXPLAIN {asked}".encode(), [["per_1", "per_2"]]).fetchall()
    told = "\n".join(str(row[0]) for row in plan)
    assert "using entry_person" in told
    assert "Hash" not in told


# The office.


def test_a_desk_knows_its_own_people_keys_and_audit_log(two: Two) -> None:
    first, second = two.desks
    assert [one["organisation"] for desk in two.desks for one in desk.people()] == [ORGANISATION, OTHER]
    assert first.person("ada")["id"] != second.person("ada")["id"]
    with pytest.raises(BursarError, match="there is no person"):
        second.person(first.person("ada")["id"])
    keys = [desk.issue_key("ada") for desk in two.desks]
    for desk, mine, theirs in ((first, *keys), (second, *reversed(keys))):
        directory = LiveDirectory(desk.engine, desk.vault)
        known = directory.authenticate(mine["token"], desk.now())
        assert known is not None
        assert known.key_id == mine["id"]
        assert directory.authenticate(theirs["token"], desk.now()) is None
        assert [one["id"] for one in desk.keys()] == [mine["id"]]
        with pytest.raises(BursarError):
            desk.revoke_key(theirs["id"])
        with looking(desk.engine) as connection:
            found = audit.verify(connection)
            assert found.broken is None
            assert {row["subject"] for row in audit.lines(connection)}.isdisjoint({theirs["id"]})
    assert first.settings.key_file != second.settings.key_file
    assert first.vault.key_id != second.vault.key_id


def test_an_office_other_than_the_first_finds_what_it_wrote(two: Two) -> None:
    """Statements that name the organisation name the connection's."""

    desk = two.desks[1]
    desk.add_provider("openai", secret="sk-globex")
    with transaction(desk.engine) as connection:
        openings.change(connection, "leaderboard", to=True, by="test", now=1)
    add_first_owner(desk, "olga")
    with looking(desk.engine) as connection:
        assert openings.is_open(connection, openings.LEADERBOARD)
        assert accounts.named(connection, "olga").organisation == OTHER
    with looking(two.desks[0].engine) as connection:
        assert not openings.is_open(connection, openings.LEADERBOARD)
        assert accounts.listed(connection) == []
        assert two.desks[0].providers() == []


def test_the_api_of_one_knows_neither_tokens_nor_people_of_the_other(two: Two) -> None:
    tokens = []
    for desk, login in zip(two.desks, ("olga", "otto"), strict=True):
        with transaction(desk.engine) as connection:
            made = accounts.add(connection, login, account_id="acc_1", by="test", now=desk.now(), roles=ASSIGNABLE)
        assert made.organisation == desk.settings.organisation
        tokens.append(token_of(desk, "acc_1"))
    two.desks[1].add_person("gus")
    for which, (mine, theirs) in enumerate(((0, 1), (1, 0))):
        ours = two.desks[which].settings.model_copy(update={"console_port": 0})
        with listening(ours) as url, httpx.Client(timeout=60) as client:

            def ask(path: str, token: str, client: httpx.Client = client, url: str = url) -> httpx.Response:
                return client.get(f"{url}{PREFIX}{path}", headers={"Authorization": f"Bearer {token}"})

            assert ask("/people", tokens[theirs]).status_code == 401
            found = ask("/people", tokens[mine])
            assert found.status_code == 200, found.text
            assert {one["handle"] for one in found.json()["items"]} == ({"ada"}, {"ada", "gus"})[which]
            stranger = two.desks[theirs].person("ada")["id"]
            assert ask(f"/people/{stranger}", tokens[mine]).status_code == 404
            assert ask(f"/people/{stranger}/balance", tokens[mine]).status_code == 404


# Adding one, and starting.


def test_an_organisation_is_added_whole_or_not_at_all(two: Two) -> None:
    settings = two.desks[0].settings
    with pytest.raises(Conflict, match="there is an organisation globex already"):
        organisations.add(settings, OTHER, "", actor="test")
    for wrong in ("Globex", "a b", "", "x" * 64, "o'r", "-c"):
        with pytest.raises(InvalidInput):
            organisations.add(settings, wrong, "", actor="test")
    assert [(one.name, one.title) for one in organisations.listed(settings)] == [
        (OTHER, "Globex Ltd"),
        (ORGANISATION, ""),
    ]
    with two.connect(role="") as owner:
        owner.execute("REVOKE INSERT ON price_snapshot FROM bursar_app")
    with pytest.raises(Conflict, match="permission denied"):
        organisations.add(settings, "half", "", actor="test")
    assert len(organisations.listed(settings)) == 2
    with two.connect("half") as nobody:
        assert {name for name, rows in dump(nobody).items() if rows} == {"alembic_version", "schema_floor"}


def test_a_start_refuses_an_organisation_that_is_not_there(url: str) -> None:
    engine = open_engine(url, "nowhere")
    with pytest.raises(Conflict, match="there is no organisation 'nowhere'") as caught:
        check_schema(engine)
    engine.dispose()
    assert caught.value.hint == "`bursar organisation add nowhere`"


@pytest.mark.parametrize(
    ("broken", "mended", "why"),
    [
        ("ALTER TABLE lot NO FORCE ROW LEVEL SECURITY", "", "not forced on lot"),
        ("ALTER TABLE person DISABLE ROW LEVEL SECURITY", "", "not forced on person"),
        ("CREATE POLICY wide_open ON seal USING (true)", "", "on seal, or further policies"),
        ("ALTER ROLE bursar_app BYPASSRLS", "ALTER ROLE bursar_app NOBYPASSRLS", "above the policies"),
        ("ALTER ROLE bursar_app SUPERUSER", "ALTER ROLE bursar_app NOSUPERUSER", "above the policies"),
    ],
)
def test_a_start_refuses_a_database_that_does_not_keep_organisations_apart(
    url: str, broken: str, mended: str, why: str
) -> None:
    engine = open_engine(url)
    check_schema(engine)
    with as_owner(engine) as owner, owner.begin() as connection:
        connection.exec_driver_sql(broken)
    try:
        with pytest.raises(Conflict, match=why):
            check_schema(engine)
    finally:
        if mended:
            with as_owner(engine) as owner, owner.begin() as connection:
                connection.exec_driver_sql(mended)
        engine.dispose()


def test_a_node_needs_a_login_that_is_a_member_and_nothing_else(two: Two) -> None:
    with two.connect(role="") as owner:
        owner.execute(
            "DO $$ BEGIN CREATE ROLE a_node LOGIN NOSUPERUSER IN ROLE bursar_app; "
            "EXCEPTION WHEN duplicate_object THEN END $$"
        )
    settings = two.desks[1].settings.model_copy(update={"database_url": two.url.replace("postgres:@", "a_node:@")})
    with open_desk_of(settings) as desk:
        assert [one["handle"] for one in desk.people()] == ["ada"]
        desk.add_person("gus")
        apply_now(desk.store, [Charge("by the node", "per_1", "USD", 5)], 10)
        assert balance(desk.store) == 1_985
        assert make_months(desk.store, desk.now()) == 0  # its own were made when it was set up
        assert make_months(desk.store, desk.now() + 40 * 86_400_000_000) > 0
        with pytest.raises(Conflict, match="permission denied"):
            organisations.add(settings, "third", "", actor="test")
        with desk.engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.exec_driver_sql("SET ROLE postgres")


def test_a_file_holds_one_organisation(tmp_path: Path) -> None:
    for opened in (open_engine, open_store):
        with pytest.raises(InvalidInput, match="organisation") as caught:
            opened(f"sqlite:///{tmp_path / 'a.db'}", OTHER)
        assert "PostgreSQL" in caught.value.hint


def test_every_command_says_whose_books_it_means(url: str, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "home")
    terminal.environment["BURSAR_DATABASE_URL"] = url
    terminal.run("init")
    assert "own books" in terminal.run("organisation", "add", OTHER, "--title", "Globex Ltd")
    terminal.run("person", "add", "ada")
    terminal.run("--organisation", OTHER, "person", "add", "gus")
    assert [one["handle"] for one in terminal.json("person", "list")] == ["ada"]
    assert [one["handle"] for one in terminal.json("person", "list", "--organisation", OTHER)] == ["gus"]
    assert [one["name"] for one in terminal.json("organisation", "list")] == [OTHER, ORGANISATION]
    assert "no organisation" in terminal.run("--organisation=nowhere", "person", "list", expect=4)
    assert "master key" not in terminal.run("--organisation", OTHER, "ledger", "verify")


def test_a_number_of_people_counts_ones_own(two: Two) -> None:
    two.desks[1].add_person("gus")
    with looking(two.desks[0].engine) as connection:
        assert connection.execute(select(func.count()).select_from(metadata.tables["person"])).scalar_one() == 1
