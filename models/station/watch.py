"""One machine's signals, watched: moments in, alarms and figures out.

Scores of rows enter a moving average; three of the last five averages above the limit begin an
alarm, twenty below the clear limit end it. Late rows have a lane of their own with its own
averages; both lanes share the alarm. Lost and stuck signals do not count in the score and are
named for what they are. While a machine does not run, and for the first moments after, nothing
counts; its scores do not until it has settled (`models.station.hold`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from models.spc.cusum import Ints
from models.station.contract import Bools, Floats
from models.station.hold import FLOOR_US, Run
from models.station.memory import RECENT, ROWS, Memory, clear
from models.station.model import AVERAGE_SD, SHARE, StationModel
from models.station.moments import Moments, moments, parts, run_lengths

LIVE, LATE = 0, 1
#: An alarm begins with so many hits of so many scores ...
HITS, WINDOW = 3, 5
#: ... and ends after so many scores below this share of the limit.
CLEAN, CLEAR = 20, 0.7
#: A gap of more periods than this breaks a sequence.
_GAP = 3
_MOST_CONTRIBUTIONS = 10


class Contribution(NamedTuple):
    """What one signal has to do with an alarm: its share, 0 to 1, and values in its unit."""

    column: int
    share: float
    value: float
    expected: float


@dataclass(frozen=True)
class Edge:
    """An alarm of a machine that began or ended.

    *kind* is `multivariate`, `stuck` or `lost`, *column* the signal of the latter two. *statistic*
    and *limit* are sd of the average, or seconds for which a signal has been lost or stuck.
    """

    kind: str
    column: int
    is_on: bool
    since_us: int
    time_us: int
    statistic: float
    limit: float
    samples: int
    value: float
    recent: tuple[tuple[int, float], ...] = ()
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a machine's new rows were: per moment while it ran, and alarms in order of time.

    *scores* is NaN where a moment was not scored; *deviations* from the centre, NaN where absent.
    """

    edges: list[Edge]
    time_us: Ints
    scores: Floats
    incomplete: Bools
    deviations: Floats


class Rows(NamedTuple):
    """Rows of one machine; *values* has NaN where a row says nothing of a signal."""

    time_us: Ints
    values: Floats

    def of(self, at: Ints) -> Rows:
        """Return the rows *at*."""
        return Rows(self.time_us[at], self.values[at])


#: Says for times whether the machine ran, with the recipe of the model, and since when.
Running = Callable[[Ints], Run]


