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

from models.monitor_states import NOTHING_KNOWN, read_states
from models.sql import statement
from models.suspects_event import Event
from models.suspects_levels import Bools, Floats
from plant.model import Plant
from plant.tables import Kind
from plant.times import to_us
from storage.connect import Connection

_SIGNAL = re.compile(r"(\w+?)(?:\[(\d+)\])?")
#: Moments that are looked at since the onset, and before it over `_TIMES` as long a time; whole
#: minutes, when what is sampled rarely is sampled, too.
_MOMENTS, _MOMENTS_BEFORE = 150, 288
#: The onset of a slow drift is late: this part of what was read just before it is left out.
_LATE = 1 / 3
_TIMES = 4
_MINUTE = timedelta(minutes=1)
_LEAST_BEFORE = timedelta(hours=24)
#: Fewer values on a side tell nothing.
_LEAST_VALUES = 3
#: Of chance alone.
NOISE = 4.0


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
    found: list[Shift] = []
    for name, (before, after) in zip(
        signals, read_sides(connection, plant, event, signals), strict=True
    ):
        unit = plant.signal(event.equipment, name).unit
        span = max(_TIMES * (event.time - event.since), _LEAST_BEFORE)
        block = max(1, round(_MOMENTS_BEFORE * (event.time - event.since) / span))
        found += _shifts(name, unit, before, after, block)
    return found


def read_sides(
    connection: Connection, plant: Plant, event: Event, signals: Sequence[str]
) -> list[tuple[Floats, Floats]]:
    """Return for each of *signals* its values before the onset of *event*, and those since.

    Moments x positions, those without any value left out.
    """
    span = max(_TIMES * (event.time - event.since), _LEAST_BEFORE)
    before = list(_moments(event.since - span, event.since, _MOMENTS_BEFORE))
    after = list(_moments(event.since, event.time + _MINUTE, _MOMENTS))
    found = []
    for values in read_moments(connection, plant, event, signals, before + after):
        sides = [side[np.isfinite(side).any(axis=1)] for side in np.split(values, [len(before)])]
        early = len(sides[0]) - int(_LATE * len(sides[0]))
        found.append((sides[0][:early], sides[1]))
    return found


def read_moments(
    connection: Connection,
    plant: Plant,
    event: Event,
    signals: Sequence[str],
    moments: Sequence[datetime],
) -> list[Floats]:
    """Return for each of *signals* its values at *moments*: moments x positions, NaN for null.

    A signal that is one number has one position. The value is the first one within a minute; there
    is none while the machine of *event* did not run, or for another recipe.
    """
    station = plant.stations[event.station]
    table = plant.tables[Kind.TELEMETRY, event.station]
    command = statement("suspect_samples").format(
        table=sql.Identifier(table.schema, table.name),
        values=sql.SQL(", ").join(map(sql.Identifier, signals)),
    )
    given = {"times": list(moments), "machine": event.equipment}
    rows = connection.execute(command, given).fetchall()
    alike = _is_alike(connection, plant, event, moments)
    found = []
    for at, name in enumerate(signals, 1):
        read = _values([row[at] for row in rows], per_position=station.signals[name].per_position)
        values = np.full((len(moments), read.shape[1]), np.nan)
        values[[row[0] - 1 for row in rows]] = read
        values[~alike] = np.nan
        found.append(values)
    return found


def _is_alike(
    connection: Connection, plant: Plant, event: Event, moments: Sequence[datetime]
) -> Bools:
    """Return at which *moments* the machine of *event* ran, with the same recipe."""
    default = next(iter(plant.recipes), "")
    recipe = event.recipe if event.recipe in plant.recipes else default
    states = read_states(connection, [event.equipment], min(moments), default)
    own = states.get(event.equipment, NOTHING_KNOWN)
    times_us = np.array([to_us(moment) for moment in moments], dtype=np.int64)
    made = np.array([name == recipe for name in own.recipe(times_us, default)], dtype=np.bool_)
    return own.running(times_us) & made


