"""Mounts: rolls on calenders, strips in vacuum dryers, and of which lot the bought parts are.

A roll is on a calender for as long as its metres take. A batch of strips goes into a dryer when it
begins and comes out when it is done; see `origin`. Of a bought part a machine takes a new lot once
a day, each machine at a time of its own (A).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plant.model import Equipment, Plant
from plant.tables import MOUNT_TABLE, Kind
from plant.topics import topic_of
from simulator.material import (
    LANES,
    ROLL_M,
    SLIT_MS,
    machines_of,
    roll_name,
    stock_ms,
    strip_name,
)
from simulator.message import Message, Window, dump
from simulator.origin import CALENDERED_MS, MS_PER_M, TO_DRYER_MS, Origin
from simulator.pace import BEGINNING_MS, Pace

_DAY_MS = 86_400_000
#: Places of a dryer, more than a batch has strips.
_PLACES = 64


class Mounts:
    """The mounts of one line."""

    def __init__(self, plant: Plant, line: str, pace: Pace) -> None:
        self._plant = plant
        self._line = line
        self._pace = pace
        self._winders = len(machines_of(plant, line, "winding"))
        self._dryers, self._calenders = (
            {
                letter: machines
                for letter in ("c", "a")
                if (machines := machines_of(plant, line, station, letter)) and self._winders
            }
            for station in ("vacuum_drying", "calendering")
        )
        self._origins = {
            letter: Origin(plant, line, pace, letter)
            for letter in {**self._dryers, **self._calenders}
        }
        parts = next((recipe.parts for recipe in plant.recipes.values()), {})
        self._parts = {name: plant.equipment_at(line, part.station) for name, part in parts.items()}

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the mounts within *window*; the first one also has what is mounted already."""
        for letter, calenders in self._calenders.items():
            yield from self._calendered(letter, calenders, window)
        for letter, dryers in self._dryers.items():
            yield from self._dried(letter, dryers, window)
        for part, machines in self._parts.items():
            for machine in machines:
                yield from self._lots(part, machine, len(machines), window)

    def _calendered(
        self, letter: str, calenders: tuple[Equipment, ...], window: Window
    ) -> Iterator[Message]:
        origin, passing_ms = self._origins[letter], round(ROLL_M * MS_PER_M)
        from_ms = window.from_ms - passing_ms
        if window.is_first:
            from_ms -= CALENDERED_MS + stock_ms(self._pace, origin.electrode, self._winders)
        edges = np.array([from_ms, window.to_ms]) - 1
        first, end = (-(-(origin.latest(edges, CALENDERED_MS) + 1) // LANES)).tolist()
        turns = np.arange(first, end + len(calenders), dtype=np.int64)
        begins = origin.made_ms(turns * LANES, CALENDERED_MS).tolist()
        for at, roll in enumerate(range(first, end)):
            calender = calenders[roll % len(calenders)]
            name, begin_ms = roll_name(self._line, letter, roll), begins[at]
            off_ms = begin_ms + passing_ms
            events = [(begin_ms, "mount")]
            if off_ms < begins[at + len(calenders)]:  # else the next roll takes its place
                events.append((off_ms, "unmount"))
            for time_ms, action in events:
                if time_ms < window.to_ms and (time_ms >= window.from_ms or window.is_first):
                    yield self._message(calender, time_ms, "unwinder", name, action)

    def _dried(
        self, letter: str, dryers: tuple[Equipment, ...], window: Window
    ) -> Iterator[Message]:
        origin = self._origins[letter]
        stay_ms = len(dryers) * origin.batch_ms
        from_ms = window.from_ms - stay_ms
        if window.is_first:
            from_ms -= SLIT_MS + stock_ms(self._pace, origin.electrode, self._winders)
        first = (from_ms - BEGINNING_MS) // origin.batch_ms
        end = -(-(window.to_ms - BEGINNING_MS) // origin.batch_ms)
        for batch in range(first, end):
            begin_ms = BEGINNING_MS + batch * origin.batch_ms
            closed = np.array([begin_ms - origin.batch_ms, begin_ms]) - TO_DRYER_MS
            before, last = origin.latest(closed, SLIT_MS).tolist()
            dryer = dryers[batch % len(dryers)]
            for strip in range(before + 1, last + 1):
                name = strip_name(self._line, letter, strip)
                slot = f"place {strip % _PLACES + 1}"
                for time_ms, action in ((begin_ms, "mount"), (begin_ms + stay_ms, "unmount")):
                    if time_ms < window.to_ms and (time_ms >= window.from_ms or window.is_first):
                        yield self._message(dryer, time_ms, slot, name, action)

    def _lots(self, part: str, machine: Equipment, peers: int, window: Window) -> Iterator[Message]:
        offset_ms = (machine.number - 1) * _DAY_MS // peers
        first = -(-(window.from_ms - offset_ms) // _DAY_MS) - window.is_first
        end = -(-(window.to_ms - offset_ms) // _DAY_MS)
        for day in range(first, end):
            lot = f"{self._line}-{part}-{day:06d}"
            yield self._message(machine, day * _DAY_MS + offset_ms, part, lot, "mount")

    def _message(
        self, machine: Equipment, time_ms: int, slot: str, thing: str, action: str
    ) -> Message:
        document = {"ts": time_ms, "slot": slot, "thing": thing, "action": action}
        topic = topic_of(self._plant, machine, Kind.MOUNT)
        return Message(topic, dump(document), MOUNT_TABLE, 1, 0)
