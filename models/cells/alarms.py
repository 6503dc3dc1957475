"""Alarms that hold cells: who passed a machine and position while one of its results alarmed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.cells.cells import POSITIONS, Cells, Mask
from models.cells.standard import Standard
from models.cells.verdict import Reason, ReasonKind
from models.sql import statement
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us, to_us
from storage.connect import Connection
from storage.ledger import advance

#: How far the alarms have been read; beside `FOLLOWER`, which is how far the ledger has.
FOLLOWER = "cell-quality-alarms"


class Alarm(NamedTuple):
    """An alarm of `station.characteristic` at a machine and position, from *since* to *until*."""

    equipment: str
    position: int | None
    characteristic: str
    station: str
    since: datetime
    until: datetime | None

    def cells(self, cells: Cells, machine: int) -> Mask:
        """Return which cells passed meanwhile; *machine* is the number of its equipment."""
        place, time_us = cells.place(self.station), cells.times_us[self.station]
        here: Mask = place // POSITIONS == machine
        if self.position is not None:
            here &= place % POSITIONS == self.position
        here &= time_us >= to_us(self.since)
        if self.until is not None:
            here &= time_us <= to_us(self.until)
        return here


def held_by_alarm(
    connection: Connection, standard: Standard, cells: Cells, machines: Mapping[str, int]
) -> dict[str, list[Reason]]:
    """Return the reasons to hold each cell that passed while its place alarmed."""
    results = list(standard.quality.hold_on_alarm)
    held: dict[str, list[Reason]] = defaultdict(list)
    if not results or not len(cells):
        return held
    times = np.concatenate([t[t > 0] for t in cells.times_us.values()])
    rows = connection.execute(
        statement("cell_alarms"),
        {
            "results": results,
            "from_time": from_us(int(times.min())),
            "to_time": from_us(int(times.max())),
        },
    )
    for alarm in (Alarm(*row) for row in rows):
        if alarm.equipment not in machines:
            continue
        signal = standard.signal(f"{alarm.station}.{alarm.characteristic}")
        where = f" position {alarm.position}" if alarm.position else ""
        reason = Reason(
            ReasonKind.LOT, f"{alarm.station}.{alarm.characteristic}", None, signal.nominal, None,
            signal.unit,
            f"{alarm.characteristic} of {alarm.equipment}{where} alarmed when the cell passed: "
            f"since {alarm.since:%Y-%m-%d %H:%M}",
        )  # fmt: skip
        for cell in cells.cell[alarm.cells(cells, machines[alarm.equipment])]:
            held[cell].append(reason)
    return held


def touched_by_alarms(connection: Connection, plant: Plant, standard: Standard) -> set[str]:
    """Return the cells under alarms that are new since the last call, and move the place in them.

    In the caller's transaction.
    """
    touched: set[str] = set()
    parameters = {"follower": FOLLOWER, "results": list(standard.quality.hold_on_alarm)}
    rows = connection.execute(statement("cell_new_alarms"), parameters).fetchall()
    for _, equipment, position, station, since in rows:
        table = plant.tables[Kind.CELL, station]
        found = connection.execute(
            statement("cell_passed").format(table=sql.Identifier(table.schema, table.name)),
            {"equipment": equipment, "position": position, "since": since},
        )
        touched |= {cell for (cell,) in found}
    if rows:
        advance(connection, FOLLOWER, int(rows[-1][0]))
    return touched
