"""What the signals of a machine did since an anomaly began: each against itself before.

The shares of an alarm are of its last moments. A drift that is small against the noise of one
moment shows over all moments since the onset, in the mean of a signal or in its spread.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.sql import statement
from models.suspects_event import Event
from models.suspects_levels import Floats
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection

_SIGNAL = re.compile(r"(\w+?)(?:\[(\d+)\])?")
#: Moments that are looked at since the onset, and before it over as long a time; whole minutes,
#: when what is sampled rarely is sampled, too.
_MOMENTS = 150
_MINUTE = timedelta(minutes=1)
_LEAST_BEFORE = timedelta(hours=2)
#: Fewer values on a side tell nothing.
_LEAST_VALUES = 3
#: Of chance alone.
_NOISE = 4.0


class Shift(NamedTuple):
    """A signal, or its element at *position*: means *before* and *after* an onset.

    *score* is the square of how many standard errors its mean, or its spread, is off.
    """

    signal: str
    position: int | None
    before: float
    after: float
    unit: str
    score: float


def read_shifts(connection: Connection, plant: Plant, event: Event) -> list[Shift]:
    """Return what the signals did that have to do with *event*, at all positions."""
    station = plant.stations[event.station]
    names = dict.fromkeys(
        match[1] for part in event.contributions if (match := _SIGNAL.fullmatch(part["signal"]))
    )
    signals = [name for name in names if name in station.signals]
    if not signals:
        return []
    span = max(event.time - event.since, _LEAST_BEFORE)
    before = list(_moments(event.since - span, event.since))
    after = list(_moments(event.since, event.time + _MINUTE))
    table = plant.tables[Kind.TELEMETRY, event.station]
    command = statement("suspect_samples").format(
        table=sql.Identifier(table.schema, table.name),
        values=sql.SQL(", ").join(map(sql.Identifier, signals)),
    )
    rows = connection.execute(
        command, {"times": before + after, "machine": event.equipment}
    ).fetchall()
    is_after = np.array([number > len(before) for number, *_ in rows], dtype=np.bool_)
    found = []
    for at, name in enumerate(signals, 1):
        column = [row[at] for row in rows]
        unit = plant.signal(event.equipment, name).unit
        for position, values in _elements(column, per_position=station.signals[name].per_position):
            shift = _shift(values[~is_after], values[is_after])
            if shift is not None:
                found.append(Shift(name, position, *shift[:2], unit, shift[2]))
    return found


def main_position(shifts: Iterable[Shift]) -> int | None:
    """Return the position at which the signals are off, None if it is not one alone."""
    scores: dict[int | None, float] = defaultdict(float)
    for shift in shifts:
        scores[shift.position] += max(shift.score - _NOISE, 0.0)
    own = {position: score for position, score in scores.items() if position is not None}
    if not own:
        return None
    first, *others = sorted(own, key=lambda position: -own[position])
    is_alone = all(own[first] >= 2.0 * own[other] for other in others)
    return first if is_alone and own[first] > max(scores[None], 2.0 * _NOISE) else None


def _moments(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield whole minutes from *first* until before *last*, at most `_MOMENTS` of them."""
    begin = first.replace(second=0, microsecond=0)
    minutes = max(1, int((last - begin) / _MINUTE))
    count = min(_MOMENTS, minutes)
    for number in range(count):
        yield begin + _MINUTE * (number * minutes // count)


def _elements(
    column: Sequence[float | list[float] | None], *, per_position: bool
) -> Iterator[tuple[int | None, Floats]]:
    """Yield the values of a signal, or those at each position from 1; NaN where there is none."""
    if not per_position:
        yield None, np.array([np.nan if v is None else v for v in column], dtype=np.float64)
        return
    width = max((len(v) for v in column if isinstance(v, list)), default=0)
    nothing = [np.nan] * width
    values = np.array(
        [v if isinstance(v, list) else nothing for v in column], dtype=np.float64
    ).reshape(len(column), width)
    for position in range(1, width + 1):
        yield position, values[:, position - 1]


def _shift(before: Floats, after: Floats) -> tuple[float, float, float] | None:
    """Return both means and the score; None where too little is known."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    m, n = len(before), len(after)
    if m < _LEAST_VALUES or n < _LEAST_VALUES:
        return None
    sd, sd_after = float(before.std(ddof=1)), float(after.std(ddof=1))
    means = float(before.mean()), float(after.mean())
    if sd <= 0.0:
        return None
    mean_score = ((means[1] - means[0]) / sd) ** 2 / (1.0 / m + 1.0 / n)
    spread_score = np.log(max(sd_after, 1e-9 * sd) / sd) ** 2 / (0.5 / m + 0.5 / n)
    # A spread that falls is a sensor that hangs, and found elsewhere.
    return *means, max(mean_score, float(spread_score) if sd_after > sd else 0.0)
