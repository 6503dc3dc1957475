"""The plant model: site, lines, stations, and every machine by its name.

Everything is frozen; `plant.load` makes it from plant.toml. Units are UCUM, limits are in the
signal's own unit, `sd` is the standard deviation of a healthy process in that unit.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator, model_validator

from plant.cell_quality import CellQuality
from plant.recipe import Recipe
from plant.retention import Retention
from plant.signals import Name, Part, Signal, TopicWord
from plant.stations import Station
from plant.tables import (
    GENEALOGY_TABLE,
    MOUNT_TABLE,
    Kind,
    Table,
    cell_table,
    state_table,
    telemetry_table,
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
    retention: Retention = Retention()
    stations: dict[Name, Station] = Field(min_length=1)
    recipes: dict[Name, Recipe] = Field(
        default={}, description="variants of the cell; what names none is of the first"
    )
    cell_quality: CellQuality | None = None

    @model_validator(mode="after")
    def _machines_differ(self) -> Self:
        owners: dict[str, list[str]] = defaultdict(list)
        for line in self.production.lines:
            for name, station in self.stations.items():
                for group_name, group in station.equipment.items():
                    place = f"stations.{name}.equipment.{group_name}"
                    owners[f"{line}-{group_name}"].append(place)
                    if group.block is not None:
                        owners[f"{line}-{group.block.name}"].append(f"{place}.block")
        for machine, places in owners.items():
            if len(places) > 1:
                both = " and ".join(places)
                msg = f"{both} would both name their machines {machine}-…; rename one of the groups"
                raise ValueError(msg)
        return self

    @field_validator("retention")
    @classmethod
    def _nothing_goes_too_early(cls, retention: Retention, info: ValidationInfo) -> Retention:
        intake = info.data.get("intake")
        faults = list(retention.faults(intake.max_lateness_d)) if intake else []
        if faults:
            raise ValueError("; ".join(faults))
        return retention

    @field_validator("recipes")
    @classmethod
    def _recipes_fit(cls, recipes: dict[str, Recipe], info: ValidationInfo) -> dict[str, Recipe]:
        faults = [
            f"{name}.{fault}"
            for name, recipe in recipes.items()
            for fault in recipe.faults(info.data.get("stations", {}))
        ]
        if faults and "stations" in info.data:
            raise ValueError("; ".join(faults))
        return recipes

    @field_validator("cell_quality")
    @classmethod
    def _quality_fits(cls, quality: CellQuality | None, info: ValidationInfo) -> CellQuality | None:
        faults = [] if quality is None else list(quality.faults(info.data.get("stations", {})))
        if faults and "stations" in info.data:
            raise ValueError("; ".join(faults))
        return quality

    def for_recipe(self, name: str) -> Plant:
        """Return the same plant with the nominals and limits of recipe *name*.

        Its tables and machines are the very same objects. Raise `KeyError` for a recipe that the
        plant does not have.
        """
        changed = self.model_copy(update={"stations": self.recipes[name].applied(self.stations)})
        changed.__dict__.update(equipment=self.equipment, tables=self.tables)
        return changed

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
        recipes = tuple(self.recipes)
        states = state_table(recipes)
        for name, station in self.stations.items():
            if station.signals:
                columns = station.columns(station.signals)
                tables[Kind.TELEMETRY, name] = telemetry_table(name, columns)
            if station.results:
                tables[Kind.CELL, name] = cell_table(
                    name, station.columns(station.results), recipes
                )
            tables[Kind.STATE, name] = states
            tables[Kind.MATERIAL, name] = GENEALOGY_TABLE
            tables[Kind.MOUNT, name] = MOUNT_TABLE
        return tables

    def equipment_at(self, line: str, station: str) -> tuple[Equipment, ...]:
        """Return the machines of one station of one line, in order of their number."""
        return tuple(e for e in self.equipment.values() if e.line == line and e.station == station)

    def blocks_at(self, station: str) -> dict[str, tuple[Equipment, ...]]:
        """Return the blocks of machines of a station, by their names: `l1-tower-01`."""
        blocks: dict[str, list[Equipment]] = defaultdict(list)
        for machine in self.equipment.values():
            group = self.stations[machine.station].equipment[machine.group]
            if machine.station == station and group.block is not None:
                width = max(2, len(str(-(-group.count // group.block.machines))))
                number = (machine.number - 1) // group.block.machines + 1
                blocks[f"{machine.line}-{group.block.name}-{number:0{width}}"].append(machine)
        return {name: tuple(machines) for name, machines in blocks.items()}

    def signal(self, equipment: str, name: str) -> Signal:
        """Return signal or result *name* as machine *equipment* has it; `KeyError` if none."""
        machine = self.equipment[equipment]
        return self.stations[machine.station].signal_of(machine.group, name)
