"""A database of millions of cells and what they are made of, for the benchmark of traces."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg import sql

from genealogy import checks, mounts
from plant.load import PILOT, load_plant
from plant.model import Plant
from plant.tables import Kind
from stack.services import Services
from storage.connect import Connection, connect
from storage.migrate import migrate

STRIPS = 8
CELLS_PER_ROLL = STRIPS * 2_500
#: The shorter of both electrodes.
STRIP_M = 2_500 * 0.790
_HERE = Path(__file__).parent
_AT_ONCE = 500_000
#: From winding to the end of line, and a day more.
_LATEST = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in, and how long that and the checks of all of it took."""

    cells: int
    rolls: int
    bytes: int
    fill_s: float
    checks_s: float


def fill(running: Services, cells: int, report: Callable[[str], None]) -> Filled:
    """Fill a new database of the pilot plant with *cells*, a multiple of those of a roll."""
    plant = load_plant(PILOT)
    begun = time.monotonic()
    migrate(running.database, plant)
    begin = begin_of(plant, cells)
    with connect(running.database, application="jellyroll bench") as connection:
        for first in range(0, cells, _AT_ONCE):
            last = min(first + _AT_ONCE, cells) - 1
            _fill(connection, plant, begin, first, last)
            connection.commit()
            report(f"{last + 1:,} cells after {time.monotonic() - begun:.0f} s")
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
        fill_s = time.monotonic() - begun
        begun = time.monotonic()
        mounts.catch_up(connection)
        checks.catch_up(connection, plant)
        checks_s = time.monotonic() - begun
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return Filled(cells, 2 * cells // CELLS_PER_ROLL, int(row[0]) if row else 0, fill_s, checks_s)


def begin_of(plant: Plant, cells: int) -> datetime:
    """Return when the first of *cells* is wound: the last one is through the line by today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - _LATEST - timedelta(seconds=cells / plant.production.cells_per_second)


def _fill(connection: Connection, plant: Plant, begin: datetime, first: int, last: int) -> None:
    text = sql.SQL((_HERE / "trace_fill.sql").read_text(encoding="utf-8"))
    rate = plant.production.cells_per_second
    values = {"first": first, "last": last, "begin": begin.isoformat(), "cells_per_s": rate}
    connection.execute(text.format(**values))
    visit = sql.SQL((_HERE / "trace_station.sql").read_text(encoding="utf-8"))
    for (kind, name), table in plant.tables.items():
        if kind is Kind.CELL:
            station = plant.stations[name]
            connection.execute(
                visit.format(
                    table=sql.Identifier(table.schema, table.name), station=name,
                    delay_s=station.delay_s,
                    positions=station.positions.count if station.positions else 1,
                )
            )  # fmt: skip
