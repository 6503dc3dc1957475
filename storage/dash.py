"""Schema `dash`: the views that Grafana reads, generated from the plant model or in dash.sql.

Per station: `dash.<station>` (samples), `dash.<station>_position` (one row per position of the
array signals), `dash.cell_<station>` (results), and `_1m` and `_1h` of samples and results. For
panels whose station is chosen on the screen: `dash.result`, `_1m`, `_1h` (results of all stations,
one row per value), `dash.sample`, `_1m`, `_1h` (the same of machines' signals), `dash.output_1m`,
`_1h` (cells made), `dash.spread_1h` (how what cells are judged by is spread). For one cell
`dash.cell_result`; `dash.k_value` is worked out as the plant says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
from psycopg import sql

from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection, Edition
from storage.dash_sql import (
    Branches,
    arrays,
    by_line,
    by_position,
    cell_results,
    condensed_results,
    freshness,
    long,
    results,
    scalars,
    spread,
    visits,
)
from storage.k_value import k_values
from storage.rollup_sql import STEPS, Rollup, rollups
from storage.sql import statement
from storage.views import columns_of, replace_view

#: Grafana's pool is 10 connections; a few more for people.
_CONNECTIONS = 15

#: Files of views that are the same in every plant.
_FIXED = ("dash", "dash_quality", "dash_operation", "dash_us")

_SAMPLE_KEYS = ("time", "line", "equipment")


class DashError(Exception):
    """The views cannot be made; the text says what is in the way and what to do."""


_View = tuple[str, sql.Composable]


def apply(connection: Connection, plant: Plant, edition: Edition) -> list[str]:
    """Create or renew every view of the schema and what `grafana_reader` may do.

    The rollups must be there. Idempotent. Return one line per generated view that changed.
    *edition* makes no difference: the rollups have hidden it. Raise `DashError` if a station has
    the name of one of the views, or if somebody's own view stands in the way of a change.
    """
    del edition
    connection.execute("CREATE SCHEMA IF NOT EXISTS dash")
    fixed = {
        view
        for name in _FIXED
        for view in re.findall(r"VIEW dash\.(\w+)", statement(name).as_string(connection))
    }
    _check_names(plant, fixed)
    try:
        with connection.transaction():
            changes = _create(connection, plant)
    except psycopg.errors.InvalidTableDefinition:
        # A column went or changed its type. Views hold no data: drop ours and make them anew.
        _drop(connection, fixed | {name for name, _ in _generated(connection, plant)})
        changes = _create(connection, plant)
    _admit_reader(connection)
    return changes


def _create(connection: Connection, plant: Plant) -> list[str]:
    changes = [
        f"view dash.{name}"
        for name, query in _generated(connection, plant)
        if replace_view(connection, "dash", name, query)
    ]
    for name in _FIXED:
        connection.execute(statement(name))
    return changes


def _drop(connection: Connection, names: set[str]) -> None:
    views = sql.SQL(", ").join(sql.Identifier("dash", name) for name in sorted(names))
    try:
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(views))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise DashError(
            f"views of schema dash lose a column, but {error.diag.message_detail}; drop that view,"
            " migrate, and create it again"
        ) from error


def _check_names(plant: Plant, fixed: set[str]) -> None:
    taken = fixed | {"freshness", "spread_1h", "cell_result", "k_value"}
    taken |= {
        f"{view}{suffix}"
        for view in ("result", "output", "sample")
        for suffix in ("", "_1m", "_1h")
    }
    for name in plant.stations:
        if name in taken:
            raise DashError(f"station {name!r} has the name of a dashboard view; rename it")


def _admit_reader(connection: Connection) -> None:
    extension = connection.execute(
        "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'timescaledb'"
    ).fetchone()
    connection.execute(
        statement("dash_reader").format(
            database=sql.Identifier(connection.info.dbname),
            timescaledb=sql.Identifier(extension[0] if extension else "public"),
        )
    )
    limit = connection.execute(
        "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'grafana_reader'"
    ).fetchone()
    if limit and limit[0] != _CONNECTIONS:
        connection.execute(f"ALTER ROLE grafana_reader CONNECTION LIMIT {_CONNECTIONS}")


def _generated(connection: Connection, plant: Plant) -> Iterator[_View]:
    """Yield name and query of each view that follows from the plant model."""
    for (kind, station), table in plant.tables.items():
        if kind is Kind.TELEMETRY:
            if names := scalars(table):
                columns = _in_order(connection, station, _SAMPLE_KEYS, names)
                yield station, by_line(table.schema, table.name, columns)
            if per_position := arrays(table):
                name = f"{station}_position"
                names = tuple(column.name for column in per_position)
                columns = _in_order(connection, name, (*_SAMPLE_KEYS, "position"), names)
                yield name, by_position(table, columns)
        elif kind is Kind.CELL:
            name = f"cell_{station}"
            names = ("cell", "position", "verdict", "recipe", *scalars(table))
            columns = _in_order(connection, name, _SAMPLE_KEYS, names)
            yield name, by_line(table.schema, table.name, columns)
    yield from _of_rollups(connection, list(rollups(plant)))
    if any(kind is Kind.CELL for kind, _ in plant.tables):
        yield "cell_result", _union(cell_results(plant))
        for step in STEPS:
            yield f"output_{step.suffix}", visits(plant, step)
    yield "spread_1h", spread(plant)
    yield "k_value", k_values(plant)
    yield "freshness", _union(list(freshness(plant)))


def _of_rollups(connection: Connection, condensed: list[Rollup]) -> Iterator[_View]:
    """Yield the views of single rollups, then those over all of results and of samples."""
    for rollup in condensed:
        schema = rollup.table.schema
        for step in STEPS:
            name = rollup.view(step)
            # A rollup only ever gets columns at its end, and begins with time and equipment.
            columns = columns_of(connection, schema, name)[2:]
            dash_name = f"cell_{name}" if rollup.of_cells else name
            yield dash_name, by_line(schema, name, columns)
    of_cells = [rollup for rollup in condensed if rollup.of_cells]
    of_machines = [rollup for rollup in condensed if not rollup.of_cells]
    for view, part in (("result", of_cells), ("sample", of_machines)):
        if part:
            yield view, long(results(part))
            for step in STEPS:
                yield f"{view}_{step.suffix}", long(condensed_results(part, step))


def _union(branches: Branches) -> sql.Composed:
    return sql.SQL("\nUNION ALL\n").join(branches)


def _in_order(
    connection: Connection, view: str, keys: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[str, ...]:
    """Return *columns* with those that the view has already first, in its order."""
    known = columns_of(connection, "dash", view)[len(keys) :]
    return tuple(dict.fromkeys([*(name for name in known if name in columns), *columns]))
