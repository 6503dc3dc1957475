"""Whose fault: the tray's, the room's, a place's, or the cell's alone.

A tray whose cells all differ from the neighbouring trays:
* shifted in measures of two stations, which no one instrument can do: the process;
* shifted in those of one station, where it was too warm or cold by the limits of the plant file, or
  where the trays of one machine are shifted and those of the others are not: the measurement;
* shifted in those of one station without either: the process.
A cell that differs from its peers: the process if more such cells come from one place upstream than
chance allows, else the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from models.cells.cells import NOWHERE, POSITIONS, Cells, Ints, Mask, Texts
from models.cells.screening import Screened
from models.cells.standard import Standard
from models.cells.verdict import FaultClass

#: Fewer shifted trays of a machine are no habit of it.
_MIN_TRAYS = 3
#: Places are believed where chance would do it in one of so many windows, over all places.
_CHANCE = 1e-3
_MIN_CELLS = 3


class TrayFinding(NamedTuple):
    """What is with a tray.

    *measures* are shifted, if any are; *room* is the station that was too warm or too cold, or ''.
    """

    fault_class: FaultClass
    measures: tuple[str, ...]
    room: str


class Origin(NamedTuple):
    """The place that *cells* out of *of* such cells passed; by chance *expected* would."""

    station: str
    place: int
    cells: int
    of: int
    expected: float


def tray_findings(standard: Standard, cells: Cells, screened: Screened) -> dict[int, TrayFinding]:
    """Return what is with each tray load of *cells*, by its number; nothing of those in order."""
    shifted_cells = screened.shifted
    findings = {}
    for load in np.unique(screened.load[screened.load >= 0]).tolist():
        here = screened.load == load
        shifted = tuple(
            name for column, name in enumerate(screened.names) if shifted_cells[here, column].any()
        )
        warm = {station for station, loads in screened.rooms.items() if load in loads}
        if not shifted and not warm:
            continue
        stations = {standard.quality.station_of(name) for name in shifted}
        found = FaultClass.MEASUREMENT
        if len(stations) > 1:
            found = FaultClass.PROCESS
        elif shifted and not stations & warm:
            columns = [screened.names.index(name) for name in shifted]
            if not _is_of_machine(cells, screened, stations.pop(), columns, here):
                found = FaultClass.PROCESS
        findings[load] = TrayFinding(found, shifted, min(warm, default=""))
    return findings


def origins(standard: Standard, cells: Cells, alike: Mapping[str, Mask]) -> Texts:
    """Return for each cell the upstream place that explains it, None where none does.

    *alike* are groups of cells that differ in the same way.
    """
    found = np.full(len(cells), None, dtype=object)
    for station in standard.upstream:
        places = cells.place(station)
        for place_of in (places, np.where(places == NOWHERE, NOWHERE, places // POSITIONS)):
            known, number = np.unique(place_of, return_inverse=True)
            if len(known[known != NOWHERE]) < 2:
                continue
            usual = np.bincount(number) / len(number)
            for flagged in alike.values():
                for index, origin in _enriched(number, usual, flagged):
                    if known[index] != NOWHERE:
                        first = int(places[flagged & (number == index)][0])
                        rows = flagged & (number == index) & (found == None)  # noqa: E711
                        value = Origin(station, first, *origin)
                        for row in np.flatnonzero(rows):
                            found[row] = value
    return found


def _enriched(
    number: Ints, usual: np.ndarray[tuple[int], np.dtype[np.float64]], flagged: Mask
) -> list[tuple[int, tuple[int, int, float]]]:
    counts = np.bincount(number[flagged], minlength=len(usual))
    of = int(flagged.sum())
    by_chance = special.bdtrc(counts - 1, of, usual) * len(usual)
    enough = (counts >= _MIN_CELLS) & (by_chance < _CHANCE)
    return [(int(i), (int(counts[i]), of, float(of * usual[i]))) for i in np.flatnonzero(enough)]


def _is_of_machine(
    cells: Cells, screened: Screened, station: str, columns: list[int], here: Mask
) -> bool:
    """Say whether the trays of this tray's machine at *station* are shifted, and only they."""
    place = cells.place(station)
    machine = np.where(place == NOWHERE, NOWHERE, place // POSITIONS)
    own = machine[here][0]
    shifted: Mask = np.asarray(screened.shifted[:, columns].all(axis=1))
    loads, first = np.unique(screened.load, return_index=True)
    first = first[(loads >= 0) & (machine[first] != NOWHERE)]
    mine = machine[first] == own
    if mine.sum() < _MIN_TRAYS or (~mine).sum() < _MIN_TRAYS:
        return False
    return bool(shifted[first[mine]].mean() > 0.5 and shifted[first[~mine]].mean() < 0.1)
