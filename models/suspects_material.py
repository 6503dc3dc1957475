"""What the cells around an anomaly were made of: rolls and their metres, slurries, lots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from models.columns import read_columns
from models.sql import statement
from models.suspects_cells import Visits
from models.suspects_levels import Factor, Floats, Ints
from models.suspects_passing import Passing
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection

_METRES = (("child", ">i8"), ("parent", ">i8"), ("from_m", ">f8"))


class Material(NamedTuple):
    """Machines that made what the cells are made of, and the things themselves as factors."""

    passings: list[Passing]
    factors: list[Factor]


class _Use(NamedTuple):
    """A record that *equipment* made something of *parent*."""

    parent: str
    equipment: str
    time: datetime
    from_m: float


class _Step(NamedTuple):
    """*thing* was made at a station; *lane* 0 where it is none of a roll's."""

    thing: str
    station: str
    machine: str
    time_us: int
    lane: int


def read_material(connection: Connection, plant: Plant, wound: Visits, key: Ints) -> Material:
    """Return the material of the cells *key*; *wound* has their visits where they were born."""
    rows = wound.rows_of(key)
    times = wound.time_us[rows[rows >= 0]]
    if not len(times):
        return Material([], [])
    span = from_us(int(times.min())), from_us(int(times.max()))
    given = {"from_time": span[0], "to_time": span[1], "machines": list(wound.machines)}
    used = read_columns(connection, statement("suspect_metres"), _METRES, given)
    uses: dict[str, list[_Use]] = {}
    name_of: dict[int, str] = {}
    rows_up = connection.execute(statement("suspect_origins"), given)
    for child, parent, equipment, time, from_m, _, number in rows_up:
        uses.setdefault(child, []).append(_Use(parent, equipment, time, from_m))
        name_of[number] = child
    parents, at = np.unique(used["parent"], return_inverse=True)
    paths = {
        index: path
        for index, number in enumerate(parents.tolist())
        if number in name_of and (path := list(_path(plant, uses, name_of[number])))
    }
    material = Material([], [])
    for electrode in sorted({_electrode(plant, path[0].machine) for path in paths.values()}):
        own = {i: p for i, p in paths.items() if _electrode(plant, p[0].machine) == electrode}
        strip, metre = _of_cells(
            key, used["child"], np.where(np.isin(at, list(own)), at, -1), used["from_m"]
        )
        _add(plant, material, electrode, _Strips(own, strip, metre), uses)
    return material


class _Strips(NamedTuple):
    """The strips of one electrode with their paths, and strip (-1: none) and metre of each cell."""

    paths: Mapping[int, Sequence[_Step]]
    strip: Ints
    metre: Floats

    def code(self, of_strip: Mapping[int, int]) -> Ints:
        """Return for each cell what *of_strip* says of its strip, -1 if nothing."""
        table = np.full(max(self.paths, default=0) + 2, -1, dtype=np.int64)
        for strip, value in of_strip.items():
            table[strip] = value
        return table[self.strip]  # the last entry is that of no strip


def _add(
    plant: Plant,
    material: Material,
    electrode: str,
    strips: _Strips,
    uses: Mapping[str, Sequence[_Use]],
) -> None:
    first = next(iter(strips.paths.values()))[0].station
    ends = sorted({path[0].thing for path in strips.paths.values()})
    code = strips.code({i: ends.index(path[0].thing) for i, path in strips.paths.items()})
    material.factors.append(Factor("roll_metres", first, ends, code, strips.metre))
    for station in dict.fromkeys(step.station for path in strips.paths.values() for step in path):
        steps = {
            i: step for i, path in strips.paths.items() for step in path if step.station == station
        }
        machines = tuple(e.name for e in plant.equipment.values() if e.station == station)
        time_us = strips.code({i: step.time_us for i, step in steps.items()}).astype(np.float64)
        time_us[time_us < 0] = np.nan
        speed = plant.stations[station].signals.get("web_speed")
        if speed is not None:
            time_us = time_us + strips.metre * 60e6 / speed.nominal
        lane = strips.code({i: step.lane for i, step in steps.items()})
        material.passings.append(
            Passing(
                station,
                electrode,
                machines,
                strips.code({i: machines.index(step.machine) for i, step in steps.items()}),
                np.maximum(lane, 0),
                time_us,
            )
        )
        things = sorted({step.thing for step in steps.values()})
        code = strips.code({i: things.index(step.thing) for i, step in steps.items()})
        material.factors.append(Factor(_kind(uses, things[0]), station, things, code))
        raw = {i: [use.parent for use in uses[step.thing]] for i, step in steps.items()}
        if any(parent in uses for parents in raw.values() for parent in parents):
            continue
        for turn in range(max(map(len, raw.values()))):
            lots = sorted({parents[turn] for parents in raw.values() if turn < len(parents)})
            of_strip = {i: lots.index(p[turn]) for i, p in raw.items() if turn < len(p)}
            material.factors.append(Factor("lot", station, lots, strips.code(of_strip)))


def _path(plant: Plant, uses: Mapping[str, Sequence[_Use]], thing: str) -> Iterator[_Step]:
    """Yield the steps that made *thing*, the last one first, along the largest part each."""
    lane, seen = 0, set()
    while thing in uses and thing not in seen:
        seen.add(thing)
        main = uses[thing][0]
        if main.equipment not in plant.equipment:
            return
        # A lane of a roll is named after it: l1-c-roll-000123-4.
        suffix = thing.removeprefix(f"{main.parent}-")
        if suffix != thing and suffix.isdigit():
            lane = int(suffix)
        station = plant.equipment[main.equipment].station
        has_lanes = plant.stations[station].positions is not None
        yield _Step(thing, station, main.equipment, to_us(main.time), lane if has_lanes else 0)
        thing = main.parent


def _kind(uses: Mapping[str, Sequence[_Use]], thing: str) -> str:
    """Return what *thing* is: made of raw material alone it is a slurry, else a roll."""
    return "roll" if any(use.parent in uses for use in uses[thing]) else "slurry"


def _electrode(plant: Plant, machine: str) -> str:
    return plant.equipment[machine].group.rpartition("-")[2]


def _of_cells(key: Ints, child: Ints, strip: Ints, metre: Floats) -> tuple[Ints, Floats]:
    """Return strip and metre of each cell of *key*, -1 and NaN where there is none."""
    known = np.flatnonzero(strip >= 0)
    order = known[np.argsort(child[known], kind="stable")]
    if not len(order):
        return np.full(len(key), -1, dtype=np.int64), np.full(len(key), np.nan)
    row = np.minimum(np.searchsorted(child[order], key), len(order) - 1)
    found = child[order][row] == key
    return np.where(found, strip[order][row], -1), np.where(found, metre[order][row], np.nan)
