"""The boards. One so far: line health, the screen on the wall that needs no click."""

from __future__ import annotations

from dataclasses import replace

from dashboards import palette, panels
from dashboards.panels import Board, Frame, Panel, Query, Variable
from dashboards.sql import OUTPUT_RATE, RESULT_BAND, RESULT_SUMS, query

LINES = "line IN (${line:sqlstring})"
MACHINES = f"""{LINES}
  AND station IN (${{station:sqlstring}})
  AND characteristic IN (${{characteristic:sqlstring}})
  AND equipment IN (${{equipment:sqlstring}})"""

HEALTH = {
    "normal": ("Normal", palette.NORMAL),
    "suspected": ("Suspected", palette.SUSPECTED),
    "stale": ("No data", palette.LOW),
    "alert": ("Alert", palette.HIGH),
}
SEVERITY = {
    "low": ("Low", palette.LOW),
    "medium": ("Medium", palette.MEDIUM),
    "high": ("High", palette.HIGH),
}

#: Buckets of a panel with several series: Grafana rounds its interval, so up to half as many more
#: can come, and eight series of them stay below 2,000 rows.
_POINTS = 150
_TREND, _BY_PLACE = 10, 11


def boards() -> tuple[Board, ...]:
    """Return every board."""
    return (line_health(),)


def line_health() -> Board:
    """Return the board `jr-line`."""
    return panels.board(
        "jr-line",
        "Line health",
        "Is the line well, what hurts, and is this screen alive?",
        panels=[_health(), *_figures(), *_tables(), *_trends(), *_flow()],
        variables=[panels.source_variable(), *_variables()],
        annotations=[
            panels.regions("Anomalies", query("anomalies"), [_TREND, _BY_PLACE], palette.SUSPECTED)
        ],
        since="now-6h",
    )


def _variables() -> list[Variable]:
    return [
        panels.variable("line", "Line", query("lines"), many=True),
        panels.variable(
            "station", "Station", query("stations"), first=("Filling with electrolyte", "filling")
        ),
        panels.variable(
            "characteristic",
            "Result",
            query("results"),
            first=("Electrolyte filled in", "fill_mass"),
        ),
        panels.variable("equipment", "Machine", query("equipment"), many=True),
    ]


def _health() -> Panel:
    return panels.stat(
        Frame(
            id=1, x=0, y=0, w=24, h=5, title="Stations", unit="none", no_value="No station",
            description="The worst that is true of each station: an open alert, no fresh data, "
            "an excursion that a model suspects, or nothing of it.",
        ),
        query("health_tiles"), words=HEALTH, field="health",
    )  # fmt: skip


def _figures() -> list[Panel]:
    row = Frame(id=2, x=0, y=5, w=4, h=4, title="", description="", unit="short", no_value="0")
    return [
        panels.stat(
            replace(
                row, title="Open alerts", description="Alerts that nobody has closed yet."
            ),
            query("open_alerts"),
            thresholds=[(1, palette.HIGH)],
        ),
        panels.stat(
            replace(
                row, id=3, x=4, title="Data age", unit="s", no_value="over 1 h",
                description="Age of the newest sample of any station. Is this screen alive?",
            ),
            query("data_age"), thresholds=[(60, palette.LOW)], decimals=0,
        ),
        panels.stat(
            replace(
                row, id=4, x=8, title="Values per second",
                description="Numbers measured in the last minute, arrays by their length.",
            ),
            query("values"),
        ),
        panels.stat(
            replace(
                row, id=5, x=12, title="Cells per second",
                description="Cells of the last minute at the first station that makes them.",
            ),
            query("cells"), decimals=3,
        ),
        panels.stat(
            replace(
                row, id=6, x=16, title="Dead letters, 24 h",
                description="Messages that could not be read. They are kept, with the reason.",
            ),
            query("dead_letters"), thresholds=[(1, palette.LOW)],
        ),
        panels.stat(
            replace(
                row, id=7, x=20, title="Missing in the books",
                description="Dead letters of the last hour that were counted but not kept. "
                "It must be 0.",
            ),
            query("missing"), thresholds=[(1, palette.HIGH)],
        ),
    ]  # fmt: skip


def _tables() -> list[Panel]:
    return [
        panels.table(
            Frame(
                id=8, x=0, y=9, w=12, h=9, title="Alerts that are open", unit="none",
                no_value="No open alert",
                description="The most severe first, then the oldest.",
            ),
            query("alerts"),
            columns={"severity": panels.ground(SEVERITY), "age": [panels.unit("s")]},
        ),
        panels.table(
            Frame(
                id=9, x=12, y=9, w=12, h=9, title="Data of each station", unit="none",
                no_value="No station",
                description="Age of the newest sample (empty: nothing for an hour), and the rates "
                "of the last minute.",
            ),
            query("station_data"),
            columns={
                "health": panels.ground(HEALTH),
                "data age": [panels.unit("s")],
                "values/s": [panels.unit("short")],
                "cells/s": [panels.unit("short")],
            },
        ),
    ]  # fmt: skip


def _trends() -> list[Panel]:
    bucketed = RESULT_SUMS.query(MACHINES, by="concat_ws(' · ', equipment, position) AS place")
    limit = [panels.colour(palette.LIMIT), panels.dashed()]
    return [
        panels.trend(
            Frame(
                id=_TREND, x=0, y=18, w=12, h=10, unit="none", no_value="No cell in this time",
                title="${characteristic:text}",
                description="Mean of the chosen machines with the band from minimum to maximum, "
                "and the limits of the plant model. Violet: an excursion that a model suspects.",
            ),
            [Query(f"{RESULT_BAND.query(MACHINES)}\nORDER BY 1"), Query(query("limits"), ref="B")],
            overrides={
                "mean": [panels.colour(palette.LINE)],
                "max": panels.band_down_to("min"),
                "min": panels.band_edge(),
                "lower limit": limit,
                "upper limit": limit,
            },
        ),
        panels.trend(
            Frame(
                id=_BY_PLACE, x=12, y=18, w=12, h=10, unit="none",
                no_value="No cell in this time",
                title="${characteristic:text}: the eight places farthest from the mean",
                description="Mean per machine and position (nozzle, lane, channel), for the eight "
                "whose mean over the chosen time is farthest from that of all.",
            ),
            [Query(query("by_place").replace("{bucketed}", bucketed))],
            points=_POINTS,
        ),
    ]  # fmt: skip


def _flow() -> list[Panel]:
    output = OUTPUT_RATE.query(LINES, by="station AS metric")
    return [
        panels.trend(
            Frame(
                id=12, x=0, y=28, w=8, h=8, title="Values stored per second", unit="short",
                no_value="Nothing stored in this time",
                description="What ingest has committed, of all lines.",
            ),
            [Query(query("stored"))],
            interval="10s",
        ),
        panels.trend(
            Frame(
                id=13, x=8, y=28, w=8, h=8, title="Cells per second by station", unit="short",
                no_value="No cell in this time",
                description="Cells that each station has measured, and what the chosen lines are "
                "planned to make.",
            ),
            [Query(f"{output}\nORDER BY 1, 2"), Query(query("target"), ref="B")],
            overrides={"planned": [panels.colour(palette.LIMIT), panels.dashed()]},
            points=_POINTS,
            interval="1m",
        ),
        panels.table(
            Frame(
                id=14, x=16, y=28, w=8, h=8, title="Dead letters by reason", unit="none",
                no_value="No dead letter in this time",
                description="Messages of the chosen time that could not be read; "
                "`jellyroll deadletters` lists them.",
            ),
            query("dead_letters_by_reason"),
        ),
    ]  # fmt: skip
