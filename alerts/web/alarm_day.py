"""The calls of a day: what alarm performance is counted from.

A call is an alert that opens, or opens again. The history of alerts never changes, so a day that
is over is counted once and remembered.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from psycopg.rows import class_row

from alerts.web.sql import statement
from storage.connect import Connection

#: A transaction of before midnight can commit so long after it.
_SETTLED = timedelta(minutes=10)


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

    @property
    def key(self) -> tuple[str, str, str, int | None, str, str]:
        """What makes it this cause and no other."""
        return self[:6]


@dataclass
class Calls:
    """The calls of some days; *bins* by ten minutes since 1970, *waits_s* to acknowledge."""

    bins: Counter[int] = field(default_factory=Counter)
    causes: dict[tuple[str, str, str, int | None, str, str], Cause] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)
    severities: Counter[str] = field(default_factory=Counter)

    @cached_property
    def ranking(self) -> list[Cause]:
        """The causes, the most frequent first; ask when nothing is added any more."""
        return sorted(self.causes.values(), key=_rank, reverse=True)

    @cached_property
    def chattering(self) -> list[Cause]:
        """The causes that chattered; ask when nothing is added any more."""
        return [cause for cause in self.causes.values() if cause.chatters]

    @cached_property
    def waits(self) -> npt.NDArray[np.float64]:
        """The waits as an array; ask when nothing is added any more."""
        return np.array(self.waits_s)

    def add(self, other: Calls) -> None:
        """Count *other* in."""
        self.bins.update(other.bins)
        self.waits_s += other.waits_s
        self.severities.update(other.severities)
        for key, cause in other.causes.items():
            known = self.causes.get(key)
            self.causes[key] = cause if known is None else _both(known, cause)


class AlarmDays:
    """Counts days by the clock of *zone*, and remembers those that are over.

    Threads may share it.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._lock = threading.Lock()
        self._days: dict[date, dict[str, Calls]] = {}
        self._sums: dict[tuple[str | None, date, date], Calls] = {}

    def calls(
        self, connection: Connection, line: str | None, days: int, now: datetime
    ) -> tuple[Calls, Calls]:
        """Return the calls of the days that are over, and those since.

        They are the last *days*, today included, on *line* or all lines. The first of the two is
        shared: look, and leave it as it is.
        """
        zone = self.zone
        today = now.astimezone(zone).date()
        settled = (now - _SETTLED).astimezone(zone).date()
        first = max(today - timedelta(days=days - 1), _first_day(connection, zone) or today)
        with self._lock:
            for day in _range(first, settled):
                if day not in self._days:
                    self._days[day] = count_day(connection, day, zone)
            past = self._sum(line, first, settled)
        present = Calls()
        for day in _range(max(first, settled), today + timedelta(days=1)):
            for calls in _of(line, count_day(connection, day, zone)):
                present.add(calls)
        return past, present

    def _sum(self, line: str | None, first: date, end: date) -> Calls:
        key = (line, first, end)
        if key not in self._sums:
            # What was asked for yesterday will not be asked for again.
            self._sums = {known: calls for known, calls in self._sums.items() if known[2] == end}
            total = Calls()
            for day in _range(first, end):
                for calls in _of(line, self._days[day]):
                    total.add(calls)
            self._sums[key] = total
        return self._sums[key]


def count_day(connection: Connection, day: date, zone: ZoneInfo) -> dict[str, Calls]:
    """Return the calls of *day* by the clock of *zone*, line by line."""
    lines: dict[str, Calls] = {}

    def of(line: str) -> Calls:
        return lines.setdefault(line, Calls())

    midnight = datetime.combine(day, time(), zone)
    tomorrow = datetime.combine(day + timedelta(days=1), time(), zone)
    asked = {"begin": midnight.astimezone(UTC), "end": tomorrow.astimezone(UTC)}
    for line, number, count in connection.execute(statement("day_bins"), asked):
        of(line).bins[number] = count
    if not lines:
        return lines
    with connection.cursor(row_factory=class_row(Cause)) as cursor:
        for cause in cursor.execute(statement("day_causes"), asked):
            of(cause.line).causes[cause.key] = cause
    for line, severity, count in connection.execute(statement("day_severities"), asked):
        of(line).severities[severity] = count
    for line, wait_s in connection.execute(statement("day_waits"), asked):
        of(line).waits_s.append(wait_s)
    return lines


def _first_day(connection: Connection, zone: ZoneInfo) -> date | None:
    row = connection.execute("SELECT min(at) FROM alert.event").fetchone()
    return row[0].astimezone(zone).date() if row and row[0] else None


def _of(line: str | None, lines: dict[str, Calls]) -> Iterable[Calls]:
    return lines.values() if line is None else [lines[line]] if line in lines else []


def _range(first: date, end: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((end - first).days))


def busiest(past: Calls, present: Calls) -> tuple[list[Cause], list[Cause]]:
    """Return the ten causes that called most often, and those that chattered.

    The past is ranked already, so only causes of the present have to be looked at one by one.
    """
    again = {
        key: _both(past.causes[key], cause) if key in past.causes else cause
        for key, cause in present.causes.items()
    }
    rest = (cause for cause in past.ranking if cause.key not in again)
    top = heapq.nlargest(10, [*again.values(), *islice(rest, 10)], key=_rank)
    chattering = [cause for cause in again.values() if cause.chatters]
    chattering += [cause for cause in past.chattering if cause.key not in again]
    return top, sorted(chattering, key=_rank, reverse=True)


def _rank(cause: Cause) -> tuple[int, datetime]:
    return cause.alarms, cause.last_at


def _both(one: Cause, other: Cause) -> Cause:
    return one._replace(
        alarms=one.alarms + other.alarms,
        chatters=one.chatters or other.chatters,
        last_at=max(one.last_at, other.last_at),
    )
