"""Records of material that contradict each other: found, flagged, shown, never mended by guessing.

The checks follow the ledger; they catch up when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from genealogy.mounts import wait_for_turn
from genealogy.sql import statement
from genealogy.trace import makers_of
from plant.model import Plant
from storage.connect import Connection
from storage.ledger import advance, follow

FOLLOWER = "checks"
#: A tray is judged by at least so many cells of one hour.
_LEAST_CELLS = 16
_AT_ONCE = 500
_OF_MATERIAL: Sequence[sql.SQL | sql.Composed] = [
    statement(f"check_{check}") for check in ("order", "end", "overlap")
]


@dataclass(frozen=True, slots=True)
class Flag:
    """A contradiction: *thing* is the cell or the machine that the records disagree about."""

    noted_at: datetime
    kind: str
    thing: str
    at: datetime
    detail: str


def catch_up(connection: Connection, plant: Plant) -> int:
    """Check the material and trays that came since the last call; return how many flags are new.

    Writes; the caller commits. What came late is checked with what it concerns.
    """
    wait_for_turn(connection)
    before = _count(connection)
    makers = makers_of(plant)
    while batches := follow(connection, FOLLOWER, _AT_ONCE):
        for table, checks in {"material.genealogy": _OF_MATERIAL, **_of_trays(plant)}.items():
            spans = [span for b in batches for span in b.spans if span.table_name == table]
            if not spans:
                continue
            new = {
                "batches": [batch.id for batch in batches],
                "from_time": min(span.from_time for span in spans),
                "to_time": max(span.to_time for span in spans),
                "makers": makers,
                "least": _LEAST_CELLS,
            }
            for check in checks:
                connection.execute(check, new)
        advance(connection, FOLLOWER, batches[-1].xid)
    return _count(connection) - before


def tables(plant: Plant) -> list[str]:
    """Return the tables whose rows are checked."""
    return ["material.genealogy", *_of_trays(plant)]


def _of_trays(plant: Plant) -> dict[str, Sequence[sql.SQL | sql.Composed]]:
    """Return the check of each station where cells lie in channels that show their curves."""
    return {
        f"cell.{name}": [
            statement(check).format(
                table=sql.Identifier("cell", name), position=sql.Literal(station.positions.name)
            )
            for check in ("check_tray", "check_place")
        ]
        for name, station in plant.stations.items()
        if station.results
        and station.positions is not None
        and station.positions.name == "channel"
        and any(signal.per_position for signal in station.signals.values())
    }


def flags_of(connection: Connection, things: list[str] | None, limit: int) -> list[Flag]:
    """Return the newest flags, of *things* only if named, at most *limit*."""
    with connection.cursor(row_factory=class_row(Flag)) as cursor:
        return cursor.execute(
            "SELECT noted_at, kind, thing, at, detail FROM material.flag"
            " WHERE %(things)s::text[] IS NULL OR thing = ANY (%(things)s)"
            " ORDER BY id DESC LIMIT %(limit)s",
            {"things": things, "limit": limit},
        ).fetchall()


def _count(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM material.flag").fetchone()
    return int(row[0]) if row else 0
