"""History to train on: healthy, contiguous, aligned, in order of time.

Left out: what an anomaly speaks of, from its onset to its end; all times in which a machine did not
run, and its first two minutes after; what lies on both sides of a gap is kept apart.
"""

from __future__ import annotations

import itertools
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
from models.station.fit import Span
from models.station.moments import moments
from models.station.watch import HOLD_US
from models.watched import Group
from plant.times import from_us, to_us
from storage.connect import Connection

Window = tuple[datetime, datetime]

#: Rows of one machine that are read at most; a longer history is sampled in hours.
MOST_ROWS = 200_000
_HOUR_US = 3_600_000_000
#: Moments; a shorter stretch teaches nothing.
_SHORTEST = 10
_GAP = 3


class History(NamedTuple):
    """Spans of a group, and the period of their moments."""

    spans: list[Span]
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
        for rows in [_rows(connection, group, machine, window)]
        if len(rows[0])
    ]
    period_us = max([group.period_us, *_spacing(raw)])
    spans = []
    for machine, (time_us, values) in raw:
        lane = memories.new(len(group.columns))["lanes"][0]
        seen = moments(time_us, values, lane, period_us)
        healthy = _healthy(
            seen.time_us, states.get(machine, NOTHING_KNOWN), alarmed.get(machine, [])
        )
        recipes = states.get(machine, NOTHING_KNOWN).recipe(seen.time_us, default)
        spans += [
            Span(
                machine,
                recipes[piece.start],
                seen.time_us[piece],
                seen.values[piece],
                seen.fresh[piece],
            )
            for piece in _pieces(seen.time_us, healthy, recipes, period_us)
        ]
    spans.sort(key=lambda span: (int(span.time_us[0]), span.machine))
    return History(spans, period_us)


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
    connection: Connection, group: Group, machine: str, window: Window
) -> tuple[Ints, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    spans = [window]
    if _is_long(connection, group, machine, window):
        spans = _hours(group, window)
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


def _healthy(time_us: Ints, states: States, alarmed: Sequence[tuple[int, int]]) -> Bools:
    healthy = states.running(time_us)
    starts = states.time_us[states.runs & ~np.append(True, states.runs[:-1])]
    for start in starts.tolist():
        healthy &= (time_us < start) | (time_us >= start + HOLD_US)
    for since, until in alarmed:
        healthy &= (time_us < since) | (time_us > until)
    return healthy


def _pieces(time_us: Ints, healthy: Bools, recipes: Sequence[str], period_us: int) -> list[slice]:
    """Return the stretches of healthy moments of one recipe without a gap."""
    if not len(time_us):
        return []
    _, recipe = np.unique(np.array(recipes), return_inverse=True)
    breaks = (np.diff(time_us) > _GAP * period_us) | (np.diff(recipe) != 0)
    breaks |= healthy[1:] != healthy[:-1]
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(time_us)]
    return [
        slice(low, high)
        for low, high in itertools.pairwise(edges)
        if healthy[low] and high - low >= _SHORTEST
    ]


def window_of(days: float, until: datetime | None) -> Window:
    """Return the *days* before *until*, which is now if None."""
    end = until or datetime.now(UTC)
    return end - timedelta(days=days), end
