"""Long work, and what the REST API keeps."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from bursar.office.tables.common import DEFAULT_ORGANISATION, ORGANISATION, metadata

long_work = Table(
    "long_work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shared", Integer, nullable=False, server_default="0"),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("asked", Text, nullable=False),
    Column("done_ppm", Integer, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False, server_default="0"),
    Column("beat", BigInteger, nullable=False, server_default="0"),
    Column("ended", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("result", LargeBinary),
    Column("result_type", Text, nullable=False, server_default=""),
    Column("result_name", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="long_work_state"),
)
Index("long_work_account", long_work.c.account, long_work.c.created)
Index("long_work_state", long_work.c.state, long_work.c.created)
Index("long_work_kind", long_work.c.organisation, long_work.c.kind, long_work.c.created)
_is_shared_and_open = text("shared = 1 AND state IN ('waiting', 'running')")
Index(
    "long_work_one_at_a_time",
    long_work.c.organisation,
    long_work.c.kind,
    unique=True,
    sqlite_where=_is_shared_and_open,
    postgresql_where=_is_shared_and_open,
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("answer", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    CheckConstraint("state IN ('running', 'unfinished', 'done')", name="kept_answer_state"),
)
Index("kept_answer_expires", kept_answer.c.expires)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("label", Text, nullable=False, server_default=""),
    Column("host", Text, nullable=False),
    # Address and signing secret: an address may carry a token of its own.
    Column("sealed", LargeBinary, nullable=False),
    Column("kinds", Text, nullable=False, server_default="[]"),
    Column("created", BigInteger, nullable=False),
)
