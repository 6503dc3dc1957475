"""Judge detectors on a table: fitted and calibrated on one file, measured on another.

Rows are a time series in their order. Nothing of the test file, its labels least of all, has a
part in the fit or in the threshold.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.evaluate_table import Table, TableError
from models.station.classic import (
    PcaDetector,
    T2Detector,
    isolation_forest,
    local_outlier_factor,
    one_class_svm,
)
from models.station.contract import Detector, Fit, held_out_threshold
from models.station.residual import ResidualDetector

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Detectors by name, the default first.
DETECTORS: Mapping[str, Fit] = {
    "residual": ResidualDetector.fit,
    "t2": T2Detector.fit,
    "pca": PcaDetector.fit,
    "isolation-forest": isolation_forest,
    "lof": local_outlier_factor,
    "one-class-svm": one_class_svm,
}
#: Fewer healthy rows than this teach nothing; fewer than five per signal no covariance.
_MIN_ROWS, _ROWS_PER_SIGNAL = 50, 5
#: An event begins when 3 of 5 rows are above the threshold and ends after 20 that are not.
_HITS, _WINDOW, _CLEAN = 3, 5, 20
_TOP = 5


class Data(NamedTuple):
    """Training spans and test rows with the same signals; *fault* is None where nobody says."""

    signals: tuple[str, ...]
    spans: list[Floats]
    test: Floats
    fault: Bools | None
    notes: tuple[str, ...]


class Contribution(NamedTuple):
    """The share that a signal has in the alarms, 0 to 1."""

    signal: str
    share: float


class Judgement(NamedTuple):
    """What one detector did; None where the truth is not known or has no such rows.

    Rates are shares of rows; *first_detection_delay* counts rows from the first faulty one.
    """

    detector: str
    detection_rate: float | None
    false_alarm_rate: float | None
    missed_alarm_rate: float | None
    f1: float | None
    first_detection_delay: int | None
    alarm_events_per_1000_rows: float
    top_contributions: list[Contribution]
    microseconds_per_row: float
    threshold: float


def prepare(train: Table, test: Table, label: str | None = None, onset: int | None = None) -> Data:
    """Bring both tables to the same signals, without gaps; say in notes what was done.

    *label* names a column that is not 0 where a row is faulty (faulty rows of *train* are left
    out); *onset* is the first faulty row of *test*, from 0. Raise `TableError` for what does not
    fit together.
    """
    fault, faulty_train = _truth(train, test, label, onset)
    labels = [label] if label is not None else []
    train, test = train.without(labels), test.without(labels)
    notes = [f"left out, no numbers: {name}" for name in dict.fromkeys([*train.text, *test.text])]
    if len(train.names) != len(test.names) and len(train.values) == len(test.names):
        notes.append("the training table lies on its side: rows and columns were exchanged")
        train = train._replace(names=test.names, values=train.values.T)
        faulty_train = np.zeros(len(train.values), dtype=np.bool_)
    names = test.names
    if train.named and test.named and set(train.names) != set(test.names):
        names = tuple(name for name in test.names if name in train.names)
        alone = set(train.names) ^ set(test.names)
        notes += [f"left out, not in both files: {name}" for name in sorted(alone)]
    elif len(train.names) != len(test.names):
        raise TableError(
            f"the training file has {len(train.names)} numeric columns, the test file"
            f" {len(test.names)}, and no header tells which belong together"
        )
    by_name = train.named and test.named
    learnt = np.column_stack([train.column(n) for n in names]) if by_name else train.values
    tested = np.column_stack([test.column(n) for n in names]) if by_name else test.values
    missing = np.isnan(learnt[~faulty_train]).mean(axis=0)
    healthy = _filled(learnt, learnt[~faulty_train])
    constant = np.ptp(healthy[~faulty_train], axis=0) == 0.0
    for at in np.flatnonzero(constant):
        notes.append(f"left out, constant in training: {names[at]}")
    # It would be far beyond all that was learnt in any other file.
    counts = (np.diff(healthy, axis=0) > 0.0).all(axis=0) & ~constant
    for at in np.flatnonzero(counts):
        notes.append(f"left out, a counter or a time, it only rises: {names[at]}")
    useless = constant | counts
    for at in np.flatnonzero((missing > 0.0) & ~useless):
        notes.append(f"gaps filled with the value before: {names[at]} ({missing[at]:.1%})")
    spans = _spans(healthy[:, ~useless], ~faulty_train)
    rows, signals = sum(map(len, spans)), int((~useless).sum())
    if signals == 0 or rows < _MIN_ROWS:
        raise TableError(
            f"{rows} healthy training rows of {signals} signals that move: at least"
            f" {_MIN_ROWS} rows of one signal are needed"
        )
    kept = tuple(name for at, name in enumerate(names) if not useless[at])
    tested = _filled(tested, healthy)[:, ~useless]
    return Data(kept, spans, tested, fault, tuple(notes))


def default_detector(data: Data) -> str:
    """Return the best detector for so many rows: for few of them, one that needs no covariance."""
    rows = sum(map(len, data.spans))
    return "residual" if rows >= _ROWS_PER_SIGNAL * len(data.signals) else "pca"


def judge(data: Data, detector: str, false_alarm_rate: float) -> Judgement:
    """Fit *detector* (a name in `DETECTORS`), set its threshold, and measure it on the test rows.

    The threshold is such that the share *false_alarm_rate* of held-out healthy rows is above it.
    """
    fit = DETECTORS[detector]
    threshold = held_out_threshold(fit, data.spans, false_alarm_rate)
    fitted = fit(data.spans)
    begin = time.perf_counter()
    statistic = fitted.statistic(data.test)
    spent_us = (time.perf_counter() - begin) * 1e6
    above = statistic > threshold
    rows = len(above)
    return Judgement(
        detector, *_rates(above, data.fault),
        alarm_events_per_1000_rows=1000.0 * events(above) / rows,
        top_contributions=_top(fitted, data, above),
        microseconds_per_row=spent_us / rows,
        threshold=threshold,
    )  # fmt: skip


def events(above: Bools) -> int:
    """Return how many alarms an operator would see: 3 of 5 rows to begin, 20 clean ones to end."""
    recent = np.convolve(above, np.ones(_WINDOW), "full")[: len(above)]
    count, on, clean = 0, False, 0
    for is_above, hits in zip(above.tolist(), recent.tolist(), strict=True):
        clean = 0 if is_above else clean + 1
        if not on and hits >= _HITS:
            on, count = True, count + 1
        elif on and clean >= _CLEAN:
            on = False
    return count


def _rates(
    above: Bools, fault: Bools | None
) -> tuple[float | None, float | None, float | None, float | None, int | None]:
    """Return detection, false alarm and missed alarm rate, F1 and delay."""
    if fault is None:
        return None, None, None, None, None
    hit, false = int((above & fault).sum()), int((above & ~fault).sum())
    faulty, clean = int(fault.sum()), int((~fault).sum())
    detected = hit / faulty if faulty else None
    missed = 1.0 - detected if detected is not None else None
    f1 = 2.0 * hit / (hit + false + faulty) if faulty else None
    delay = None
    if faulty:
        onset = int(np.argmax(fault))
        found = np.flatnonzero(above & fault)
        delay = int(found[0]) - onset if len(found) else None
    return detected, false / clean if clean else None, missed, f1, delay


def _top(detector: Detector, data: Data, above: Bools) -> list[Contribution]:
    """Return the signals with the largest mean share in the rows above the threshold."""
    if not above.any():
        return []
    parts = detector.contributions(data.test)[above]
    total = parts.sum(axis=1, keepdims=True)
    shares = np.mean(parts / np.where(total > 0.0, total, 1.0), axis=0)
    first = np.argsort(-shares, kind="stable")[:_TOP]
    return [Contribution(data.signals[at], round(float(shares[at]), 4)) for at in first]


def _truth(
    train: Table, test: Table, label: str | None, onset: int | None
) -> tuple[Bools | None, Bools]:
    faulty = np.zeros(len(train.values), dtype=np.bool_)
    if label is not None and onset is not None:
        raise TableError("--label and --onset both say what is faulty; give one of them")
    if label is not None:
        if label in train.names or label in train.text:
            faulty = train.is_faulty(label)
        return test.is_faulty(label), faulty
    if onset is None:
        return None, faulty
    if not 0 <= onset < len(test.values):
        raise TableError(f"--onset {onset}: the test file has rows 0 to {len(test.values) - 1}")
    return np.arange(len(test.values)) >= onset, faulty


def _filled(values: Floats, healthy: Floats) -> Floats:
    """Return *values* with gaps filled by the value before, at the start by the healthy median."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    with np.errstate(all="ignore"):
        known = ~np.isnan(healthy).all(axis=0)
        start = np.zeros(values.shape[1])
        start[known] = np.nanmedian(healthy[:, known], axis=0)
    latest = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))[:, None]), axis=0)
    before = np.take_along_axis(values, np.maximum(latest, 0), axis=0)
    return np.where(latest < 0, start, before)


def _spans(rows: Floats, healthy: Bools) -> list[Floats]:
    """Return the stretches of *healthy* rows."""
    edges = np.flatnonzero(np.diff(healthy.astype(np.int8), prepend=0, append=0))
    return [rows[a:b] for a, b in edges.reshape(-1, 2)]
