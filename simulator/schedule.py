"""Schedule: which recipe a line makes when, in turns from the beginning of the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plant.model import Plant
from simulator.calendar import HORIZON_MS
from simulator.duration import parse_duration
from simulator.noise import Ints
from simulator.pace import BEGINNING_MS

_HOUR_MS = 3_600_000


class ScheduleError(ValueError):
    """A schedule cannot be followed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Recipes *names*, each for its *lengths_ms*, then again from the first."""

    names: tuple[str, ...]
    lengths_ms: tuple[int, ...]

    def at(self, times_ms: Ints) -> Ints:
        """Return for each time since the epoch the index in *names* of what is made then."""
        edges = np.cumsum(self.lengths_ms)
        rest = (times_ms - BEGINNING_MS) % edges[-1]
        return np.asarray(np.searchsorted(edges, rest, side="right"), dtype=np.int64)

    def changes_ms(self) -> list[int]:
        """Return when the recipe changes, since the beginning of the line."""
        if len(set(self.names)) < 2:
            return []
        turn = sum(self.lengths_ms)
        starts = np.cumsum([0, *self.lengths_ms[:-1]])
        new = np.array([name != self.names[at - 1] for at, name in enumerate(self.names)])
        turns = np.arange(0, HORIZON_MS, turn, dtype=np.int64)
        changes: list[int] = (turns[:, None] + starts[new]).ravel().tolist()
        return changes[1:] if new[0] else changes


@dataclass(frozen=True, slots=True)
class Making:
    """What a line makes when: *plants* has the plant of each recipe of *names*."""

    names: tuple[str, ...]
    plants: tuple[Plant, ...]
    schedule: Schedule | None = None

    @classmethod
    def of(cls, plant: Plant, schedule: Schedule | None) -> Making:
        """Return what a line of *plant* makes; without a schedule its first recipe, always."""
        if schedule is None:
            return cls((next(iter(plant.recipes), ""),), (plant,))
        names = tuple(dict.fromkeys(schedule.names))
        return cls(names, tuple(plant.for_recipe(name) for name in names), schedule)

    def at(self, times_ms: Ints) -> Ints:
        """Return for each time of the winders the index of what they make then."""
        if self.schedule is None:
            return np.zeros(len(times_ms), dtype=np.int64)
        turns = np.array([self.names.index(name) for name in self.schedule.names])
        return np.asarray(turns[self.schedule.at(times_ms)], dtype=np.int64)

    def pieces(self, numbers: Ints, times_ms: Ints) -> Iterator[tuple[int, Ints]]:
        """Yield cells *numbers*, wound at *times_ms*, in pieces of one recipe, with its index."""
        recipes = self.at(times_ms)
        for piece in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(recipes)) + 1):
            if len(piece):
                yield int(recipes[piece[0]]), numbers[piece]

    def name_at(self, time_ms: int) -> str:
        """Return the name of the recipe that the winders make; "" for a plant without recipes."""
        return self.names[int(self.at(np.array([time_ms], dtype=np.int64))[0])]


def parse_schedule(text: str, plant: Plant, least_ms: int) -> Schedule:
    """Read `vehicle:5d,storage:2d`; no turn may be *least_ms* or less, nor an hour.

    Raise `ScheduleError` for a recipe that *plant* has not, and for what is no such list.
    """
    there = ", ".join(plant.recipes)
    names, lengths = [], []
    for word in text.split(","):
        name, colon, length = word.strip().partition(":")
        if not colon:
            raise ScheduleError(f"recipes {text!r} must look like vehicle:5d,storage:2d")
        if name not in plant.recipes:
            raise ScheduleError(
                f"recipes {text!r}: {name!r} is not known; "
                + (f"the plant file has {there}" if there else "the plant file has no recipes")
            )
        try:
            length_ms = parse_duration(length)
        except ValueError as error:
            raise ScheduleError(f"recipes {text!r}: {error}") from error
        if length_ms <= max(least_ms, _HOUR_MS):
            raise ScheduleError(
                f"recipes {text!r}: {length} of {name} is too short; each turn must last longer "
                "than an hour and than a changeover"
            )
        names.append(name)
        lengths.append(length_ms)
    return Schedule(tuple(names), tuple(lengths))
