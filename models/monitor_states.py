"""What machines were doing, and with which recipe: read off machine.state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from models.spc.cusum import Bools, Ints
from models.sql import statement
from plant.tables import ONLINE
from plant.times import to_us
from storage.connect import Connection

#: In these a machine makes what it is there for; in all others its signals are no process.
RUNNING = frozenset({"Execute", ONLINE})


class States(NamedTuple):
    """The states of one machine, in order of time; before the first it is taken to run."""

    time_us: Ints
    runs: Bools
    recipes: tuple[str, ...]

    def running(self, time_us: Ints) -> Bools:
        """Return whether the machine ran at each of *time_us*."""
        return np.append(True, self.runs)[self._at(time_us)]

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

    *default* is the recipe of states that name none.
    """
    rows: dict[str, list[tuple[int, bool, str]]] = {}
    found = connection.execute(
        statement("read_states"), {"machines": list(machines), "from_time": from_time}
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
