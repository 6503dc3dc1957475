"""Novonix exports: blocks `[Summary] [Protocol] [Data]`, comma-separated, event-driven.

The clock is in whole seconds, so the time of a sample is `Run Time (h)`, exact to 0.36 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import PureWindowsPath

from simulator.recording import CyclerError, Recording, Sample, Sheet, Source, record, split

_US_PER_HOUR = 3.6e9
_CLOCK = "%Y-%m-%d %I:%M:%S %p"
# Rows may carry a few values for which the export has no name. More of them mean another thing:
# decimal commas, with which each number falls apart into two values.
_UNNAMED_VALUES = 4


def is_novonix(lines: Sequence[str]) -> bool:
    """Return whether *lines* begin as a Novonix export does."""
    return bool(lines) and lines[0].strip(' "') == "[Summary]"


def read_novonix(name: str, lines: Sequence[str], zone: tzinfo) -> Recording:
    """Return the recording in *lines* of file *name*; its clock is read as of *zone*.

    Raise `CyclerError` with the line that is not as expected.
    """
    start = next((i for i, line in enumerate(lines) if line.strip(' "') == "[Data]"), None)
    if start is None:
        raise CyclerError(name, len(lines), "the file ends without a [Data] block")
    if start + 1 == len(lines):
        raise CyclerError(name, start + 1, "nothing follows [Data], expected the column names")
    sheet = Sheet(name, start + 2, split(lines[start + 1], ","))
    clock, hours = sheet.column("Date and Time"), sheet.column("Run Time (h)")
    volts, amps = sheet.column("Potential (V)"), sheet.column("Current (A)")
    cel = sheet.column_if_any("Temperature (")
    started: datetime | None = None
    samples: list[Sample] = []
    for number, line in enumerate(lines[start + 2 :], start=start + 3):
        if not line.strip():
            continue
        values = split(line, ",")
        sheet.check_width(number, values, extra=_UNNAMED_VALUES)
        if started is None:
            started = _moment(sheet, number, values[clock], zone)
        samples.append(
            Sample(
                number,
                round(sheet.number(number, values, hours) * _US_PER_HOUR),
                sheet.number(number, values, volts),
                sheet.number(number, values, amps),
                sheet.number_or_nan(number, values, cel),
            )
        )
    if not samples:
        raise sheet.error(len(lines), "no row follows the column names")
    return record(name, Source.NOVONIX, _cell(name, lines[:start]), started, samples)


def _moment(sheet: Sheet, line: int, text: str, zone: tzinfo) -> datetime:
    try:
        return datetime.strptime(text.strip(), _CLOCK).replace(tzinfo=zone)
    except ValueError:
        problem = f"the time is {text[:40]!r}, expected one like '2022-04-11 4:24:05 AM'"
        raise sheet.error(line, problem) from None


def _cell(name: str, head: Sequence[str]) -> str:
    """Return the serial number, or else the name under which the cycler filed the cell."""
    said: dict[str, str] = {}
    for line in head:
        key, _, value = line.strip(' "').partition(":")
        said.setdefault(key, value.strip())
    return said.get("Serial Number") or PureWindowsPath(said.get("Cell") or name).stem
