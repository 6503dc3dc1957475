"""Stations: the steps of a line, with their machines, signals and results."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from plant.signals import (
    CellResult,
    ColumnName,
    MachineSignal,
    Name,
    Override,
    Part,
    Signal,
    TopicWord,
)
from plant.tables import Column, ColumnType


class Positions(Part):
    """The numbered places of one machine: nozzles of a filler, lanes of a coater, channels."""

    name: Name
    count: int = Field(ge=1, le=1024)


class StationMonitor(Part):
    """How the signals of a station are watched together: `models/station/`."""

    detector: Literal["residual", "t2", "pca", "iforest", "lof", "ocsvm", "none"] = "residual"
    period_s: float = Field(default=10.0, ge=0.1, le=3600, description="between rows, at least")


class Block(Part):
    """Machines that stand together and share what may fail: a tower of trays and its fan."""

    name: TopicWord
    machines: int = Field(ge=2, le=9999, description="in each; the first ones are in the first")


class EquipmentGroup(Part):
    """*count* like machines per line, named `<line>-<group>-<number>`."""

    count: int = Field(ge=1, le=9999)
    block: Block | None = None
    overrides: dict[Name, Override] = Field(default={})


class Station(Part):
    """A step of the line: one table of samples, one table of results per cell."""

    title: str
    area: TopicWord
    delay_s: float = Field(ge=0, description="mean time from winding to this station")
    positions: Positions | None = None
    action: str = Field(default="", description="what to do first when something is off here")
    signals: dict[ColumnName, MachineSignal] = Field(default={})
    results: dict[ColumnName, CellResult] = Field(default={})
    equipment: dict[TopicWord, EquipmentGroup] = Field(min_length=1)
    monitor: StationMonitor = StationMonitor()

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
