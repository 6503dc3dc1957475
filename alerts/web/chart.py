"""Charts as SVG: an alert's evidence, and counts as bars. Pure: numbers in, markup out.

Colours are classes, whose meaning is in static/style.css, so that a chart follows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from alerts.web.words import number, unit

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 10, 28, 30
_INNER_WIDTH = _WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT = _HEIGHT - _TOP - _BOTTOM
_Scale = Callable[[datetime], float]
_Level = Callable[[float], float]

#: Seconds between labels of a time axis.
_TICKS_S = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)


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
    """Return the chart of *evidence*, with a title and a description for who does not see it."""
    x, begin, end = _time_scale(evidence)
    y, bottom, top = _value_scale(evidence)
    parts = [_head(evidence.title, _description(evidence))]
    parts += _baseline(evidence, y)
    parts += _span(evidence, x)
    parts += _value_axis(bottom, top, y, evidence)
    parts += _time_axis(begin, end, x, zone)
    for name, limit in (("upper limit", evidence.high), ("lower limit", evidence.low)):
        if limit is not None and bottom <= limit <= top:
            parts += _rule("limit", f"{name} {number(limit, evidence.sd)}", y(limit))
    if math.isfinite(evidence.expected):
        label = f"centre {number(evidence.expected, evidence.sd)}"
        parts += _rule("centre", label, y(evidence.expected))
    dots = [(x(at), y(value)) for at, value in evidence.points if math.isfinite(value)]
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in dots)
    parts.append(f'<polyline class="value" points="{line}"/>')
    if len(dots) <= 150:
        parts += [f'<circle class="value" cx="{px:.1f}" cy="{py:.1f}" r="2.5"/>' for px, py in dots]
    return "".join([*parts, "</svg>"])


def bar_chart(
    title: str, bars: Sequence[tuple[str, int]], targets: Sequence[tuple[str, float]] = ()
) -> str:
    """Return a bar for each label and count, and a line for each named target.

    Empty bars keep their place; labels are thinned out to what can be read.
    """
    most = max([count for _, count in bars] + [value for _, value in targets] + [1])
    height = 160
    step = _INNER_WIDTH / max(1, len(bars))
    floor = _TOP + height

    def y(value: float) -> float:
        return floor - height * value / most

    total = sum(count for _, count in bars)
    parts = [_head(title, f"{total} in all, at most {max((c for _, c in bars), default=0)}", 220)]
    for index, (label, count) in enumerate(bars):
        left = _LEFT + index * step
        parts.append(
            f'<rect class="bar" x="{left + step * 0.1:.1f}" y="{y(count):.1f}"'
            f' width="{step * 0.8:.1f}" height="{floor - y(count):.1f}">'
            f"<title>{escape(label)}: {count}</title></rect>"
        )
        if index % math.ceil(len(bars) / 12) == 0:
            parts.append(_text(left + step / 2, floor + 16, label, "middle"))
    for name, value in targets:
        parts += _rule("limit", name, y(value))
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>')
    parts.append(_text(_LEFT - 6, floor, "0", "end"))
    parts.append(_text(_LEFT - 6, _TOP + 4, f"{most:g}", "end"))
    return "".join([*parts, "</svg>"])


def _time_scale(evidence: Evidence) -> tuple[_Scale, datetime, datetime]:
    times = [at for at, _ in evidence.points] + [evidence.since, evidence.until]
    begin, end = min(times), max(times)
    if end - begin < timedelta(seconds=1):
        begin, end = begin - timedelta(minutes=1), end + timedelta(minutes=1)
    width_s = (end - begin).total_seconds()

    def scale(at: datetime) -> float:
        return _LEFT + _INNER_WIDTH * (at - begin).total_seconds() / width_s

    return scale, begin, end


def _value_scale(evidence: Evidence) -> tuple[_Level, float, float]:
    values = [value for _, value in evidence.points if math.isfinite(value)]
    for extra in (evidence.expected - 3 * evidence.sd, evidence.expected + 3 * evidence.sd):
        if math.isfinite(extra):
            values.append(extra)
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    # A limit far away would press everything else flat.
    reach = max(high - low, abs(high) * 1e-6, 1e-12)
    for limit in (evidence.low, evidence.high):
        if limit is not None and low - reach <= limit <= high + reach:
            low, high = min(low, limit), max(high, limit)
    margin = 0.08 * max(high - low, abs(high) * 1e-6, 1e-12)
    low, high = low - margin, high + margin

    def scale(value: float) -> float:
        return _TOP + _INNER_HEIGHT * (high - value) / (high - low)

    return scale, low, high


def _baseline(evidence: Evidence, y: _Level) -> list[str]:
    if not (math.isfinite(evidence.expected) and 0 < evidence.sd < math.inf):
        return []
    top, bottom = y(evidence.expected + 3 * evidence.sd), y(evidence.expected - 3 * evidence.sd)
    return [
        f'<rect class="baseline" x="{_LEFT}" y="{top:.1f}" width="{_INNER_WIDTH}"'
        f' height="{bottom - top:.1f}"><title>baseline, 3 sd on each side</title></rect>'
    ]


def _span(evidence: Evidence, x: _Scale) -> list[str]:
    left, right = x(evidence.since), x(evidence.until)
    width = max(2.0, right - left)
    label = _text(left + 4, _TOP - 8, "affected", "start", "span-label")
    if left > _WIDTH - 90:
        label = _text(left - 4, _TOP - 8, "affected", "end", "span-label")
    return [
        f'<rect class="span" x="{left:.1f}" y="{_TOP}" width="{width:.1f}"'
        f' height="{_INNER_HEIGHT}"/>',
        f'<line class="onset" x1="{left:.1f}" x2="{left:.1f}" y1="{_TOP - 16}"'
        f' y2="{_TOP + _INNER_HEIGHT}"/>',
        label,
    ]


def _value_axis(bottom: float, top: float, y: _Level, evidence: Evidence) -> list[str]:
    parts = []
    step = _nice((top - bottom) / 4)
    value = math.ceil(bottom / step) * step
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    while value <= top:
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}"'
            f' y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        text = f"{value:.{min(decimals, 9)}f}".replace("-", "\N{MINUS SIGN}")
        parts.append(_text(_LEFT - 6, y(value) + 4, text, "end"))
        value += step
    if evidence.ucum not in {"", "1"}:
        parts.append(_text(_LEFT - 6, _TOP - 8, unit(evidence.ucum), "end"))
    return parts


def _time_axis(begin: datetime, end: datetime, x: _Scale, zone: ZoneInfo) -> list[str]:
    width_s = (end - begin).total_seconds()
    step_s = next((step for step in _TICKS_S if width_s / step <= 6), math.ceil(width_s / 6))
    form = "%H:%M:%S" if step_s < 60 else "%H:%M" if width_s < 86400 else "%d %b %H:%M"
    offset_s = begin.astimezone(zone).utcoffset() or timedelta(0)
    first_s = math.ceil((begin + offset_s).timestamp() / step_s) * step_s
    tick = datetime.fromtimestamp(first_s, zone) - offset_s
    parts = []
    floor = _TOP + _INNER_HEIGHT
    while tick <= end:
        position = x(tick)
        if position < _WIDTH - 30:
            parts.append(_text(position, floor + 18, tick.astimezone(zone).strftime(form), "middle"))
        tick += timedelta(seconds=step_s)
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>')
    return parts


def _description(evidence: Evidence) -> str:
    values = [value for at, value in evidence.points if at >= evidence.since]
    mean = sum(values) / len(values) if values else math.nan
    of = unit(evidence.ucum)
    return (
        f"{len(evidence.points)} points; expected {number(evidence.expected, evidence.sd)} {of},"
        f" mean since the onset {number(mean, evidence.sd)} {of}"
    )


def _head(title: str, description: str, height: int = _HEIGHT) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}. {escape(description)}">'
    )


def _rule(kind: str, label: str, y: float) -> list[str]:
    return [
        f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
        _text(_WIDTH - _RIGHT - 4, y - 4, label, "end"),
    ]


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)
