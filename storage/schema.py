"""DDL from the plant model: every station's tables as hypertables, the mirrors of the model.

All of it is additive: a new station is a new table, a new signal a new column. Nothing that the
model no longer names is dropped; its columns just stay empty from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import sql

from plant.model import Plant
from plant.tables import Column, Kind, Table
from storage.connect import Connection

#: Telemetry is read a day at a time and leaves whole chunks behind when it is dropped.
_CHUNK = {"telemetry": "1 day", "cell": "7 days", "machine": "30 days", "material": "30 days"}


def plant_tables(plant: Plant) -> list[Table]:
    """Return every table that messages of this plant fill, each once."""
    return list(dict.fromkeys(plant.tables.values()))


def apply_tables(connection: Connection, plant: Plant) -> list[str]:
    """Create what is missing; return one line per change, for people."""
    changes: list[str] = []
    for table in plant_tables(plant):
        present = _columns_of(connection, table)
        if not present:
            for ddl in _create(table):
                connection.execute(ddl)
            changes.append(f"table {table} with {len(table.columns)} columns")
            continue
        for column in table.columns:
            if column.name not in present:
                add = sql.SQL("ALTER TABLE {} ADD COLUMN {}")
                # A column of an old table must allow NULL: its past rows have no value.
                connection.execute(add.format(identifier(table), _definition(column, new=False)))
                changes.append(f"column {column.name} of {table}")
    return changes


def missing_columns(connection: Connection, plant: Plant) -> list[str]:
    """Return `schema.table.column` of what messages of *plant* fill and the database lacks."""
    return [
        f"{table}.{column.name}"
        for table in plant_tables(plant)
        for present in [_columns_of(connection, table)]
        for column in table.columns
        if column.name not in present
    ]


def identifier(table: Table) -> sql.Identifier:
    """Return the quoted name of *table*."""
    return sql.Identifier(table.schema, table.name)


def mirror_plant(connection: Connection, plant: Plant) -> None:
    """Write the model to the `plant` schema: what it names is updated, the rest stays."""
    site = plant.site
    connection.execute(
        "INSERT INTO plant.site VALUES (%s, %s, %s)"
        " ON CONFLICT (enterprise, name) DO UPDATE SET time_zone = excluded.time_zone",
        (site.enterprise, site.name, site.time_zone),
    )
    with connection.cursor() as cursor:
        for name, columns, key, rows in _mirrors(plant):
            changed = [c for c in columns if c not in key]
            cursor.executemany(
                sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
                    sql.Identifier("plant", name),
                    listed(columns),
                    sql.SQL(", ").join(sql.Placeholder() * len(columns)),
                    listed(key),
                    sql.SQL(", ").join(
                        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in changed
                    ),
                ),
                list(rows),
            )


def _columns_of(connection: Connection, table: Table) -> set[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s",
        (table.schema, table.name),
    )
    return {name for (name,) in rows}


def _create(table: Table) -> Iterator[sql.Composed]:
    name = identifier(table)
    columns = [_definition(column, new=True) for column in table.columns]
    key = sql.SQL("PRIMARY KEY ({})").format(listed(table.key))
    body = sql.SQL(", ").join([*columns, key])
    yield sql.SQL("CREATE TABLE {} ({})").format(name, body)
    # Machine samples are read by equipment and time, which is their key; an index on time alone
    # would cost a third of the insert rate.
    by_time = table.schema != "telemetry"
    yield sql.SQL(
        "SELECT create_hypertable({}, by_range('time', INTERVAL {}), create_default_indexes => {})"
    ).format(f"{table.schema}.{table.name}", _CHUNK[table.schema], by_time)
    yield sql.SQL("GRANT SELECT, INSERT, UPDATE ON {} TO jellyroll_writer").format(name)
    for column in table.columns:
        if column.comment:
            column_name = sql.Identifier(table.schema, table.name, column.name)
            yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(column_name, column.comment)


def _definition(column: Column, *, new: bool) -> sql.Composed:
    required = " NOT NULL" if column.required and new else ""
    suffix = sql.SQL(f"{column.type.value}{required}")
    return sql.SQL("{} {}").format(sql.Identifier(column.name), suffix)


_Rows = Iterator[tuple[object, ...]]


def _mirrors(plant: Plant) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], _Rows]]:
    """Yield table, columns, key and rows of each mirror."""
    production = plant.production
    line_columns = ("name", "cells_per_second", "false_alarms_per_day")
    yield (
        "line",
        line_columns,
        ("name",),
        (
            (line, production.cells_per_second, production.false_alarms_per_day)
            for line in production.lines
        ),
    )
    yield (
        "station",
        ("name", "title", "area", "ordinal", "position_name", "position_count", "delay_s"),
        ("name",),
        (
            (name, s.title, s.area, ordinal, s.positions and s.positions.name,
             s.positions and s.positions.count, s.delay_s)
            for ordinal, (name, s) in enumerate(plant.stations.items(), 1)
        ),
    )  # fmt: skip
    yield (
        "equipment",
        ("name", "line", "station", "area", "equipment_group", "number"),
        ("name",),
        ((e.name, e.line, e.station, e.area, e.group, e.number) for e in plant.equipment.values()),
    )
    yield (
        "signal",
        ("station", "equipment_group", "kind", "name", "title", "unit", "nominal", "sd", "low",
         "high", "rate_hz", "per_position", "ordinal"),
        ("station", "equipment_group", "kind", "name"),
        _signal_rows(plant),
    )  # fmt: skip
    yield (
        "recipe",
        ("name", "title", "ordinal"),
        ("name",),
        ((name, r.title, ordinal) for ordinal, (name, r) in enumerate(plant.recipes.items(), 1)),
    )
    yield (
        "recipe_signal",
        ("recipe", "station", "equipment_group", "kind", "name", "nominal", "sd", "low", "high"),
        ("recipe", "station", "equipment_group", "kind", "name"),
        _recipe_rows(plant),
    )


def _recipe_rows(plant: Plant) -> _Rows:
    for name, recipe in plant.recipes.items():
        for station_name, station in plant.for_recipe(name).stations.items():
            for group in station.equipment.keys() & recipe.equipment.keys():
                for signal in recipe.equipment[group]:
                    kind = Kind.TELEMETRY if signal in station.signals else Kind.CELL
                    s = station.signal_of(group, signal)
                    yield (
                        name, station_name, group, kind.value, signal,
                        s.nominal, s.sd, s.low, s.high,
                    )  # fmt: skip


def _signal_rows(plant: Plant) -> _Rows:
    for station_name, station in plant.stations.items():
        for group in station.equipment:
            for kind, signals in (
                (Kind.TELEMETRY, station.signals),
                (Kind.CELL, station.results),
            ):
                for ordinal, name in enumerate(signals, 1):
                    s = station.signal_of(group, name)
                    yield (
                        station_name, group, kind.value, name, s.title, s.unit, s.nominal, s.sd,
                        s.low, s.high, s.rate_hz, s.per_position, ordinal,
                    )  # fmt: skip


def listed(columns: Sequence[str]) -> sql.Composed:
    """Return the quoted names of *columns*, with commas."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))
