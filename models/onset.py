"""When did it begin? The likeliest onset of a shift among the points before an alarm."""

from __future__ import annotations

import numpy as np

from models.spc.cusum import CLIP, UNIT, Ints


def points_before_onset(score: Ints) -> int:
    """Return how many of the points *score* (in `UNIT`, oldest first) came before the shift.

    A CUSUM is often above zero by chance when a shift begins, and then says too early an onset.
    Of all ways to cut the points in two, this takes the one that explains them best by a mean of
    zero before and any mean after (maximum likelihood). Clipped, so that one outlier is no onset.
    """
    clip = round(CLIP * UNIT)
    rest = np.cumsum(np.clip(score, -clip, clip)[::-1])[::-1] / UNIT
    return int(np.argmax(rest**2 / np.arange(len(score), 0, -1)))
