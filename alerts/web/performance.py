"""Alarm performance by ANSI/ISA-18.2 and EEMUA 191: can people keep up with the alerts.

Rates are counted in bins of ten minutes, empty ones included, for one operating position: a line.
An alarm is a call for somebody: an alert that opens, or that opens again.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from alerts.alert import Severity
from alerts.web.sql import statement
from alerts.web.words import age
from storage.connect import Connection

BIN_S = 600
#: More alarms than that in a bin are a flood.
FLOOD = 10
#: The last bin of the histogram holds everything longer.
_WAIT_BINS = 6


class Cause(NamedTuple):
    """How often one cause called; *chatters*: three times within a minute, at least once."""

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str
    alarms: int
    chatters: bool
    last_at: datetime


class StaleAlert(NamedTuple):
    """An alert that has been open for more than a day; *stale* counts all of them."""

    id: int
    title: str
    severity: str
    state: str
    opened_at: datetime
    stale: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure against its targets; *value* is None where there is nothing to count.

    *acceptable* is "very likely acceptable", *manageable* the most that is manageable; where the
    standard has one target only, they are the same. Above *manageable* is worse than above
    *acceptable*.
    """

    name: str
    value: float | None
    acceptable: float
    manageable: float
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Say how it stands in words: "acceptable", "manageable", "too many", "nothing yet"."""
        if self.value is None:
            return "nothing yet"
        if self.value <= self.acceptable:
            return "acceptable"
        return "manageable" if self.value <= self.manageable else "too many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """All figures of one line, or of all lines together when *line* is None."""

    line: str | None
    since: datetime
    figures: tuple[Figure, ...]
    per_day: tuple[tuple[str, int], ...]
    last_day: tuple[tuple[str, int], ...]
    waits: tuple[tuple[str, int], ...]
    median_wait_s: float | None
    slow_wait_s: float | None
    severities: Mapping[str, float]
    top: tuple[Cause, ...]
    chattering: tuple[Cause, ...]
    stale: tuple[StaleAlert, ...]


def read_performance(
    connection: Connection, line: str | None, now: datetime, days: int, zone: ZoneInfo
) -> Performance:
    """Return the figures of the last *days*, in days of the plant's clock."""
    since = now - timedelta(days=days)
    asked = {"line": line, "since": since, "now": now}
    bins: dict[int, int] = dict(connection.execute(statement("performance_bins"), asked).fetchall())
    with connection.cursor(row_factory=class_row(Cause)) as cursor:
        causes = cursor.execute(statement("performance_causes"), asked).fetchall()
    with connection.cursor(row_factory=class_row(StaleAlert)) as cursor:
        stale = cursor.execute(statement("performance_stale"), asked).fetchall()
    waits = [row[0] for row in connection.execute(statement("performance_waits"), asked)]
    by_severity: dict[str, int] = dict(
        connection.execute(statement("performance_severities"), asked).fetchall()
    )
    return Performance(
        line=line,
        since=since,
        figures=figures(bins, since, now, causes, stale[0].stale if stale else 0),
        per_day=days_of(bins, since, now, zone),
        last_day=last_day(bins, now, zone),
        waits=histogram(waits),
        median_wait_s=statistics.median(waits) if waits else None,
        slow_wait_s=statistics.quantiles(waits, n=10)[-1] if len(waits) > 1 else None,
        severities=shares(by_severity),
        top=tuple(causes[:10]),
        chattering=tuple(cause for cause in causes if cause.chatters)[:10],
        stale=tuple(stale),
    )


def figures(
    bins: Mapping[int, int],
    since: datetime,
    now: datetime,
    causes: Sequence[Cause],
    stale: int,
) -> tuple[Figure, ...]:
    """Return the figures that the standard sets targets for."""
    first, last = _bin(since), _bin(now)
    periods = last - first + 1
    alarms = sum(bins.values())
    elapsed_s = (now - since).total_seconds()
    top_ten = sum(cause.alarms for cause in causes[:10])
    flooded = sum(count > FLOOD for count in bins.values())
    return (
        Figure("Alerts per day, on average", alarms * 86400 / elapsed_s, 144, 288),
        Figure("Alerts per hour, on average", alarms * 3600 / elapsed_s, 6, 12),
        Figure("Alerts per 10 minutes, on average", alarms * BIN_S / elapsed_s, 1, 2),
        Figure("Most alerts in 10 minutes", max(bins.values(), default=0), FLOOD, FLOOD),
        Figure("10-minute periods with more than 10", 100 * flooded / periods, 1, 1, "%"),
        Figure("Share of the ten most frequent",
               100 * top_ten / alarms if alarms else None, 5, 5, "%"),
        Figure("Chattering causes", sum(cause.chatters for cause in causes), 0, 0),
        Figure("Stale: open for more than a day", stale, 4, 4),
    )  # fmt: skip


def days_of(
    bins: Mapping[int, int], since: datetime, now: datetime, zone: ZoneInfo
) -> tuple[tuple[str, int], ...]:
    """Return each day of the plant's clock from *since* to *now* with its alarms, none left out."""
    day, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    counts = {}
    while day <= last:
        counts[day] = 0
        day += timedelta(days=1)
    for number, count in bins.items():
        counts[_moment(number).astimezone(zone).date()] += count
    return tuple((f"{day:%d %b}", count) for day, count in counts.items())


def last_day(bins: Mapping[int, int], now: datetime, zone: ZoneInfo) -> tuple[tuple[str, int], ...]:
    """Return the 144 bins up to *now*, oldest first, empty ones included."""
    last = _bin(now)
    return tuple(
        (f"{_moment(number).astimezone(zone):%H:%M}", bins.get(number, 0))
        for number in range(last - 143, last + 1)
    )


def histogram(waits_s: Sequence[float]) -> tuple[tuple[str, int], ...]:
    """Return how many waits fall into each ten minutes, empty ones included."""
    counts = [0] * (_WAIT_BINS + 1)
    for wait_s in waits_s:
        counts[min(_WAIT_BINS, int(max(0.0, wait_s) // BIN_S))] += 1
    names = [f"{10 * i} to {10 * (i + 1)} min" for i in range(_WAIT_BINS)]
    return tuple(zip([*names, f"over {10 * _WAIT_BINS} min"], counts, strict=True))


def shares(by_severity: Mapping[str, int]) -> dict[str, float]:
    """Return the percentage of each severity, lowest first; the standard's is 80, 15, 5."""
    total = sum(by_severity.values())
    return {s: 100 * by_severity.get(s, 0) / total if total else 0.0 for s in Severity}


def waiting(performance: Performance) -> str:
    """Return the times to acknowledge in words."""
    if performance.median_wait_s is None:
        return "Nobody has acknowledged an alert in this time."
    text = f"Half of the alerts were acknowledged within {age(performance.median_wait_s)}"
    if performance.slow_wait_s is not None:
        text += f", nine of ten within {age(performance.slow_wait_s)}"
    return f"{text}."


def _bin(moment: datetime) -> int:
    return int(moment.timestamp() // BIN_S)


def _moment(number: int) -> datetime:
    return datetime.fromtimestamp(number * BIN_S, UTC)
