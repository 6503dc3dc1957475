"""Which trays differ as a whole from the trays about them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.cells.cells import Floats, Ints, Mask
from models.cells.peers import group_medians
from models.cells.reference import MEDIAN_ERROR, Reference, load_medians, running_level


def tray_shifts(
    measures: Mapping[str, Floats], load: Ints, known: Reference, odd: Mask
) -> tuple[Floats, Floats]:
    """Return by how much the median of each cell's load differs from its neighbours', by measure.

    And the same in standard deviations of medians. The measures are those of *known*. Loads that
    are *odd* are nobody's neighbours; nor are those that are found to differ, when it is looked
    again: else a tower of them would pass for what is usual, and the trays beside it for different.
    """
    shape = (len(load), len(known.measures))
    shift, tray = np.full(shape, np.nan), np.full(shape, np.nan)
    for _ in range(2):
        for column, name in enumerate(known.measures):
            values = measures[name]
            shift[:, column] = _shifts(values, load, odd)
            _, count = group_medians(values, load)
            chance = MEDIAN_ERROR * known.scale[column] / np.sqrt(np.maximum(count, 1))
            error = np.append(np.maximum(known.tray_scale[column], chance), np.nan)
            tray[:, column] = shift[:, column] / error[load]
        away = np.abs(np.nan_to_num(tray)).max(axis=1, initial=0.0)
        odd = odd | np.isin(np.arange(len(odd)), load[away > known.tray_limit])
    return shift, tray


def _shifts(values: Floats, load: Ints, odd: Mask) -> Floats:
    medians = load_medians(values, load)
    shift = np.full(len(load), np.nan)
    there = load >= 0
    shift[there] = (medians - running_level(medians, odd[: len(medians)]))[load[there]]
    return shift
