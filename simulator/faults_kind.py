"""The catalogue of faults: what faults.toml may say, and what it says."""

from __future__ import annotations

import enum
import functools
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simulator.duration import parse_duration

CATALOGUE = Path(__file__).with_name("faults.toml")


class Nature(enum.StrEnum):
    """What a fault falsifies."""

    CELL = "cell"  #: the cells themselves differ
    MEASUREMENT = "measurement"  #: the cells are as they were, what is measured of them is wrong
    RECORD = "record"  #: cells and values are right, but told of the wrong thing
    MESSAGE = "message"  #: the machine is right, its messages are not


class Reach(enum.StrEnum):
    """By what a cell gets a fault; the moments are in docs/faults.md."""

    MIXED = "mixed"  #: the slurry of its metres was in the mixer
    COATED = "coated"  #: its metres were coated, on that lane
    CALENDERED = "calendered"
    SLIT = "slit"  #: by that knife
    DRIED = "dried"  #: its strip was in the batch
    OPEN = "open"  #: it stood between filling and seal in that zone of the dry room
    PASSED = "passed"  #: it met that machine, at that position
    FORMED = "formed"  #: its tray stood in that tower
    SPLICED = "spliced"  #: its strip was not recorded
    TURNED = "turned"  #: its tray was read the wrong way round
    NOBODY = "nobody"


class Shape(enum.StrEnum):
    """How a fault comes and goes between its moments on and off."""

    STEP = "step"
    RAMP = "ramp"
    STICKY = "sticky"  #: as it was when the fault came, until it goes
    INTERMITTENT = "intermittent"  #: one burst a period, at any moment of it
    SINE = "sine"  #: periodic, both ways
    SAW = "saw"  #: periodic, rising from 0 to 1, at each machine in another phase


def _duration(text: object) -> object:
    return parse_duration(text) if isinstance(text, str) else text


DurationMs = Annotated[int, BeforeValidator(_duration)]
Size = float | tuple[float, float]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Magnitude(_Entry):
    """How much, of what: for people; the effects say what it does."""

    value: float
    unit: str
    of: str


class Effect(_Entry):
    """What one signal or result, `station.name`, does while the fault is fully there.

    One of: *add* in its unit, *scale* by a part of its value, *to* a level from its nominal,
    *spread* its deviations so many times. Two numbers are a range in which cells differ, evenly,
    or by decades with *log*. With *share* only that part of the cells has it. *later* is when a
    machine further down the line shows it.
    """

    on: str = Field(pattern=r"^\w+\.\w+$")
    add: Size | None = None
    scale: Size | None = None
    to: float | None = None
    spread: float | None = None
    log: bool = False
    share: float | None = Field(default=None, gt=0, le=1)
    later_ms: DurationMs = Field(default=0, alias="later")

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if sum(x is not None for x in (self.add, self.scale, self.to, self.spread)) != 1:
            raise ValueError(f"{self.on}: needs one of add, scale, to and spread")
        return self

    @property
    def station(self) -> str:
        """The station of the signal or result."""
        return self.on.split(".")[0]

    @property
    def name(self) -> str:
        """Its name there."""
        return self.on.split(".")[1]


class FaultKind(_Entry):
    """One entry of faults.toml.

    *where* has the parameters with their meaning; of these *position* names the one that is a
    position of the machine, *machine* the one that is its number. *share* is the part of the cells
    within reach that are hit; two numbers are for the beginning and the full size of the fault.
    """

    id: str
    variant: str = ""
    title: str
    station: str
    group: str = ""
    reach: Reach
    nature: Nature = Nature.CELL
    where: dict[str, str] = {}
    position: str | None = None
    position_needed: bool = True
    machine: str | None = None
    machines_each: int = Field(default=1, ge=1)
    shape: Shape = Shape.STEP
    period_ms: DurationMs | None = Field(default=None, alias="period")
    duty: float = Field(default=1.0, gt=0, le=1)
    lasts_ms: DurationMs | None = Field(default=None, alias="lasts")
    magnitude: Magnitude
    share: Size | None = None
    message: Literal["skew", "duplicate", "late", "reset", "stuck", "null", "unit"] | None = None
    effects: tuple[Effect, ...] = ()
    source: str

    @model_validator(mode="after")
    def _shape_has_a_period(self) -> Self:
        if (self.shape in {Shape.STEP, Shape.STICKY}) != (self.period_ms is None):
            raise ValueError(f"{self.id}: shape {self.shape} and period do not go together")
        return self


@functools.cache
def load_kinds(path: Path = CATALOGUE) -> dict[str, dict[str, FaultKind]]:
    """Return the kinds of each fault by their name, the usual one first, by the fault's id."""
    kinds = {}
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        variants: dict[str, dict[str, Any]] = entry.pop("kinds", {"": {}})
        kinds[name] = {
            variant: FaultKind.model_validate({**entry, **own, "id": name, "variant": variant})
            for variant, own in variants.items()
        }
    return kinds
