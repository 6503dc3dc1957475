"""SQL in files, read by name."""

from __future__ import annotations

import functools
from importlib import resources

from psycopg import sql


@functools.cache
def statement(name: str) -> sql.SQL:
    """Return the text of `storage/sql/<name>.sql`, ready for `.format()` or `execute()`."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(text)


def migrations() -> list[tuple[str, sql.SQL]]:
    """Return name and text of each migration, in order."""
    folder = resources.files(__name__).joinpath("migrations")
    names = sorted(p.name.removesuffix(".sql") for p in folder.iterdir() if p.name.endswith(".sql"))
    return [(name, statement(f"migrations/{name}")) for name in names]
