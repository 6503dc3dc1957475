"""What `jellyroll rollup` keeps: which tables, and the rows of a window of them; no I/O here.

Three kinds. The minutes and hours of samples and results where the database has no continuous
aggregates (Apache edition); on both editions the visits of cells to stations, and how what cells
are judged by is spread, which no continuous aggregate can hold: they ask for other rows of a cell.

Until a time everything is kept, from there on it is read from the rows: a view is both together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from plant.model import Plant
from plant.tables import Kind, Table
from storage.rollup_sql import HOUR, MINUTE, Rollup, Step, over_kept, over_raw
from storage.spread_sql import Spread, spreads
from storage.sql import statement


class Window(NamedTuple):
    """Moments from *since* to before *until*."""

    since: sql.Composable
    until: sql.Composable

    @classmethod
    def of(cls, since: datetime, until: datetime) -> Window:
        """Return the window between two times."""
        return cls(sql.Literal(since), sql.Literal(until))


class Late(NamedTuple):
    """Batches that touched a table before what is kept ends, and the times that they span."""

    batches: Sequence[int]
    since: datetime
    until: datetime


Rows = Callable[[Window], sql.Composed]
Touched = Callable[[Late], sql.Composed]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of minutes or hours: its *columns*, and its *rows* of a window."""

    table: sql.Identifier
    columns: tuple[str, ...]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Kept:
    """Minutes (or none) and hours of one thing.

    *own* tells which rows of the tables are its own; *live* gives the rows of either step from the
    tables that messages fill. *touched*, by the name of such a table, asks which minutes late
    batches have changed.
    """

    minutes: Part | None
    hours: Part
    own: sql.Composable
    live: Callable[[Step, Window], sql.Composed]
    touched: Mapping[str, Touched]


def kept_until(step: Step) -> sql.Composable:
    """Return what gives the time before which a step is kept."""
    return sql.SQL("ingest.minutes_until()" if step is MINUTE else "ingest.hours_until()")


def view(kept: Sequence[Kept], step: Step) -> sql.Composed:
    """Return the query of what is kept in one table by *kept*, and of what is not kept yet."""
    part = kept[0].minutes if step is MINUTE else kept[0].hours
    assert part is not None
    return statement("kept_view").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, part.columns)),
        kept=part.table,
        until=kept_until(step),
        live=not_kept(kept, step),
    )


def not_kept(kept: Sequence[Kept], step: Step) -> sql.Composed:
    """Return the query of what is not kept yet, from the tables that messages fill."""
    window = Window(kept_until(step), sql.SQL("'infinity'::timestamptz"))
    return sql.SQL(" UNION ALL ").join(
        sql.SQL("({})").format(one.live(step, window)) for one in kept
    )


def kept_rollup(rollup: Rollup) -> Kept:
    """Return minutes and hours of a table on the Apache edition."""
    table = rollup.table

    def part(step: Step, rows: Rows) -> Part:
        return Part(sql.Identifier(table.schema, rollup.kept(step)), rollup.columns, rows)

    return Kept(
        minutes=part(MINUTE, lambda w: over_raw(rollup, MINUTE, *w)),
        hours=part(HOUR, lambda w: over_kept(rollup, *w)),
        own=sql.SQL("true"),
        live=lambda step, w: over_raw(rollup, step, *w),
        touched={str(table): _moments(table)},
    )


def kept_visits(plant: Plant) -> list[Kept]:
    """Return the visits of cells, station by station, all in one table of each step."""
    return [_visits(table) for (kind, _), table in plant.tables.items() if kind is Kind.CELL]


_VISIT = ("time", "station", "equipment", "cells", "failed", "new", "new_good")


def _visits(table: Table) -> Kept:
    def live(step: Step, window: Window) -> sql.Composed:
        return statement("kept_visits").format(
            table=_name(table),
            width=step.width,
            station=table.name,
            since=window.since,
            until=window.until,
        )

    hours = statement("kept_visit_hours")
    return Kept(
        minutes=Part(sql.Identifier("cell", "visit_1m"), _VISIT, lambda w: live(MINUTE, w)),
        hours=Part(
            sql.Identifier("cell", "visit_1h"),
            _VISIT,
            lambda w: hours.format(station=table.name, since=w.since, until=w.until),
        ),
        own=sql.SQL("station = {}").format(table.name),
        live=live,
        touched={str(table): _later_visits(table, table)},
    )


_SPREAD = (
    "time", "line", "characteristic", "factor", "place", "n", "sum", "sum2", "min", "max",
)  # fmt: skip


def kept_spreads(plant: Plant) -> list[Kept]:
    """Return how the measures of cells are spread, measure by measure, all in one table."""
    return [_spread(spread) for spread in spreads(plant)]


def _spread(spread: Spread) -> Kept:
    return Kept(
        minutes=None,
        hours=Part(sql.Identifier("cell", "spread_1h"), _SPREAD, spread.rows),
        own=spread.own,
        live=lambda _, w: spread.rows(w),
        touched={str(source): _later_visits(source, spread.table) for source in spread.sources},
    )


def layout(plant: Plant) -> str:
    """Return a digest of what is kept: a service with another plant file must not go on."""
    tables = sorted(
        f"{table} {[(c.name, c.type.value) for c in table.columns]}"
        for (kind, _), table in plant.tables.items()
        if kind in {Kind.TELEMETRY, Kind.CELL}
    )
    spread = [kept.own.as_string() for kept in kept_spreads(plant)]
    return hashlib.sha256("\n".join([*tables, *spread]).encode()).hexdigest()


def _moments(table: Table) -> Touched:
    name = "kept_touched_cells" if table.schema == Kind.CELL else "kept_touched_samples"
    text = statement(name)
    return lambda late: text.format(table=_name(table), station=table.name, **_asked(late))


def _later_visits(table: Table, other: Table) -> Touched:
    text = statement("kept_touched_visits")
    return lambda late: text.format(table=_name(table), other=_name(other), **_asked(late))


def _asked(late: Late) -> dict[str, sql.Composable]:
    return {
        "since": sql.Literal(late.since),
        "until": sql.Literal(late.until),
        "batches": sql.Literal(list(late.batches)),
    }


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def all_kept(plant: Plant, rollups: Sequence[Rollup]) -> Iterator[Kept]:
    """Yield all that is kept; *rollups* are those without continuous aggregates."""
    yield from (kept_rollup(rollup) for rollup in rollups)
    yield from kept_visits(plant)
    yield from kept_spreads(plant)
