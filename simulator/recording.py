"""Recording: what a cycler measured on one cell, in columns, and why a file is not one."""

from __future__ import annotations

import csv
import enum
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Commas count as thousands separators only before a decimal point: "3,459" may as well be a
# decimal comma, and would then be wrong by a factor of 1,000.
_NUMBER = re.compile(r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+(?=\.)|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_NOT_MEASURED = frozenset({"", "N/A", "NA", "NaN", "nan"})


class Source(enum.StrEnum):
    """The format a recording was read from."""

    NOVONIX = "novonix"
    MACCOR = "maccor"
    TIDY = "tidy"


class CyclerError(Exception):
    """A cycler file cannot be read: which file, which line (from 1), what was expected there."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}, line {line}: {problem}")
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One cell's measurements, exactly as the file says them, in order of time.

    *started* is the moment of the first sample where the file says it. *time_us* (int64) counts
    microseconds since the start of the test and strictly increases; *moved* samples said the same
    time as the one before and stand a microsecond after it. *current_a* is positive on charge,
    *temperature_cel* is NaN where it was not measured. The arrays cannot be written to.
    """

    name: str
    source: Source
    cell: str
    started: datetime | None
    time_us: npt.NDArray[np.int64]
    voltage_v: npt.NDArray[np.float64]
    current_a: npt.NDArray[np.float64]
    temperature_cel: npt.NDArray[np.float64]
    moved: int

    def __len__(self) -> int:
        return len(self.time_us)

    @property
    def duration_us(self) -> int:
        """Microseconds from the first to the last sample."""
        return int(self.time_us[-1] - self.time_us[0])

    @property
    def has_temperature(self) -> bool:
        """Whether any sample has a temperature."""
        return not bool(np.isnan(self.temperature_cel).all())


class Sample(NamedTuple):
    """One row of a file, and the *line* it stands on."""

    line: int
    time_us: int
    voltage_v: float
    current_a: float
    temperature_cel: float


def record(
    name: str, source: Source, cell: str, started: datetime | None, samples: Sequence[Sample]
) -> Recording:
    """Return *samples*, at least one, as a recording; raise `CyclerError` if time runs back."""
    times: list[int] = []
    said = samples[0].time_us
    for sample in samples:
        if sample.time_us < said:
            problem = (
                f"time runs backwards, from {said / 1e6:.6f} s to {sample.time_us / 1e6:.6f} s;"
                " the rows must be in order of time"
            )
            raise CyclerError(name, sample.line, problem)
        said = sample.time_us
        times.append(max(said, times[-1] + 1) if times else said)
    columns = (
        np.array(times, dtype=np.int64),
        np.array([s.voltage_v for s in samples]),
        np.array([s.current_a for s in samples]),
        np.array([s.temperature_cel for s in samples]),
    )
    for column in columns:
        column.flags.writeable = False
    moved = sum(s.time_us != time_us for s, time_us in zip(samples, times, strict=True))
    return Recording(name, source, cell, started, *columns, moved)


class Sheet:
    """The part of a file below its column names, which stand on *line*: finds and reads values.

    Names are matched by their beginning, so that `Temperature (` finds the column whatever the
    encoding has made of its degree sign.
    """

    def __init__(self, file: str, line: int, names: Sequence[str]) -> None:
        self.file = file
        self.line = line
        self.names = [name.strip() for name in names]

    def column(self, beginning: str) -> int:
        """Return the number of the one column so named; raise `CyclerError` if there is none."""
        found = self.column_if_any(beginning)
        if found is None:
            have = ", ".join(repr(n[:40]) for n in self.names[:20])
            raise self.error(self.line, f"no column {beginning!r} among the names {have}")
        return found

    def column_if_any(self, beginning: str) -> int | None:
        """Return the number of the first column so named, or None."""
        wanted = beginning.lower()
        return next((i for i, n in enumerate(self.names) if n.lower().startswith(wanted)), None)

    def number(self, line: int, values: Sequence[str], column: int) -> float:
        """Return the number that row *values* has in *column*; raise `CyclerError` if none."""
        text = values[column].strip()
        value = float(text.replace(",", "")) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            problem = f"{self.names[column]!r} is {text[:40]!r}, expected a number such as 3.4592"
            raise self.error(line, problem)
        return value

    def number_or_nan(self, line: int, values: Sequence[str], column: int | None) -> float:
        """Return the number in *column*, NaN where the file has none or says N/A."""
        if column is None or values[column].strip() in _NOT_MEASURED:
            return math.nan
        return self.number(line, values, column)

    def check_width(self, line: int, values: Sequence[str], extra: int = 0) -> None:
        """Raise `CyclerError` unless *values* has one value a name, and at most *extra* more."""
        names = len(self.names)
        if not names <= len(values) <= names + extra:
            cut = "; the line is cut off" if len(values) < names else ""
            allowed = f"{names} to {names + extra}" if extra else f"{names}"
            problem = f"{len(values)} values, expected {allowed} as by the column names{cut}"
            raise self.error(line, problem)

    def error(self, line: int, problem: str) -> CyclerError:
        """Return the error to raise for *line* of this file."""
        return CyclerError(self.file, line, problem)


def split(line: str, delimiter: str) -> list[str]:
    """Return the values of one line; a line that is quoted as a whole is opened first."""
    values = next(csv.reader([line], delimiter=delimiter), [])
    if len(values) == 1 and delimiter in values[0]:
        return next(csv.reader(values, delimiter=delimiter))
    return values
