"""Which results get a chart, and how rare their alarms must be: read off the plant model."""

from __future__ import annotations

from dataclasses import dataclass

from models.spc.design import SECONDS_PER_DAY, arl0_from_budget
from plant.model import Plant
from plant.tables import Kind, Table

#: Of a line's budget of false alarms; the rest is for the charts of results.
SHARE_OF_SIGNALS = 0.25
#: A chart that would learn for longer than this has no use: its machine has changed by then.
MAX_LEARNING_D = 30.0


@dataclass(frozen=True, slots=True)
class ChartedTable:
    """A table of results whose positions see cells often enough for charts of their own."""

    table: Table
    station: str
    machines: tuple[str, ...]
    characteristics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uncharted:
    """A station whose positions see too few cells: *learning_d* days to a baseline."""

    station: str
    place: str
    learning_d: float


def charted_tables(
    plant: Plant, baseline_points: int
) -> tuple[dict[str, ChartedTable], list[Uncharted]]:
    """Return the tables that are charted, by their name in the ledger, and what is left out.

    A tray of formation holds a cell for a day: a chart of its channel 17 would see one point a
    day and learn for years. Such stations need a comparison with peers, not a chart.
    """
    charted: dict[str, ChartedTable] = {}
    left_out: list[Uncharted] = []
    cells_per_day = plant.production.cells_per_second * SECONDS_PER_DAY
    for name, station in plant.stations.items():
        table = plant.tables.get((Kind.CELL, name))
        if table is None:
            continue
        places = sum(group.count for group in station.equipment.values())
        places *= station.positions.count if station.positions else 1
        learning_d = baseline_points * places / cells_per_day
        if learning_d > MAX_LEARNING_D:
            place = station.positions.name if station.positions else "machine"
            left_out.append(Uncharted(name, place, learning_d))
            continue
        machines = tuple(e.name for e in plant.equipment.values() if e.station == name)
        charted[str(table)] = ChartedTable(table, name, machines, tuple(station.results))
    return charted, left_out


def arl0_of_lines(plant: Plant, tables: dict[str, ChartedTable]) -> float:
    """Return the points between two false alarms of one chart that keep a line in its budget.

    Each cell adds one point per charted result, whichever machine and position it meets: charts
    times points per chart and day are results times cells per day.
    """
    production = plant.production
    budget = (1.0 - SHARE_OF_SIGNALS) * production.false_alarms_per_day
    results = sum(len(charted.characteristics) for charted in tables.values())
    points_per_day = results * production.cells_per_second * SECONDS_PER_DAY
    return arl0_from_budget(points_per_day, budget)
