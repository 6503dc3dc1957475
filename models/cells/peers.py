"""Who are a cell's peers, and where is their middle: loads of trays, medians, robust spreads."""

from __future__ import annotations

import numpy as np

from models.cells.cells import NOWHERE, POSITIONS, Cells, Floats, Ints

#: A tray place takes its next load hours later: a longer gap than this begins one.
LOAD_GAP_US = 6 * 3_600_000_000
#: Medians of fewer values are no middle: such a cell is compared with all of its recipe.
MIN_PEERS = 20
#: The median of |x| of a standard normal x.
_MAD_OF_NORMAL = 0.6744897501960817


def loads(cells: Cells, tray_station: str) -> Ints:
    """Return the number of the tray load of each cell, in order of time; -1 for one without."""
    machine = cells.place(tray_station) // POSITIONS
    time_us = cells.times_us.get(tray_station, np.zeros(len(cells), dtype=np.int64))
    there = np.flatnonzero(cells.place(tray_station) != NOWHERE)
    order = there[np.lexsort((time_us[there], machine[there]))]
    is_new = np.diff(machine[order], prepend=-1) != 0
    is_new |= np.diff(time_us[order], prepend=0) > LOAD_GAP_US
    number = np.cumsum(is_new) - 1
    # Numbers by time of the first cell, so that neighbours in number are neighbours in time.
    rank = np.argsort(np.argsort(time_us[order][is_new], kind="stable"), kind="stable")
    result = np.full(len(cells), -1, dtype=np.int64)
    result[order] = rank[number] if len(rank) else number
    return result


def group_medians(values: Floats, group: Ints) -> tuple[Floats, Ints]:
    """Return the median of each group's values and how many there are, by group number.

    NaN values do not count; the median of none is NaN.
    """
    groups = int(group.max(initial=-1)) + 1
    known = np.flatnonzero(np.isfinite(values) & (group >= 0))
    order = known[np.lexsort((values[known], group[known]))]
    ordered = values[order]
    count = np.bincount(group[order], minlength=groups)
    median = np.full(groups, np.nan)
    has = count > 0
    first = np.cumsum(count)[has] - count[has]
    low, high = first + (count[has] - 1) // 2, first + count[has] // 2
    median[has] = (ordered[low] + ordered[high]) / 2
    return median, count


def centred(values: Floats, load: Ints, recipe: Ints) -> tuple[Floats, Floats]:
    """Return each value's distance from its peers' median, and that median.

    Peers are of the same load and recipe; of the same recipe where they are too few.
    """
    recipes = int(recipe.max(initial=0)) + 1
    group = np.where(load >= 0, load * recipes + recipe, -1)
    medians, counts = group_medians(values, group)
    everyone, _ = group_medians(values, recipe)
    middle = everyone[recipe]
    enough = group >= 0
    enough[enough] = counts[group[enough]] >= MIN_PEERS
    middle[enough] = medians[group[enough]]
    return values - middle, middle


def spread(values: Floats) -> float:
    """Return the robust standard deviation (MAD) about the median; NaN of fewer than two."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return float("nan")
    return float(np.median(np.abs(known - np.median(known))) / _MAD_OF_NORMAL)
