"""PostgreSQL: several organisations in one database, kept apart by the database itself, and usage in months.

A file of SQLite stays as it is. The walk over the catalogue is in `bursar.ledger.separation`, where revisions that come later ask it for their new tables.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from bursar.ledger.months import KEPT, partition
from bursar.ledger.separation import APP_ROLE, ROLE, SETTING, separation

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OWN = ("organisation", "alembic_version", "schema_floor")
"""Not put apart by the walk: the list of organisations has a policy of its own, the schema's revisions are everybody's."""

_LIST = (
    "ALTER TABLE organisation ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE organisation FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY one_organisation ON organisation USING (id = NULLIF(current_setting('{SETTING}', true), '')) "
    f"WITH CHECK (id = NULLIF(current_setting('{SETTING}', true), ''))",
    # Whoever may add one may list them.
    "CREATE POLICY every_organisation ON organisation FOR SELECT TO CURRENT_USER USING (true)",
    f"REVOKE ALL ON organisation FROM {APP_ROLE}",
    f"GRANT SELECT, UPDATE ON organisation TO {APP_ROLE}",
    f"GRANT SELECT ON alembic_version, schema_floor TO {APP_ROLE}",
)

_NUMBERS = (
    # A sequence would tell how often the others changed their prices.
    "ALTER TABLE price_overlay ALTER COLUMN id DROP DEFAULT",
    "DROP SEQUENCE IF EXISTS price_overlay_id_seq",
    "CREATE FUNCTION bursar_next_price_overlay() RETURNS integer LANGUAGE plpgsql "
    "AS 'BEGIN RETURN (SELECT COALESCE(MAX(id), 0) + 1 FROM price_overlay); END'",
    "ALTER TABLE price_overlay ALTER COLUMN id SET DEFAULT bursar_next_price_overlay()",
)

_TOLD = (
    # Whoever is connected may listen: they hear that something changed, not how often or for whom.
    "CREATE OR REPLACE FUNCTION bursar_control_changed() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN PERFORM pg_notify('bursar_control', ''); RETURN NULL; END $$",
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    tables = sorted(set(inspect(connection).get_table_names()) - set(_OWN))
    for statement in (ROLE, *separation(*tables), *partition(*KEPT), *_LIST, *_NUMBERS, *_TOLD):
        connection.exec_driver_sql(statement.replace("%", "%%"))
