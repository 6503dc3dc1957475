"""A panel as SVG: tiles, lines, bands, bars, rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from dashboards import palette
from dashboards.expand import View

#: Height of a panel's title, in pixels.
HEAD = 22
_LINE = 17
_BARS = 40


class Box(NamedTuple):
    """Where a panel's content goes, in pixels."""

    x: float
    y: float
    w: float
    h: float


class Answer(NamedTuple):
    """What a query gave back."""

    names: list[str]
    rows: list[tuple[Any, ...]]


def draw_panel(
    panel: dict[str, Any],
    box: Box,
    answers: Sequence[Answer],
    view: View,
    variables: dict[str, Any],
) -> Iterator[str]:
    """Yield what *panel* shows of *answers*, one for each of its queries, within *box*."""
    yield f'<rect x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" fill="#ffffff"/>'
    title = panel["title"]
    for name, value in variables.items():
        text = value if isinstance(value, str) else ", ".join(value)
        title = title.replace(f"${{{name}:text}}", text)
    yield draw_text(box.x + 6, box.y + 15, title, bold=True, most=box.w)
    inner = Box(box.x + 6, box.y + HEAD, box.w - 12, box.h - HEAD - 6)
    if not any(value is not None for a in answers for row in a.rows for value in row):
        empty = panel["fieldConfig"]["defaults"]["noValue"]
        yield draw_text(inner.x + inner.w / 2, inner.y + inner.h / 2, empty, middle=True)
        return
    first = answers[0]
    match panel["type"]:
        case "stat":
            yield from _tiles(panel, inner, first)
        case "timeseries":
            yield from _lines(inner, answers, view)
        case "state-timeline":
            yield from _bands(panel, inner, first, view)
        case "barchart":
            yield from _bars(panel, inner, first)
        case _:
            yield from _rows(panel, inner, first)


def _tiles(panel: dict[str, Any], box: Box, answer: Answer) -> Iterator[str]:
    field = panel["options"]["reduceOptions"].get("fields", "").strip("/^$")
    if field:
        at = answer.names.index(field)
        named = answer.names.index("title") if "title" in answer.names else 0
        tiles = [(str(row[named]), row[at]) for row in answer.rows]
    else:
        tiles = list(zip(answer.names, answer.rows[0], strict=True))
    width = box.w / len(tiles)
    for number, (name, value) in enumerate(tiles):
        x = box.x + number * width
        text, fill = _shown(panel, value)
        yield f'<rect x="{x}" y="{box.y}" width="{width - 3}" height="{box.h}" fill="{fill}"/>'
        yield draw_text(
            x + width / 2, box.y + box.h / 2 + 6, text, size=16, middle=True, most=width
        )
        if len(tiles) > 1:
            yield draw_text(x + width / 2, box.y + box.h - 4, name, size=9, middle=True, most=width)


def _shown(panel: dict[str, Any], value: object) -> tuple[str, str]:
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []):
        if found := mapping["options"].get(str(value)):
            return found["text"], found["color"]
    fill = palette.NORMAL
    for step in defaults.get("thresholds", {}).get("steps", []):
        edge = step["value"]
        if edge is None or (isinstance(value, int | float) and value >= edge):
            fill = step["color"]
    return (defaults["noValue"] if value is None else _number(value)), fill


def _lines(box: Box, answers: Sequence[Answer], view: View) -> Iterator[str]:
    series: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for answer in answers:
        if "metric" in answer.names:
            for time, name, value in answer.rows:
                series[name].append((time, value))
        else:
            for row in answer.rows:
                for name, value in zip(answer.names[1:], row[1:], strict=True):
                    series[name].append((row[0], value))
    values = [v for points in series.values() for _, v in points if v is not None]
    if not values:
        return
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    seconds = (view.end - view.start).total_seconds()
    tall = box.h - 30
    for number, (name, points) in enumerate(series.items()):
        colour = palette.SERIES[number % len(palette.SERIES)]
        drawn = " ".join(
            f"{box.x + box.w * (t - view.start).total_seconds() / seconds:.1f},"
            f"{box.y + tall * (1 - (v - low) / span):.1f}"
            for t, v in points
            if v is not None and view.start <= t <= view.end
        )
        yield f'<polyline points="{drawn}" fill="none" stroke="{colour}"/>'
        if number < 8:  # as many names as fit below
            x = box.x + number % 4 * box.w / 4
            y = box.y + box.h - 14 + number // 4 * 12
            yield draw_text(x, y, name, size=9, fill=colour, most=box.w / 4)
    yield draw_text(box.x, box.y + 9, _number(high), size=9)
    yield draw_text(box.x, box.y + tall, _number(low), size=9)


