"""The ledger's tables for both engines, with constraints and triggers that repeat the rules' invariants.

One text serves SQLite and PostgreSQL; only types, STRICT and the trigger language differ. The journal (entry, posting,
charge, seal) is append-only: a trigger refuses UPDATE and DELETE. Lots, holds, caps and the daily rollup are
projections of it. The two tables that every request writes have no foreign key to the account (5 % of a request's time);
`verify` looks for strays instead.
"""

from __future__ import annotations

from typing import Literal

from bursar.ledger import months, separation

Engine = Literal["sqlite", "postgresql"]

_TABLES = """
CREATE TABLE account (
    person TEXT PRIMARY KEY,
    opened BIGINT NOT NULL
)STRICT;

CREATE TABLE lot (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    person TEXT NOT NULL REFERENCES account (person),
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0 AND amount < 4611686018427387904),
    effective BIGINT NOT NULL,
    expires BIGINT NOT NULL CHECK (expires > effective),
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 100),
    promotional BIGINT NOT NULL CHECK (promotional IN (0, 1)),
    scope TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    parent TEXT NOT NULL,
    label TEXT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    available BIGINT NOT NULL CHECK (available >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    spent BIGINT NOT NULL CHECK (spent >= 0),
    expired BIGINT NOT NULL CHECK (expired >= 0),
    revoked BIGINT NOT NULL CHECK (revoked >= 0),
    rolled BIGINT NOT NULL CHECK (rolled >= 0),
    live BIGINT NOT NULL GENERATED ALWAYS AS (CASE WHEN available > 0 OR held > 0 THEN 1 ELSE 0 END) STORED,
    roll TEXT NOT NULL DEFAULT '',
    CHECK (amount = available + held + spent + expired + revoked + rolled)
)STRICT;
CREATE INDEX lot_live ON lot (person) WHERE live = 1;
CREATE INDEX lot_grant ON lot (grant_id);
CREATE INDEX lot_person ON lot (person);

CREATE TABLE hold (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    unit TEXT NOT NULL,
    draws TEXT NOT NULL,
    taken BIGINT NOT NULL,
    expires BIGINT NOT NULL CHECK (expires > taken),
    on_lapse TEXT NOT NULL CHECK (on_lapse IN ('unresolved', 'released')),
    node TEXT NOT NULL,
    cap TEXT NOT NULL,
    request TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'voided', 'expired', 'unresolved')),
    charge TEXT NOT NULL,
    CHECK ((charge <> '') = (state = 'unresolved'))
)STRICT;
CREATE INDEX hold_open ON hold (person, expires) WHERE state = 'open';
CREATE INDEX hold_unresolved ON hold (taken) WHERE state = 'unresolved';

CREATE TABLE cap (
    person TEXT NOT NULL REFERENCES account (person),
    id TEXT NOT NULL,
    unit TEXT NOT NULL,
    ceiling BIGINT NOT NULL CHECK (ceiling >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    spent BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (person, id, unit)
)STRICT;

CREATE TABLE entry (
    seq BIGINT PRIMARY KEY,
    command TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    unit TEXT NOT NULL,
    effective BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    hold TEXT NOT NULL,
    corrects TEXT NOT NULL,
    note TEXT NOT NULL,
    prior BIGINT NOT NULL CHECK (prior >= 0 AND prior < seq)
)STRICT;
CREATE INDEX entry_person ON entry (person, seq);
CREATE INDEX entry_corrects ON entry (corrects) WHERE corrects <> '';

CREATE TABLE posting (
    seq BIGINT NOT NULL REFERENCES entry (seq),
    line BIGINT NOT NULL,
    lot TEXT NOT NULL,
    source BIGINT NOT NULL CHECK (source BETWEEN 0 AND 7),
    destination BIGINT NOT NULL CHECK (destination BETWEEN 0 AND 7),
    amount BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (seq, line),
    CHECK (source <> destination),
    CHECK ((lot = '') = (source = 7 OR destination = 7))
)STRICT{POSTING_OPTIONS};

CREATE TABLE charge (
    seq BIGINT PRIMARY KEY REFERENCES entry (seq),
    person TEXT NOT NULL,
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL,
    overage BIGINT NOT NULL,
    at BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    access_key TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    dialect TEXT NOT NULL,
    purpose TEXT NOT NULL,
    project TEXT NOT NULL,
    session TEXT NOT NULL,
    agent TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    price_version TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('exact', 'estimated', 'unresolved', 'corrected')),
    tokens TEXT NOT NULL,
    list_nanos BIGINT NOT NULL CHECK (list_nanos >= 0),
    cost_nanos BIGINT NOT NULL CHECK (cost_nanos >= 0)
)STRICT;

CREATE TABLE usage_day (
    person TEXT NOT NULL,
    day BIGINT NOT NULL,
    unit TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    project TEXT NOT NULL,
    requests BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    list_nanos BIGINT NOT NULL,
    cost_nanos BIGINT NOT NULL,
    overage BIGINT NOT NULL,
    PRIMARY KEY (person, day, unit, provider, model, purpose, project)
)STRICT;
CREATE INDEX usage_day_day ON usage_day (day);

CREATE TABLE seal (
    batch BIGINT PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL UNIQUE,
    recorded BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    CHECK (last_seq >= first_seq)
)STRICT;

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    batch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    hash TEXT NOT NULL
)STRICT;
INSERT INTO head (id, batch, seq, recorded, hash) VALUES (1, 0, 0, 0, '')
"""