def main_position(shifts: Iterable[Shift]) -> int | None:
    """Return the position at which the signals are off, None if it is not one alone."""
    scores: dict[int | None, float] = defaultdict(float)
    for shift in shifts:
        scores[shift.position] += max(shift.score - NOISE, 0.0)
    own = {position: score for position, score in scores.items() if position is not None}
    if not own:
        return None
    first, *others = sorted(own, key=lambda position: -own[position])
    is_alone = all(own[first] >= 2.0 * own[other] for other in others)
    return first if is_alone and own[first] > max(scores[None], NOISE) else None


def _moments(first: datetime, last: datetime, most: int) -> Iterator[datetime]:
    """Yield whole minutes from *first* until before *last*, at most so many of them."""
    begin = first.replace(second=0, microsecond=0)
    minutes = max(1, int((last - begin) / _MINUTE))
    count = min(most, minutes)
    for number in range(count):
        yield begin + _MINUTE * (number * minutes // count)


def _values(column: Sequence[float | list[float] | None], *, per_position: bool) -> Floats:
    """Return a signal as moments x positions, one of them where it is one number; NaN for null."""
    if not per_position:
        column = [None if value is None else [value] for value in column]  # type: ignore[list-item]
    width = max((len(value) for value in column if isinstance(value, list)), default=0)
    nothing = [np.nan] * width
    rows = [value if isinstance(value, list) else nothing for value in column]
    return np.array(rows, dtype=np.float64).reshape(len(column), width)


def _shifts(name: str, unit: str, before: Floats, after: Floats, block: int) -> Iterator[Shift]:
    """Yield the shift that all positions of a signal share, and what each has of its own.

    As many moments of *before* as *block* take as long as those *after*.
    """
    m, n = (np.isfinite(side).sum(axis=0) for side in (before, after))
    enough = (m >= _LEAST_VALUES) & (n >= _LEAST_VALUES)
    if not enough.any():
        return
    positions = np.flatnonzero(enough) + 1
    before, after, m, n = before[:, enough], after[:, enough], m[enough], n[enough]
    sd, sd_after = (np.nanstd(side, axis=0, ddof=1) for side in (before, after))
    mean, mean_after = np.nanmean(before, axis=0), np.nanmean(after, axis=0)
    moves = sd > 0.0
    sd = np.where(moves, sd, 1.0)
    wander = _wander(before, block) / sd**2
    if len(positions) >= 3:  # a position that drifts already wanders no more than others would
        wander = np.minimum(wander, 2.0 * np.median(wander))
    error = sd * np.sqrt(1.0 / m + 1.0 / n + wander)
    off = np.where(moves, (mean_after - mean) / error, 0.0)
    with np.errstate(divide="ignore"):
        spread = np.log(np.maximum(sd_after, sd) / sd) / np.sqrt(0.5 / m + 0.5 / n)
    common, common_spread = float(np.median(off)), float(np.median(spread))
    score = max(common**2, common_spread**2)
    yield Shift(name, None, float(mean.mean()), float(mean_after.mean()), unit, score)
    if len(positions) < 3:  # nothing to compare with
        return
    own = np.maximum((off - common) ** 2, np.maximum(spread - common_spread, 0.0) ** 2)
    for at, position in enumerate(positions.tolist()):
        yield Shift(name, position, float(mean[at]), float(mean_after[at]), unit, float(own[at]))


def _wander(before: Floats, block: int) -> Floats:
    """Return the variance of means of *block* moments beyond what their noise explains."""
    blocks = len(before) // block
    if blocks < 3 or block < 2:
        return np.zeros(before.shape[1])
    pieces = before[len(before) - blocks * block :].reshape(blocks, block, -1)
    with np.errstate(invalid="ignore"):
        means = np.nanmean(pieces, axis=1)
        noise = np.nanmean(np.nanvar(pieces, axis=1, ddof=1), axis=0) / block
        found = np.nanvar(means, axis=0, ddof=1) - noise
    wander: Floats = np.maximum(np.nan_to_num(found), 0.0)
    return wander
