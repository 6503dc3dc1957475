"""What follows the channel, not the cell: an instrument's error, told from the cells it measured.

A channel (a pin of a tray place, a probe, a contact) measures one cell after another. If these
cells, which have nothing else in common, all differ from their peers in the same way, it is the
channel. They may have something in common: a line that hands cells on in turn brings those of one
nozzle to the same contacts. So the channel is not believed where cells of the same upstream place
differ likewise on other channels, too.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.cells.cells import NOWHERE, Floats, Ints, Mask
from models.cells.peers import group_medians

#: Cells of one channel, or of one upstream place on others, that say something together.
MIN_CELLS = 4
#: Standard error of a median of n normal values, times the root of n.
_MEDIAN_ERROR = 1.2533
#: A channel's cells have an upstream place in common if so many of them came from there.
_COMMON = 0.8


def channel_effects(
    z: Floats, channel: Ints, upstream: Iterable[Ints], limit: float
) -> tuple[Floats, Ints]:
    """Return by how much each cell's channel falsifies it, in sd, and how many cells tell so.

    *z* are cells against their peers, *channel* and *upstream* numbers of places (`NOWHERE`: none).
    0 where the channel does nothing that chance would not do; *limit* is that of one cell, in sd.
    """
    number, effect, count = _effects(z, channel)
    effect[np.abs(effect) * np.sqrt(np.maximum(count, 1)) < limit * _MEDIAN_ERROR] = 0.0
    suspects = np.flatnonzero(effect)
    if len(suspects):
        for origin in upstream:
            for channel_number in suspects:
                here = number == channel_number
                if _is_of_origin(z, here, origin, effect[channel_number]):
                    effect[channel_number] = 0.0
    own = np.where(number >= 0, effect[number], 0.0)
    return own, np.where(own != 0.0, count[number], 0)


def _effects(z: Floats, channel: Ints) -> tuple[Ints, Floats, Ints]:
    """Return each cell's channel, counted from 0, and of each channel its median and cells."""
    known, number = np.unique(channel, return_inverse=True)
    number = np.where(channel == NOWHERE, -1, number).astype(np.int64)
    median, count = group_medians(z, number)
    padded = np.zeros(len(known))
    padded[: len(median)] = np.nan_to_num(median)
    counts = np.zeros(len(known), dtype=np.int64)
    counts[: len(count)] = count
    padded[counts < MIN_CELLS] = 0.0
    return number, padded, counts


def _is_of_origin(z: Floats, here: Mask, origin: Ints, effect: float) -> bool:
    """Say whether cells of the upstream place that this channel's cells share differ elsewhere."""
    if effect == 0.0:
        return False
    known = here & np.isfinite(z) & (origin != NOWHERE)
    places, counts = np.unique(origin[known], return_counts=True)
    if not len(places) or counts.max() < _COMMON * counts.sum():
        return False
    most = int(np.argmax(counts))
    elsewhere = z[(origin == places[most]) & ~here & np.isfinite(z)]
    if len(elsewhere) < MIN_CELLS:
        return False
    return bool(np.median(elsewhere) / effect > 0.5)
