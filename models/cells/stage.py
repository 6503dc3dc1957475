"""The stage of the monitor that judges cells: a follower of the ledger of its own.

One step takes some batches of the ledger, judges each cell that they brought something of, and its
neighbours again, and commits the verdicts with its place in the ledger. A cell is judged from all
that the database holds of it and of its peers, so late data and a restart lead to the same verdict.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models.cells.alarms import touched_by_alarms
from models.cells.forecast import Forecaster
from models.cells.read import CellReader
from models.cells.reference import Reference
from models.cells.review import Review
from models.cells.standard import standards
from models.cells.store import write
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection
from storage.ledger import LedgerBatch, advance, follow

log = logging.getLogger("jellyroll.models")

FOLLOWER = "cell-quality"
#: A step takes batches up to so many rows, or one: it bounds memory and how long it takes.
MAX_ROWS = 20_000


class CellProgress(NamedTuple):
    """What was done: batches read, cells that something came of, rows of verdicts that changed."""

    batches: int = 0
    cells: int = 0
    changed: int = 0

    def plus(self, other: CellProgress) -> CellProgress:
        """Return the sum of both."""
        return CellProgress(*map(sum, zip(self, other, strict=True)))


class CellStage:
    """Judges the cells of one database as they come; raise `CellsError` if the plant says not how.

    *references* and *forecasters* are by recipe.
    """

    def __init__(
        self,
        plant: Plant,
        references: Mapping[str, Reference],
        forecasters: Mapping[str, Forecaster],
    ) -> None:
        self._plant = plant
        self._standard = next(iter(standards(plant).values()))
        self._references = references
        self._forecasters = forecasters
        self._tables = {
            str(table): table for (kind, _), table in plant.tables.items() if kind is Kind.CELL
        }

    def step(self, connection: Connection) -> CellProgress:
        """Judge what is pending, or the first part of it; no batches in the result: none was."""
        with connection.transaction():
            batches = self._first_part(follow(connection, FOLLOWER))
            review = Review(self._plant, connection, self._references, self._forecasters)
            touched = touched_by_alarms(connection, self._plant, self._standard)
            touched |= self._touched(review.reader, batches)
            changed = 0
            if touched:
                changed = write(connection, review.of(touched, self._about(batches)), touched)
            if batches:
                advance(connection, FOLLOWER, batches[-1].xid)
        return CellProgress(len(batches), len(touched), changed)

    def _first_part(self, batches: Sequence[LedgerBatch]) -> Sequence[LedgerBatch]:
        """Return the batches that fit into one step, at least one of them."""
        rows = 0
        for count, batch in enumerate(batches):
            rows += sum(s.rows for s in batch.spans if s.table_name in self._tables)
            if rows > MAX_ROWS and count:
                return batches[:count]
        return batches

    def _touched(self, reader: CellReader, batches: Sequence[LedgerBatch]) -> set[str]:
        touched: set[str] = set()
        for name, table in self._tables.items():
            spans = [s for batch in batches for s in batch.spans if s.table_name == name]
            if spans:
                first, last = min(s.from_time for s in spans), max(s.to_time for s in spans)
                touched |= reader.touched(table, [batch.id for batch in batches], (first, last))
        return touched

    def _about(self, batches: Sequence[LedgerBatch]) -> tuple[dt.datetime, dt.datetime]:
        spans = [s for batch in batches for s in batch.spans if s.table_name in self._tables]
        now = dt.datetime.now(dt.UTC)
        first = min((s.from_time for s in spans), default=now)
        return first, max((s.to_time for s in spans), default=now)
