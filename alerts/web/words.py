"""Words: times, ages and numbers as people read them; the filters of the templates."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.subject import FOR_PEOPLE

_STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


def age(seconds: float | None) -> str:
    """Return *seconds* in the largest fitting unit, "45 s", "3 min"; "none" for None."""
    if seconds is None:
        return "none"
    for size, unit in _STEPS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clock(moment: datetime, zone: ZoneInfo, now: datetime, to: str = "seconds") -> str:
    """Return the time of *moment* in *zone* *to* seconds or minutes, with its date if not today."""
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M:%S}" if to == "seconds" else f"{local:%H:%M}"
    if abs(now - moment) < timedelta(days=300):
        return f"{local:%d %b %H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


def number(value: float | None, sd: float | None = None) -> str:
    """Return *value* with the digits that its spread *sd* leaves meaningful, else four."""
    if value is None or not math.isfinite(value):
        return "unknown"
    if sd is None or not 0 < sd < math.inf:
        text = f"{value:.4g}"
    else:
        text = f"{value:.{min(6, max(0, -math.floor(math.log10(sd))))}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def percent(share: float | None) -> str:
    """Return a share of 1 as a percentage with one digit; "none" for None."""
    return "none" if share is None else f"{100 * share:.1f} %"


def unit(ucum: str) -> str:
    """Return a UCUM unit as people write it."""
    return FOR_PEOPLE.get(ucum, ucum)
