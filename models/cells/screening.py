"""Dynamic screening: every cell against its peers, by measure and by all measures together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.cells.cells import Cells, Floats, Ints, Mask
from models.cells.channels import channel_effects
from models.cells.grading import breaches
from models.cells.measures import measured
from models.cells.peers import centred, group_medians, loads
from models.cells.reference import Reference, learn
from models.cells.standard import Standard
from models.cells.trays import tray_shifts

#: The least spread that is believed: a fiftieth of the healthy one, an instrument's resolution.
_FLOOR = 1 / 50


@dataclass(frozen=True)
class Screened:
    """Cells against their peers. Arrays are (cells, measures) but where it says otherwise.

    *names* are the screened measures, *values* all measures at 25 Cel by name, *middle* the medians
    of the peers, *doubted* by measure who was misread, *rooms* by station the loads that were too
    warm or too cold. *z* is the distance from the peers in robust sd without *channel*, what the
    cell's channel falsifies (0: nothing), as *channel_cells* cells tell. *shift* is by how much the
    load's median differs from its neighbours', *tray* the same in sd of medians. *low* and *high*
    are the limits of z, NaN where too few cells are known; *distance* (cells) the Mahalanobis
    distance of z.
    """

    names: tuple[str, ...]
    load: Ints
    values: Mapping[str, Floats]
    middle: Mapping[str, Floats]
    doubted: Mapping[str, Mask]
    rooms: Mapping[str, set[int]]
    scale: Floats
    z: Floats
    channel: Floats
    channel_cells: Ints
    shift: Floats
    tray: Floats
    low: Floats
    high: Floats
    distance: Floats
    distance_limit: Floats
    tray_limit: float

    @cached_property
    def outlying(self) -> Mask:
        """Which cells are outside the limits of which measure."""
        return self._outside(self.z)

    @cached_property
    def of_channel(self) -> Mask:
        """Which cells would be outliers if their channel were believed, and are none."""
        is_out = self._outside(self.z + self.channel)
        is_known_good = np.isfinite(self.z) & ~self.outlying
        return np.asarray((self.channel != 0.0) & is_out & is_known_good)

    @cached_property
    def combined(self) -> Mask:
        """Which cells are outlying in all measures together."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.distance > self.distance_limit)

    @cached_property
    def shifted(self) -> Mask:
        """Which cells are of a tray that is shifted as a whole, by measure."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(self.tray) > self.tray_limit)

    def _outside(self, z: Floats) -> Mask:
        with np.errstate(invalid="ignore"):
            return np.asarray((z < self.low) | (z > self.high))


def screen(
    standards: Mapping[str, Standard], cells: Cells, references: Mapping[str, Reference]
) -> Screened:
    """Compare each of *cells* with its peers among them.

    *standards* and *references* are by recipe; a recipe without a reference is learnt from *cells*,
    and not judged where these are too few.
    """
    standard = next(iter(standards.values()))
    quality = standard.quality
    values = measured(cells, quality)
    names = quality.screened
    load = loads(cells, quality.tray)
    recipes, recipe = np.unique(cells.recipe.astype(str), return_inverse=True)
    residual, middle = {}, {}
    for name in values:
        residual[name], middle[name] = centred(values[name], load, recipe.astype(np.int64))
    doubted = doubts(standard, cells)
    rooms = odd_rooms(standard, cells, load)
    odd = np.isin(np.arange(int(load.max(initial=-1)) + 1), list(set().union(*rooms.values())))
    shape = (len(cells), len(names))
    scale, low, high, z, shift, tray = (np.full(shape, np.nan) for _ in range(6))
    channel, channel_cells = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    distance, distance_limit = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    tray_limit = np.inf
    for number, name in enumerate(recipes):
        own = recipe == number
        known = references.get(str(name))
        if known is None or known.measures != names:
            known = learn_recipe(standards[str(name)], cells.of(own), tied=False)
        if known is None:
            continue
        z[own] = known.z({m: residual[m][own] for m in names})
        scale[own], low[own], high[own] = known.scale, known.low, known.high
        tray_limit = known.tray_limit
        own_values = {measure: values[measure][own] for measure in names}
        shift[own], tray[own] = tray_shifts(own_values, load[own], known, odd)
        for column, measure in enumerate(names):
            place = cells.place(quality.station_of(measure))[own]
            upstream = [cells.place(station)[own] for station in standard.upstream]
            limit = float(max(-known.low[column], known.high[column]))
            effect, count = channel_effects(z[own, column], place, upstream, limit)
            channel[own, column], channel_cells[own, column] = effect, count
            z[own, column] -= effect
            if measure in doubted:
                z[own & doubted[measure], column] = np.nan
        distance[own] = known.distance(z[own])
        distance_limit[own] = known.distance_limit
    return Screened(
        names, load, values, middle, doubted, rooms, scale, z, channel, channel_cells, shift,
        tray, low, high, distance, distance_limit, tray_limit,
    )  # fmt: skip


def learn_recipe(standard: Standard, cells: Cells, *, tied: bool) -> Reference | None:
    """Return what is usual among *cells*, all of one recipe; None of too few.

    Nothing is learnt from cells outside the limits of *standard*. Only if *tied* it is learnt how
    the measures hang together.
    """
    quality = standard.quality
    is_good = np.ones(len(cells), dtype=bool)
    for breach in breaches(standard, cells, measured(cells, quality)):
        is_good &= ~breach.bad
    cells = cells.of(is_good)
    values = measured(cells, quality)
    return learn(
        {name: values[name] for name in quality.screened},
        loads(cells, quality.tray),
        np.zeros(len(cells), dtype=np.int64),
        {name: standard.of_measure(name).sd * _FLOOR for name in quality.screened},
        quality.held_ppm,
        tied=tied,
    )


def doubts(standard: Standard, cells: Cells) -> dict[str, Mask]:
    """Return by measure which cells were misread, as another result of that visit says."""
    found = {}
    for name, measure in standard.quality.measures.items():
        if measure.doubt:
            signal, value = standard.signal(measure.doubt), cells.value(measure.doubt)
            low = -np.inf if signal.low is None else signal.low
            high = np.inf if signal.high is None else signal.high
            with np.errstate(invalid="ignore"):
                found[name] = np.asarray((value < low) | (value > high))
    return found


def odd_rooms(standard: Standard, cells: Cells, load: Ints) -> dict[str, set[int]]:
    """Return by station the loads whose median temperature there was outside its limits."""
    found: dict[str, set[int]] = {}
    for name in standard.quality.screened:
        temperature = standard.quality.temperature_of(name)
        if temperature is None:
            continue
        signal = standard.signal(temperature)
        medians, _ = group_medians(cells.value(temperature), load)
        low = -np.inf if signal.low is None else signal.low
        high = np.inf if signal.high is None else signal.high
        with np.errstate(invalid="ignore"):
            outside = np.flatnonzero((medians < low) | (medians > high))
        found.setdefault(standard.quality.station_of(name), set()).update(outside.tolist())
    return found
