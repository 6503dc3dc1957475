"""Scene: cells at a station, and the way that each of them took up to there, as factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from models.suspects_cells import Visits, probes_of, read_station
from models.suspects_levels import Factor, Ints
from models.suspects_material import read_material
from models.suspects_passing import Passing, block_factors, place_factors
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from storage.connect import Connection

_SHIFTS = ("night", "early", "late")


@dataclass(frozen=True)
class Scene:
    """Cells at *station*, by *key*, with all that they met up to there."""

    line: str
    station: str
    key: Ints
    passings: list[Passing]
    factors: list[Factor]

    def is_of(self, line: str, visits: Visits) -> bool:
        """Say whether it is that of *visits*, too."""
        is_same = (self.line, self.station) == (line, visits.station)
        return is_same and np.array_equal(self.key, visits.key)

    @classmethod
    def read(cls, connection: Connection, plant: Plant, line: str, visits: Visits) -> Scene:
        """Read where the cells of *visits*, one at least, were before and what they are made of."""
        until = from_us(int(visits.time_us.max()))
        probes = probes_of(connection, plant, visits)
        passings: list[Passing] = []
        factors: list[Factor] = []
        for name in plant.stations:
            if (Kind.CELL, name) not in plant.tables:
                continue
            here = visits
            if name != visits.station:
                here = read_station(connection, plant, (line, name), probes=probes, until=until)
            if not passings:
                material = read_material(connection, plant, here, visits.key)
                passings += material.passings
                factors += material.factors
            passings.append(here.passing(visits.key))
            if name == visits.station:
                break
        for passing in passings:
            factors += place_factors(plant.stations[passing.station], passing)
            factors += block_factors(plant, passing)
        factors += _circumstances(plant, visits)
        return cls(line, visits.station, visits.key, passings, factors)


def _circumstances(plant: Plant, visits: Visits) -> Iterator[Factor]:
    """Yield recipe and shift; shifts of eight hours from six in the morning are assumed."""
    if len(plant.recipes) > 1:
        yield Factor("recipe", visits.station, tuple(plant.recipes), visits.recipe)
    zone = ZoneInfo(plant.site.time_zone)
    offset = from_us(int(visits.time_us.max())).astimezone(zone).utcoffset()
    assert offset is not None
    hour = (visits.time_us // 3_600_000_000 + int(offset.total_seconds()) // 3600) % 24
    yield Factor("shift", visits.station, _SHIFTS, (hour + 2) // 8 % 3)
