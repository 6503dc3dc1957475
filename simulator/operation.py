"""Operation: how a line is run; all of it is off for a line that just runs."""

from __future__ import annotations

from dataclasses import dataclass

from plant.model import Plant
from simulator.calendar import Calendar
from simulator.pace import Pace
from simulator.schedule import Schedule

CHANGEOVER_MS = 45 * 60_000


@dataclass(frozen=True, slots=True)
class Operation:
    """What may happen on a line besides making cells.

    With *stops* lines and machines stop, for reasons; with *scrap* a cell that failed leaves the
    line. *schedule* says which recipe is made when; None is the plant's first, always.
    """

    stops: bool = False
    scrap: bool = False
    schedule: Schedule | None = None
    changeover_ms: int = CHANGEOVER_MS

    def pace(self, plant: Plant, line: str, seed: int) -> Pace:
        """Return the pace of *line*."""
        rate = plant.production.cells_per_second
        changes = self.schedule.changes_ms() if self.schedule else []
        if not self.stops and not changes:
            return Pace.of(rate)
        number = plant.production.lines.index(line) + 1
        calendar = Calendar(seed, line, number, changes, self.changeover_ms, breaks=self.stops)
        return Pace.of(rate, calendar)


SMOOTH = Operation()
