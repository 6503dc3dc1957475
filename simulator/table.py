"""Tables, CSV or Parquet, as messages: a mapping says what each column is."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from plant.model import Plant
from plant.tables import Column, ColumnType, Table, required_names
from plant.times import to_us
from plant.topics import topic_of
from simulator.captured import Captured
from simulator.parquet import parquet
from simulator.replay_rows import Row, Sheet, messages
from simulator.table_mapping import From, Mapping, Messages, check_values, table_of

_UNIT_US = {"s": 1_000_000, "ms": 1_000, "us": 1}


class TableError(Exception):
    """A table cannot be replayed: which file, which row, what was expected there."""


class TableFile:
    """The CSV or Parquet file at *path*, read as *mapping* says for *plant*.

    The whole file is read once at the start, so that nothing is sent of a wrong one; raise
    `TableError`.
    """

    def __init__(self, path: Path, mapping: Mapping, plant: Plant) -> None:
        self._path = path
        self._mapping = mapping
        self._plant = plant
        self._sheet_of = lru_cache(maxsize=None)(self._find_sheet)
        first = last = None
        for row in self._rows():
            if last is not None and row.time_us < last:
                raise TableError(f"{path}: time runs backwards; sort the table by its time first")
            first, last = row.time_us if first is None else first, row.time_us
        if first is None or last is None:
            raise TableError(f"{path} has no row with a value that the mapping names")
        self.first_us, self.last_us = first, last

    def messages(self, window_us: int) -> Iterator[Captured]:
        """Yield its rows as messages, those of *window_us* together."""
        return messages(self._rows(), window_us)

    def _rows(self) -> Iterator[Row]:
        for line, record in self._records():
            try:
                time_us = self._time_us(record[self._mapping.time.column])
                for index, part in enumerate(self._mapping.messages):
                    row = self._row(index, part, time_us, record)
                    if row is not None:
                        yield row
            except (ValueError, TypeError, OverflowError) as error:
                raise TableError(f"{self._path}, row {line}: {error}") from error

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each row by the names of its columns, with its line or number in the file."""
        wanted = self._mapping.columns()
        if self._path.suffix == ".parquet":
            file = parquet().ParquetFile(self._path)
            self._check_names(wanted, file.schema_arrow.names)
            line = 0
            for batch in file.iter_batches(columns=sorted(wanted)):
                for record in batch.to_pylist():
                    line += 1
                    yield line, record
            return
        with self._path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, delimiter=self._mapping.delimiter)
            names = [name.strip() for name in next(reader, [])]
            self._check_names(wanted, names)
            for values in reader:
                if len(values) != len(names):
                    raise TableError(
                        f"{self._path}, row {reader.line_num}: has {len(values)} values, there"
                        f" are {len(names)} columns"
                    )
                yield reader.line_num, dict(zip(names, values, strict=True))

    def _check_names(self, wanted: set[str], names: list[str]) -> None:
        if missing := sorted(wanted - set(names)):
            raise TableError(
                f"{self._path} has no column {missing[0]!r}; it has {', '.join(names[:20])}"
            )

    def _time_us(self, value: Any) -> int:
        time = self._mapping.time
        if time.unit != "iso":
            number = self._number(value)
            if number is None:
                raise ValueError(f"column {time.column!r} has no time")
            return (to_us(time.start) if time.start else 0) + round(number * _UNIT_US[time.unit])
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            if time.zone is None:
                raise ValueError(f"{value} has no zone; name one in the mapping: time.zone")
            moment = moment.replace(tzinfo=ZoneInfo(time.zone))
        return to_us(moment)

    def _row(self, index: int, part: Messages, time_us: int, record: dict[str, Any]) -> Row | None:
        """Return what *part* makes of *record*; None if it has no value of it, or no id."""
        name = part.equipment
        machine = record[name.column] if isinstance(name, From) and name.column else name
        sheet, table = self._sheet_of(index, str(machine))
        values = tuple(self._value(v, table.by_name[n], record) for n, v in part.values.items())
        known = {
            name for name, v in zip(part.values, values, strict=True) if not _is_nothing(v)
        }  # fmt: skip
        ids = set(required_names(table))
        fixed = {n for n, v in part.values.items() if isinstance(v, From) and v.column is None}
        return Row(time_us, sheet, values) if ids <= known and known - fixed else None

    def _find_sheet(self, index: int, machine: str) -> tuple[Sheet, Table]:
        part = self._mapping.messages[index]
        table = table_of(self._plant, machine, part.kind)
        if table is None:
            raise ValueError(f"the plant has no {machine!r} with {part.kind} messages")
        if errors := check_values(part, table):
            raise ValueError(errors[0])
        topic = topic_of(self._plant, self._plant.equipment[machine], part.kind)
        return Sheet(topic, tuple(part.values)), table

    def _value(
        self, value: str | From | list[str | From], column: Column, record: dict[str, Any]
    ) -> Any:
        if isinstance(value, list):
            return [self._one(entry, column, record) for entry in value]
        one = self._one(value, column, record)
        if isinstance(value, From) and value.position:
            places: list[Any] = [None] * column.length
            places[value.position - 1] = one
            return places
        return one

    def _one(self, value: str | From, column: Column, record: dict[str, Any]) -> Any:
        origin = value if isinstance(value, From) else From(column=value)
        given = record[origin.column] if origin.column is not None else origin.fixed
        if column.type is ColumnType.TEXT:
            return None if given in {None, ""} else str(given)
        number = self._number(given)
        if number is None:
            return None
        if column.type is ColumnType.SMALLINT:
            return int(number)
        return number * origin.factor + origin.offset

    def _number(self, given: Any) -> float | None:
        """Return the number that *given* is, None for what was not measured; or `ValueError`."""
        if isinstance(given, str):
            given = given.strip()
            if given in {"", "NaN", "nan", "NA", "N/A", "null"}:
                return None
            if self._mapping.decimal == ",":
                given = given.replace(",", ".")
        if given is None:
            return None
        number = float(given)
        return number if math.isfinite(number) else None


def _is_nothing(value: Any) -> bool:
    return all(v is None for v in value) if isinstance(value, list) else value is None
