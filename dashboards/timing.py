"""How long each query of each board takes, with every choice and zoom, and what it gives back."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg

from dashboards.expand import View, sent
from dashboards.targets import CHOICES, Target, chosen, targets
from storage.connect import Connection

SPANS = {
    "15 min": timedelta(minutes=15),
    "24 h": timedelta(hours=24),
    "30 d": timedelta(days=30),
}
MOST_MS = 300.0
MOST_BOARD_MS = 1_500.0
MOST_ROWS = 2_000
#: Types that every Grafana reads.
TYPES = frozenset({"timestamptz", "float8", "int8", "text", "bool"})


class Timing(NamedTuple):
    """One query as it was sent: how long it took, how many rows it gave, what is wrong with it."""

    board: str
    target: str
    span: str
    choice: str
    ms: float
    rows: int
    fault: str


class Whole(NamedTuple):
    """A board at one zoom: its queries together, one after the other, and the slowest of them."""

    board: str
    span: str
    queries: int
    p95_ms: float
    whole_ms: float
    slowest: str
    faults: int


def timings(
    connection: Connection, boards: Sequence[dict[str, Any]], end: datetime
) -> Iterator[Timing]:
    """Yield the timing of every query of *boards*, with the time range up to *end*."""
    for board in boards:
        for span, length in SPANS.items():
            view = View(end - length, end)
            for choice in CHOICES:
                variables = chosen(connection, board, choice, view)
                for target in targets(board):
                    text = sent(target.sql, view, variables, target.panel)
                    yield _timed(connection, target, text, span, choice)


def _timed(connection: Connection, target: Target, text: str, span: str, choice: str) -> Timing:
    begun = time.perf_counter()
    try:
        cursor = connection.execute(text.encode())
        rows = cursor.fetchall()
        found = fault_of(connection, target, cursor, rows)
    except psycopg.Error as error:
        rows, found = [], str(error).splitlines()[0]
    ms = (time.perf_counter() - begun) * 1000
    return Timing(target.board, target.name, span, choice, ms, len(rows), found)


def fault_of(
    connection: Connection,
    target: Target,
    cursor: psycopg.Cursor[Any],
    rows: Sequence[tuple[Any, ...]],
) -> str:
    """Return why Grafana could not show these *rows* in a panel of this form; empty if it can."""
    columns = [
        (column.name, connection.adapters.types[column.type_code].name)
        for column in cursor.description or ()
    ]
    kinds = {kind for _, kind in columns}
    checks = {
        f"type {', '.join(sorted(kinds - TYPES))}": not kinds <= TYPES,
        "two columns of one name": len({name for name, _ in columns}) < len(columns),
        f"{len(rows)} rows": len(rows) > MOST_ROWS,
    }
    if target.form == "time_series":
        texts = [name for name, kind in columns if kind == "text"]
        times = [row[0] for row in rows]
        checks |= {
            "no time in front": columns[0] != ("time", "timestamptz"),
            "no number": not kinds & {"float8", "int8"},
            "a text that is not the metric": texts not in ([], ["metric"]),
            "rows not ascending in time": times != sorted(times),
        }
    return ", ".join(fault for fault, holds in checks.items() if holds)


def wholes(found: Sequence[Timing]) -> list[Whole]:
    """Return the boards at each zoom; a whole board is that of its slowest choice."""
    by_view: dict[tuple[str, str], list[Timing]] = defaultdict(list)
    for timing in found:
        by_view[timing.board, timing.span].append(timing)
    result = []
    for (board, span), several in by_view.items():
        by_choice: dict[str, float] = defaultdict(float)
        for timing in several:
            by_choice[timing.choice] += timing.ms
        slowest = max(several, key=lambda timing: timing.ms)
        result.append(
            Whole(
                board,
                span,
                len(several) // len(by_choice),
                float(np.percentile([timing.ms for timing in several], 95)),
                max(by_choice.values()),
                f"{slowest.target}: {slowest.ms:.0f} ms",
                sum(bool(timing.fault) for timing in several),
            )
        )
    return result
