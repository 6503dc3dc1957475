"""Maccor exports: two header lines, then tab-separated rows.

The clock is in whole seconds and runs unevenly, so the time of a sample is `Test (Sec)`.
Some exports give `Amps` with a sign, others without; then the sign is in `State`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import PurePath

from simulator.recording import CyclerError, Recording, Sample, Sheet, Source, record, split

_CLOCK = "%m/%d/%Y %H:%M:%S"
_BARCODE = re.compile(r"Comment/Barcode:\s*([^\t]*)")
_CHARGE, _DISCHARGE, _REST = "C", "D", "R"


def is_maccor(lines: Sequence[str]) -> bool:
    """Return whether *lines* begin as a Maccor export does."""
    return len(lines) > 1 and lines[1].strip(' "').lower().startswith("rec#")


def read_maccor(name: str, lines: Sequence[str], zone: tzinfo) -> Recording:
    """Return the recording in *lines* of file *name*; its clock is read as of *zone*.

    Raise `CyclerError` with the line that is not as expected.
    """
    sheet = Sheet(name, 2, _values(lines[1]))
    seconds, volts, amps = (sheet.column(n) for n in ("Test (Sec)", "Volts", "Amps"))
    state, clock = sheet.column("State"), sheet.column("DPt Time")
    started: datetime | None = None
    samples: list[Sample] = []
    states: list[str] = []
    for number, line in enumerate(lines[2:], start=3):
        if not line.strip():
            continue
        values = _values(line)
        sheet.check_width(number, values)
        if started is None:
            started = _moment(sheet, number, values[clock], zone)
        time_us = round(sheet.number(number, values, seconds) * 1e6)
        volt, amp = sheet.number(number, values, volts), sheet.number(number, values, amps)
        samples.append(Sample(number, time_us, volt, amp, float("nan")))
        states.append(values[state].strip())
    if not samples:
        raise CyclerError(name, len(lines), "no row follows the two header lines")
    return record(
        name, Source.MACCOR, _cell(name, lines[0]), started, _signed(sheet, samples, states)
    )


def _values(line: str) -> list[str]:
    """Return the values of a row; the tab at its end, which some exports have, is none."""
    return split(line.removesuffix("\t"), "\t")


def _signed(sheet: Sheet, samples: list[Sample], states: list[str]) -> list[Sample]:
    """Return *samples* with discharge negative, as they are if the file has it so itself."""
    rows = list(zip(samples, states, strict=True))
    if any(state == _DISCHARGE and sample.current_a < 0 for sample, state in rows):
        return samples
    for sample, state in rows:
        if sample.current_a and state not in {_CHARGE, _DISCHARGE, _REST}:
            problem = (
                f"'Amps' has no sign in this file and 'State' is {state[:20]!r}, expected"
                f" {_CHARGE}, {_DISCHARGE} or {_REST} to tell charge from discharge"
            )
            raise sheet.error(sample.line, problem)
    return [
        sample._replace(current_a=-sample.current_a)
        if state == _DISCHARGE and sample.current_a
        else sample
        for sample, state in rows
    ]


def _moment(sheet: Sheet, line: int, text: str, zone: tzinfo) -> datetime:
    # At midnight some cyclers leave the time away.
    moment = text.strip() if " " in text.strip() else f"{text.strip()} 00:00:00"
    try:
        return datetime.strptime(moment, _CLOCK).replace(tzinfo=zone)
    except ValueError:
        problem = f"'DPt Time' is {text[:40]!r}, expected month/day/year as 12/16/2019 14:03:25"
        raise sheet.error(line, problem) from None


def _cell(name: str, head: str) -> str:
    found = _BARCODE.search(head)
    return (found.group(1).strip(' "') if found else "") or PurePath(name).stem
