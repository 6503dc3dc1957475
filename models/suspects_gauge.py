"""Is it the gauge? What the witnesses of an anomaly's measurement did meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import numpy as np

from models.suspects_cells import Visits, newest_cells, probes_of, read_station
from models.suspects_event import Event, Written
from models.suspects_levels import Bools, Floats
from models.suspects_material import read_material
from models.suspects_passing import Passing
from models.suspects_scene import Scene
from models.suspects_sentence import amount
from models.suspects_signals import read_moments, read_sides
from models.suspects_witness import Relation, Testimony, contrast, relations
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us, to_us
from storage.connect import Connection

#: So many cells on either side before they are asked.
_LEAST_CELLS = 40
#: Of the newest cells.
_NEWEST = 6_000
_MOMENTS = 150
#: The onset of an anomaly is an estimate.
_SLACK_US = 600e6


def ask_signals(
    connection: Connection, plant: Plant, event: Event, signals: Collection[str]
) -> Iterator[Testimony]:
    """Yield what other signals of the machine say of *signals*, which are off at all positions."""
    for one in _relations(plant, event, signals, of_cells=False):
        measured, witness = (
            [_middle(rows) for rows in sides]
            for sides in read_sides(connection, plant, event, (*one.of, one.by))
        )
        shift, _ = contrast(measured[1], measured[0])
        seen, error = contrast(witness[1], witness[0])
        unit = plant.signal(event.equipment, one.by).unit
        yield Testimony(one.by, one.per * shift, seen, error, unit)


def ask_metres(
    connection: Connection,
    plant: Plant,
    event: Event,
    signals: Collection[str],
    *,
    position: int | None,
    until: datetime,
) -> Iterator[Testimony]:
    """Yield what the cells say that have the metres which passed the machine since the onset.

    Against those whose metres passed it before; none where they have not come by *until*.
    """
    for one in _relations(plant, event, signals, of_cells=True):
        visits = newest_cells(
            connection, plant, (event.line, one.by_station), one.by, until=until, most=_NEWEST
        )
        visits = visits.only(_is_of_recipe(plant, event, visits))
        passing = _passing(connection, plant, event, visits, until) if len(visits.key) else None
        if passing is None:
            continue
        here = passing.machine == passing.machines.index(event.equipment)
        if position is not None and passing.position.any():
            here &= passing.position == position
        since_us = float(to_us(event.since))
        with np.errstate(invalid="ignore"):
            since = here & (passing.time_us >= since_us)
            before = here & (passing.time_us < since_us - _SLACK_US)
        if min(int(since.sum()), int(before.sum())) < _LEAST_CELLS:
            continue
        sides = passing.time_us[before], passing.time_us[since]
        shift = _measured(connection, plant, event, (one, position), sides)
        order = np.argsort(passing.time_us, kind="stable")
        value: Floats = visits.value[order]
        seen, error = contrast(value[since[order]], value[before[order]])
        unit = plant.stations[one.by_station].results[one.by].unit
        yield Testimony(one.by, one.per * shift, seen, error, unit, int(since.sum()))


def ask_cells(
    connection: Connection,
    plant: Plant,
    event: Event,
    scene: Scene,
    visits: Visits,
    *,
    cells: Bools,
    deviation: Floats,
    until: datetime,
) -> Iterator[Testimony]:
    """Yield what other results of the same *cells* say, against those of the others.

    *visits* are those of *scene*; *cells* are the suspect's, who is the place that measured them;
    *deviation* is that of all cells in the result of *event*.
    """
    own = next(p for p in scene.passings if p.station == event.station)
    first = float(np.nanmin(own.time_us[cells])) if cells.any() else np.inf
    with np.errstate(invalid="ignore"):
        others = ~cells & (own.time_us >= first)
    # Where all cells since then are the suspect's there are those before.
    others = others if others.sum() >= _LEAST_CELLS else ~cells
    for one in _relations(plant, event, (event.characteristic,), of_cells=True):
        again = read_station(
            connection, plant, (event.line, one.by_station),
            probes=probes_of(connection, plant, visits), until=until, result=one.by,
        )  # fmt: skip
        if not len(again.key):
            continue
        row = again.rows_of(scene.key)
        value: Floats = np.where(row >= 0, again.value[row], np.nan).astype(np.float64)
        known = np.isfinite(value) & np.isfinite(deviation) & _is_of_recipe(plant, event, visits)
        order = np.argsort(own.time_us, kind="stable")
        since, before = order[(cells & known)[order]], order[(others & known)[order]]
        if min(len(since), len(before)) < _LEAST_CELLS // 2:
            continue
        shift, _ = contrast(deviation[since], deviation[before])
        seen, error = contrast(value[since], value[before])
        unit = plant.stations[one.by_station].results[one.by].unit
        yield Testimony(one.by, one.per * shift, seen, error, unit, len(since))


def sensor(own: Written, testimonies: Sequence[Testimony]) -> Written:
    """Return the suspect *own*, a place, as the gauge that it has, with what its witnesses say."""
    said = max(testimonies, key=lambda one: (one.cells > 0, one.against))
    cells = f" of {said.cells:,} cells" if said.cells else ""
    return own._replace(
        factor="sensor",
        sentence=f"Sensor: {own.sentence}, but {said.by}{cells} {amount(said.seen, said.unit)}",
    )


def _relations(
    plant: Plant, event: Event, names: Collection[str], *, of_cells: bool
) -> Iterator[Relation]:
    group = plant.equipment[event.equipment].group
    for one in relations(plant, event.station, group):
        if one.is_of_cells is of_cells and set(one.of) & set(names):
            yield one


def _is_of_recipe(plant: Plant, event: Event, visits: Visits) -> Bools:
    """Return which *visits* are of the recipe of *event*: others have other masses."""
    recipes = list(plant.recipes)
    number = recipes.index(event.recipe) if event.recipe in recipes else 0
    return np.asarray(visits.recipe == number)


def _passing(
    connection: Connection, plant: Plant, event: Event, visits: Visits, until: datetime
) -> Passing | None:
    """Return when the metres of the cells of *visits* passed the machines of *event*."""
    first = next(name for name in plant.stations if (Kind.CELL, name) in plant.tables)
    probes = probes_of(connection, plant, visits)
    wound = read_station(connection, plant, (event.line, first), probes=probes, until=until)
    material = read_material(connection, plant, wound, visits.key)
    letter = plant.equipment[event.equipment].group.rpartition("-")[2]
    return next(
        (
            passing
            for passing in material.passings
            if passing.station == event.station and passing.electrode == letter
        ),
        None,
    )


def _measured(
    connection: Connection,
    plant: Plant,
    event: Event,
    measured: tuple[Relation, int | None],
    times_us: tuple[Floats, Floats],
) -> float:
    """Return how much higher the gauge read the metres of the second *times_us* than the first.

    *measured* is what it reads, and at which position if not at all of them.
    """
    relation, position = measured
    before, since = (_minutes(time_us) for time_us in times_us)
    rows = read_moments(connection, plant, event, relation.of, before + since)
    if position is not None:
        rows = [values[:, [position - 1]] for values in rows]
    read = _middle(np.stack([_middle(values) for values in rows], axis=1))
    shift, _ = contrast(read[len(before) :], read[: len(before)])
    return shift


def _minutes(time_us: Floats) -> list[datetime]:
    minutes = np.unique(time_us // 60e6)
    chosen = minutes[np.linspace(0, len(minutes) - 1, min(_MOMENTS, len(minutes))).astype(np.int64)]
    return [from_us(int(minute * 60e6)) for minute in np.unique(chosen)]


def _middle(rows: Floats) -> Floats:
    """Return the mean over positions at each moment, NaN where nothing was read."""
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    total = np.where(known, rows, 0.0).sum(axis=1)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
