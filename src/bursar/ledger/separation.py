"""PostgreSQL: what keeps the organisations of one installation apart, and the role that is subject to it.

Every table has a column `organisation`, first in every key and index, which a row takes from its connection's setting
`bursar.organisation`; one policy, forced on the owner too, shows and admits the rows of that organisation only. So no
statement of the application names it, and none can forget it. SQLite keeps one organisation in one file and needs none of
this. Migrations and `schema.statements` share what is here: what `separation` does to a table may be added to, not changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bursar.errors import InvalidInput

ORGANISATION = "org_1"
"""The organisation that an installation is set up with."""
APP_ROLE = "bursar_app"
"""What connections run as: neither a superuser nor an owner, so that the policies hold for them."""
SETTING = "bursar.organisation"
JOURNAL = ("entry", "posting", "charge", "seal")
"""What nobody but an owner could even try to rewrite."""
RIGHTS: Mapping[str, str] = {
    **dict.fromkeys(JOURNAL, "SELECT, INSERT"),
    "account": "SELECT, INSERT, UPDATE",
    "lot": "SELECT, INSERT, UPDATE",
    "hold": "SELECT, INSERT, UPDATE",
    "cap": "SELECT, INSERT, UPDATE",
    "usage_day": "SELECT, INSERT, UPDATE",
    "head": "SELECT, UPDATE",
    "audit": "SELECT, INSERT",
    "control_version": "SELECT, UPDATE",
}
"""What the application may do with a table where that is not everything."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def checked_organisation(name: str) -> str:
    """The id of an organisation as given. Raises InvalidInput."""
    if _NAME.fullmatch(name) is None:
        expected = "1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit"
        raise InvalidInput("organisation", repr(name[:80]), expected)
    return name


def alone(name: str) -> None:
    """Raise InvalidInput where a file of SQLite is asked for another organisation than the one that it holds."""
    if name != ORGANISATION:
        raise InvalidInput(
            "organisation", repr(name[:80]), ORGANISATION, "several organisations need PostgreSQL; a file holds one"
        )


def options(organisation: str, role: str = APP_ROLE) -> str:
    """The connection's options that say whose rows it sees, and as whom; without a role as whoever the URL names."""
    acting = f" -c role={role}" if role else ""
    return f"-c {SETTING}={checked_organisation(organisation)}{acting}"


def separation(*tables: str) -> tuple[str, ...]:
    """Statements that put these tables apart by organisation; rows that are there become the first organisation's.

    Call it with every table at once whose foreign keys lead to each other. Run it as the owner.
    """
    named = ", ".join(f"'{table}'" for table in tables)
    return (
        _KEYS.replace("{tables}", named),
        *(statement for table in tables for statement in _guarded(table)),
    )


def _guarded(table: str) -> tuple[str, ...]:
    # Empty is what a setting is after it was reset: nobody's.
    mine = f"organisation = NULLIF(current_setting('{SETTING}', true), '')"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY one_organisation ON {table} USING ({mine}) WITH CHECK ({mine})",
        f"REVOKE ALL ON {table} FROM {APP_ROLE}",
        f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE, DELETE')} ON {table} TO {APP_ROLE}",
    )


ROLE = f"""
DO $$
DECLARE
    attempt integer;
BEGIN
    FOR attempt IN 1..10 LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
                CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
            END IF;
            IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
               AND NOT EXISTS (
                   SELECT FROM pg_auth_members
                   WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = '{APP_ROLE}')
                     AND member = (SELECT oid FROM pg_roles WHERE rolname = current_user)
                     AND COALESCE((to_jsonb(pg_auth_members) ->> 'set_option')::boolean, true)) THEN
                EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
            END IF;
            EXIT;
        EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN
            -- Roles belong to the whole cluster: another database was migrated at the same moment.
            IF attempt = 10 THEN RAISE; END IF;
            PERFORM pg_sleep(0.05 * attempt);
        END;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {APP_ROLE}', current_schema());
END $$
"""
"""Makes the application's role where the cluster has none, and lets the owner act as it."""

_KEYS = """
DO $$
DECLARE
    named text[] := ARRAY[{tables}];
    one text;
    found record;
    definition text;
    foreign_keys text[] := '{}';
BEGIN
    FOREACH one IN ARRAY named LOOP
        IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = one::regclass AND attname = 'organisation') THEN
            EXECUTE format('ALTER TABLE %I ADD COLUMN organisation text NOT NULL DEFAULT ''org_1''', one);
        END IF;
        EXECUTE format(
            'ALTER TABLE %I ALTER COLUMN organisation SET DEFAULT current_setting(''bursar.organisation'')', one);
    END LOOP;
    -- Foreign keys go first and come back last: they stand on the keys that are made anew between.
    FOR found IN
        SELECT conrelid::regclass::text AS of_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS said
        FROM pg_constraint
        WHERE contype = 'f' AND conrelid = ANY (named::regclass[])
          AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]
                                                     AND attname = 'organisation')
        ORDER BY conrelid::regclass::text, conname
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %s', found.of_table, found.name);
        definition := regexp_replace(found.said, '\\(', '(organisation, ', 'g');
        foreign_keys := foreign_keys || format('ALTER TABLE %s ADD CONSTRAINT %s %s', found.of_table, found.name, definition);
    END LOOP;
    FOR found IN
        SELECT conrelid::regclass::text AS of_table, quote_ident(conname) AS name, contype,
               (SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
                FROM unnest(conkey) WITH ORDINALITY AS of_key (number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number
                WHERE attname <> 'organisation') AS others
        FROM pg_constraint
        WHERE contype IN ('p', 'u') AND conrelid = ANY (named::regclass[])
          AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]
                                                     AND attname = 'organisation')
        ORDER BY conrelid::regclass::text, conname
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %s', found.of_table, found.name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %s %s (organisation, %s)', found.of_table, found.name,
                       CASE found.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, found.others);
    END LOOP;
    FOR found IN
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS said
        FROM pg_index
        WHERE indrelid = ANY (named::regclass[])
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
          AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0]
                                                     AND attname = 'organisation')
        ORDER BY indexrelid::regclass::text
    LOOP
        EXECUTE format('DROP INDEX %s', found.name);
        EXECUTE regexp_replace(found.said, '\\(', '(organisation, ');
    END LOOP;
    FOREACH definition IN ARRAY foreign_keys LOOP
        EXECUTE definition;
    END LOOP;
END $$
"""
"""Walks the catalogue: the column where it is missing, and in front in every key, index and reference between tables."""
