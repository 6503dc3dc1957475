"""An alert's evidence as SVG: value, limits, centre, baseline, affected span. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.web.svg import (
    BOTTOM,
    INNER_WIDTH,
    LEFT,
    RIGHT,
    TOP,
    element,
    level,
    picture,
    text,
)
from alerts.web.words import number, unit

_HEIGHT = 300
_FLOOR = _HEIGHT - BOTTOM
#: More dots than that would be a carpet.
_MOST_DOTS = 150
#: Seconds between the labels of the time axis.
_STEPS_S = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)

_Moment = Callable[[datetime], float]
_Level = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an evidence chart shows, in one *ucum* unit; times are in order.

    The baseline is *expected* with three *sd* on each side, *low* and *high* are the limits of the
    plant model. The affected span runs from *since* to *until*.
    """

    title: str
    points: Sequence[tuple[datetime, float]]
    since: datetime
    until: datetime
    expected: float
    sd: float
    ucum: str
    low: float | None = None
    high: float | None = None


def evidence_chart(evidence: Evidence, zone: ZoneInfo) -> str:
    """Return the chart of *evidence*, its times by the clock of *zone*."""
    x, begin, end = _moments(evidence)
    y, bottom, top = _levels(evidence)
    parts = [*_baseline(evidence, y), *_span(evidence, x)]
    parts += _value_axis(bottom, top, y, evidence.ucum)
    parts += _time_axis(begin, end, x, zone)
    for name, limit in (("upper limit", evidence.high), ("lower limit", evidence.low)):
        if limit is not None and bottom <= limit <= top:
            parts += level("limit", y(limit), f"{name} {number(limit, evidence.sd)}")
    if math.isfinite(evidence.expected):
        words = f"centre {number(evidence.expected, evidence.sd)}"
        parts += level("centre", y(evidence.expected), words)
    dots = [(x(at), y(value)) for at, value in evidence.points if math.isfinite(value)]
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in dots)
    parts.append(element("polyline", "value", points=line))
    if len(dots) <= _MOST_DOTS:
        parts += [element("circle", "value", cx=px, cy=py, r=2.5) for px, py in dots]
    return picture(evidence.title, _description(evidence), _HEIGHT, parts)


def _moments(evidence: Evidence) -> tuple[_Moment, datetime, datetime]:
    times = [at for at, _ in evidence.points] + [evidence.since, evidence.until]
    begin, end = min(times), max(times)
    if end - begin < timedelta(seconds=1):
        begin, end = begin - timedelta(minutes=1), end + timedelta(minutes=1)
    width_s = (end - begin).total_seconds()

    def scale(at: datetime) -> float:
        return LEFT + INNER_WIDTH * (at - begin).total_seconds() / width_s

    return scale, begin, end


def _levels(evidence: Evidence) -> tuple[_Level, float, float]:
    edges = (evidence.expected - 3 * evidence.sd, evidence.expected + 3 * evidence.sd)
    values = [v for v in (*edges, *(v for _, v in evidence.points)) if math.isfinite(v)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    # A limit far away would press everything else flat.
    reach = max(high - low, abs(high) * 1e-6, 1e-12)
    for limit in (evidence.low, evidence.high):
        if limit is not None and low - reach <= limit <= high + reach:
            low, high = min(low, limit), max(high, limit)
    margin = 0.08 * max(high - low, abs(high) * 1e-6, 1e-12)
    low, high = low - margin, high + margin

    def scale(value: float) -> float:
        return TOP + (_FLOOR - TOP) * (high - value) / (high - low)

    return scale, low, high


def _baseline(evidence: Evidence, y: _Level) -> list[str]:
    if not (math.isfinite(evidence.expected) and 0 < evidence.sd < math.inf):
        return []
    top, bottom = y(evidence.expected + 3 * evidence.sd), y(evidence.expected - 3 * evidence.sd)
    tip = "<title>baseline, 3 sd on each side</title>"
    height = bottom - top
    return [element("rect", "baseline", tip, x=LEFT, y=top, width=INNER_WIDTH, height=height)]


def _span(evidence: Evidence, x: _Moment) -> list[str]:
    left, right = x(evidence.since), x(evidence.until)
    anchor, offset = ("start", 4) if left < RIGHT - 80 else ("end", -4)
    width = max(2.0, right - left)
    return [
        element("rect", "span", x=left, y=TOP, width=width, height=_FLOOR - TOP),
        element("line", "onset", x1=left, x2=left, y1=TOP - 16, y2=_FLOOR),
        text(left + offset, TOP - 8, "affected", anchor, "span-label"),
    ]


def _value_axis(bottom: float, top: float, y: _Level, ucum: str) -> list[str]:
    parts = []
    step = _nice((top - bottom) / 4)
    decimals = min(9, max(0, -math.floor(math.log10(step) + 1e-9)))
    for index in range(math.ceil(bottom / step), math.floor(top / step) + 1):
        words = f"{index * step:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
        parts += level("grid", y(index * step))
        parts.append(text(LEFT - 6, y(index * step) + 4, words, "end"))
    if unit(ucum):
        parts.append(text(LEFT - 6, TOP - 8, unit(ucum), "end"))
    return parts


def _time_axis(begin: datetime, end: datetime, x: _Moment, zone: ZoneInfo) -> list[str]:
    width_s = (end - begin).total_seconds()
    step_s = next((step for step in _STEPS_S if width_s / step <= 6), math.ceil(width_s / 6))
    form = "%H:%M:%S" if step_s < 60 else "%H:%M" if width_s < 86400 else "%d %b %H:%M"
    # Round times of the plant's clock, so its distance from UTC counts.
    ahead = begin.astimezone(zone).utcoffset() or timedelta(0)
    first_s = math.ceil((begin + ahead).timestamp() / step_s) * step_s
    tick = datetime.fromtimestamp(first_s, zone) - ahead
    parts = level("axis", _FLOOR)
    while tick <= end:
        if x(tick) < RIGHT - 20:
            words = tick.astimezone(zone).strftime(form)
            parts.append(text(x(tick), _FLOOR + 18, words, "middle"))
        tick += timedelta(seconds=step_s)
    return parts


def _description(evidence: Evidence) -> str:
    values = [value for at, value in evidence.points if at >= evidence.since]
    mean = sum(values) / len(values) if values else math.nan
    of = unit(evidence.ucum)
    return (
        f"{len(evidence.points)} points; expected {number(evidence.expected, evidence.sd)} {of},"
        f" mean since the onset {number(mean, evidence.sd)} {of}"
    )


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)
