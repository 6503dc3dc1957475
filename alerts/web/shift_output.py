"""What a shift has brought so far: cells, failed ones, and what machines stood for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from alerts.web.sql import statement
from storage.connect import Connection

_COUNT_EVERY_S = 15


class Output(NamedTuple):
    """What one station did in this shift."""

    line: str
    station: str
    cells: int
    failed: int


class Stop(NamedTuple):
    """For how long the machines of a station stood in this shift, added up, and why."""

    line: str
    station: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ShiftSum:
    """What all stations did since a moment, and why they stood, the longest first."""

    outputs: Sequence[Output] = ()
    stops: Sequence[Stop] = ()


class ShiftOutput:
    """Counts what was done in shifts, again every quarter of a minute.

    However many screens ask: it is a look at every cell of the shift. Threads may share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._round = 0
        self._known: dict[datetime, ShiftSum] = {}

    def read(self, connection: Connection, began: datetime, now: datetime) -> ShiftSum:
        """Return what was done since *began*, on all lines."""
        this_round = int(now.timestamp() // _COUNT_EVERY_S)
        with self._lock:
            if self._round != this_round:
                self._round = this_round
                self._known.clear()
            if began not in self._known:
                self._known[began] = _count(connection, began)
            return self._known[began]


def _count(connection: Connection, began: datetime) -> ShiftSum:
    asked = {"since": began}
    with connection.cursor(row_factory=class_row(Output)) as cursor:
        outputs = cursor.execute(statement("health_output"), asked).fetchall()
    with connection.cursor(row_factory=class_row(Stop)) as cursor:
        stops = cursor.execute(statement("health_stops"), asked).fetchall()
    return ShiftSum(outputs, stops)
