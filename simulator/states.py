"""Machine states: each machine says what it does, when that changes and with each shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plant.model import Equipment, Plant
from plant.tables import Kind
from plant.topics import topic_of
from simulator.character import FIRST_SHIFT_MS, SHIFT_MS
from simulator.message import Message, Window, dump
from simulator.timeline import EXECUTE, Timeline


class States:
    """The PackML states of the machines of one line, each as its timeline says."""

    def __init__(self, plant: Plant, machines: Sequence[tuple[Equipment, Timeline]]) -> None:
        self._machines = [
            (
                topic_of(plant, machine, Kind.STATE),
                plant.tables[Kind.STATE, machine.station],
                timeline,
            )
            for machine, timeline in machines
        ]
        self._default = next(iter(plant.recipes), "")

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the changes within *window*; at the start of the run and each shift, all states."""
        first, end = (
            -(-(edge - FIRST_SHIFT_MS) // SHIFT_MS) for edge in (window.from_ms, window.to_ms)
        )
        told = {shift * SHIFT_MS + FIRST_SHIFT_MS: "shift" for shift in range(first, end)}
        if window.is_first:
            told.setdefault(window.from_ms, "start")
        for topic, table, timeline in self._machines:
            if timeline.role.never_stands and not told:
                continue
            for time, state, reason in _changes(timeline, window, told):
                document: dict[str, Any] = {"ts": time, "state": state, "reason": reason}
                recipe = timeline.recipe_at(time - timeline.role.later_ms)
                if recipe != self._default:
                    document["recipe"] = recipe
                yield Message(topic, dump(document), table, 1, 0)


def _changes(
    timeline: Timeline, window: Window, told: dict[int, str]
) -> list[tuple[int, str, str]]:
    """Return when, into which state and why; at the times of *told* what it is then."""
    spans = timeline.spans(window.from_ms - 1, window.to_ms)
    begins = {span.from_ms for span in spans}
    changes = {span.to_ms: (EXECUTE, "running") for span in spans if span.to_ms not in begins}
    changes |= {span.from_ms: (span.state, span.reason) for span in spans}
    changes |= {
        time: next(
            ((s.state, s.reason) for s in spans if s.from_ms <= time < s.to_ms), (EXECUTE, why)
        )
        for time, why in told.items()
    }
    inside = (time for time in changes if window.from_ms <= time < window.to_ms)
    return [(time, *changes[time]) for time in sorted(inside)]
