"""Units of measure, written in UCUM (the Unified Code for Units of Measure).

Only units that a cell plant uses are known here, so that a slip of the pen in the plant model
("mbarr", "Ω") is an error with a suggestion and not a label on a dashboard.
"""

from __future__ import annotations

import difflib

KNOWN: frozenset[str] = frozenset(
    {
        "1", "%", "10*-6",
        "V", "mV", "mV/d", "A", "mA", "A.h", "W.h", "W", "kW",
        "Ohm", "mOhm", "uOhm", "MOhm", "kOhm",
        "Cel", "K",
        "km", "m", "mm", "um", "m/min", "m/s", "1/m3", "1/km",
        "kg", "g", "mg", "mg/cm2", "g/cm3", "mg/kg",
        "N", "kN", "kN/m", "N.m", "J",
        "Pa", "kPa", "mbar", "Pa.s", "mPa.s", "Pa.m3/s",
        "L/min", "mL", "s", "min", "h", "d", "Hz",
    }
)  # fmt: skip


def check_unit(unit: str) -> str:
    """Return *unit* if it is known; raise `ValueError` with the nearest known ones if not."""
    if unit in KNOWN:
        return unit
    near = difflib.get_close_matches(unit, KNOWN, n=2, cutoff=0.5)
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    msg = f"{unit!r} is not a UCUM unit that Jellyroll knows (plant/units.py){hint}"
    raise ValueError(msg)
