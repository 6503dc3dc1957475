"""Queries that read raw rows, minutes or hours, as the zoom of the panel asks for.

Grafana replaces `$__interval_ms` by a number before the database sees the query, so two of the
three branches are false by their constants and cost only planning; the third reads as little as
the picture needs. Intervals of a minute and more are whole minutes, of an hour and more whole
hours, so the buckets nest exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def query(name: str) -> str:
    """Return the text of `dashboards/queries/<name>.sql`, without the last line's end."""
    file = resources.files("dashboards").joinpath("queries", f"{name}.sql")
    return file.read_text(encoding="utf-8").rstrip()


@dataclass(frozen=True, slots=True)
class Zoom:
    """A view and its rollups `<view>_1m` and `<view>_1h`.

    *condensed* is the select list on a rollup, *raw* the same on the view itself; without it the
    minutes serve the closest zoom too, and the panel's interval must not be below a minute.
    Without *hours* there are none, and the minutes serve the widest zoom.
    """

    view: str
    condensed: str
    raw: str | None = None
    hours: bool = True

    def query(self, where: str, *, by: str = "") -> str:
        """Return the rows of the chosen time range, bucketed, as `time`, *by*, select list.

        *where* is a condition on the view's columns, *by* a text column or expression that tells
        series apart. The order is up to whoever embeds it.
        """
        minutes, hours = f"{self.view}_1m", f"{self.view}_1h"
        zooms = [f"$__interval_ms >= {MINUTE_MS}"] if self.raw else []
        zooms += [f"$__interval_ms < {HOUR_MS}"] if self.hours else []
        branches = [(minutes, self.condensed, " AND ".join(zooms))]
        if self.raw:
            branches.insert(0, (self.view, self.raw, f"$__interval_ms < {MINUTE_MS}"))
        if self.hours:
            branches.append((hours, self.condensed, f"$__interval_ms >= {HOUR_MS}"))
        return "\nUNION ALL\n".join(_branch(*branch, where, by) for branch in branches)


def _branch(relation: str, select: str, zoom: str, where: str, by: str) -> str:
    series = f", {by}" if by else ""
    groups = "1, 2" if by else "1"
    return (
        f"SELECT $__timeGroupAlias(time, $__interval){series}, {select}\n"
        f"FROM dash.{relation}\n"
        f"WHERE {zoom} AND $__timeFilter(time)\n"
        f"  AND {where}\n"
        f"GROUP BY {groups}"
    )


def _per_second(*columns: str) -> str:
    return ", ".join(
        f"sum({column})::double precision * 1000 / $__interval_ms"
        f' AS "{column.strip(chr(34)).replace("_", " ")}/s"'
        for column in columns
    )


_RAW_BAND = 'avg(value) AS "mean", min(value) AS "min", max(value) AS "max"'
_BAND = 'sum(sum) / sum(n)::double precision AS "mean", min(min) AS "min", max(max) AS "max"'

#: A result of a station, as mean with the extremes: a mean alone hides the spike.
RESULT_BAND = Zoom("result", raw=_RAW_BAND, condensed=_BAND)

#: A signal of machines, likewise.
SIGNAL_BAND = Zoom("sample", raw=_RAW_BAND, condensed=_BAND)


def column_band(station: str, signal: str) -> Zoom:
    """Return a signal of a station as mean with the extremes, from the station's own view."""
    return Zoom(
        station,
        raw=f'avg({signal}) AS "mean", min({signal}) AS "min", max({signal}) AS "max"',
        condensed=f'sum({signal}_sum) / sum({signal}_n)::double precision AS "mean",'
        f' min({signal}_min) AS "min", max({signal}_max) AS "max"',
    )


#: The same as sum and count, from which any mean follows.
RESULT_SUMS = Zoom(
    "result",
    raw="sum(value) AS total, count(value)::double precision AS n",
    condensed="sum(sum) AS total, sum(n)::double precision AS n",
)

#: What ingest has taken in, per second.
INGESTED = Zoom(
    "ingest_rate",
    raw=_per_second("messages", "duplicates", "dead_letters"),
    condensed=_per_second("messages", "duplicates", "dead_letters"),
    hours=False,
)
STORED = Zoom(
    "ingest_rate", raw=_per_second('"values"'), condensed=_per_second('"values"'), hours=False
)

#: How long batches waited in ingest, in seconds.
INGEST_DELAY = Zoom(
    "ingest_rate",
    raw='avg(commit_delay_s) AS "mean", max(commit_delay_s) AS "longest"',
    condensed='sum(delay_sum_s) / sum(batches)::double precision AS "mean",'
    ' max(delay_max_s) AS "longest"',
    hours=False,
)

#: Cells per second; the bucket's width is the interval.
OUTPUT_RATE = Zoom(
    "output",
    condensed='sum(cells)::double precision * 1000 / $__interval_ms AS "cells"',
)
