"""Models, memories and figures of the monitor of signals in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from models import registry
from models.anomaly_store import AnomalyRow
from models.sql import statement
from models.station import memory as memories
from models.station.contract import Bools
from models.station.memory import Memory
from models.station.model import AVERAGE_SD, BINS, Column, StationModel
from models.station.persist import ModelFileError, from_bytes
from models.station.watch import Edge, Seen
from plant.model import Plant
from plant.times import from_us
from storage.connect import Connection


@dataclass(frozen=True)
class Active:
    """An active model and its place in the registry."""

    id: int
    line: str
    station: str
    group: str
    recipe: str
    version: int
    model: StationModel

    def pick(self, columns: Sequence[Column]) -> list[int]:
        """Return where the model's columns are in *columns*."""
        place = {column: at for at, column in enumerate(columns)}
        return [place[column] for column in self.model.columns]


@dataclass
class Watched:
    """A machine: its model, and what is remembered of it."""

    active: Active
    memory: Memory

    @property
    def newest_us(self) -> int:
        """The time of its newest moment, 0 before the first."""
        return int(self.memory["lanes"][0]["time_us"])


@dataclass
class Day:
    """Figures of one model on one day, to be added to those in the database."""

    signals: int
    moments: int = 0
    scored: int = 0
    incomplete: int = 0
    alarms: int = 0
    score_sum: float = 0.0
    score_sum2: float = 0.0
    bins: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with empty bins."""
        self.bins = np.zeros((self.signals, BINS), dtype=np.int64)

    def add(self, model: StationModel, seen: Seen, own: Bools) -> None:
        """Count the moments *own* of what was *seen*."""
        scores = seen.scores[own]
        is_scored = np.isfinite(scores)
        self.moments += len(scores)
        self.scored += int(is_scored.sum())
        self.incomplete += int((seen.incomplete[own] & is_scored).sum())
        self.score_sum += float(scores[is_scored].sum())
        self.score_sum2 += float((scores[is_scored] ** 2).sum())
        self.bins += model.bins(seen.deviations[own])


def active_ids(connection: Connection) -> set[int]:
    """Return the numbers of the active models of signals."""
    rows = connection.execute(
        "SELECT id FROM analysis.model WHERE state = 'active' AND kind = 'signals'"
    )
    return {number for (number,) in rows}


def load_model(connection: Connection, number: int) -> Active:
    """Return model *number*; raise `ModelFileError` for content that must not be used."""
    row = registry.find(connection, number)
    model = from_bytes(registry.content(connection, number), row.sha256)
    return Active(
        number, row.line, row.station, row.equipment_group, row.recipe, row.version, model
    )


def load_watched(connection: Connection) -> dict[str, Watched]:
    """Return what is remembered of each machine; what no model can read any more is forgotten."""
    watched: dict[str, Watched] = {}
    known: dict[int, Active | None] = {}
    rows = connection.execute("SELECT equipment, model, memory FROM analysis.watch").fetchall()
    for machine, number, content in rows:
        if number not in known:
            try:
                known[number] = load_model(connection, number)
            except ModelFileError:
                known[number] = None
        active = known[number]
        if active is None:
            continue
        memory = memories.from_bytes(content, len(active.model.columns))
        if memory is not None:
            watched[machine] = Watched(active, memory)
    return watched


def rewind(connection: Connection, follower: str, ahead: str) -> None:
    """Put follower *ahead* where *follower* is."""
    connection.execute("DELETE FROM ingest.cursor WHERE follower = %s", (ahead,))
    connection.execute(
        "INSERT INTO ingest.cursor (follower, xid)"
        " SELECT %s, xid FROM ingest.cursor WHERE follower = %s",
        (ahead, follower),
    )


def save(
    connection: Connection, watched: Mapping[str, Watched], days: Mapping[tuple[int, date], Day]
) -> None:
    """Write memories and add figures, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("upsert_watch"), [_row(machine, its) for machine, its in watched.items()]
        )
        cursor.executemany(
            statement("add_model_day"),
            [
                (
                    model, day, d.moments, d.scored, d.incomplete, d.alarms,
                    d.score_sum, d.score_sum2, d.bins.ravel().tolist(),
                )
                for (model, day), d in days.items()
            ],
        )  # fmt: skip


def anomaly(plant: Plant, active: Active, machine: str, edge: Edge) -> AnomalyRow:
    """Return the row that tells of *edge*."""
    model = active.model
    centre, units = model.centre_of(machine), model.detector.units()
    column = model.columns[edge.column] if edge.column >= 0 else None
    signal_name = column.signal if column else ""
    return AnomalyRow(
        state="on" if edge.is_on else "off",
        line=active.line,
        station=active.station,
        equipment=machine,
        position=(column.position or None) if column else None,
        characteristic=f"{edge.kind}:{signal_name}" if column else edge.kind,
        direction="high",
        since=from_us(edge.since_us),
        time=from_us(edge.time_us),
        statistic=edge.statistic,
        limit=edge.limit,
        value=edge.value,
        expected=float(centre[edge.column]) if column else 0.0,
        sd=float(units[edge.column]) if column else 1.0,
        unit=plant.signal(machine, signal_name).unit if column else "1",
        samples=edge.samples,
        last_points=[[from_us(time_us).isoformat(), value] for time_us, value in edge.recent],
        model=f"{model.detector_name}-{active.version}",
        recipe=active.recipe,
        contributions=[
            {
                "signal": str(model.columns[part.column]),
                "share": round(part.share, 4),
                "value": part.value,
                "expected": part.expected,
                "unit": plant.signal(machine, model.columns[part.column].signal).unit,
            }
            for part in edge.contributions
        ],
    )


def _row(machine: str, watched: Watched) -> tuple[object, ...]:
    lane = watched.memory["lanes"][0]
    return (
        machine,
        watched.active.id,
        from_us(int(lane["time_us"])),
        float(lane["average"]) / AVERAGE_SD,
        watched.active.model.limit / AVERAGE_SD,
        bool(watched.memory["on"]),
        watched.memory.tobytes(),
    )
