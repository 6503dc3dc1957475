"""Law and money as data: every figure of the ledger, with its source and the date of its text.

A report names the figures that it used and has not seen verified (`verify = true` in the file).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

SHIPPED = Path(__file__).with_name("rules.toml")

#: Money and shares are exact: 0.1 in the file is a tenth, not the double nearest to it.
Exact = Annotated[Decimal, BeforeValidator(str)]


class RulesError(Exception):
    """The rules cannot be used; the text lists every error with its place."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Figure(_Part):
    """One figure of law: *verify* until somebody has compared it with its source."""

    value: Annotated[Exact, Field(ge=0)]
    source: str = Field(min_length=1)
    dated: date
    verify: bool = False


class PhaseYear(_Part):
    """The part of the credit that is left for cells sold from *year* on."""

    year: int = Field(ge=2023, le=2100)
    factor: Figure


class RatioYear(_Part):
    """The least share of material cost of no prohibited entity, for cells sold from *year* on."""

    year: int = Field(ge=2023, le=2100)
    ratio: Figure


class Credit(_Part):
    """The credit per cell: 26 USC 45X."""

    usd_per_kwh: Figure
    min_energy_wh: Figure
    min_density_wh_per_l: Figure
    max_kwh_per_kw: Figure
    phase: tuple[PhaseYear, ...] = Field(min_length=1)


class Records(_Part):
    """How long records are kept."""

    retention_years: Figure


@dataclass(frozen=True, slots=True)
class Named:
    """A figure and its place in the file."""

    name: str
    figure: Figure


class Rules(_Part):
    """All rules of one file."""

    version: Literal[1]
    credit: Credit
    material_assistance: tuple[RatioYear, ...] = Field(min_length=1)
    records: Records

    @field_validator("credit", "material_assistance")
    @classmethod
    def _years_rise(cls, value: Any) -> Any:
        years = [entry.year for entry in (value.phase if isinstance(value, Credit) else value)]
        if years != sorted(set(years)):
            raise ValueError("years must rise, each once")
        return value

    def phase_factor(self, year: int) -> Decimal:
        """Return the part of the credit that a cell sold in *year* gets, 1 before the first."""
        known = [p.factor.value for p in self.credit.phase if p.year <= year]
        return known[-1] if known else Decimal(1)

    def least_ratio(self, year: int) -> Decimal:
        """Return the material-assistance threshold of *year*; 0 before the first."""
        known = [r.ratio.value for r in self.material_assistance if r.year <= year]
        return known[-1] if known else Decimal(0)

    def used(self, year: int) -> Iterator[Named]:
        """Yield the figures that a report on *year* rests on."""
        for name in ("usd_per_kwh", "min_energy_wh", "min_density_wh_per_l", "max_kwh_per_kw"):
            yield Named(f"credit.{name}", getattr(self.credit, name))
        for phase in [p for p in self.credit.phase if p.year <= year][-1:]:
            yield Named(f"credit.phase {phase.year}", phase.factor)
        for ratio in [r for r in self.material_assistance if r.year <= year][-1:]:
            yield Named(f"material_assistance {ratio.year}", ratio.ratio)
        yield Named("records.retention_years", self.records.retention_years)


def load_rules(path: Path = SHIPPED) -> Rules:
    """Read *path* (TOML); raise `RulesError` with all errors at once."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"{path}: is not TOML in UTF-8: {error}") from error
    try:
        return Rules.model_validate(document)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise RulesError("\n".join([f"{path}: {len(lines)} errors", *lines])) from error
