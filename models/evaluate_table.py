"""Any numeric table as columns: CSV, whitespace text, or Parquet where pyarrow is installed."""

from __future__ import annotations

import contextlib
import csv
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Words for a healthy row in a column of labels.
_HEALTHY = frozenset({"", "0", "false", "good", "healthy", "no", "none", "normal", "ok"})


class TableError(Exception):
    """A table that cannot be used; the text says which, where and why."""


class Table(NamedTuple):
    """Columns by name, in the order of rows; NaN where a value is missing.

    *text* has the columns that are no numbers (a time, a verdict) by name. *named* says whether
    the names are the file's own or just numbers from 1.
    """

    names: tuple[str, ...]
    values: Floats
    text: Mapping[str, Sequence[str]]
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
            names=tuple(self.names[at] for at in kept),
            values=self.values[:, kept],
            text={name: column for name, column in self.text.items() if name not in names},
        )

    def is_faulty(self, label: str) -> Bools:
        """Say which rows the column *label* calls faulty: not 0, or not a word such as normal."""
        if label in self.text:
            return np.array([word.strip().lower() not in _HEALTHY for word in self.text[label]])
        faulty: Bools = np.nan_to_num(self.column(label)) != 0.0
        return faulty


def read_table(path: Path) -> Table:
    """Read a table; raise `TableError` for one that is empty, ragged, or without numbers."""
    if not path.is_file():
        raise TableError(f"{path}: there is no such file")
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    header, rows = _parquet(path) if is_parquet else _text(path)
    if not len(rows):
        raise TableError(f"{path}: the table has no rows")
    names = header or [str(at + 1) for at in range(len(rows[0]))]
    if isinstance(rows, np.ndarray):
        return Table(tuple(names), np.where(np.isfinite(rows), rows, np.nan), {}, bool(header))
    numeric, text = {}, {}
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        numbers = _numbers(column)
        if numbers is None:
            text[name] = column
        else:
            numeric[name] = numbers
    if not numeric:
        raise TableError(f"{path}: no column holds numbers")
    return Table(tuple(numeric), np.column_stack(list(numeric.values())), text, bool(header))


def _text(path: Path) -> tuple[list[str] | None, list[list[str]] | Floats]:
    try:
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: this is no text in UTF-8 ({error.reason})") from None
    if not lines:
        return None, []
    delimiter = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    first = _fields(lines[:1], delimiter)[0]
    header = None
    values = [_number(field) for field in first]
    # A row of names has no number in it; a name may be missing, that of an index often is.
    if None in values and not any(value is not None and np.isfinite(value) for value in values):
        header = [name.strip() or f"column {at}" for at, name in enumerate(first, 1)]
        lines = lines[1:]
        if len(set(header)) < len(header):
            raise TableError(f"{path}: two columns have the same name")
    with contextlib.suppress(ValueError):
        # Numbers alone are the usual case, and thirty times as fast this way.
        numbers = np.loadtxt(lines, delimiter=delimiter, ndmin=2, comments=None) if lines else None
        if numbers is not None and numbers.shape[1] == len(first):
            return header, numbers
    rows = _fields(lines, delimiter)
    for at, row in enumerate(rows):
        if len(row) != len(first):
            where = at + (2 if header else 1)
            wanted = len(first)
            raise TableError(f"{path}, row {where}: {len(row)} fields where {wanted} are expected")
    return header, rows


def _fields(lines: Sequence[str], delimiter: str | None) -> list[list[str]]:
    return list(csv.reader(lines, delimiter=delimiter)) if delimiter else [s.split() for s in lines]


def _parquet(path: Path) -> tuple[list[str] | None, list[list[str]] | Floats]:
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
