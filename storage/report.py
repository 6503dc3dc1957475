"""How large the database is, how fast it grows, and for how long its disk suffices."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from storage.connect import Connection, Edition, edition
from storage.sql import statement

#: Growth is what came in so long a time; a shorter life of the database counts as it is.
_RECENT = timedelta(days=30)
#: An hour of data is the least that growth a day is told from.
_LEAST_DAYS = 1 / 24


@dataclass(frozen=True, slots=True)
class Size:
    """A table that messages fill; *compression* is before over after, None where nothing is."""

    table: str
    chunks: int
    bytes: int
    bytes_per_day: float | None
    compression: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole database. *days_left* is None where the disk's room or the growth is not known."""

    edition: Edition
    bytes: int
    bytes_per_day: float
    free_bytes: int | None
    days_left: float | None
    tables: tuple[Size, ...]


def report(connection: Connection, *, free_bytes: int | None = None) -> Report:
    """Return sizes and growth; without *free_bytes*, of the server's disk if it is this machine's.

    Compressed chunks need the Community edition.
    """
    found = edition(connection)
    ratios = {}
    if found is Edition.COMMUNITY:
        ratios = {
            name: before / after
            for name, before, after in connection.execute(statement("report_compression"))
        }
    rows = connection.execute(statement("report_sizes"), {"days": _RECENT})
    tables = tuple(
        Size(
            name,
            chunks,
            size,
            recent / days if days >= _LEAST_DAYS else None,
            ratios.get(name),
        )
        for name, chunks, size, recent, days in rows
    )
    whole = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    growth = sum(table.bytes_per_day or 0.0 for table in tables)
    if free_bytes is None:
        free_bytes = _free_here(connection)
    return Report(
        edition=found,
        bytes=whole[0] if whole else 0,
        bytes_per_day=growth,
        free_bytes=free_bytes,
        days_left=free_bytes / growth if free_bytes is not None and growth > 0 else None,
        tables=tables,
    )


def _free_here(connection: Connection) -> int | None:
    """Return the free bytes of the server's disk if its folder is on this machine."""
    # The setting is for superusers and who may read all settings; NULL for others.
    row = connection.execute(
        "SELECT setting FROM pg_settings WHERE name = 'data_directory'"
    ).fetchone()
    is_here = connection.info.host in {"127.0.0.1", "::1", "localhost", ""} or (
        connection.info.host.startswith("/")
    )
    if row is None or not is_here:
        return None
    try:
        return shutil.disk_usage(Path(row[0])).free
    except OSError:
        return None
