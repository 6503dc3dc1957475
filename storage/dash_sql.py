"""The SQL of the `dash` views that follow from the plant model; nothing here speaks to a database.

Every view casts smallint to bigint, so that Grafana sees only the types that dash.sql names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from psycopg import sql

from plant.model import Plant
from plant.tables import Column, ColumnType, Kind, Table
from storage.kept import kept_spreads, kept_until, kept_visits, not_kept, view
from storage.rollup_sql import HOUR, MINUTE, Rollup, Step
from storage.sql import statement

Branches = Sequence[sql.Composable]


def scalars(table: Table) -> tuple[str, ...]:
    """Return the columns of *table* that hold one number per row."""
    return tuple(c.name for c in table.columns if c.type is ColumnType.FLOAT)


def arrays(table: Table) -> tuple[Column, ...]:
    """Return the columns of *table* that hold one number per position."""
    return tuple(c for c in table.columns if c.type is ColumnType.FLOATS)


def by_line(schema: str, name: str, columns: Sequence[str]) -> sql.Composed:
    """Return a query of *columns* of table or view *schema.name*, after time, line, equipment."""
    chosen = [
        sql.SQL("t.position::bigint AS position")
        if column == "position"
        else sql.SQL("t.{}").format(sql.Identifier(column))
        for column in columns
    ]
    return statement("dash_by_line").format(
        columns=_list(chosen), source=sql.Identifier(schema, name)
    )


def by_position(table: Table, signals: Sequence[str]) -> sql.Composed:
    """Return a query with one row per position, counted from 1, of the array *signals*."""
    return statement("dash_position").format(
        values=_list([sql.SQL("p.{}").format(sql.Identifier(name)) for name in signals]),
        unnested=_list([sql.SQL("t.{}").format(sql.Identifier(name)) for name in signals]),
        names=_list([sql.Identifier(name) for name in signals]),
        source=sql.Identifier(table.schema, table.name),
    )


def long(branches: Branches) -> sql.Composed:
    """Return the branches as one query, with the line of each machine.

    A branch whose station is not asked for costs nothing: it is a constant, so the planner drops
    it.
    """
    return statement("dash_long").format(branches=sql.SQL("\nUNION ALL\n").join(branches))


def results(rollups: Sequence[Rollup]) -> Branches:
    """Return a branch per table: one row for each value of a result or signal."""
    return [
        _unpivoted(rollup, rollup.table.name, {"value": "{}"}, "v.value IS NOT NULL")
        for rollup in rollups
    ]


def condensed_results(rollups: Sequence[Rollup], step: Step) -> Branches:
    """Return a branch per rollup: n, sum, sum2, min and max of each result or signal."""
    measures = {measure: f"{{}}_{measure}" for measure in ("n", "sum", "sum2", "min", "max")}
    return [_unpivoted(rollup, rollup.view(step), measures, "v.n > 0") for rollup in rollups]


def visits(plant: Plant, step: Step) -> sql.Composed:
    """Return the query of the cells that passed each machine, and how many were new there."""
    live = not_kept(kept_visits(plant), MINUTE)
    if step is HOUR:
        live = statement("dash_visit_hours").format(
            hours_until=kept_until(HOUR), minutes_until=kept_until(MINUTE), live=live
        )
    return statement("dash_visit").format(
        kept=sql.Identifier("cell", f"visit_{step.suffix}"), until=kept_until(step), live=live
    )


def spread(plant: Plant) -> sql.Composable:
    """Return the query of how measures of cells are spread; of no rows without a rule for cells."""
    kept = kept_spreads(plant)
    return view(kept, HOUR) if kept else sql.SQL("SELECT * FROM cell.spread_1h WHERE false")


def cell_results(plant: Plant) -> Branches:
    """Return a branch per station that makes cells: one row for each result of a cell there."""
    return [
        statement("dash_cell_result").format(
            table=sql.Identifier(table.schema, table.name),
            values=_list(
                [
                    sql.SQL("({}::text, t.{})").format(name, sql.Identifier(name))
                    for name in scalars(table)
                ]
            ),
        )
        for (kind, _), table in plant.tables.items()
        if kind is Kind.CELL
    ]


def freshness(plant: Plant) -> Iterator[sql.Composed]:
    """Yield a branch per station: for each machine its last row, and the last minute's figures."""
    for station in plant.stations:
        samples = plant.tables.get((Kind.TELEMETRY, station))
        cells = plant.tables.get((Kind.CELL, station))
        yield statement("dash_freshness").format(
            station=station,
            last_sample=_with_numbers("dash_last_sample", samples),
            last_minute=_with_numbers("dash_last_minute", samples),
            cells=_with_numbers("dash_last_cells", cells),
        )


_NOTHING = {
    "dash_last_sample": "SELECT NULL::timestamptz AS last_time",
    "dash_last_minute": "SELECT NULL::bigint AS numbers",
    "dash_last_cells": "SELECT NULL::text AS equipment, NULL::timestamptz AS last_time,"
    " NULL::bigint AS cells, NULL::bigint AS numbers",
}


def _with_numbers(name: str, table: Table | None) -> sql.Composable:
    if table is None:
        return sql.SQL(_NOTHING[name])
    # The length of an array is known from the model: looking at it would fetch the whole array.
    counts = [
        sql.SQL("num_nonnulls({}) * {}").format(sql.Identifier(column.name), column.length)
        for column in arrays(table)
    ]
    if names := scalars(table):
        counted = _list([sql.Identifier(name) for name in names])
        counts.append(sql.SQL("num_nonnulls({})").format(counted))
    return statement(name).format(
        table=sql.Identifier(table.schema, table.name), numbers=sql.SQL(" + ").join(counts)
    )


def _unpivoted(
    rollup: Rollup, source: str, measures: Mapping[str, str], is_there: str
) -> sql.Composed:
    """Return a row for each signal of a row of *source*; *measures* gives columns by their names.

    A branch for each signal would read less, but to plan a union of hundreds takes longer than
    that. The station is a constant, so the planner drops the branches of all others.
    """
    rows = [
        sql.SQL("({}::text, {})").format(
            signal,
            _list(
                [
                    sql.SQL("t.{}").format(sql.Identifier(name.format(signal)))
                    for name in measures.values()
                ]
            ),
        )
        for signal in rollup.signals
    ]
    names = [sql.Identifier(measure) for measure in measures]
    return statement("dash_unpivoted").format(
        station=rollup.table.name,
        position=sql.SQL("t.position::bigint" if rollup.of_cells else "NULL::bigint"),
        source=sql.Identifier(rollup.table.schema, source),
        rows=_list(rows),
        measures=_list(names),
        shown=_list([sql.SQL("v.{}").format(name) for name in names]),
        is_there=sql.SQL(is_there),
    )


def _list(items: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(items)
