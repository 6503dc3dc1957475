"""Charts: the state of every CUSUM chart in memory, and what new points do to it.

Pure: `models.chart_store` reads and writes it. The number of a chart is its row in all arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from models.baseline import Baseline, learn
from models.charts_level import levels
from models.onset import points_before_onset
from models.spc import cusum
from models.spc.cusum import Cusum, Edge, Floats, Ints, Points

#: As many of the last points of a chart are kept to be shown with an alarm.
RECENT = 25

#: One chart. Sides are (high, low); *usual_sd*, *mean*, *sd* and *level* (above the mean) in the
#: result's unit, *k*, *h* and *reach* in sd; version 0 while it learns.
STATE = np.dtype(
    [
        ("version", np.int64),
        ("points", np.int64),
        ("first_us", np.int64),
        ("last_us", np.int64),
        ("total", np.int64, 2),
        ("on", np.bool_, 2),
        ("below", np.int64, 2),
        ("samples", np.int64, 2),
        ("score_sum", np.int64, 2),
        ("onset_us", np.int64, 2),
        ("recent_us", np.int64, RECENT),
        ("recent", np.float64, RECENT),
        ("usual_sd", np.float64),
        ("mean", np.float64),
        ("sd", np.float64),
        ("k", np.float64),
        ("h", np.float64),
        ("gain", np.float64),
        ("reach", np.float64),
        ("level", np.float64),
    ]
)


class ChartKey(NamedTuple):
    """What a chart watches; *position* None where the station has none.

    *recipe* is empty in a plant without recipes.
    """

    equipment: str
    position: int | None
    characteristic: str
    recipe: str = ""


class Batch(NamedTuple):
    """New points, flat: chart by chart, within a chart in the order in which they count.

    *chart* and *start* (index of its first point) have one entry per chart, no chart twice.
    """

    chart: Ints
    start: Ints
    value: Floats
    time_us: Ints


@dataclass(frozen=True, slots=True)
class Learnt:
    """A baseline that was frozen just now, from points between two times."""

    chart: int
    baseline: Baseline
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a chart that began or ended; numbers in the unit of the result.

    *value* is the mean since the onset, *expected* what it would be: the mean and the level.
    *statistic* and *limit* are in sd. *recent* are the last points up to this one, newest last.
    """

    chart: int
    is_on: bool
    is_high: bool
    since_us: int
    time_us: int
    statistic: float
    limit: float
    value: float
    expected: float
    samples: int
    recent: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one batch did: charts touched, points that went into learning, news.

    *learning* holds pieces: chart, how many points it had before, values. *alarms* are in the
    order of time.
    """

    touched: Ints
    learning: list[tuple[int, int, Floats]]
    learnt: list[Learnt]
    alarms: list[Alarm]


class _Recent(NamedTuple):
    """Last points of a chart, newest last."""

    time_us: Ints
    value: Floats


class _Cut(NamedTuple):
    """Points that a side had gathered before the onset, and the onset."""

    points: int
    score_sum: int
    onset_us: int

    def of(self, edge: Edge) -> Edge:
        """Return *edge* without them."""
        return edge._replace(
            samples=edge.samples - self.points,
            score_sum=edge.score_sum - self.score_sum,
            onset_us=self.onset_us,
        )


class Charts:
    """All charts; *baseline_points* points of each make its baseline, for the in-control *arl0*.

    *state* has a row per chart (and spare ones at the end) with the fields of `STATE`.
    """

    def __init__(self, baseline_points: int, arl0: float) -> None:
        self.baseline_points = baseline_points
        self.arl0 = arl0
        self.keys: list[ChartKey] = []
        self.number: dict[ChartKey, int] = {}
        self.learning: dict[int, list[Floats]] = {}
        self.state = np.zeros(0, dtype=STATE)

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, key: ChartKey, usual_sd: float) -> int:
        """Return the number of a new chart; *usual_sd* is the plant model's sd of the result."""
        number = len(self.keys)
        if number == len(self.state):
            spare = np.zeros(max(256, number), dtype=STATE)
            self.state = np.concatenate([self.state, spare])
        self.keys.append(key)
        self.number[key] = number
        self.state["usual_sd"][number] = usual_sd
        self.learning[number] = []
        return number

    def set_baseline(self, chart: int, version: int, baseline: Baseline) -> None:
        """Let *chart* be judged by *baseline* from here on."""
        row = self.state[chart]
        row["version"] = version
        for name, value in zip(Baseline._fields[1:], baseline[1:], strict=True):
            row[name] = value
        self.learning.pop(chart, None)

    def begin_anew(self, chart: int, version: int, baseline: Baseline) -> None:
        """Let *chart* be judged by *baseline* as if it had seen nothing yet."""
        self.set_baseline(chart, version, baseline)
        row = self.state[chart]
        for name in ("total", "on", "below", "samples", "score_sum", "onset_us", "level"):
            row[name] = 0

    def update(self, batch: Batch) -> Outcome:
        """Take in *batch*: learn where there is no baseline yet, score where there is one."""
        length = np.diff(batch.start, append=len(batch.value))
        learning, learnt, first_scored = self._learn(batch, length)
        alarms = self._score(batch, length, first_scored)
        self._remember(batch, length)
        return Outcome(batch.chart, learning, learnt, alarms)

    def _learn(
        self, batch: Batch, length: Ints
    ) -> tuple[list[tuple[int, int, Floats]], list[Learnt], Ints]:
        """Return pieces of points learnt from, new baselines, and where scoring begins."""
        pieces: list[tuple[int, int, Floats]] = []
        learnt: list[Learnt] = []
        first_scored = batch.start.copy()
        for i in np.flatnonzero(self.state["version"][batch.chart] == 0):
            chart, start = int(batch.chart[i]), int(batch.start[i])
            known = int(self.state["points"][chart])
            # More than enough may be known: the last monitor may have been told to learn longer.
            stop = start + min(int(length[i]), max(0, self.baseline_points - known))
            piece, times = batch.value[start:stop], batch.time_us[start:stop]
            first_scored[i] = stop
            self.learning[chart].append(piece)
            pieces.append((chart, known, piece))
            self.state["first_us"][chart] = times.min(
                initial=self.state["first_us"][chart] or times[0]
            )
            if known + len(piece) < self.baseline_points:
                continue
            values = np.concatenate(self.learning[chart])
            baseline = learn(values, float(self.state["usual_sd"][chart]), self.arl0)
            self.set_baseline(chart, 1, baseline)
            if baseline.gain:
                self._follow(chart, values)
            to_us = int(times.max(initial=self.state["last_us"][chart]))
            learnt.append(Learnt(chart, baseline, int(self.state["first_us"][chart]), to_us))
        return pieces, learnt, first_scored

    def _score(self, batch: Batch, length: Ints, first_scored: Ints) -> list[Alarm]:
        end = batch.start + length
        scored = np.flatnonzero(first_scored < end)
        counts = (end - first_scored)[scored]
        if not len(scored):
            return []
        start = np.cumsum(counts) - counts
        at = np.repeat(first_scored[scored] - start, counts) + np.arange(counts.sum())
        chart = batch.chart[scored]
        of = np.repeat(chart, counts)
        unit = self._score_unit(of)
        expected = self.state["mean"][of] + self._levels(chart, start, counts, batch.value[at])
        points = Points(
            chart, start, cusum.scores(batch.value[at], expected, unit), batch.time_us[at]
        )
        limits = np.zeros(len(self.state), dtype=np.int64)
        limits[chart] = cusum.limit_units(self.state["h"][chart] * cusum.K / self.state["k"][chart])
        begin = dict(zip(chart.tolist(), batch.start[scored].tolist(), strict=True))
        alarms = []
        cuts: dict[tuple[int, int], _Cut] = {}
        for edge in cusum.update(self._cusum(), limits, points):
            side = edge.chart, 0 if edge.is_high else 1
            recent = self._recent(batch, edge.chart, begin[edge.chart], int(at[edge.at]))
            now = float(expected[edge.at])
            if edge.is_on:
                cuts[side] = self._cut(edge, recent, now)
            cut = cuts[side] if edge.is_on else cuts.pop(side, None)
            alarms.append(self._alarm(cut.of(edge) if cut else edge, recent, now))
        for (number, side_index), cut in cuts.items():
            row = self.state[number]
            row["samples"][side_index] -= cut.points
            row["score_sum"][side_index] -= cut.score_sum
            row["onset_us"][side_index] = cut.onset_us
        return sorted(
            alarms, key=lambda alarm: (alarm.time_us, self.keys[alarm.chart].characteristic)
        )

    def _follow(self, chart: int, values: Floats) -> None:
        """Let the level of *chart* be where it is after the points of its baseline."""
        one = np.array([chart])
        self._levels(one, np.zeros(1, dtype=np.int64), np.array([len(values)]), values)

    def _levels(self, chart: Ints, start: Ints, counts: Ints, values: Floats) -> Floats:
        """Return the level before each point, and move those of the charts on."""
        before = np.zeros(len(values))
        has = np.flatnonzero(self.state["gain"][chart] > 0.0)
        if not len(has):
            return before
        rows = self.state[chart[has]]
        of = np.repeat(np.arange(len(has)), counts[has])
        at = np.repeat(start[has] - (np.cumsum(counts[has]) - counts[has]), counts[has])
        at += np.arange(len(of))
        level = rows["level"].copy()
        before[at] = levels(
            values[at] - rows["mean"][of],
            np.cumsum(counts[has]) - counts[has],
            counts[has],
            level,
            gain=rows["gain"],
            reach=rows["reach"] * rows["sd"],
            step=cusum.CLIP * rows["sd"],
        )
        self.state["level"][chart[has]] = level
        return before

    def _recent(self, batch: Batch, chart: int, start: int, at: int) -> _Recent:
        """Return the last points of *chart* up to *at*; its points of *batch* begin at *start*."""
        new = slice(max(start, at + 1 - RECENT), at + 1)
        row = self.state[chart]
        # A chart with a baseline has seen more than RECENT points.
        return _Recent(
            np.concatenate([row["recent_us"], batch.time_us[new]])[-RECENT:],
            np.concatenate([row["recent"], batch.value[new]])[-RECENT:],
        )

    def _cut(self, edge: Edge, recent: _Recent, expected: float) -> _Cut:
        """Return what the sum had gathered before the likeliest onset."""
        if edge.samples > len(recent.value):
            return _Cut(0, 0, edge.onset_us)
        score = cusum.scores(recent.value[-edge.samples :], expected, self._score_unit(edge.chart))
        before = points_before_onset(score)
        onset_us = int(recent.time_us[before - edge.samples]) if before else edge.onset_us
        return _Cut(before, int(score[:before].sum()), onset_us)

    def _alarm(self, edge: Edge, recent: _Recent, expected: float) -> Alarm:
        chart = edge.chart
        row = self.state[chart]
        mean_score = edge.score_sum / (edge.samples * cusum.UNIT)
        return Alarm(
            chart=chart,
            is_on=edge.is_on,
            is_high=edge.is_high,
            since_us=edge.onset_us,
            time_us=int(recent.time_us[-1]),
            statistic=edge.statistic * float(row["k"]) / cusum.K,
            limit=float(row["h"]),
            value=float(expected + mean_score * self._score_unit(chart)),
            expected=expected,
            samples=edge.samples,
            recent=list(zip(recent.time_us.tolist(), recent.value.tolist(), strict=True)),
        )

    def _score_unit(self, chart: Ints | int) -> Floats:
        """Return what one unit of a score is in the result's own unit."""
        return np.asarray(self.state["sd"][chart] * self.state["k"][chart] / cusum.K)

    def _cusum(self) -> Cusum:
        """Return the sides of all charts as views of the state."""
        return Cusum(*(self.state[field.name].T for field in fields(Cusum)))

    def _remember(self, batch: Batch, length: Ints) -> None:
        chart, last = batch.chart, batch.start + length - 1
        self.state["points"][chart] += length
        newest = np.maximum.reduceat(batch.time_us, batch.start)
        self.state["last_us"][chart] = np.maximum(self.state["last_us"][chart], newest)
        # Column j of the new memory is so many points before the newest one:
        back = np.arange(RECENT - 1, -1, -1)[None, :]
        is_new = back < length[:, None]
        new = np.where(is_new, last[:, None] - back, 0)
        kept = np.where(is_new, 0, RECENT - 1 - (back - length[:, None]))
        for memory, values in (
            (self.state["recent_us"], batch.time_us),
            (self.state["recent"], batch.value),
        ):
            old = np.take_along_axis(memory[chart], kept, axis=1)
            memory[chart] = np.where(is_new, values[new], old)