def _bands(panel: dict[str, Any], box: Box, answer: Answer, view: View) -> Iterator[str]:
    words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    series: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for time, name, value in answer.rows:
        series[name].append((max(time, view.start), value))
    tall = box.h / len(series)
    seconds = (view.end - view.start).total_seconds()
    for number, (name, points) in enumerate(series.items()):
        y = box.y + number * tall
        yield draw_text(box.x, y + tall * 0.7, name, size=9, most=110)
        ends = [time for time, _ in points[1:]] + [view.end]
        for (begun, code), ended in zip(points, ends, strict=True):
            x = box.x + 115 + (box.w - 115) * (begun - view.start).total_seconds() / seconds
            width = (box.w - 115) * (ended - begun).total_seconds() / seconds
            fill = words[str(int(code))]["color"]
            yield (
                f'<rect x="{x:.1f}" y="{y + 1:.1f}" width="{width:.1f}" height="{tall - 2:.1f}"'
                f' fill="{fill}"/>'
            )


def _bars(panel: dict[str, Any], box: Box, answer: Answer) -> Iterator[str]:
    rows = answer.rows[:_BARS]
    most = max(float(row[1] or 0) for row in rows) or 1.0
    if panel["options"]["orientation"] == "vertical":
        width = box.w / len(rows)
        for number, row in enumerate(rows):
            tall = (box.h - 14) * float(row[1] or 0) / most
            x = box.x + number * width
            yield (
                f'<rect x="{x:.1f}" y="{box.y + box.h - 14 - tall:.1f}" width="{width - 1:.1f}"'
                f' height="{tall:.1f}" fill="{palette.LIMIT}"/>'
            )
        yield draw_text(box.x, box.y + box.h, str(rows[0][0]), size=9)
        yield draw_text(box.x + box.w - 40, box.y + box.h, str(rows[-1][0]), size=9)
        return
    tall = min(22.0, box.h / len(rows))
    for number, row in enumerate(rows):
        y = box.y + number * tall
        width = (box.w - 60) * float(row[1] or 0) / most
        yield (
            f'<rect x="{box.x}" y="{y + 1:.1f}" width="{width:.1f}" height="{tall - 2:.1f}"'
            f' fill="{palette.LINE_FAINT}"/>'
        )
        yield draw_text(box.x + 3, y + tall * 0.7, row[0], size=9, most=box.w - 50)
        yield draw_text(box.x + box.w - 45, y + tall * 0.7, _number(row[1]), size=9)


def _rows(panel: dict[str, Any], box: Box, answer: Answer) -> Iterator[str]:
    hidden = {
        o["matcher"]["options"]
        for o in panel["fieldConfig"]["overrides"]
        if any(p["id"] == "custom.hidden" for p in o["properties"])
    }
    shown = [at for at, name in enumerate(answer.names) if name not in hidden]
    width = box.w / len(shown)
    for number, at in enumerate(shown):
        x = box.x + number * width
        yield draw_text(x, box.y + 11, answer.names[at], size=9, bold=True, most=width)
        for line, row in enumerate(answer.rows[: int(box.h / _LINE) - 1], 1):
            yield draw_text(x, box.y + 11 + line * _LINE, _number(row[at]), size=10, most=width)


def _number(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
        case datetime():
            return f"{value:%m-%d %H:%M}"
    return str(value)


def draw_text(
    x: float,
    y: float,
    words: object,
    *,
    size: int = 11,
    bold: bool = False,
    middle: bool = False,
    most: float = 1e4,
    fill: str = "#333333",
) -> str:
    """Return *words*, cut where they would be wider than *most* pixels."""
    text = str(words)
    fits = max(2, int(most / (size * 0.56)))
    if len(text) > fits:
        text = text[: fits - 1] + "…"
    weight = ' font-weight="bold"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}"{weight}{anchor}>'
        f"{escape(text)}</text>"
    )
