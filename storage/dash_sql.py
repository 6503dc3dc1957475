"""The SQL of the `dash` views that follow from the plant model; nothing here speaks to a database.

Every view casts smallint to bigint, so that Grafana sees only the types that dash.sql names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import sql

from plant.model import Plant
from plant.tables import Column, ColumnType, Kind, Table
from storage.rollup_sql import Rollup, Step
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

    A branch whose station or characteristic is not asked for costs nothing: both are constants,
    so the planner drops it.
    """
    return statement("dash_long").format(branches=sql.SQL("\nUNION ALL\n").join(branches))


def results(rollups: Sequence[Rollup]) -> Branches:
    """Return a branch per result or signal: one row for each value."""
    return [
        _branch(
            rollup,
            rollup.table.name,
            signal,
            "t.{value} AS value",
            condition="t.{value} IS NOT NULL",
        )
        for rollup in rollups
        for signal in rollup.signals
    ]


def condensed_results(rollups: Sequence[Rollup], step: Step) -> Branches:
    """Return a branch per result of the rollup: n, sum, sum2, min and max."""
    columns = ", ".join(f"t.{{{m}}} AS {m}" for m in ("n", "sum", "sum2", "min", "max"))
    return [
        _branch(rollup, rollup.view(step), signal, columns, condition="t.{n} > 0")
        for rollup in rollups
        for signal in rollup.signals
    ]


def outputs(rollups: Sequence[Rollup], step: Step) -> Branches:
    """Return a branch per station: the cells it saw, and those that failed there."""
    return [
        sql.SQL(
            "SELECT t.time, {station}::text AS station, t.equipment,"
            " t.rows AS cells, t.failed FROM {source} AS t"
        ).format(
            station=rollup.table.name,
            source=sql.Identifier(rollup.table.schema, rollup.view(step)),
        )
        for rollup in rollups
    ]


def first_visits(plant: Plant) -> Branches:
    """Return a branch per station that makes cells: each cell of the last day, the first time."""
    return [
        statement("dash_first_visit").format(table=sql.Identifier(table.schema, table.name))
        for (kind, _), table in plant.tables.items()
        if kind is Kind.CELL
    ]


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


def k_values(plant: Plant) -> sql.Composable:
    """Return the query of each cell's self-discharge; of no rows where the plant has no rule."""
    quality = plant.cell_quality
    if quality is None or quality.self_discharge is None:
        return sql.SQL(_NO_K_VALUE)
    rule = quality.self_discharge
    station = rule.station
    there = plant.tables[Kind.CELL, station]
    first_station = rule.first.partition(".")[0]
    earlier = plant.tables[Kind.CELL, first_station]
    first_visit = sql.SQL(
        "CROSS JOIN LATERAL (SELECT t.*) AS first"
        if first_station == station
        else "JOIN {} AS first ON first.cell = t.cell"
    ).format(sql.Identifier(earlier.schema, earlier.name))
    names = {
        key: sql.Identifier(value.partition(".")[2])
        for key, value in (
            ("first", rule.first), ("first_temperature", rule.first_temperature),
            ("second", rule.second), ("second_temperature", rule.second_temperature),
            ("hours", rule.hours),
        )
    }  # fmt: skip
    return statement("dash_k_value").format(
        table=sql.Identifier(there.schema, there.name),
        first_visit=first_visit,
        v_per_kelvin=sql.SQL(repr(rule.mv_per_kelvin / 1000)),
        **names,
    )


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


_NO_K_VALUE = (
    "SELECT NULL::timestamptz AS time, NULL::text AS line, NULL::text AS equipment,"
    " NULL::bigint AS position, NULL::text AS cell, NULL::double precision AS k_value WHERE false"
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


def _branch(
    rollup: Rollup, source: str, signal: str, columns: str, *, condition: str
) -> sql.Composed:
    position = "t.position::bigint" if rollup.of_cells else "NULL::bigint"
    names = {m: sql.Identifier(f"{signal}_{m}") for m in ("n", "sum", "sum2", "min", "max")}
    head = (
        f"SELECT t.time, {{station}}::text AS station, t.equipment, {position} AS position,"
        " {signal}::text AS characteristic, "
    )
    return sql.SQL(f"{head}{columns} FROM {{source}} AS t WHERE {condition}").format(
        station=rollup.table.name,
        signal=signal,
        source=sql.Identifier(rollup.table.schema, source),
        value=sql.Identifier(signal),
        **names,
    )


def _list(items: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(items)
