"""Any numeric table as columns: CSV, whitespace text, or Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class TableError(Exception):
    """A table that cannot be used; the text says which, where and why."""


class Table(NamedTuple):
    """Columns by name, in the order of rows; NaN where a value is missing.

    *text* names columns that are no numbers (a time, a comment): they are left out. *named* says
    whether the names are the file's own or just numbers from 1.
    """

    names: tuple[str, ...]
    values: Floats
    text: tuple[str, ...]
    named: bool

    def column(self, name: str) -> Floats:
        """Return a column by its name; raise `TableError` that names those that exist."""
        if name not in self.names:
            shown = ", ".join(self.names[:12]) + (", ..." if len(self.names) > 12 else "")
            raise TableError(f"there is no numeric column {name!r}; there are {shown}")
        return self.values[:, self.names.index(name)]

    def without(self, names: Sequence[str]) -> Table:
        """Return the table without some columns."""
        kept = [at for at, name in enumerate(self.names) if name not in names]
        return self._replace(
            names=tuple(self.names[at] for at in kept), values=self.values[:, kept]
        )


def read_table(path: Path) -> Table:
    """Read a table; raise `TableError` for one that is empty, ragged, or without numbers."""
    if not path.is_file():
        raise TableError(f"{path}: there is no such file")
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    header, rows = _parquet(path) if is_parquet else _text(path)
    if not rows:
        raise TableError(f"{path}: the table has no rows")
    names = header or [str(at + 1) for at in range(len(rows[0]))]
    columns = [_numbers(column) for column in zip(*rows, strict=True)]
    numeric = [at for at, column in enumerate(columns) if column is not None]
    if not numeric:
        raise TableError(f"{path}: no column holds numbers")
    return Table(
        tuple(names[at] for at in numeric),
        np.column_stack([c for c in columns if c is not None]),
        tuple(name for at, name in enumerate(names) if at not in numeric),
        header is not None,
    )


def _text(path: Path) -> tuple[list[str] | None, list[list[str]]]:
    try:
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: this is no text in UTF-8 ({error.reason})") from None
    if not lines:
        return None, []
    delimiter = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    rows = list(csv.reader(lines, delimiter=delimiter)) if delimiter else [s.split() for s in lines]
    header = None if any(_number(field) is not None for field in rows[0]) else rows.pop(0)
    width = len(header or rows[0])
    for at, row in enumerate(rows):
        if len(row) != width:
            where = at + (2 if header else 1)
            raise TableError(f"{path}, row {where}: {len(row)} fields where {width} are expected")
    return [name.strip() for name in header] if header else None, rows


def _parquet(path: Path) -> tuple[list[str] | None, list[list[str]]]:
    try:
        reader: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise TableError(
            f"{path}: Parquet needs pyarrow (`pip install pyarrow`); or give the table as CSV"
        ) from None
    table = reader.read_table(path)
    columns = [["" if v is None else str(v) for v in c.to_pylist()] for c in table.columns]
    return list(table.column_names), [list(row) for row in zip(*columns, strict=True)]


def _numbers(column: Sequence[str]) -> Floats | None:
    """Return *column* as numbers, None if a field that is not empty is none."""
    values = [_number(field) for field in column]
    return None if None in values else np.array(values, dtype=np.float64)


def _number(field: str) -> float | None:
    word = field.strip().lower()
    if word in {"", "na", "nan", "null", "none"}:
        return np.nan
    if word in {"true", "false"}:
        return float(word == "true")
    try:
        number = float(word)
    except ValueError:
        return None
    return number if np.isfinite(number) else np.nan
