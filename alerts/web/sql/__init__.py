"""SQL of the page in files, read by name."""

from __future__ import annotations

import functools
from importlib import resources

from psycopg import sql


@functools.cache
def statement(name: str) -> sql.SQL:
    """Return the text of `alerts/web/sql/<name>.sql`."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(text)
