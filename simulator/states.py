"""Machine states: every machine runs; it says so at the start and with each shift."""

from __future__ import annotations

from collections.abc import Iterator

from plant.model import Equipment, Plant
from plant.tables import Kind
from plant.topics import topic_of
from simulator.message import Message, Window, dump

_SHIFT_MS = 8 * 3_600_000
_FIRST_SHIFT_MS = 6 * 3_600_000  # 06:00, 14:00 and 22:00 UTC


class States:
    """The PackML states of the machines of one line."""

    def __init__(self, plant: Plant, machines: list[Equipment]) -> None:
        self._places = [
            (topic_of(plant, machine, Kind.STATE), plant.tables[Kind.STATE, machine.station])
            for machine in machines
        ]

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield Execute of each machine: at the start of the run and of each shift in *window*."""
        first, end = (
            -(-(edge - _FIRST_SHIFT_MS) // _SHIFT_MS) for edge in (window.from_ms, window.to_ms)
        )
        due = {shift * _SHIFT_MS + _FIRST_SHIFT_MS: "shift" for shift in range(first, end)}
        if window.is_first:
            due.setdefault(window.from_ms, "start")
        for time, reason in sorted(due.items()):
            payload = dump({"ts": time, "state": "Execute", "reason": reason})
            for topic, table in self._places:
                yield Message(topic, payload, table, 1, 0)
