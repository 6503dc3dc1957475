"""Views: make or renew one, and look at the columns it has."""

from __future__ import annotations

from psycopg import sql

from storage.connect import Connection


def replace_view(connection: Connection, schema: str, name: str, query: sql.Composable) -> bool:
    """Create view *schema.name*, or give it a new *query*; tell whether anything changed.

    The columns it has must be the first of the new query; raise
    `psycopg.errors.InvalidTableDefinition` if not.
    """
    before = _definition(connection, schema, name)
    view = sql.Identifier(schema, name)
    connection.execute(sql.SQL("CREATE OR REPLACE VIEW {} AS {}").format(view, query))
    return before != _definition(connection, schema, name)


def columns_of(connection: Connection, schema: str, name: str) -> tuple[str, ...]:
    """Return the columns of a view or table in order; none if it is not there."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        (schema, name),
    )
    return tuple(column for (column,) in rows)


def _definition(connection: Connection, schema: str, name: str) -> str | None:
    row = connection.execute(
        "SELECT definition FROM pg_views WHERE schemaname = %s AND viewname = %s", (schema, name)
    ).fetchone()
    return row[0] if row else None
