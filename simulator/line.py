"""The line: everything that its machines publish in a piece of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from plant.model import Plant
from simulator.cell_id import CellIds
from simulator.faults_messages import falsified
from simulator.formation import TrayCurve
from simulator.machines import Machine
from simulator.material import Material
from simulator.message import Message, Window
from simulator.pace import Pace
from simulator.passages import Passages
from simulator.results import Results
from simulator.states import States


class Line:
    """One line of *plant*, healthy but for the faults of each window.

    `hits` tells which cells a fault reaches, `ids` their names.

    The same *seed* gives the same values, whatever else runs and however time is cut into windows.
    """

    def __init__(self, plant: Plant, name: str, seed: int) -> None:
        self._plant = plant
        pace = Pace.of(plant.production.cells_per_second)
        results = Results(plant, name, seed)
        born_at = next(iter(results.places.values()), None)
        self.name = name
        self.pace = pace
        self.hits = results.hits
        self.ids = ids = CellIds(
            plant.site.name,
            plant.production.lines.index(name) + 1,
            len(born_at.machines) if born_at else 1,
            pace,
        )
        machines = [m for m in plant.equipment.values() if m.line == name]
        peers = Counter(machine.station for machine in machines)
        curves = {
            station: TrayCurve.of(model, pace, peers[station])
            for station, model in plant.stations.items()
        }
        self._machines = [
            Machine(plant, machine, peers[machine.station], seed, curves[machine.station])
            for machine in machines
            if plant.stations[machine.station].signals
        ]
        self._states = States(plant, machines)
        self._material = Material(plant, name, pace, ids, results.hits.reaches.unrecorded)
        self._passages = Passages(plant, results, ids)

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the messages of *window*, in order of time for each machine and kind."""
        if any(fault.kind.message for fault in window.faults):
            yield from falsified(self._plant, self._all, window)
        else:
            yield from self._all(window)

    def _all(self, window: Window) -> Iterator[Message]:
        yield from self._states.messages(window)
        yield from self._material.messages(window)
        for machine in self._machines:
            yield from machine.messages(window)
        yield from self._passages.messages(window)
