"""Alarm performance by ANSI/ISA-18.2 and EEMUA 191: can people keep up with the alerts.

Rates are counted in bins of ten minutes, empty ones included, for one operating position: a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from psycopg.rows import class_row

from alerts.alert import Severity
from alerts.web.alarm_day import AlarmDays, Cause, busiest
from alerts.web.sql import statement
from alerts.web.words import age
from storage.connect import Connection

BIN_S = 600
#: More alarms than that in a bin are a flood.
FLOOD = 10
#: The last bin of the histogram holds everything longer.
_WAIT_BINS = 6


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
    connection: Connection,
    remembered: AlarmDays,
    line: str | None,
    days: int,
    now: datetime,
) -> Performance:
    """Return the figures of the last *days*, today included."""
    zone = remembered.zone
    past, present = remembered.calls(connection, line, days, now)
    with connection.cursor(row_factory=class_row(StaleAlert)) as cursor:
        stale = cursor.execute(statement("stale_alerts"), {"line": line, "now": now}).fetchall()
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    bins = past.bins + present.bins
    waits = np.concatenate([past.waits, present.waits])
    top, chattering = busiest(past, present)
    return Performance(
        line=line,
        since=since,
        figures=figures(
            bins,
            since,
            now,
            top_ten=sum(cause.alarms for cause in top),
            chattering=len(chattering),
            stale=stale[0].stale if stale else 0,
        ),
        per_day=days_of(bins, since, now, zone),
        last_day=last_day(bins, now, zone),
        waits=histogram(waits),
        median_wait_s=float(np.median(waits)) if len(waits) else None,
        slow_wait_s=float(np.quantile(waits, 0.9)) if len(waits) else None,
        severities=shares(past.severities + present.severities),
        top=tuple(top),
        chattering=tuple(chattering[:10]),
        stale=tuple(stale),
    )


def figures(
    bins: Mapping[int, int],
    since: datetime,
    now: datetime,
    *,
    top_ten: int,
    chattering: int,
    stale: int,
) -> tuple[Figure, ...]:
    """Return the figures that the standard sets targets for; *top_ten* is the calls of those."""
    periods = _bin(now) - _bin(since) + 1
    alarms = sum(bins.values())
    elapsed_s = (now - since).total_seconds()
    flooded = sum(count > FLOOD for count in bins.values())
    return (
        Figure("Alerts per day, on average", alarms * 86400 / elapsed_s, 144, 288),
        Figure("Alerts per hour, on average", alarms * 3600 / elapsed_s, 6, 12),
        Figure("Alerts per 10 minutes, on average", alarms * BIN_S / elapsed_s, 1, 2),
        Figure("Most alerts in 10 minutes", max(bins.values(), default=0), FLOOD, FLOOD),
        Figure("10-minute periods with more than 10", 100 * flooded / periods, 1, 1, "%"),
        Figure("Share of the ten most frequent",
               100 * top_ten / alarms if alarms else None, 5, 5, "%"),
        Figure("Chattering causes", chattering, 0, 0),
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


def histogram(waits_s: npt.ArrayLike) -> tuple[tuple[str, int], ...]:
    """Return how many waits fall into each ten minutes, empty ones included."""
    last = _WAIT_BINS * BIN_S
    edges = [*range(0, last + 1, BIN_S), np.inf]
    counts, _ = np.histogram(np.maximum(waits_s, 0), edges)
    names = [f"{10 * i} to {10 * (i + 1)} min" for i in range(_WAIT_BINS)]
    return tuple(zip([*names, f"over {10 * _WAIT_BINS} min"], map(int, counts), strict=True))


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
