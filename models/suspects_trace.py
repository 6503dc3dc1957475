"""Did the cells differ already before they came to the suspect? Then it is not the one.

No chart watches a station whose machines see too few cells each: the trays of formation. Its
results are there, though. If the cells of the first suspect, which is there or behind it, differ
from the others in a result of that station by far more than the cells of one day do, then that
result is the nearer one to the cause, and says more of who it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.sql import statement
from models.suspects_levels import Bools, Cells, Factor, Floats, Ints
from models.suspects_passing import Passing
from models.suspects_rank import CLIP, Name
from models.suspects_results import read_measured
from models.suspects_scene import Scene
from plant.model import Plant
from storage.connect import Connection

#: So many sd between the cells of the suspect and the others; so many of both at least.
_FAR = 1.0
_LEAST_CELLS = 20
#: Median absolute deviations to standard deviations.
_ROBUST = 1.4826
#: Factors that are places where something is done or measured.
PLACES = frozenset({"equipment", "tray", "block", "position", "lane"})


class Trace(NamedTuple):
    """*result* of *station* as the sharper look at the cells: *factors* are those up to there."""

    station: str
    result: str
    cells: Cells
    factors: list[Factor]

    def gain_of(self, cells: Bools) -> float:
        """Return twice the gain in log-likelihood if *cells* share a shift in the result."""
        assert self.cells.score is not None
        return float(self.cells.score[cells].sum()) ** 2 / max(int(cells.sum()), 1)

    def own_places(self) -> Iterator[Name]:
        """Yield all places of the station: what it measures is mostly its own doing."""
        for factor in self.factors:
            if factor.station == self.station and factor.kind in PLACES:
                for code in np.unique(factor.code[factor.code >= 0]).tolist():
                    yield Name(factor.kind, factor.station, factor.values[code])


def trace(
    connection: Connection,
    plant: Plant,
    scene: Scene,
    recipe: Ints,
    *,
    cells: Bools,
    suspect_station: str,
) -> Trace | None:
    """Return where the *cells* of a suspect differ already, None if they do nowhere.

    Stations that no chart watches are asked, up to that of the suspect, the first one first. Each
    cell is compared with others of its *recipe*.
    """
    order = list(plant.stations)
    others = ~cells
    for passing in scene.passings:
        is_before = order.index(passing.station) <= order.index(suspect_station)
        if not is_before or passing.station == scene.station or passing.electrode:
            continue
        if not passing.machines or _is_charted(connection, passing):
            continue
        names = [
            name
            for name, result in plant.stations[passing.station].results.items()
            if not result.per_position
        ]
        measured = read_measured(
            connection, plant, (scene.line, passing.station),
            key=scene.key, times_us=passing.time_us, names=names,
        )  # fmt: skip
        differing = [
            (name, value, found)
            for name, column in zip(names, measured.values.T, strict=True)
            for value in [_centred(column, recipe, others)]
            if (found := _differs(value[cells], value[others])) is not None
        ]
        if not differing:
            continue
        name, value, (sd, shift) = max(differing, key=lambda one: abs(one[2][1]))
        deviation = np.where(np.isfinite(value), value, 0.0)
        towards = np.sign(shift) * deviation / sd
        affected = towards > max(abs(shift) / 2.0, _FAR)
        return Trace(
            passing.station,
            name,
            Cells(np.clip(towards, -CLIP, CLIP), deviation, affected),
            [f for f in scene.factors if _reaches(order, f, passing.station)],
        )
    return None


def _centred(value: Floats, recipe: Ints, others: Bools) -> Floats:
    """Return *value* less the median of the *others* of each recipe, NaN where they are few."""
    centred = np.full(len(value), np.nan)
    for code in np.unique(recipe).tolist():
        own = recipe == code
        usual = value[own & others & np.isfinite(value)]
        if len(usual) >= _LEAST_CELLS:
            centred[own] = value[own] - np.median(usual)
    return centred


def _differs(own: Floats, others: Floats) -> tuple[float, float] | None:
    """Return the sd of *others*, and how many of it *own* are away; None if not far enough.

    Both are centred about the others.
    """
    own, others = own[np.isfinite(own)], others[np.isfinite(others)]
    if min(len(own), len(others)) < _LEAST_CELLS:
        return None
    sd = _ROBUST * float(np.median(np.abs(others)))
    shift = float(np.median(own)) / sd if sd > 0.0 else 0.0
    return (sd, shift) if abs(shift) >= _FAR else None


def _is_charted(connection: Connection, passing: Passing) -> bool:
    given = {"machines": list(passing.machines)}
    return connection.execute(statement("suspect_charted"), given).fetchone() is not None


def _reaches(order: list[str], factor: Factor, station: str) -> bool:
    return order.index(factor.station) <= order.index(station) and factor.kind not in {
        "recipe",
        "shift",
    }
