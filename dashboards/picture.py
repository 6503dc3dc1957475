"""A board as SVG, from the same queries: for documents, where no Grafana is at hand.

It shows what each panel would show, in its place and its colours; it is no copy of Grafana's look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboards import palette
from dashboards.drawing import HEAD, Answer, Box, draw_panel, draw_text
from dashboards.expand import View, sent
from dashboards.targets import chosen
from storage.connect import Connection

_COLUMN, _ROW, _GAP = 50, 32, 6


def picture(
    connection: Connection, board: dict[str, Any], view: View, choices: Mapping[str, str]
) -> str:
    """Return *board* as SVG with the data of *view*; *choices* are values of its variables."""
    variables = chosen(connection, board, "all", view, choices)
    parts: list[str] = []
    marked = _regions(connection, board, view, variables)
    for panel in board["panels"]:
        place = panel["gridPos"]
        box = Box(
            place["x"] * _COLUMN, place["y"] * _ROW + 30,
            place["w"] * _COLUMN - _GAP, place["h"] * _ROW - _GAP,
        )  # fmt: skip
        answers = []
        for target in panel["targets"]:
            text = sent(target["rawSql"], view, variables, panel)
            cursor = connection.execute(text.encode())
            names = [column.name for column in cursor.description or ()]
            answers.append(Answer(names, cursor.fetchall()))
        parts += draw_panel(panel, box, answers, view, variables)
        parts += _marks(box, marked.get(panel["id"], ()), view)
    width = 24 * _COLUMN
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board["panels"]) * _ROW + 30
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="12"><rect width="{width}" height="{height}"'
        f' fill="#f4f4f4"/>{draw_text(4, 20, board["title"], size=17)}'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


Times = tuple[datetime, datetime]


def _regions(
    connection: Connection, board: dict[str, Any], view: View, variables: dict[str, Any]
) -> dict[int, list[Times]]:
    """Return the stretches of time that annotations mark, by the panel that they are on."""
    found: dict[int, list[Times]] = defaultdict(list)
    for note in board["annotations"]["list"]:
        text = sent(note["target"]["rawSql"], view, variables)
        times = [(row[0], row[1]) for row in connection.execute(text.encode())]
        for number in note["filter"]["ids"]:
            found[number] += times
    return found


def _marks(box: Box, times: Sequence[Times], view: View) -> Iterator[str]:
    seconds = (view.end - view.start).total_seconds()
    for begun, ended in times:
        first, last = max(begun, view.start), min(ended, view.end)
        x = box.x + 6 + (box.w - 12) * (first - view.start).total_seconds() / seconds
        width = (box.w - 12) * (last - first).total_seconds() / seconds
        if width > 0:
            yield (
                f'<rect x="{x:.1f}" y="{box.y + HEAD}" width="{width:.1f}"'
                f' height="{box.h - HEAD - 36}" fill="{palette.SUSPECTED}" fill-opacity="0.25"/>'
            )
