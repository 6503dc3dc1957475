"""Spans of time as people write them: `3d`, `12h`, `10m`, `45s`, `1h30m`, `0`."""

from __future__ import annotations

import re

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000}
_GRAMMAR = re.compile(r"(\d+(?:\.\d+)?[dhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")


def parse_duration(text: str) -> int:
    """Return the milliseconds of *text*; raise `ValueError` if it is no duration."""
    if text == "0":
        return 0
    if not _GRAMMAR.fullmatch(text):
        raise ValueError(f"{text!r} is no duration; write 3d, 12h, 10m, 45s, 1h30m or 0")
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in _PART.findall(text)))
