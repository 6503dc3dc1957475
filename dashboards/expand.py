"""What Grafana does to a query before the database sees it.

The browser puts the variables in; the server replaces macros, in its own order and with its own
pattern (grafana-postgresql-datasource: macros.go). So a board is proved without a Grafana.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Variables = Mapping[str, str | Sequence[str]]

# Grafana's roundInterval: below the first number, in ms, the second is taken.
_ROUNDED = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000),
    (3_500, 2_000), (7_500, 5_000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000),
    (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000),
    (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000),
    (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000),
    (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000),
)  # fmt: skip
_WEEK_MS = 604_800_000
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class ExpandError(Exception):
    """Grafana would send something else than was meant, or refuse; the text says what."""


@dataclass(frozen=True)
class View:
    """The time range on the screen, and how many pixels wide a panel is."""

    start: datetime
    end: datetime
    pixels: int = 900

    def interval_ms(self, panel: Mapping[str, Any] | None = None) -> int:
        """Return the bucket that Grafana chooses for *panel* (classic JSON)."""
        panel = panel or {}
        span = (self.end - self.start) / timedelta(milliseconds=1)
        wanted = span / panel.get("maxDataPoints", self.pixels)
        rounded = next((value for limit, value in _ROUNDED if wanted < limit), _WEEK_MS)
        return max(rounded, duration_ms(panel.get("interval", "1s")))


def duration_ms(text: str) -> int:
    """Return a duration as Grafana writes it, `5m`, in ms; raise `ExpandError` if it is none."""
    found = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if found is None:
        raise ExpandError(f"{text!r} is not a duration such as 5m")
    return int(found[1]) * _UNITS_MS[found[2]]


def sent(
    text: str, view: View, variables: Variables, panel: Mapping[str, Any] | None = None
) -> str:
    """Return the query as it reaches the database; raise `ExpandError` if it would not."""
    return expand(interpolate(text, variables), view, panel)


def interpolate(text: str, variables: Variables) -> str:
    """Put the variables in, as the browser does with the format `sqlstring`, the only safe one."""

    def value(match: re.Match[str]) -> str:
        chosen = variables[match[1]]
        many = [chosen] if isinstance(chosen, str) else chosen
        return ",".join("'" + one.replace("'", "''") + "'" for one in many)

    template = re.sub(r"\$\{\w+:sqlstring\}", "", text)
    if left := re.search(r"\$\{\w+[^}]*\}|\$(?!__)\w+", template):
        raise ExpandError(f"{left[0]} has not the format sqlstring: write {left[0]}:sqlstring")
    return re.sub(r"\$\{(\w+):sqlstring\}", value, text)


def expand(text: str, view: View, panel: Mapping[str, Any] | None = None) -> str:
    """Replace the macros, in the order and with the pattern of Grafana's server."""
    ms = view.interval_ms(panel)
    shown = next(
        f"{ms // size}{unit}" for unit, size in reversed(_UNITS_MS.items()) if ms % size == 0
    )
    text = text.replace("$__interval_ms", str(ms)).replace("$__interval", shown)
    start, end = (f"'{t:%Y-%m-%dT%H:%M:%SZ}'" for t in (view.start, view.end))

    def macro(match: re.Match[str]) -> str:
        name, arguments = match[1], [a.strip() for a in match[2].split(",")]
        match name:
            case "__timeFilter":
                return f"{arguments[0]} BETWEEN {start} AND {end}"
            case "__timeFrom":
                return start
            case "__timeTo":
                return end
            case "__timeGroup" | "__timeGroupAlias":
                width = duration_ms(arguments[1].strip("'")) / 1000
                alias = ' AS "time"' if name == "__timeGroupAlias" else ""
                return f"time_bucket('{width:.3f}s',{arguments[0]}){alias}"
        raise ExpandError(f"Grafana has no macro ${name}")

    # Grafana's own pattern: no nested parentheses in the arguments.
    return re.sub(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)", macro, text)
