"""The self-discharge of each cell, worked out as the plant file says; nothing here does I/O."""

from __future__ import annotations

from psycopg import sql

from plant.model import Plant
from plant.tables import Kind
from storage.sql import statement


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


_NO_K_VALUE = (
    "SELECT NULL::timestamptz AS time, NULL::text AS line, NULL::text AS equipment,"
    " NULL::bigint AS position, NULL::text AS cell, NULL::double precision AS k_value WHERE false"
)
