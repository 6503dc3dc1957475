"""How large the database is, how fast it grows, and for how long its disk suffices."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from plant.model import Plant
from storage.connect import Connection, Edition, edition
from storage.retention import classes
from storage.sql import statement

#: Growth is what came in so long a time; a shorter life of the database counts as it is.
_RECENT = timedelta(days=30)
#: An hour of data is the least that growth a day is told from.
_LEAST_DAYS = 1 / 24


@dataclass(frozen=True, slots=True)
class Size:
    """A table that messages fill; *compression* is before over after, None where nothing is."""

    table: str
    kept_as: str
    chunks: int
    bytes: int
    bytes_per_day: float | None
    compression: float | None


@dataclass(frozen=True, slots=True)
class ClassSize:
    """A class of the plant file: its tables together, and what the file says of it.

    *bytes_at_end* is what it comes to when the oldest of it goes; None where it is kept for good or
    its growth is not known. *planned_bytes* is the room that the plant file gives it.
    """

    name: str
    bytes: int
    bytes_per_day: float
    compression: float | None
    keep_d: float | None
    bytes_at_end: float | None
    planned_bytes: float | None

    @property
    def is_over_plan(self) -> bool:
        """Whether it takes more room than planned, or will."""
        most = max(float(self.bytes), self.bytes_at_end or 0.0)
        return self.planned_bytes is not None and most > self.planned_bytes


@dataclass(frozen=True, slots=True)
class Report:
    """The whole database.

    *days_left* is None where the disk's room or the growth is not known, or where retention ends
    the growth before the disk is full: then *is_enough* is true.
    """

    edition: Edition
    bytes: int
    bytes_per_day: float
    free_bytes: int | None
    days_left: float | None
    is_enough: bool
    classes: tuple[ClassSize, ...]
    tables: tuple[Size, ...]


def report(connection: Connection, plant: Plant, *, free_bytes: int | None = None) -> Report:
    """Return sizes and growth; without *free_bytes*, of the server's disk if it is this machine's.

    Compressed chunks need the Community edition.
    """
    found = edition(connection)
    compressed: dict[str, tuple[int, int]] = {}
    if found is Edition.COMMUNITY:
        compressed = {
            name: (before, after)
            for name, before, after in connection.execute(statement("report_compression"))
        }
    of_class = list(classes(connection, plant, found))
    names = {table: one.name for one in of_class for table in one.tables}
    rows = connection.execute(statement("report_sizes"), {"days": _RECENT})
    tables = tuple(
        Size(
            name,
            names.get(name, ""),
            chunks,
            size,
            recent / days if days >= _LEAST_DAYS else None,
            _ratio([compressed[name]] if name in compressed else []),
        )
        for name, chunks, size, recent, days in rows
    )
    summed = tuple(
        _class_size(one.name, one.rule.keep_d, one.rule.size_gb, tables, compressed)
        for one in of_class
    )
    whole = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    growth = sum(table.bytes_per_day or 0.0 for table in tables)
    if free_bytes is None:
        free_bytes = _free_here(connection)
    left = None
    if free_bytes is not None and growth > 0:
        left = days_until(free_bytes, [Growing.of(one) for one in summed])
    return Report(
        edition=found,
        bytes=whole[0] if whole else 0,
        bytes_per_day=growth,
        free_bytes=free_bytes,
        days_left=left,
        is_enough=free_bytes is not None and growth > 0 and left is None,
        classes=summed,
        tables=tables,
    )


class Growing(NamedTuple):
    """What grows by *bytes_per_day* until it has grown by *most* bytes (None: for good)."""

    bytes_per_day: float
    most: float | None

    @classmethod
    def of(cls, one: ClassSize) -> Growing:
        """Return how a class goes on."""
        most = None if one.bytes_at_end is None else max(0.0, one.bytes_at_end - one.bytes)
        return cls(one.bytes_per_day, most)


def days_until(free_bytes: float, growing: Sequence[Growing]) -> float | None:
    """Return after how many days all together have grown by *free_bytes*; None: never."""
    limited = sorted(
        (g.most / g.bytes_per_day, g.bytes_per_day)
        for g in growing
        if g.most is not None and g.bytes_per_day > 0
    )
    for_good = sum(g.bytes_per_day for g in growing if g.most is None)
    now = 0.0
    for number, (end, _) in enumerate(limited):
        # Added up anew each time: what is left of a subtraction would never be zero.
        rate = for_good + sum(per_day for _, per_day in limited[number:])
        if rate * (end - now) >= free_bytes:
            return now + free_bytes / rate
        free_bytes -= rate * (end - now)
        now = end
    return now + free_bytes / for_good if for_good > 0 else None


def _class_size(
    name: str,
    keep_d: float | None,
    size_gb: float | None,
    tables: Sequence[Size],
    compressed: dict[str, tuple[int, int]],
) -> ClassSize:
    own = [table for table in tables if table.kept_as == name]
    per_day = sum(table.bytes_per_day or 0.0 for table in own)
    return ClassSize(
        name=name,
        bytes=sum(table.bytes for table in own),
        bytes_per_day=per_day,
        compression=_ratio([compressed[t.table] for t in own if t.table in compressed]),
        keep_d=keep_d,
        bytes_at_end=None if keep_d is None or not per_day else keep_d * per_day,
        planned_bytes=None if size_gb is None else size_gb * 1e9,
    )


def _ratio(before_after: Sequence[tuple[int, int]]) -> float | None:
    if not before_after:
        return None
    return sum(before for before, _ in before_after) / sum(after for _, after in before_after)


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
