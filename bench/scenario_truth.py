"""What a fault did: which cells it touched and when, and who is to be found out."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from models.suspects_passing import place_name
from plant.model import Plant
from plant.times import from_us, to_us
from simulator.faults import Fault
from simulator.faults_kind import Nature, Reach
from simulator.line import Line
from simulator.truth import truth


class Done(NamedTuple):
    """One fault of a scenario; *culprits* are machines, with the position where it has one.

    Of machines that stand together it is their block. *is_gauge* says that a sensor alone is wrong.
    *touched_us* has the moment of each cell that it touched, in order.
    """

    id: str
    is_measurement: bool
    is_gauge: bool
    culprits: frozenset[str]
    began: datetime
    cells: frozenset[str]
    touched_us: tuple[int, ...]

    def touched_until(self, time: datetime) -> int:
        """Return how many cells the fault had touched by *time*."""
        return sum(touched <= to_us(time) for touched in self.touched_us)


def done_by(plant: Plant, line: Line, fault: Fault, from_ms: int, to_ms: int) -> Done:
    """Return what *fault* did on *line* in a piece of time."""
    rows = [row for row in truth([line], [fault], from_ms, to_ms) if row.cell is not None]
    times = sorted(to_us(row.touched_at) for row in rows if row.touched_at is not None)
    return Done(
        fault.id,
        fault.kind.nature is Nature.MEASUREMENT,
        fault.kind.nature is Nature.MEASUREMENT and fault.kind.reach is Reach.NOBODY,
        _culprits(plant, fault),
        from_us((fault.on_ms or from_ms) * 1000),
        frozenset(row.cell for row in rows if row.cell is not None),
        tuple(times),
    )


def _culprits(plant: Plant, fault: Fault) -> frozenset[str]:
    if len(fault.machines) == 1:
        return frozenset({place_name(fault.equipment, fault.position)})
    blocks = plant.blocks_at(fault.machines[0].station)
    return frozenset(name for name, machines in blocks.items() if machines == fault.machines)
