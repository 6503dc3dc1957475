"""Plant overview: which line needs me? For the wall, no click."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards import common
from dashboards.boards.shared import HEALTH, TO_LINE, first_choices, paced
from dashboards.panels import Board, Frame
from dashboards.sql import query
from plant.model import Plant

NEEDS: frozenset[str] = frozenset()


def board(plant: Plant) -> Board:
    """Return the board `jr-overview`."""
    health = panels.stat(
        Frame(
            title="Lines", unit="none", no_value="No line",
            description="The worst that is true of any station of a line. A click leads to it.",
        ),
        query("line_tiles"), words=HEALTH, field="health", link=TO_LINE,
    )  # fmt: skip
    alerts = panels.stat(
        Frame(
            title="Open alerts", unit="short", no_value="0",
            description="Alerts that nobody has closed yet.",
        ),
        query("line_alerts"), thresholds=[(1, palette.HIGH)], field="open alerts", link=TO_LINE,
    )  # fmt: skip
    age = panels.stat(
        Frame(
            title="Data age", unit="s", no_value="over 1 h",
            description="Age of the newest sample of each line. Is this screen alive?",
        ),
        query("line_age"), thresholds=[(60, palette.LOW)], decimals=0, field="data age",
    )  # fmt: skip
    return panels.board(
        "jr-overview",
        "Plant overview",
        "Which line needs me?",
        panels=panels.arranged(
            (5, [(24, health)]),
            (4, [(12, alerts), (12, age)]),
            (7, [(6, panel) for panel in _figures(plant)]),
            (10, [(14, common.open_alerts()), (10, _stations())]),
        ),
        variables=first_choices(many_lines=True, plant=plant),
        since="now-24h",
    )


def _figures(plant: Plant) -> list[panels.Panel]:
    share = {"unit": "percentunit"}
    return [
        panels.table(
            Frame(
                title="Output against target, 24 h", no_value="No cell in 24 h", **share,
                description="Cells of the last 24 hours at the first step that makes them, and "
                "what the plan says.",
            ),
            paced("line_output", plant),
            columns={"cells": [panels.unit("short")], "target": [panels.unit("short")]},
        ),
        panels.table(
            Frame(
                title="First pass and rolled yield, 24 h", no_value="No cell in 24 h", **share,
                description="First-pass yield of the worst step, and the product of all steps.",
            ),
            query("line_yield"),
        ),
        panels.table(
            Frame(
                title="OEE, 24 h", no_value="No cell in 24 h", **share,
                description="ISO 22400-2, of the step that sets the pace: availability times "
                "effectiveness times quality.",
            ),
            paced("line_oee", plant),
        ),
        panels.table(
            Frame(
                title="Grades, 24 h", no_value="No cell was graded in 24 h", **share,
                description="Cells that got their grade, or were rejected.",
            ),
            query("lines_of_grades"),
            columns={"cells": [panels.unit("short")]},
        ),
    ]  # fmt: skip


def _stations() -> panels.Panel:
    return panels.table(
        Frame(
            title="Stations that are not normal", unit="none", no_value="All stations are normal",
            description="What makes a line's tile change, station by station.",
        ),
        query("not_normal"),
        columns={"health": panels.ground(HEALTH), "data age": [panels.unit("s")]},
    )  # fmt: skip
