"""Tidy recordings: CSV with the columns time_s, voltage_v, current_a and temperature_cel.

Current is positive on charge; an empty temperature was not measured; a temperature column need
not be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from simulator.recording import CyclerError, Recording, Sample, Sheet, Source, record, split


def is_tidy(lines: Sequence[str]) -> bool:
    """Return whether *lines* begin with the column names of a tidy recording."""
    return bool(lines) and "voltage_v" in lines[0] and "time_s" in lines[0]


def read_tidy(name: str, lines: Sequence[str]) -> Recording:
    """Return the recording in *lines* of file *name*; raise `CyclerError` with the wrong line."""
    sheet = Sheet(name, 1, split(lines[0], ","))
    seconds, volts, amps = (sheet.column(n) for n in ("time_s", "voltage_v", "current_a"))
    cel = sheet.column_if_any("temperature_cel")
    samples: list[Sample] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        values = split(line, ",")
        sheet.check_width(number, values)
        samples.append(
            Sample(
                number,
                round(sheet.number(number, values, seconds) * 1e6),
                sheet.number(number, values, volts),
                sheet.number(number, values, amps),
                sheet.number_or_nan(number, values, cel),
            )
        )
    if not samples:
        raise CyclerError(name, len(lines), "no row follows the column names")
    return record(name, Source.TIDY, PurePath(name).stem, None, samples)