def hold_moments(model: StationModel) -> int:
    """Return how many moments after a start or a gap count for nothing at all."""
    return max(-(-FLOOR_US // model.period_us), model.detector.order + 2)


def watch(model: StationModel, machine: str, memory: Memory, rows: Rows, running: Running) -> Seen:
    """Take in new *rows* of *machine* in the order in which they count; move *memory* on."""
    lanes = memory["lanes"]
    live, late = parts(
        rows.time_us, int(lanes[LIVE]["cell"]), int(lanes[LATE]["cell"]), model.period_us
    )
    pieces = []
    if len(live):
        pieces.append(_Pass(model, machine, memory, LIVE).take(rows.of(live), running))
    for run in late:
        if rows.time_us[run[0]] // model.period_us < lanes[LATE]["cell"]:
            clear(lanes[LATE])
        pieces.append(_Pass(model, machine, memory, LATE).take(rows.of(run), running))
    return Seen(
        [edge for piece in pieces for edge in piece.edges],
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("time_us", "scores", "incomplete", "deviations")
        ),
    )


def release(memory: Memory, now_us: int) -> list[Edge]:
    """Return the ends of all alarms of a machine that another model takes over."""
    edges = []
    if memory["on"]:
        edges.append(_end("multivariate", -1, int(memory["since_us"]), now_us, 0.0))
    for kind in ("lost", "stuck"):
        for column in np.flatnonzero(memory[kind]).tolist():
            value = float(memory["lanes"][LIVE]["carried"][column])
            edges.append(_end(kind, column, int(memory["named_us"][column]), now_us, value))
    return edges


def _end(kind: str, column: int, since_us: int, now_us: int, value: float) -> Edge:
    return Edge(
        kind=kind,
        column=column,
        is_on=False,
        since_us=since_us,
        time_us=now_us,
        statistic=0.0,
        limit=0.0,
        samples=1,
        value=value,
    )


class _Pass:
    """One run of rows through one lane."""

    def __init__(self, model: StationModel, machine: str, memory: Memory, lane: int) -> None:
        self._model = model
        self._centre = model.centre_of(machine)
        self._memory = memory
        self._is_live = lane == LIVE
        self._lane: Any = memory["lanes"][lane]
        self._edges: list[Edge] = []

    def take(self, rows: Rows, running: Running) -> Seen:
        """Return what *rows* were, and move the memory on."""
        seen = moments(rows.time_us, rows.values, self._lane, self._model.period_us)
        count = len(seen.time_us)
        if not count:
            nothing = np.empty(0)
            return Seen(
                [], seen.time_us, nothing, nothing.astype(np.bool_),
                np.empty((0, len(self._centre))),
            )  # fmt: skip
        runs, since_us = running(seen.time_us)
        gaps = seen.time_us - seen.before_us > _GAP * self._model.period_us
        counts = self._counts(runs, gaps)
        is_scored = counts & ~self._model.hold.covers(since_us)
        absent: Bools = self._absent(seen, counts, gaps)
        absent = np.asarray(absent | np.isnan(seen.values))
        deviations = np.where(absent, np.nan, seen.values - self._centre)
        before = np.nan_to_num(self._lane["rows"] - self._centre)
        order = self._model.detector.order
        with_past = np.concatenate([before[ROWS - order :], np.nan_to_num(deviations)])
        scores = self._model.scores(with_past, absent)
        kept = np.concatenate([self._lane["rows"], np.where(absent, np.nan, seen.values)])
        self._averages(seen, scores, is_scored, kept)
        self._lane["rows"] = kept[-ROWS:]
        return Seen(
            self._edges,
            seen.time_us[runs],
            np.where(is_scored, scores, np.nan)[runs],
            np.asarray(absent.any(axis=1))[runs],
            deviations[runs],
        )

    def _counts(self, runs: Bools, gaps: Bools) -> Bools:
        """Return which moments count: the machine has run for a while, without a gap."""
        index = np.arange(len(runs))
        first = np.where(~runs, index + 1, np.where(gaps, index, -1))
        first = np.maximum.accumulate(first)
        hold = hold_moments(self._model)
        left = np.where(first >= 0, hold - (index - first), self._lane["hold"] - index)
        self._lane["hold"] = max(0, int(left[-1]) - 1)
        return np.asarray(runs & (left <= 0))

    def _absent(self, seen: Moments, counts: Bools, gaps: Bools) -> Bools:
        """Return which values are too old or stand still, and tell of signals lost and stuck."""
        model, memory = self._model, self._memory
        # Nothing is missed before a sequence has begun.
        begun_us = np.maximum.accumulate(np.where(gaps, seen.time_us, self._lane["begun_us"]))
        self._lane["begun_us"] = begun_us[-1]
        age_us = seen.time_us[:, None] - np.maximum(seen.measured_us, begun_us[:, None])
        lost = age_us > model.patience_us
        if not self._is_live:
            return np.asarray(lost)
        run = run_lengths(seen, memory["run"])
        memory["run"] = run[-1]
        stuck = (model.stuck > 0) & (run >= model.stuck) & ~lost
        lost_s = np.asarray(age_us, dtype=np.float64) / 1e6
        stuck_s = run.astype(np.float64) * (model.period_us / 1e6)
        self._name("lost", seen, lost & counts[:, None], lost, lost_s)
        self._name("stuck", seen, stuck & counts[:, None], stuck, stuck_s)
        return np.asarray(lost | ((model.doubtful > 0) & (run >= model.doubtful)))

    def _name(
        self, kind: str, seen: Moments, begins: Bools, lasts: Bools, lasted_s: Floats
    ) -> None:
        """Tell where a signal is lost or stuck from now on, and where it came back."""
        on, since_us = self._memory[kind], self._memory["named_us"]
        limit_us = (
            self._model.patience_us if kind == "lost" else self._model.stuck * self._model.period_us
        )
        for column in np.flatnonzero(begins.any(axis=0) | on).tolist():
            for at, now in enumerate(seen.time_us.tolist()):
                turns = not lasts[at, column] if on[column] else begins[at, column]
                if not turns:
                    continue
                lasted = float(lasted_s[at, column])
                on[column] = not on[column]
                if on[column]:
                    since_us[column] = now - int(lasted * 1e6)
                self._edges.append(
                    Edge(
                        kind=kind,
                        column=column,
                        is_on=bool(on[column]),
                        since_us=int(since_us[column]),
                        time_us=now,
                        statistic=lasted,
                        limit=float(limit_us[column]) / 1e6,
                        samples=max(1, int(lasted * 1e6 / self._model.period_us)),
                        value=float(seen.values[at, column]),
                    )
                )

    def _averages(self, seen: Moments, scores: Floats, is_scored: Bools, kept: Floats) -> None:
        lane, limit = self._lane, self._model.limit
        average, hits = float(lane["average"]), int(lane["hits"])
        onset_us, samples = int(lane["onset_us"]), int(lane["samples"])
        recent_us, recent = lane["recent_us"].tolist(), lane["recent"].tolist()
        for at, (time_us, score, counts) in enumerate(
            zip(seen.time_us.tolist(), scores.tolist(), is_scored.tolist(), strict=True)
        ):
            if not counts:
                average, hits, onset_us, samples = 0.0, 0, 0, 0
                continue
            average += SHARE * (score - average)
            hits = (hits << 1 | (average > limit)) & ((1 << WINDOW) - 1)
            if average <= AVERAGE_SD:
                onset_us, samples = 0, 0
            else:
                onset_us, samples = onset_us or time_us, samples + 1
            recent_us, recent = [*recent_us[1:], time_us], [*recent[1:], average / AVERAGE_SD]
            if self._turns(average, hits):
                begins = not self._memory["on"]
                if begins:
                    self._memory["since_us"] = onset_us or time_us
                self._memory["on"] = begins
                known = [(u, a) for u, a in zip(recent_us, recent, strict=True) if u]
                self._edges.append(
                    Edge(
                        kind="multivariate",
                        column=-1,
                        is_on=bool(begins),
                        since_us=int(self._memory["since_us"]),
                        time_us=time_us,
                        statistic=average / AVERAGE_SD,
                        limit=limit / AVERAGE_SD,
                        samples=max(1, samples),
                        value=average / AVERAGE_SD,
                        recent=tuple(known),
                        contributions=self._contributions(kept[: ROWS + at + 1], max(1, samples)),
                    )
                )
        lane["average"], lane["hits"] = average, hits
        lane["onset_us"], lane["samples"] = onset_us, samples
        lane["recent_us"], lane["recent"] = recent_us[-RECENT:], recent[-RECENT:]

    def _turns(self, average: float, hits: int) -> bool:
        """Count a score, and say whether the alarm begins or ends with it."""
        memory = self._memory
        is_clean = average < CLEAR * self._model.limit
        memory["clean"] = memory["clean"] + 1 if is_clean else 0
        if memory["on"]:
            return bool(memory["clean"] >= CLEAN)
        return hits.bit_count() >= HITS

    def _contributions(self, rows: Floats, samples: int) -> tuple[Contribution, ...]:
        """Return what the signals have to do with the last rows, at most *samples*."""
        detector, order = self._model.detector, self._model.detector.order
        last = min(samples, HITS, ROWS - order)
        rows = rows[-(last + order) :]
        errors = detector.errors(np.nan_to_num(rows - self._centre))
        absent = np.isnan(rows[order:])
        shares = np.where(absent, 0.0, detector.shares(np.where(absent, 0.0, errors)))
        mean = shares.mean(axis=0)
        total = float(mean.sum()) or 1.0
        expected = rows[order:] - detector.corrections(errors) * detector.units()
        found = []
        for column in np.argsort(-mean, kind="stable")[:_MOST_CONTRIBUTIONS].tolist():
            if mean[column] / total < 0.01:
                break
            there = ~absent[:, column]
            value = float(rows[order:][there, column].mean())
            should = float(expected[there, column].mean())
            found.append(Contribution(column, float(mean[column]) / total, value, should))
        return tuple(found)
