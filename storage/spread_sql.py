"""How what cells are judged by is spread over its range, over trays and over probes: the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from psycopg import sql

from plant.cell_quality import K_VALUE
from plant.model import Plant
from plant.tables import Kind, Table
from storage.k_value import k_values
from storage.sql import statement

_Rows = Callable[[tuple[sql.Composable, sql.Composable]], sql.Composed]


@dataclass(frozen=True, slots=True)
class Spread:
    """Rows of `cell.spread_1h`: those of one measure by one or two factors.

    *table* is where the measure is read, *sources* the tables that a late row of changes it.
    """

    table: Table
    sources: tuple[Table, ...]
    own: sql.Composable
    rows: _Rows


def spreads(plant: Plant) -> Iterator[Spread]:
    """Yield the spread of each measure of the plant by value, and of the K-value by place."""
    quality = plant.cell_quality
    if quality is None:
        return
    for measure in quality.names:
        station = quality.station_of(measure)
        table = plant.tables[Kind.CELL, station]
        yield Spread(
            table,
            _sources(plant, measure),
            _own(measure, "bin"),
            _bins(plant, measure, table),
        )
    if quality.self_discharge:
        formed = plant.tables[Kind.CELL, quality.tray]
        table = plant.tables[Kind.CELL, quality.self_discharge.station]
        yield Spread(
            table,
            tuple(dict.fromkeys([*_sources(plant, K_VALUE), formed])),
            _own(K_VALUE, "tray", "probe"),
            _places(plant, formed),
        )


def _own(measure: str, *factors: str) -> sql.Composable:
    return sql.SQL("characteristic = {} AND factor = ANY ({})").format(measure, list(factors))


def _sources(plant: Plant, measure: str) -> tuple[Table, ...]:
    quality = plant.cell_quality
    assert quality is not None
    stations = [quality.station_of(measure)]
    if measure == K_VALUE and quality.self_discharge:
        stations.append(quality.self_discharge.first.partition(".")[0])
    return tuple(plant.tables[Kind.CELL, station] for station in dict.fromkeys(stations))


def _bins(plant: Plant, measure: str, table: Table) -> _Rows:
    quality = plant.cell_quality
    assert quality is not None
    station, _, result = quality.limits_of(measure).partition(".")
    signal = plant.stations[station].results[result]
    text = statement("kept_bins")

    def rows(window: tuple[sql.Composable, sql.Composable]) -> sql.Composed:
        if measure == K_VALUE:
            values = _k_values(plant, window)
        else:
            values = sql.SQL(
                "SELECT time, equipment, {} AS value FROM {} WHERE time >= {} AND time < {}"
            ).format(sql.Identifier(result), sql.Identifier(table.schema, table.name), *window)
        return text.format(
            characteristic=measure,
            nominal=sql.SQL(repr(signal.nominal)),
            width=sql.SQL(repr(signal.sd / 5)),
            values=values,
        )

    return rows


def _places(plant: Plant, formed: Table) -> _Rows:
    text = statement("kept_places")
    return lambda window: text.format(
        values=_k_values(plant, window),
        formed=sql.Identifier(formed.schema, formed.name),
        oldest=window[0],
    )


def _k_values(plant: Plant, window: tuple[sql.Composable, sql.Composable]) -> sql.Composable:
    return sql.SQL(
        "SELECT time, equipment, position, cell, k_value AS value FROM ({}) AS k"
        " WHERE time >= {} AND time < {}"
    ).format(k_values(plant), *window)
