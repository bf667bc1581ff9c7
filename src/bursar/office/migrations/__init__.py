"""Alembic's environment, run from `bursar.office.database`; users need no alembic.ini."""
