"""The plant model: site, lines, stations, their equipment, signals and results.

Everything is frozen; `plant.load` makes it from plant.toml. Units are UCUM, limits are in the
signal's own unit, `sd` is the standard deviation of a healthy process in that unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from plant.tables import (
    GENEALOGY_TABLE,
    STATE_TABLE,
    Column,
    ColumnType,
    Kind,
    Table,
    cell_table,
    telemetry_table,
)
from plant.units import check_unit

#: Column, station and equipment names become SQL identifiers and topic levels.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
TopicWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]
Unit = Annotated[str, AfterValidator(check_unit)]

RESERVED = frozenset({"time", "ts", "equipment", "cell", "position", "verdict", "batch"})


class Part(BaseModel):
    """Base of all parts of the model: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Override(Part):
    """What one group of equipment has different from its station (anode against cathode)."""

    nominal: float | None = None
    low: float | None = None
    high: float | None = None
    sd: float | None = Field(default=None, gt=0)


class Signal(Part):
    """A machine signal (with *rate_hz*) or a result per cell (without)."""

    title: str = ""
    unit: Unit
    nominal: float
    sd: float = Field(gt=0, description="standard deviation of a healthy process")
    low: float | None = Field(default=None, description="lower limit")
    high: float | None = Field(default=None, description="upper limit")
    rate_hz: float = Field(default=0.0, ge=0, le=100)
    per_position: bool = Field(default=False, description="one value per position, an array")
    source: str = Field(min_length=1, description="where the figures come from")

    @model_validator(mode="after")
    def _limits_hold_the_nominal(self) -> Self:
        low = self.low if self.low is not None else float("-inf")
        high = self.high if self.high is not None else float("inf")
        if not low <= self.nominal <= high:
            msg = f"nominal {self.nominal} is outside its own limits {self.low} to {self.high}"
            raise ValueError(msg)
        return self

    def with_override(self, override: Override | None) -> Signal:
        """Return the signal as one group of equipment has it."""
        changes = override.model_dump(exclude_none=True) if override else {}
        return self.model_copy(update=changes) if changes else self


class Positions(Part):
    """The numbered places of one machine: nozzles of a filler, lanes of a coater, channels."""

    name: Name
    count: int = Field(ge=1, le=1024)


class EquipmentGroup(Part):
    """*count* like machines per line, named `<line>-<group>-<number>`."""

    count: int = Field(ge=1, le=9999)
    overrides: dict[Name, Override] = {}


class Station(Part):
    """A step of the line: one table of samples, one table of results per cell."""

    title: str
    area: TopicWord
    delay_s: float = Field(ge=0, description="mean time from winding to this station")
    positions: Positions | None = None
    equipment: dict[TopicWord, EquipmentGroup] = Field(min_length=1)
    signals: dict[Name, Signal] = {}
    results: dict[Name, Signal] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.signals and not self.results:
            raise ValueError("has neither signals nor results")
        for name, signal in (*self.signals.items(), *self.results.items()):
            if name in RESERVED:
                raise ValueError(f"{name!r} is a column of every table; choose another name")
            if signal.per_position and self.positions is None:
                raise ValueError(f"{name!r} is per position, but the station has no positions")
        for name, signal in self.signals.items():
            if signal.rate_hz <= 0:
                raise ValueError(f"signal {name!r} needs a rate_hz above 0")
        for group, equipment in self.equipment.items():
            for name in equipment.overrides:
                if name not in self.signals and name not in self.results:
                    raise ValueError(f"{group!r} overrides {name!r}, which the station has not")
        return self

    def signal_of(self, group: str, name: str) -> Signal:
        """Return signal or result *name* as equipment group *group* has it."""
        signal = self.signals.get(name) or self.results[name]
        return signal.with_override(self.equipment[group].overrides.get(name))

    def columns(self, signals: dict[str, Signal]) -> tuple[Column, ...]:
        """Return the columns of *signals*, per-position ones as arrays."""
        return tuple(
            Column(
                name,
                ColumnType.FLOATS if s.per_position else ColumnType.FLOAT,
                length=self.positions.count if s.per_position and self.positions else 0,
                comment=f"{s.title or name.replace('_', ' ')} [{s.unit}]",
            )
            for name, s in signals.items()
        )


class Site(Part):
    """Where the plant is: the first levels of each topic."""

    enterprise: TopicWord
    name: TopicWord
    time_zone: str

    @model_validator(mode="after")
    def _zone_exists(self) -> Self:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            msg = f"{self.time_zone!r} is not an IANA time zone, such as 'America/Chicago'"
            raise ValueError(msg) from error
        return self


class Production(Part):
    """What the lines make, and how much alarm they may cause."""

    lines: tuple[TopicWord, ...] = Field(min_length=1)
    cells_per_second: float = Field(gt=0, description="good cells per second and line")
    false_alarms_per_day: float = Field(gt=0, description="alarm budget per line")


class Intake(Part):
    """What ingest takes in; anything outside is a dead letter."""

    max_lateness_d: float = Field(default=90.0, gt=0)
    max_ahead_s: float = Field(default=120.0, ge=0)
    max_payload_bytes: int = Field(default=4_194_304, ge=1024)


@dataclass(frozen=True, slots=True)
class Equipment:
    """One machine: `l1-filler-01` is number 1 of group `filler` at `filling` on line `l1`."""

    name: str
    line: str
    station: str
    group: str
    area: str
    number: int


class Plant(Part):
    """The whole plant, as plant.toml says it."""

    site: Site
    production: Production
    intake: Intake = Intake()
    stations: dict[Name, Station] = Field(min_length=1)

    @cached_property
    def equipment(self) -> dict[str, Equipment]:
        """Every machine by its name, line by line in process order."""
        machines = {}
        for line in self.production.lines:
            for station_name, station in self.stations.items():
                for group_name, group in station.equipment.items():
                    width = max(2, len(str(group.count)))
                    for number in range(1, group.count + 1):
                        name = f"{line}-{group_name}-{number:0{width}}"
                        machines[name] = Equipment(
                            name, line, station_name, group_name, station.area, number
                        )
        return machines

    @cached_property
    def tables(self) -> dict[tuple[Kind, str], Table]:
        """The table of each kind and station; state and material share one for all stations."""
        tables: dict[tuple[Kind, str], Table] = {}
        for name, station in self.stations.items():
            if station.signals:
                columns = station.columns(station.signals)
                tables[Kind.TELEMETRY, name] = telemetry_table(name, columns)
            if station.results:
                tables[Kind.CELL, name] = cell_table(name, station.columns(station.results))
            tables[Kind.STATE, name] = STATE_TABLE
            tables[Kind.MATERIAL, name] = GENEALOGY_TABLE
        return tables

    def equipment_at(self, line: str, station: str) -> tuple[Equipment, ...]:
        """Return the machines of one station of one line, in order of their number."""
        return tuple(e for e in self.equipment.values() if e.line == line and e.station == station)

    def signal(self, equipment: str, name: str) -> Signal:
        """Return signal or result *name* as machine *equipment* has it; `KeyError` if none."""
        machine = self.equipment[equipment]
        return self.stations[machine.station].signal_of(machine.group, name)
