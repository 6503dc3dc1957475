"""The stage of the monitor that judges cells: a follower of the ledger of its own.

One step takes some batches of the ledger, judges each cell that they brought something of, and its
neighbours again where they are or were not in order, counts those with a fault of their own, and
commits verdicts, the chart of faulty cells and its place in the ledger together. A cell is judged
from all that the database holds of it and of its peers, so late data and a restart lead to the
same verdict.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence

from models.cells import model_store
from models.cells.alarms import touched_by_alarms
from models.cells.faulty import FaultyCells
from models.cells.model import CellModel
from models.cells.read import CellReader
from models.cells.review import Review
from models.cells.standard import CellsError, standards
from models.cells.store import write
from models.monitor import CHANNEL, Progress, check_database
from models.monitor_windows import spans_of, windows
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection
from storage.ledger import LedgerBatch, advance, follow

log = logging.getLogger("jellyroll.models")

FOLLOWER = "cell-quality"
#: A step takes batches up to so many rows, or one: it bounds how long the charts wait for it.
MAX_ROWS = 4_000
#: It rests so many times as long as it worked, so that it takes a tenth of a core at most.
_REST = 9.0


class CellStage:
    """A stage of the monitor (`models.follow.Stage`) for the quality of cells.

    It does nothing for a plant that does not say how cells are judged. Without *rests* it does what
    is pending at once. It takes up the model that `jellyroll cells train` made active.
    """

    def __init__(self, plant: Plant, *, rests: bool = True) -> None:
        self._plant = plant
        self._rests = rests
        self._resting_until = 0.0
        self._version = 0
        self._model = CellModel()
        self._faulty: FaultyCells | None = None
        if plant.cell_quality:
            self._faulty = FaultyCells(plant, next(iter(standards(plant).values())))
        self._tables = {
            str(table): table for (kind, _), table in plant.tables.items() if kind is Kind.CELL
        }

    def attach(self, connection: Connection) -> None:
        """Take the active model; raise `MonitorError` if the database is not that of the plant."""
        check_database(connection, self._plant)
        if self._plant.cell_quality:
            self._take_model(connection)

    def step(self, connection: Connection) -> Progress:
        """Judge what is pending, or the first part of it; values in the result are cells."""
        if self._faulty is None or time.monotonic() < self._resting_until:
            return Progress()
        began = time.monotonic()
        if model_store.active_version(connection) != self._version:
            self._take_model(connection)
        with connection.transaction():
            batches = self._first_part(follow(connection, FOLLOWER))
            cells = self._judge(connection, batches)
            on, off = self._faulty.count(connection, self._version) if cells else (0, 0)
            if on or off:
                connection.execute(f"NOTIFY {CHANNEL}")
            if batches:
                advance(connection, FOLLOWER, batches[-1].xid)
        if self._rests:
            ended = time.monotonic()
            self._resting_until = ended + _REST * (ended - began)
        return Progress(len(batches), cells, 0, on, off)

    def _take_model(self, connection: Connection) -> None:
        self._version = model_store.active_version(connection)
        try:
            _, self._model = model_store.active(connection)
        except CellsError as error:
            # The charts of the same process must not stand still for it.
            log.error("%s; until then cells are judged by their neighbours alone", error)  # noqa: TRY400
            self._model = CellModel()
            return
        if self._version:
            log.info("cells are judged by version %d of their model", self._version)
        else:
            log.info(
                "cells are judged by their neighbours alone; `jellyroll cells train` does more"
            )

    def _judge(self, connection: Connection, batches: Sequence[LedgerBatch]) -> int:
        """Judge the cells that *batches* and new alarms touch; return how many."""
        model = self._model
        review = Review(self._plant, connection, model.references, model.forecasters)
        standard = next(iter(standards(self._plant).values()))
        touched = touched_by_alarms(connection, self._plant, standard)
        touched |= self._touched(connection, review.reader, batches)
        if touched:
            verdicts = list(review.of(touched, self._about(batches)))
            write(connection, verdicts)
        return len(touched)

    def _first_part(self, batches: Sequence[LedgerBatch]) -> Sequence[LedgerBatch]:
        """Return the batches that fit into one step, at least one of them."""
        rows = 0
        for count, batch in enumerate(batches):
            rows += sum(s.rows for s in batch.spans if s.table_name in self._tables)
            if rows > MAX_ROWS and count:
                return batches[:count]
        return batches

    def _touched(
        self, connection: Connection, reader: CellReader, batches: Sequence[LedgerBatch]
    ) -> set[str]:
        touched: set[str] = set()
        for table in self._tables.values():
            spans = spans_of(batches, table)
            for times in windows(connection, table, spans) if spans else ():
                touched |= reader.touched(table, [batch for batch, _ in spans], times)
        return touched

    def _about(self, batches: Sequence[LedgerBatch]) -> tuple[dt.datetime, dt.datetime]:
        spans = [s for batch in batches for s in batch.spans if s.table_name in self._tables]
        now = dt.datetime.now(dt.UTC)
        first = min((s.from_time for s in spans), default=now)
        return first, max((s.to_time for s in spans), default=now)
