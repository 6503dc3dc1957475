"""The field of one quantity over the web: what each metre of each lane of each roll has of it.

It is a sum of independent parts (web.toml), each of them a normal number by place, so that the
same spot has the same value whoever asks: a gauge as it passes, or a cell that was wound of it.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from simulator.knots import Knots, standardised
from simulator.material import LANES
from simulator.noise import Floats, Ints

SHARES = Path(__file__).with_name("web.toml")
#: Places of the counters: so many knots a lane of a roll, and lanes a roll.
_KNOTS, _PLACES = 1 << 24, 1 << 5


class Parts(BaseModel):
    """Shares of the variance of a reading; web.toml says what each is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gauge: float = Field(default=0.0, ge=0, lt=1)
    grain: float = Field(default=0.0, ge=0)
    ripple: float = Field(default=0.0, ge=0)
    wave: float = Field(default=0.0, ge=0)
    drift: float = Field(default=0.0, ge=0)
    lane: float = Field(default=0.0, ge=0)
    roll: float = Field(default=0.0, ge=0)
    batch: float = Field(default=0.0, ge=0)
    tool: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _are_the_whole(self) -> Self:
        whole = sum(getattr(self, name) for name in type(self).model_fields)
        if abs(whole - 1) > 1e-9:
            raise ValueError(f"the parts add up to {whole:.6g}, not to 1")
        return self


class Shares(NamedTuple):
    """What web.toml says: lengths of the curves, and the parts of each electrode's quantities."""

    metres: dict[str, float]
    parts: dict[str, dict[str, Parts]]


@functools.cache
def load_shares(path: Path = SHARES) -> Shares:
    """Return the parts of each quantity by electrode; raise `ValueError` for what cannot be."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    metres = TypeAdapter(dict[str, float]).validate_python(document.pop("metres"))
    return Shares(metres, TypeAdapter(dict[str, dict[str, Parts]]).validate_python(document))


class Spot(NamedTuple):
    """Places on the web, all of one shape; lane 0 is the whole width.

    *cell_m* is how much of a strip one cell takes, *worn* how far gone the tool was, 0 to 1.
    """

    rolls: Ints
    lanes: Ints
    metres: Floats
    batches: Ints
    cell_m: float
    worn: Floats | float = 0.5


class WebField:
    """Quantity *name* of the *web*: seed, line, and the electrode's letter.

    *side* tells two of a kind apart, which only share their batches.
    """

    def __init__(self, web: tuple[int, str, str], name: str, side: str) -> None:
        seed, line, letter = web
        shares = load_shares()
        self.parts = shares.parts[letter][name]
        self._metres = shares.metres
        self._knots = {
            part: Knots(seed, line, "web", letter, name, "" if part == "batch" else side, part)
            for part in Parts.model_fields
        }
        self._lane = standardised(self._knots["lane"].at(np.arange(LANES)))

    def at(self, spot: Spot) -> Floats:
        """Return what is there, in standard deviations of a reading: variance 1 - gauge."""
        lane = spot.rolls * _PLACES + spot.lanes
        base = lane * _KNOTS
        total = np.zeros(np.shape(spot.metres))
        parts = self.parts
        if parts.grain:
            cell = np.floor(spot.metres / spot.cell_m).astype(np.int64)
            total += np.sqrt(parts.grain) * self._knots["grain"].at(base + cell)
        for part, length_m in self._metres.items():
            share: float = getattr(parts, part)
            if share:
                total += np.sqrt(share) * self._knots[part].wave(base, spot.metres / length_m)
        if parts.lane:
            total += np.sqrt(parts.lane) * self._lane[(spot.lanes - 1) % len(self._lane)]
        if parts.roll:
            total += np.sqrt(parts.roll) * self._knots["roll"].at(lane)
        if parts.batch:
            total += np.sqrt(parts.batch) * self._knots["batch"].at(spot.batches)
        if parts.tool:
            total += np.sqrt(12 * parts.tool) * (np.asarray(spot.worn) - 0.5)
        return total

    def gauge(self, times_ms: Ints, lanes: Ints) -> Floats:
        """Return what a reading at *times_ms* adds, in the same unit."""
        readings = self._knots["gauge"].at(times_ms * _PLACES + lanes)
        return np.asarray(self.parts.gauge**0.5 * readings)

    def variance(self, sides: int = 1) -> float:
        """Return the variance of `at`; of the mean of *sides* alike, which share their batches."""
        return (1 - self.parts.gauge - self.parts.batch) / sides + self.parts.batch
