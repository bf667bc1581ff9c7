"""Many nodes: a change of the control plane is told to whoever listens, and rates per minute that all nodes share.

On PostgreSQL a trigger notifies in the transaction that moves the version row, so nobody who changes something can forget
it. Every node has rows of its own for what passed in a minute: nobody waits for anybody's row.

`schema_floor` names the oldest revision whose code may serve this database. A revision that only adds leaves it as it is;
one that takes away, or changes what something means, raises it to itself, and comes a release after the code that needed
what it takes away. So nodes of the release before go on serving, and start anew, while the next one is rolled out.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TOLD = (
    """CREATE FUNCTION bursar_control_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('bursar_control', NEW.version::text);
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER control_version_told AFTER UPDATE ON control_version
    FOR EACH ROW EXECUTE FUNCTION bursar_control_changed()""",
)


def _big(name: str, default: str | None = "0", **more: bool) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default, **more)  # type: ignore[arg-type]


def upgrade() -> None:
    for table in ("access_key", "provider"):
        op.add_column(table, _big("requests_per_minute"))
        op.add_column(table, _big("tokens_per_minute"))
    op.create_table(
        "rate_use",
        _big("minute", None, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("node", Text, primary_key=True),
        _big("requests"),
        _big("tokens"),
    )
    floor = op.create_table(
        "schema_floor", _big("id", None, primary_key=True), Column("revision", Text, nullable=False)
    )
    op.bulk_insert(floor, [{"id": 1, "revision": revision}])
    if op.get_bind().dialect.name == "postgresql":
        for statement in _TOLD:
            op.execute(statement)
