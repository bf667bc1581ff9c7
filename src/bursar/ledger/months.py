"""PostgreSQL: usage in months, as native partitions, so that a month can be looked at, moved and dropped by itself.

`charge` is kept by the instant of its price, `usage_day` by its day. The months to come are made ahead by whoever looks after
the ledger (`make_ahead`); what lies in none goes to a default partition, is counted as anything else, and is told of
by `strays`. What `partition` does to a table may be added to, not changed: revisions of the schema call it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.ledger.separation import APP_ROLE, separation
from bursar.ledger.session import Session

FIRST_DAY, LAST_DAY = 18_262, 29_219
"""2020-01-01 and 2049-12-31: days of rows for which an older schema's, or a copy's, months are made."""
AHEAD = 3
"""Months made ahead of the one that runs."""
MOST_AHEAD = 24


@dataclass(frozen=True, slots=True)
class Kept:
    """A table that is kept in months: by which column, and how many of its units a day has."""

    table: str
    by: str
    a_day: int
    key: str
    further: tuple[str, ...] = ()


CHARGE = Kept(
    "charge",
    "at",
    86_400_000_000,
    "organisation, seq, at",
    (
        # Everybody's charges are looked up in everybody's entries, by an owner who may be below the policy.
        "ALTER TABLE entry NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE charge ADD CONSTRAINT charge_seq_fkey FOREIGN KEY (organisation, seq) REFERENCES entry (organisation, seq)",
        "ALTER TABLE entry FORCE ROW LEVEL SECURITY",
        "CREATE TRIGGER charge_append_only BEFORE UPDATE OR DELETE ON charge "
        "FOR EACH ROW EXECUTE FUNCTION bursar_refuse('the journal is append-only: charge')",
        "CREATE TRIGGER charge_not_truncated BEFORE TRUNCATE ON charge "
        "FOR EACH STATEMENT EXECUTE FUNCTION bursar_refuse('the journal is append-only: charge')",
    ),
)
USAGE_DAY = Kept(
    "usage_day",
    "day",
    1,
    "organisation, person, day, unit, provider, model, purpose, project",
    ("CREATE INDEX usage_day_day ON usage_day (organisation, day)",),
)
KEPT = (CHARGE, USAGE_DAY)


def partition(*tables: Kept) -> tuple[str, ...]:
    """Statements that put these tables, which `separation` has been through, into months with all their rows."""
    return tuple(statement for one in tables for statement in (*_made(one), *_moved(one)))


def make_ahead(session: Session, now: int) -> int:
    """Make the months from the one of `now` (microseconds UTC) to `AHEAD` later, where they are missing; how many were made."""
    return sum(
        int(session.rows(f"SELECT bursar_months_of_{one.table}(?, ?)", now // CHARGE.a_day, AHEAD)[0][0])
        for one in KEPT
    )


def covering(first: int, last: int) -> tuple[str, ...]:
    """Statements that make every month from one day to another (days since 1970-01-01), for rows that come from elsewhere."""
    first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
    starts = range(first, last + 1, 28 * MOST_AHEAD)  # no month is shorter, so none is left out
    return tuple(
        f"SELECT bursar_months_of_{one.table}({day}, {min(MOST_AHEAD - 1, (last - day) // 28 + 1)})"
        for one in KEPT
        for day in starts
    )


def strays(session: Session) -> dict[str, int]:
    """How many rows of this organisation lie in no month, by table; none where all is well."""
    found = {}
    for one in KEPT:
        (rows,) = session.rows(f"SELECT COUNT(*) FROM {one.table} WHERE tableoid = '{one.table}_other'::regclass")[0]
        if rows:
            found[one.table] = int(rows)
    return found


def _made(one: Kept) -> tuple[str, ...]:
    body = _MAKE
    for name, value in (("{table}", one.table), ("{by}", one.by), ("{a_day}", str(one.a_day))):
        body = body.replace(name, value)
    which = f"bursar_months_of_{one.table}(bigint, integer)"
    return (
        body,
        # Its names are those of this schema, whatever the caller's session puts in front.
        f"DO $$ BEGIN EXECUTE format('ALTER FUNCTION {which} SET search_path = %I, pg_temp', current_schema()); END $$",
        f"REVOKE ALL ON FUNCTION {which} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {which} TO {APP_ROLE}",
    )


def _moved(one: Kept) -> tuple[str, ...]:
    table = one.table
    _, *guarded = separation(table)
    return (
        f"ALTER TABLE {table} RENAME TO {table}_before",
        f"ALTER TABLE {table}_before DISABLE ROW LEVEL SECURITY",  # its rows are everybody's, while they move
        f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ({one.by})",
        f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT",
        # Every month that has rows, in order; what is not a month of our time stays with the others.
        f"SELECT bursar_months_of_{table}(first, 0) FROM (SELECT DISTINCT "
        f"(date_trunc('month', timestamp 'epoch' + {one.by} / {one.a_day} * interval '1 day')::date - date '1970-01-01')::bigint "
        f"AS first FROM {table}_before WHERE {one.by} / {one.a_day} BETWEEN {FIRST_DAY} AND {LAST_DAY}) AS months ORDER BY first",
        f"INSERT INTO {table} SELECT * FROM {table}_before",
        f"DROP TABLE {table}_before",
        f"ALTER TABLE {table} ADD PRIMARY KEY ({one.key})",
        *one.further,
        *guarded,
    )


_MAKE = f"""
CREATE FUNCTION bursar_months_of_{{table}}(day bigint, ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
DECLARE
    month date := date_trunc('month', date '1970-01-01' + day::integer)::date;
    name text;
    first bigint;
    last bigint;
    strays boolean;
    made integer := 0;
BEGIN
    IF day NOT BETWEEN 0 AND 100000 OR ahead NOT BETWEEN 0 AND {MOST_AHEAD} THEN
        RAISE EXCEPTION 'day % and % months ahead, expected a day of our time and at most {MOST_AHEAD} months', day, ahead;
    END IF;
    FOR step IN 0..ahead LOOP
        name := '{{table}}_' || to_char(month, 'YYYY_MM');
        first := (month - date '1970-01-01')::bigint * {{a_day}};
        month := (month + interval '1 month')::date;
        last := (month - date '1970-01-01')::bigint * {{a_day}};
        IF to_regclass(quote_ident(name)) IS NULL THEN
            -- Rows that came before their month stay where they are: the month is not made over them.
            EXECUTE format('SELECT EXISTS (SELECT FROM {{table}}_other WHERE {{by}} >= %s AND {{by}} < %s)', first, last)
                INTO strays;
            IF NOT strays THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF {{table}} FOR VALUES FROM (%s) TO (%s)', name, first, last);
                made := made + 1;
            END IF;
        END IF;
    END LOOP;
    RETURN made;
END $$
"""
"""A node makes months with the owner's rights, and nothing else with them: these tables, whole months, not far ahead."""
