"""History to train on: healthy, contiguous, aligned, in order of time.

Left out: what an anomaly speaks of, from its onset to its end, and all times in which a machine did
not run; what lies on both sides of a gap is kept apart. What follows starts is there with the time
since then, and once more by itself, so that it can be learnt how long they take to settle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.monitor_states import NOTHING_KNOWN, States, read_states
from models.results import read_history
from models.spc.cusum import Bools, Ints
from models.sql import statement
from models.station import memory as memories
from models.station.hold import KINDS, MOST_US, Run, watched_us
from models.station.moments import Moments, moments
from models.station.span import Span, stretches
from models.watched import Group
from plant.times import from_us, to_us
from storage.connect import Connection

Window = tuple[datetime, datetime]

#: Rows of one machine that are read at most; a longer history is sampled in hours.
MOST_ROWS = 200_000
_HOUR_US = 3_600_000_000
#: Of a history that is sampled, so many of the last starts after stops of each kind are whole.
_STARTS = 10
#: An alarm that begins after a start and is over so soon may be due to it.
_OVER_US = 2 * max(MOST_US)
_GAP = 3


class History(NamedTuple):
    """Spans of a group, what follows its starts, and the period of their moments."""

    spans: list[Span]
    starts: list[Span]
    period_us: int


def read_group(connection: Connection, group: Group, window: Window, default: str) -> History:
    """Return the healthy history of *group* in *window*; *default* is the unnamed recipe.

    The period is that of the group, or that of its samples where those are fewer: a history may
    be thinned.
    """
    states = read_states(connection, group.machines, window[0], default)
    alarmed = alarmed_spans(connection, group.machines)
    raw = [
        (machine, rows)
        for machine in group.machines
        for rows in [_rows(connection, group, machine, window, states.get(machine, NOTHING_KNOWN))]
        if len(rows[0])
    ]
    period_us = max([group.period_us, *_spacing(raw)])
    spans, starts = [], []
    for machine, (time_us, values) in raw:
        lane = memories.new(len(group.columns))["lanes"][0]
        seen = moments(time_us, values, lane, period_us)
        known = states.get(machine, NOTHING_KNOWN)
        run, alarms = known.run(seen.time_us), alarmed.get(machine, [])
        recipes = known.recipe(seen.time_us, default)
        breaks = _breaks(seen.time_us, recipes, period_us)
        healthy = run.runs & ~_alarmed(seen.time_us, alarms)
        spans += [_span(machine, recipes, seen, run, piece) for piece in stretches(healthy, breaks)]
        again = np.diff(run.since_us[:, 0]) < 0
        starts += [
            span.where(span.since_us[:, 0] < watched_us(span.kind))
            for piece in stretches(run.runs, breaks | again)
            for span in [_span(machine, recipes, seen, run, piece)]
            if _tells(span, alarms, period_us)
        ]
    spans.sort(key=lambda span: (int(span.time_us[0]), span.machine))
    return History(spans, starts, period_us)


def alarmed_spans(
    connection: Connection, machines: Sequence[str]
) -> Mapping[str, list[tuple[int, int]]]:
    """Return for each machine the times, in microseconds, that anomalies speak of."""
    found: dict[str, list[tuple[int, int]]] = {}
    rows = connection.execute(statement("alarmed_spans"), {"machines": list(machines)})
    for machine, _position, _characteristic, since, until in rows:
        found.setdefault(machine, []).append((to_us(since), to_us(until)))
    return found


def _rows(
    connection: Connection, group: Group, machine: str, window: Window, states: States
) -> tuple[Ints, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    spans = [window]
    if _is_long(connection, group, machine, window):
        spans = _apart([*_hours(group, window), *_after_starts(states, window)])
    pieces = [read_history(connection, group.table, group.columns, machine, span) for span in spans]
    return (
        np.concatenate([piece.time_us for piece in pieces]),
        np.concatenate([piece.values for piece in pieces]),
    )


def _is_long(connection: Connection, group: Group, machine: str, window: Window) -> bool:
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) FROM (SELECT FROM {} WHERE equipment = %s AND time >= %s"
            " AND time < %s LIMIT %s) AS found"
        ).format(sql.Identifier(group.table.schema, group.table.name)),
        (machine, *window, MOST_ROWS + 1),
    ).fetchone()
    return bool(row and row[0] > MOST_ROWS)


def _hours(group: Group, window: Window) -> list[Window]:
    """Return hours evenly over *window* that hold so many rows."""
    rate_hz = 1e6 / group.period_us * 100  # a fast machine's; a slower one gives fewer rows
    count = max(2, int(MOST_ROWS / (rate_hz * 3600)))
    first, last = to_us(window[0]), to_us(window[1]) - _HOUR_US
    return [
        (from_us(int(start)), from_us(int(start) + _HOUR_US))
        for start in np.linspace(first, max(first, last), count)
    ]


def _spacing(raw: Sequence[tuple[str, tuple[Ints, object]]]) -> list[int]:
    """Return the usual time between rows of each machine."""
    return [int(np.median(np.diff(rows[0]))) for _, rows in raw if len(rows[0]) > 1]


def _after_starts(states: States, window: Window) -> list[Window]:
    """Return the times after the last starts of each kind in *window*."""
    times_us = states.time_us[states.runs]
    since_us = states.run(times_us).since_us
    kinds = (since_us == 0).sum(axis=1) - 1  # -1 where it had been running
    found = []
    for kind in range(len(KINDS)):
        starts = times_us[kinds == kind]
        found += [
            (max(from_us(start), window[0]), min(from_us(start + watched_us(kind)), window[1]))
            for start in starts[-_STARTS:].tolist()
        ]
    return [span for span in found if span[0] < span[1]]


def _apart(spans: Sequence[Window]) -> list[Window]:
    """Return the same times in order, where *spans* meet as one."""
    apart: list[Window] = []
    for first, last in sorted(spans):
        if apart and first <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(last, apart[-1][1])
        else:
            apart.append((first, last))
    return apart


def _alarmed(time_us: Ints, alarms: Sequence[tuple[int, int]]) -> Bools:
    found = np.zeros(len(time_us), dtype=np.bool_)
    for since, until in alarms:
        found |= (time_us >= since) & (time_us <= until)
    return found


def _breaks(time_us: Ints, recipes: Sequence[str], period_us: int) -> Bools:
    """Return whether each moment but the first is not of the same sequence as the one before."""
    _, recipe = np.unique(np.array(recipes), return_inverse=True)
    return np.asarray((np.diff(time_us) > _GAP * period_us) | (np.diff(recipe) != 0))


def _span(machine: str, recipes: Sequence[str], seen: Moments, run: Run, piece: slice) -> Span:
    return Span(
        machine,
        recipes[piece.start],
        seen.time_us[piece],
        seen.values[piece],
        seen.fresh[piece],
        run.since_us[piece],
    )


def _tells(span: Span, alarms: Sequence[tuple[int, int]], period_us: int) -> bool:
    """Return whether *span* tells how a machine settles: it begins with a start.

    Not one of which an alarm speaks that was there before or lasts: then something else was wrong.
    Nor one while the machine may still be settling after a longer stop.
    """
    since_us = span.since_us[0]
    start_us = int(span.time_us[0] - since_us[0])
    return (
        bool(since_us[0] <= _GAP * period_us)
        and bool((since_us[span.kind + 1 :] >= max(MOST_US)).all())
        and not any(
            since < start_us <= until
            or (start_us <= since < start_us + max(MOST_US) and until > start_us + _OVER_US)
            for since, until in alarms
        )
    )


def window_of(days: float, until: datetime | None) -> Window:
    """Return the *days* before *until*, which is now if None."""
    end = until or datetime.now(UTC)
    return end - timedelta(days=days), end
