"""What the monitor of one machine remembers from step to step, as one NumPy record.

Kept as bytes in the database: the same numbers come back, so that a restart changes nothing.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

#: As many of the last averages are kept to be shown with an alarm ...
RECENT = 25
#: ... and as many of the last rows: the past of a prediction, and the evidence of an alarm.
ROWS = 8

Memory = npt.NDArray[np.void]


@functools.cache
def _layout(signals: int) -> np.dtype[np.void]:
    lane = np.dtype(
        [
            ("cell", np.int64),
            ("time_us", np.int64),
            ("begun_us", np.int64),
            ("carried", np.float64, signals),
            ("carried_us", np.int64, signals),
            ("seen", np.float64, signals),
            ("hold", np.int64),
            ("average", np.float64),
            ("hits", np.int64),
            ("onset_us", np.int64),
            ("samples", np.int64),
            ("recent_us", np.int64, RECENT),
            ("recent", np.float64, RECENT),
            ("rows", np.float64, (ROWS, signals)),
        ]
    )
    return np.dtype(
        [
            ("lanes", lane, 2),
            ("run", np.int64, signals),
            ("on", np.bool_),
            ("clean", np.int64),
            ("since_us", np.int64),
            ("stuck", np.bool_, signals),
            ("lost", np.bool_, signals),
            ("named_us", np.int64, signals),
        ]
    )


def new(signals: int) -> Memory:
    """Return the memory of a machine that nothing has come from."""
    memory = np.zeros((), dtype=_layout(signals))
    for lane in range(2):
        clear(memory["lanes"][lane])
    return memory


def clear(lane: Any) -> None:
    """Let *lane* forget all: its next row is the first of a sequence."""
    for name in lane.dtype.names:
        lane[name] = 0
    lane["cell"] = np.iinfo(np.int64).min
    for name in ("carried", "seen", "rows"):
        lane[name] = np.nan


def from_bytes(content: bytes, signals: int) -> Memory | None:
    """Return what `tobytes()` gave; None if it is of another number of signals or layout."""
    layout = _layout(signals)
    if len(content) != layout.itemsize:
        return None
    return np.frombuffer(content, dtype=layout).copy().reshape(())
