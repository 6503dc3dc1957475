"""Foils: which lot of copper or aluminium is on a coater; a new one each midnight, UTC (A)."""

from __future__ import annotations

from collections.abc import Iterator

from plant.model import Plant
from plant.tables import MOUNT_TABLE, Kind
from plant.topics import topic_of
from simulator.material import COATED_MS, ELECTRODES, machines_of, stock_ms
from simulator.message import Message, Window, dump
from simulator.pace import Pace

_DAY_MS = 86_400_000


class Foils:
    """The mounts of foil of one line."""

    def __init__(self, plant: Plant, line: str, pace: Pace) -> None:
        self._plant = plant
        self._line = line
        winders = len(machines_of(plant, line, "winding"))
        #: What the first cells are wound from was coated so long before.
        self._before_ms = COATED_MS + max(stock_ms(pace, e, winders) for e in ELECTRODES)
        foils = next((recipe.foils for recipe in plant.recipes.values()), {})
        self._coaters = [
            (name, machine)
            for name, foil in foils.items()
            for machine in plant.equipment.values()
            if winders and (machine.line, machine.group) == (line, foil.equipment)
        ]

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the mounts within *window*; with the first also those of what it is wound from."""
        first = -(-(window.from_ms - self._before_ms * window.is_first) // _DAY_MS)
        for name, machine in self._coaters:
            for day in range(first - window.is_first, -(-window.to_ms // _DAY_MS)):
                thing = f"{self._line}-{name}-{day:06d}"
                document = {"ts": day * _DAY_MS, "slot": name, "thing": thing, "action": "mount"}
                topic = topic_of(self._plant, machine, Kind.MOUNT)
                yield Message(topic, dump(document), MOUNT_TABLE, 1, 0)
