"""Which machines' signals are watched together, and how rare their alarms must be."""

from __future__ import annotations

from dataclasses import dataclass

from models.charted import SHARE_OF_SIGNALS
from models.spc.design import SECONDS_PER_DAY
from models.station.model import Column
from plant.model import Plant
from plant.tables import Kind, Table


@dataclass(frozen=True, slots=True)
class Group:
    """Like machines of one line and station, and the numbers that they publish."""

    line: str
    station: str
    name: str
    machines: tuple[str, ...]
    table: Table
    columns: tuple[Column, ...]
    detector: str
    period_us: int


def groups(plant: Plant) -> list[Group]:
    """Return every group of machines whose signals are watched."""
    found = []
    for line in plant.production.lines:
        for name, station in plant.stations.items():
            table = plant.tables.get((Kind.TELEMETRY, name))
            if table is None or station.monitor.detector == "none":
                continue
            columns = tuple(
                Column(signal, position)
                for signal, model in station.signals.items()
                for position in (
                    range(1, station.positions.count + 1)
                    if model.per_position and station.positions
                    else (0,)
                )
            )
            machines = plant.equipment_at(line, name)
            found += [
                Group(
                    line,
                    name,
                    group,
                    tuple(machine.name for machine in machines if machine.group == group),
                    table,
                    columns,
                    station.monitor.detector,
                    round(station.monitor.period_s * 1e6),
                )
                for group in station.equipment
            ]
    return found


def arl0_of_machines(plant: Plant) -> float:
    """Return the moments of one machine between false alarms that keep a line to its budget."""
    line = plant.production.lines[0]
    per_day = sum(
        len(group.machines) * SECONDS_PER_DAY * 1e6 / group.period_us
        for group in groups(plant)
        if group.line == line
    )
    return per_day / (SHARE_OF_SIGNALS * plant.production.false_alarms_per_day)
