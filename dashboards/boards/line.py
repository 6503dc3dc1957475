"""Line health: one line, its steps in process order; for the wall, no click."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards import common
from dashboards.boards.shared import (
    HEALTH,
    LINES,
    POINTS,
    TO_STATION,
    first_choices,
    paced,
)
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import OUTPUT_RATE, query
from plant.model import Plant

NEEDS: frozenset[str] = frozenset()

_CODES = {
    1: ("Producing", palette.LIMIT),
    2: ("Stopped", palette.MEDIUM),
    3: ("Planned stop", palette.NORMAL),
    4: ("Not heard of", palette.LOW),
}


def board(plant: Plant) -> Board:
    """Return the board `jr-line`."""
    return panels.board(
        "jr-line",
        "Line health",
        "Is the line well, what hurts, and is this screen alive?",
        panels=panels.arranged(
            (5, [(24, _health())]),
            (4, [(4, panel) for panel in _figures()]),
            (8, [(12, _states()), (12, _hourly(plant))]),
            (9, [(12, _steps()), (6, _scrap()), (6, _stops())]),
            (9, [(12, common.open_alerts()), (12, _data())]),
            (8, [(8, panel) for panel in _flow()]),
        ),
        variables=first_choices(many_lines=False, plant=plant),
        since="now-12h",
    )


def _health() -> Panel:
    return panels.stat(
        Frame(
            title="Stations", unit="none", no_value="No station",
            description="The worst that is true of each station, in the order of the process: an "
            "open alert, no fresh data, an excursion that a model suspects, or nothing of it.",
        ),
        query("health_tiles"), words=HEALTH, field="health",
        link=TO_STATION,
    )  # fmt: skip


def _figures() -> list[Panel]:
    def frame(title: str, description: str, unit: str = "short", no_value: str = "0") -> Frame:
        return Frame(title=title, description=description, unit=unit, no_value=no_value)

    return [
        panels.stat(
            frame("Open alerts", "Alerts of the line that nobody has closed yet."),
            query("open_alerts"),
            thresholds=[(1, palette.HIGH)],
        ),
        panels.stat(
            frame(
                "Data age", "Age of the newest sample of any station. Is this screen alive?",
                "s", "over 1 h",
            ),
            query("data_age"), thresholds=[(60, palette.LOW)], decimals=0,
        ),
        panels.stat(
            frame("Values per second", "Numbers measured in the last minute, arrays by length."),
            query("values"),
        ),
        panels.stat(
            frame(
                "Cells per second",
                "Cells of the last minute at the first station that makes them.",
            ),
            query("cells"), decimals=3,
        ),
        common.dead_letters_of_a_day(),
        common.missing_in_the_books(),
    ]  # fmt: skip


def _states() -> Panel:
    return panels.states(
        Frame(
            title="What the stations did", unit="none", no_value="No state in this time",
            description="What took most of the time of a station's machines: producing, stopped, "
            "stopped by plan, or not heard of. Trays are left out.",
        ),
        query("station_states"), codes=_CODES, points=100, interval="1m",
    )  # fmt: skip


def _hourly(plant: Plant) -> Panel:
    return panels.trend(
        Frame(
            title="Output against target, hour by hour", unit="short",
            no_value="No cell in this time",
            description="Cells of each hour at the first step that makes them, and what the plan "
            "says. The hour that has just begun is not full yet.",
        ),
        [Query(paced("hourly_output", plant))],
        overrides={"target": [panels.colour(palette.LIMIT), panels.dashed()]},
        interval="1h",
    )  # fmt: skip


def _steps() -> Panel:
    share = [panels.unit("percentunit")]
    return panels.table(
        Frame(
            title="Yield and OEE of each step, 24 h", unit="none", no_value="No cell in 24 h",
            description="First-pass yield; rolled: the product of the steps so far, so the last "
            "row is the rolled-throughput yield. OEE by ISO 22400-2.",
        ),
        query("step_yield"),
        columns={
            "first pass": share, "rolled": share, "availability": share, "effectiveness": share,
            "quality": share, "oee": share,
        },
    )  # fmt: skip


def _scrap() -> Panel:
    return panels.bars(
        Frame(
            title="Where cells fail", unit="short", no_value="No cell in this time",
            description="Cells that failed, by step, the most first.",
        ),
        query("scrap"), over="step",
    )  # fmt: skip


def _stops() -> Panel:
    return panels.bars(
        Frame(
            title="What stops machines", unit="s", no_value="No stop in this time",
            description="Machine time lost, by station and reason, the longest first; planned "
            "stops are left out.",
        ),
        query("stops"), over="stop",
    )  # fmt: skip


def _data() -> Panel:
    return panels.table(
        Frame(
            title="Data of each station", unit="none", no_value="No station",
            description="Age of the newest sample (empty: nothing for an hour), and the rates of "
            "the last minute.",
        ),
        query("station_data"),
        columns={
            "health": panels.ground(HEALTH),
            "data age": [panels.unit("s")],
            "values/s": [panels.unit("short")],
            "cells/s": [panels.unit("short")],
        },
    )  # fmt: skip


def _flow() -> list[Panel]:
    output = OUTPUT_RATE.query(LINES, by="station AS metric")
    return [
        common.values_stored(),
        panels.trend(
            Frame(
                title="Cells per second by station", unit="short", no_value="No cell in this time",
                description="Cells that each station has measured, and what the line is planned "
                "to make.",
            ),
            [Query(f"{output}\nORDER BY 1, 2"), Query(query("target"), ref="B")],
            overrides={"planned": [panels.colour(palette.LIMIT), panels.dashed()]},
            points=POINTS,
            interval="1m",
        ),
        common.dead_letters_by_reason(),
    ]  # fmt: skip
