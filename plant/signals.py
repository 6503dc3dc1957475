"""Signals and results: what is measured, in which unit, and what is normal for it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from plant.units import check_unit

#: Column, station and equipment names become SQL identifiers and topic levels.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
TopicWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]
Unit = Annotated[str, AfterValidator(check_unit)]

#: Columns of every table, the payload's word for the time, and PostgreSQL's own columns.
RESERVED = frozenset(
    {"time", "ts", "seq", "run", "equipment", "cell", "position", "verdict", "recipe", "batch"}
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

    def over(self, base: Override | None) -> Override:
        """Return *base* with what this one states laid over it."""
        stated = self.model_dump(exclude_none=True)
        return base.model_copy(update=stated) if base else self


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
    action: str = Field(default="", description="what to do first when it is off")

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
