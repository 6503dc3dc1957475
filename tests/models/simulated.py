"""The simulated pilot line into a database, with as few machines as a test needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bench.scenario_feed import HOUR_MS, feed, windows
from plant.model import Plant
from plant.times import from_us
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.message import Message, Window
from simulator.operation import Operation
from storage.connect import Connection

#: A Tuesday. Seeds 1 to 3 are those that the models are judged on.
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
BEGIN_MS = int(BEGIN.timestamp() * 1000)
SEED = 101


class Part:
    """What a line publishes, but samples only of the machines of *stations*."""

    def __init__(self, plant: Plant, stations: tuple[str, ...], operation: Operation) -> None:
        self.line = Line(plant, "l1", SEED, operation)
        machines = self.line._machines
        self.line._machines = [
            machine for machine in machines if machine._machine.station in stations
        ]

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the messages of *window*; `bench.scenario_feed.feed` takes it for a line."""
        yield from self.line.messages(window)


class Run:
    """A line that runs from `BEGIN` on, sampled once a minute."""

    def __init__(
        self,
        connection: Connection,
        plant: Plant,
        *stations: str,
        operation: Operation = Operation(stops=True, scrap=True),  # noqa: B008
    ) -> None:
        self._connection = connection
        self._plant = plant
        self._part = Part(plant, stations, operation)
        self._at_ms = BEGIN_MS

    @property
    def now(self) -> datetime:
        """When the line has come to."""
        return from_us(self._at_ms * 1000)

    def go_on(self, hours: float, *faults: str) -> tuple[datetime, datetime]:
        """Let it run for *hours*, with *faults* from then on; return beginning and end."""
        begin, begin_ms = self.now, self._at_ms
        end_ms = begin_ms + round(hours * HOUR_MS)
        wrong: list[Fault] = [parse_fault(f, self._plant).started(begin_ms) for f in faults]
        for window in windows(
            begin_ms, end_ms, 6 * HOUR_MS, 60_000, *wrong, is_first=begin_ms == BEGIN_MS
        ):
            feed(self._connection, self._plant, self._part, window)  # type: ignore[arg-type]
        self._at_ms = end_ms
        return begin, self.now
