"""The mapping of a table: which column is the time, and which go to what of which machine."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from plant.model import Plant
from plant.tables import Column, ColumnType, Kind, Table, required_names


class MappingError(Exception):
    """A mapping file cannot be used; the text lists every error with its place."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        super().__init__("\n".join([f"{path}:", *(f"  {error}" for error in errors)]))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Time(_Part):
    """The column of the time: RFC 3339 text, or a number of *unit* since *start* or the epoch.

    Text without an offset, and dates of Parquet without a zone, are read as of *zone*.
    """

    column: str
    unit: Literal["iso", "s", "ms", "us"] = "iso"
    zone: str | None = None
    start: datetime | None = None

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str | None) -> str | None:
        try:
            if zone is not None:
                ZoneInfo(zone)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{zone!r} is no IANA time zone, such as America/Chicago") from error
        return zone

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start is not None and (self.start.tzinfo is None or self.unit == "iso"):
            raise ValueError("start needs an offset (Z) and a unit of s, ms or us")
        return self


class From(_Part):
    """A value: a *column* times *factor* plus *offset*, or one that is *fixed* for all rows.

    With *position* (from 1) it is that of one nozzle, lane or channel; the others are null.
    """

    column: str | None = None
    fixed: str | float | None = None
    factor: float = 1.0
    offset: float = 0.0
    position: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.column is None) == (self.fixed is None):
            raise ValueError("needs either a column or a fixed value")
        return self


class Messages(_Part):
    """What each row says of one machine; *values* are named as payloads name them."""

    equipment: str | From
    kind: Kind = Kind.TELEMETRY
    values: dict[str, str | From | list[str | From]]


class Mapping(_Part):
    """A mapping file as a whole. *delimiter* and *decimal* are for CSV."""

    time: Time
    messages: list[Messages] = Field(min_length=1)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."

    def columns(self) -> set[str]:
        """Return the columns of the table that it speaks of."""
        found: list[Any] = [self.time.column]
        for part in self.messages:
            found.append(part.equipment if isinstance(part.equipment, From) else None)
            for value in part.values.values():
                found += value if isinstance(value, list) else [value]
        names = (item.column if isinstance(item, From) else item for item in found)
        return {name for name in names if name is not None}


def load_mapping(path: Path, plant: Plant) -> Mapping:
    """Read *path* (TOML); raise `MappingError` with all that is wrong with it or not in *plant*."""
    try:
        mapping = Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(path, [f"cannot be read as TOML: {error}"]) from error
    except ValidationError as error:
        raise MappingError(
            path,
            [f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors()],
        ) from error
    errors = [e for at, part in enumerate(mapping.messages) for e in _check(part, at, plant)]
    if errors:
        raise MappingError(path, errors)
    return mapping


def table_of(plant: Plant, equipment: str, kind: Kind) -> Table | None:
    """Return the table that messages of *kind* of *equipment* fill, None if there is none."""
    machine = plant.equipment.get(equipment)
    return plant.tables.get((kind, machine.station)) if machine else None


def _check(part: Messages, at: int, plant: Plant) -> list[str]:
    place = f"messages.{at}"
    if isinstance(part.equipment, From):
        if part.equipment.column is None:
            return [f"{place}.equipment: write a fixed machine as equipment = 'l1-filler-01'"]
        return []  # each row is checked as it is read
    table = table_of(plant, part.equipment, part.kind)
    if table is None:
        return [f"{place}.equipment: the plant has no {part.equipment!r} with {part.kind} messages"]
    return [f"{place}.{error}" for error in check_values(part, table)]


def check_values(part: Messages, table: Table) -> list[str]:
    """Return what of *part* does not fit *table*."""
    errors = [
        f"values: has no {name!r}, which each row of {table} needs"
        for name in required_names(table)
        if name not in part.values
    ]
    for name, value in part.values.items():
        if name not in table.payload_names:
            known = ", ".join(sorted(table.payload_names))
            errors.append(f"values.{name}: not in {table}, which has {known}")
        elif problem := _misfit(value, table.by_name[name]):
            errors.append(f"values.{name}: {problem}")
    return errors


def _misfit(value: str | From | list[str | From], column: Column) -> str | None:
    if column.type is not ColumnType.FLOATS:
        is_placed = isinstance(value, list) or (isinstance(value, From) and value.position)
        return "is one value and no array; name one column" if is_placed else None
    if isinstance(value, list):
        if len(value) != column.length:
            return f"lists {len(value)} columns, it has {column.length} positions"
        return None
    position = value.position if isinstance(value, From) else None
    if position is None or position > column.length:
        return (
            f"has {column.length} positions: list as many columns, or write"
            " { column = '…', position = 1 }"
        )
    return None
