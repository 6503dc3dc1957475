"""Units of the plant model as Grafana names them."""

from __future__ import annotations

_NAMES = {
    "1": "none", "%": "percent", "Cel": "celsius", "V": "volt", "mV": "mvolt", "A": "amp",
    "mA": "mamp", "W": "watt", "kW": "kwatt", "W.h": "watth", "Ohm": "ohm", "kOhm": "kohm",
    "mOhm": "mohm", "km": "lengthkm", "m": "lengthm", "mm": "lengthmm", "kg": "masskg",
    "g": "massg", "mg": "massmg", "Pa": "pressurepa", "kPa": "pressurekpa", "mbar": "pressurembar",
    "N": "forceN", "kN": "forcekN", "J": "joule", "s": "s", "min": "m", "h": "h", "d": "d",
    "Hz": "hertz", "L/min": "flowlpm",
}  # fmt: skip


def grafana_unit(ucum: str) -> str:
    """Return a UCUM unit as Grafana names it; one that it does not know is written behind."""
    return _NAMES.get(ucum, f"suffix: {ucum}")
