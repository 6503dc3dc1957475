"""What machines were doing, and with which recipe: read off machine.state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from models.spc.cusum import Bools, Ints
from models.sql import statement
from models.station.hold import MOST_US, STOP_US, Run, never
from plant.tables import ONLINE
from plant.times import to_us
from storage.connect import Connection

#: In these a machine makes what it is there for; in all others its signals are no process.
RUNNING = frozenset({"Execute", ONLINE})
#: A start that may still be settling, and how long the machine had stood before, began in this.
_BEFORE = timedelta(microseconds=max(STOP_US) + max(MOST_US))


class States(NamedTuple):
    """The states of one machine, in order of time; before the first it is taken to run."""

    time_us: Ints
    runs: Bools
    recipes: tuple[str, ...]

    def running(self, time_us: Ints) -> Bools:
        """Return whether the machine ran at each of *time_us*."""
        return np.append(True, self.runs)[self._at(time_us)]

    def run(self, time_us: Ints) -> Run:
        """Return what the machine did at each of *time_us*; a stop counts from its first state."""
        was = np.append(True, self.runs)[:-1]
        stops, starts = self.time_us[was & ~self.runs], self.time_us[self.runs & ~was]
        stood_us = starts - stops[: len(starts)]
        since_us = never(len(time_us))
        for kind, least_us in enumerate(STOP_US):
            its = starts[stood_us >= least_us]
            last = np.searchsorted(its, time_us, side="right") - 1
            known = np.flatnonzero(last >= 0)
            since_us[known, kind] = time_us[known] - its[last[known]]
        return Run(self.running(time_us), since_us)

    def recipe(self, time_us: Ints, default: str) -> list[str]:
        """Return the recipe at each of *time_us*; *default* before the first state."""
        named = (default, *self.recipes)
        return [named[at] for at in self._at(time_us).tolist()]

    def _at(self, time_us: Ints) -> Ints:
        return np.searchsorted(self.time_us, time_us, side="right")


NOTHING_KNOWN = States(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_), ())


def read_states(
    connection: Connection, machines: Sequence[str], from_time: datetime, default: str
) -> dict[str, States]:
    """Return what *machines* did from *from_time* on; those that never said anything are absent.

    *default* is the recipe of states that name none. What was in the hours before is read as
    well, so that it is known after which stop a machine had started.
    """
    rows: dict[str, list[tuple[int, bool, str]]] = {}
    found = connection.execute(
        statement("read_states"), {"machines": list(machines), "from_time": from_time - _BEFORE}
    )
    for machine, time, state, recipe in found:
        rows.setdefault(machine, []).append((to_us(time), state in RUNNING, recipe or default))
    return {
        machine: States(
            np.array([row[0] for row in its], dtype=np.int64),
            np.array([row[1] for row in its], dtype=np.bool_),
            tuple(row[2] for row in its),
        )
        for machine, its in rows.items()
    }