TABLES = ("account", "lot", "hold", "cap", "entry", "posting", "charge", "usage_day", "seal", "head")
_APPEND_ONLY = separation.JOURNAL

_SQLITE_APPEND_ONLY = tuple(
    f"CREATE TRIGGER {table}_keeps_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'the journal is append-only: {table}'); END"
    for table in _APPEND_ONLY
    for verb in ("UPDATE", "DELETE")
)
_SQLITE_TRIGGERS = (
    *_SQLITE_APPEND_ONLY,
    "CREATE TRIGGER hold_ends_once BEFORE UPDATE ON hold WHEN OLD.state <> 'open' "
    "BEGIN SELECT RAISE(ABORT, 'a hold ends exactly once'); END",
    "CREATE TRIGGER hold_stays BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'holds are kept'); END",
    "CREATE TRIGGER lot_stays BEFORE DELETE ON lot BEGIN SELECT RAISE(ABORT, 'lots are kept'); END",
    "CREATE TRIGGER lot_terms_stay BEFORE UPDATE OF id, person, unit, amount, effective, expires, priority, promotional, "
    "scope, grant_id, parent, roll ON lot BEGIN SELECT RAISE(ABORT, 'the terms of a lot never change'); END",
)

_POSTGRES_TRIGGERS = (
    "CREATE FUNCTION bursar_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION bursar_refuse('the journal is append-only: {table}')"
        for table in _APPEND_ONLY
    ),
    *(
        f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION bursar_refuse('the journal is append-only: {table}')"
        for table in _APPEND_ONLY
    ),
    "CREATE TRIGGER hold_ends_once BEFORE UPDATE ON hold FOR EACH ROW WHEN (OLD.state <> 'open') "
    "EXECUTE FUNCTION bursar_refuse('a hold ends exactly once')",
    "CREATE TRIGGER hold_stays BEFORE DELETE ON hold FOR EACH ROW EXECUTE FUNCTION bursar_refuse('holds are kept')",
    "CREATE TRIGGER lot_stays BEFORE DELETE ON lot FOR EACH ROW EXECUTE FUNCTION bursar_refuse('lots are kept')",
    "CREATE TRIGGER lot_terms_stay BEFORE UPDATE OF id, person, unit, amount, effective, expires, priority, promotional, "
    "scope, grant_id, parent, roll ON lot FOR EACH ROW EXECUTE FUNCTION bursar_refuse('the terms of a lot never change')",
)


def statements(engine: Engine) -> tuple[str, ...]:
    """DDL that creates the ledger on an empty database, in order; on PostgreSQL run it as the owner."""
    if engine == "sqlite":
        tables = _TABLES.replace("BIGINT", "INTEGER").replace(")STRICT{POSTING_OPTIONS}", ") STRICT, WITHOUT ROWID")
        tables = tables.replace(")STRICT", ") STRICT")
        triggers: tuple[str, ...] = _SQLITE_TRIGGERS
    else:
        tables = _TABLES.replace("{POSTING_OPTIONS}", "").replace(")STRICT", ")")
        apart = (separation.ROLE.strip(), *separation.separation(*TABLES), *months.partition(*months.KEPT))
        triggers = (*_POSTGRES_TRIGGERS, *apart)
    return (*(text.strip() for text in tables.split(";") if text.strip()), *triggers)
