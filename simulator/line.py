"""The line: everything that its machines publish in a piece of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from plant.model import Equipment, Plant
from simulator.cell_id import CellIds
from simulator.chores import chores_of, role_of
from simulator.faults import Fault
from simulator.faults_messages import falsified
from simulator.foils import Foils
from simulator.formation import TrayCurve
from simulator.machines import Machine
from simulator.material import Material
from simulator.message import Message, Window
from simulator.mounts import Mounts
from simulator.noise import Floats, Ints
from simulator.operation import SMOOTH, Operation
from simulator.origin import Origin
from simulator.passages import Passages
from simulator.results import Results
from simulator.schedule import Making
from simulator.scrap import Mask, Scrap
from simulator.states import States
from simulator.timeline import Chore, Timeline
from simulator.variants import Variants
from simulator.wear import tool_cells, used_at, worn_at


class Line:
    """One line of *plant*, healthy but for the faults of each window, run as *operation* says.

    `hits` tells which cells a fault reaches, `ids` their names, `timelines` what each machine does
    when.

    The same *seed* gives the same values, whatever else runs and however time is cut into windows.
    """

    def __init__(self, plant: Plant, name: str, seed: int, operation: Operation = SMOOTH) -> None:
        self._plant = plant
        self._seed = seed
        self._operation = operation
        self._making = making = Making.of(plant, operation.schedule)
        self.name = name
        self.pace = pace = operation.pace(plant, name, seed)
        results = (
            Variants(making, name, seed, pace)
            if len(making.plants) > 1
            else Results(making.plants[0], name, seed, pace)
        )
        self.places = results.places
        born_at = next(iter(self.places.values()), None)
        self.hits = results.hits
        self.ids = ids = CellIds(
            plant.site.name,
            plant.production.lines.index(name) + 1,
            len(born_at.machines) if born_at else 1,
            pace,
        )
        machines = [m for m in plant.equipment.values() if m.line == name]
        peers = Counter(machine.station for machine in machines)
        curves = {station: TrayCurve.of(results, station) for station in plant.stations}
        self._origins = [Origin(plant, name, pace, letter) for letter in ("c", "a")]
        self.timelines = timelines = {m: self._timeline(m) for m in machines}
        self._machines = [
            Machine(
                making.plants,
                machine,
                peers=peers[machine.station],
                seed=seed,
                curve=curves[machine.station],
                timeline=timelines[machine],
                recipes_at=self._recipes_at(timelines[machine]),
                worn=self._worn(machine),
            )
            for machine in machines
            if plant.stations[machine.station].signals
        ]
        self._states = States(plant, list(timelines.items()))
        self._mounts = Mounts(plant, name, pace)
        self._foils = Foils(plant, name, pace)
        self._material = Material(plant, name, pace, ids, results.hits.reaches.unrecorded)
        self._scrap = Scrap(results) if operation.scrap else None
        self._passages = Passages(plant, results, ids, making, self._scrap)

    def come_to(self, station: str, numbers: Ints, faults: tuple[Fault, ...]) -> Mask:
        """Return which of the cells *numbers*, which follow each other, come to *station*.

        All of them do where cells never leave the line, or where no cell comes but their material.
        """
        if self._scrap is None or station not in self.places:
            return np.ones(len(numbers), dtype=bool)
        return self._scrap.stays(station, numbers, faults)

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the messages of *window*, in order of time for each machine and kind."""
        if any(fault.kind.message for fault in window.faults):
            yield from falsified(self._plant, self._all, window)
        else:
            yield from self._all(window)

    def _all(self, window: Window) -> Iterator[Message]:
        yield from self._states.messages(window)
        yield from self._material.messages(window)
        yield from self._mounts.messages(window)
        yield from self._foils.messages(window)
        for machine in self._machines:
            yield from machine.messages(window)
        yield from self._passages.messages(window)

    def _timeline(self, machine: Equipment) -> Timeline:
        station = self._plant.stations[machine.station]
        role = role_of(machine.station, station)
        chores: tuple[Chore, ...] = ()
        if self._operation.stops and not role.never_stands:
            place = self.places.get(machine.station)
            chores = chores_of(self._plant, machine, place, self.pace, self._origins)
        return Timeline(
            self.pace,
            role,
            machine.name,
            self._seed,
            self._making.name_at,
            chores,
            self._operation.stops,
        )

    def _recipes_at(self, timeline: Timeline) -> Callable[[Ints], Ints]:
        return lambda times_ms: self._making.at(times_ms - timeline.role.later_ms)

    def _worn(self, machine: Equipment) -> Callable[[Ints], Floats]:
        station = self._plant.stations[machine.station]
        place = self.places.get(machine.station)
        cells = tool_cells(machine.station, station)
        if place is None or cells is None:
            return lambda times_ms: worn_at(station, machine.number, times_ms)
        index = place.machines.index(machine)
        return lambda times_ms: np.asarray(used_at(place, index, self.pace, times_ms) / cells)
