"""The plant model: site, lines, stations, their equipment, signals and results.

Everything is frozen; `plant.load` makes it from plant.toml. Units are UCUM, limits are in the
signal's own unit, `sd` is the standard deviation of a healthy process in that unit.
"""

from __future__ import annotations

from collections import defaultdict
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
    ValidationInfo,
    field_validator,
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

#: Columns of every table, the payload's word for the time, and PostgreSQL's own columns.
RESERVED = frozenset(
    {"time", "ts", "equipment", "cell", "position", "verdict", "batch"}
    | {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
)


def _check_free(name: str) -> str:
    if name in RESERVED:
        raise ValueError("the name is reserved: tables have a column of that name; choose another")
    return name


ColumnName = Annotated[Name, AfterValidator(_check_free)]


class Part(BaseModel):
    """Base of all parts of the model: frozen, strict, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


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
        if self.low is not None and self.nominal < self.low:
            raise ValueError(f"nominal {self.nominal} is below low {self.low}; mend one of them")
        if self.high is not None and self.nominal > self.high:
            raise ValueError(f"nominal {self.nominal} is above high {self.high}; mend one of them")
        return self

    def with_override(self, override: Override | None) -> Signal:
        """Return the signal as one group of equipment has it."""
        changes = override.model_dump(exclude_none=True) if override else {}
        return self.model_copy(update=changes) if changes else self


def _check_rate(signal: Signal) -> Signal:
    if signal.rate_hz <= 0:
        raise ValueError("a machine signal needs a rate_hz above 0; add it")
    return signal


def _check_no_rate(result: Signal) -> Signal:
    if result.rate_hz > 0:
        raise ValueError("a result comes once per cell and has no rate_hz; remove it")
    return result


MachineSignal = Annotated[Signal, AfterValidator(_check_rate)]
CellResult = Annotated[Signal, AfterValidator(_check_no_rate)]


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
    signals: dict[ColumnName, MachineSignal] = {}
    results: dict[ColumnName, CellResult] = {}
    equipment: dict[TopicWord, EquipmentGroup] = Field(min_length=1)

    # Each rule below reads only what stands above it and is right in itself (`info.data`), so that
    # one wrong line does not hide what is wrong elsewhere.

    @field_validator("signals", "results")
    @classmethod
    def _positions_exist(
        cls, signals: dict[str, Signal], info: ValidationInfo
    ) -> dict[str, Signal]:
        names = [repr(name) for name, signal in signals.items() if signal.per_position]
        if names and info.data.get("positions", ...) is None:
            msg = (
                f"per_position is true for {', '.join(names)}, but the station has no positions; "
                "add them, as positions = { name = 'nozzle', count = 16 }"
            )
            raise ValueError(msg)
        return signals

    @field_validator("results")
    @classmethod
    def _names_differ(cls, results: dict[str, Signal], info: ValidationInfo) -> dict[str, Signal]:
        both = [repr(name) for name in results if name in info.data.get("signals", {})]
        if both:
            msg = f"{', '.join(both)} names a signal of the station, too; give one another name"
            raise ValueError(msg)
        return results

    @field_validator("equipment")
    @classmethod
    def _overrides_fit(
        cls, equipment: dict[str, EquipmentGroup], info: ValidationInfo
    ) -> dict[str, EquipmentGroup]:
        if not {"signals", "results"} <= info.data.keys():
            return equipment
        known: dict[str, Signal] = {**info.data["signals"], **info.data["results"]}
        faults = []
        for group_name, group in equipment.items():
            for name, override in group.overrides.items():
                place = f"{group_name}.overrides.{name}"
                if name not in known:
                    faults.append(f"{place}: the station has no such signal or result")
                    continue
                signal = known[name].with_override(override)
                low = signal.low if signal.low is not None else signal.nominal
                high = signal.high if signal.high is not None else signal.nominal
                if not low <= signal.nominal <= high:
                    faults.append(
                        f"{place}: with it, nominal {signal.nominal} is outside the limits "
                        f"{signal.low} to {signal.high}; override them, too"
                    )
        if faults:
            raise ValueError("; ".join(faults))
        return equipment

    @model_validator(mode="after")
    def _has_something_to_say(self) -> Self:
        if not self.signals and not self.results:
            raise ValueError("has neither signals nor results; add some or remove the station")
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

    lines: tuple[TopicWord, ...] = Field(min_length=1, strict=False)
    cells_per_second: float = Field(gt=0, description="good cells per second and line")
    false_alarms_per_day: float = Field(gt=0, description="alarm budget per line")

    @field_validator("lines")
    @classmethod
    def _lines_differ(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({repr(line) for line in lines if lines.count(line) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands more than once; name each line once")
        return lines


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

    @model_validator(mode="after")
    def _machines_differ(self) -> Self:
        owners: dict[str, list[str]] = defaultdict(list)
        for line in self.production.lines:
            for name, station in self.stations.items():
                for group in station.equipment:
                    owners[f"{line}-{group}"].append(f"stations.{name}.equipment.{group}")
        for machine, places in owners.items():
            if len(places) > 1:
                both = " and ".join(places)
                msg = f"{both} would both name their machines {machine}-…; rename one of the groups"
                raise ValueError(msg)
        return self

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
