"""How models fare: drift of their input and scores, what they scored, alarms against the budget."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from storage.connect import Connection


def health(connection: Connection) -> list[dict[str, Any]]:
    """Return the rows of `dash.model_health`, times as RFC 3339; models without a day are there."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("SELECT * FROM dash.model_health ORDER BY model").fetchall()
    return [
        {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in row.items()
        }
        for row in rows
    ]
