"""A board: panels in their places, marked times, links to the other boards."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dashboards.panels.query import Query
from dashboards.panels.sdk import (
    SOURCE,
    Board,
    JSONEncoder,
    Panel,
    Region,
    Variable,
    dashboard,
)


def arranged(*rows: tuple[int, Sequence[tuple[int, Panel]]]) -> list[Panel]:
    """Return the panels of *rows* (height, and width and panel from left to right), placed.

    They are numbered from 1.
    """
    placed: list[Panel] = []
    y = 0
    for height, row in rows:
        x = 0
        for width, panel in row:
            panel.id_val = len(placed) + 1
            panel.grid_pos = dashboard.GridPos(x=x, y=y, w=width, h=height)
            placed.append(panel)
            x += width
        y += height
    return placed


def regions(name: str, sql: str, panels: Sequence[Panel], colour: str) -> Region:
    """Return marked stretches of time (`time`, `timeend`, `text`, `tags`) on these panels."""
    return Region(
        name=name,
        datasource=SOURCE,
        icon_color=colour,
        filter_val=dashboard.AnnotationPanelFilter(ids=[_number(panel) for panel in panels]),
        target=Query(sql, table=True, ref="Anno"),
    )


def board(
    uid: str,
    title: str,
    description: str,
    *,
    panels: Sequence[Panel],
    variables: Sequence[Variable],
    annotations: Sequence[Region] = (),
    since: str,
) -> Board:
    """Return a dashboard that nobody can edit by accident; it refreshes every 30 seconds.

    It leads to all other boards of ours, with what is chosen and the time.
    """
    return Board(
        uid=uid,
        title=title,
        description=description,
        tags=["jellyroll"],
        timezone="browser",
        editable=False,
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=since, to="now"),
        timepicker=dashboard.TimePickerConfig(refresh_intervals=["30s", "1m", "5m", "15m"]),
        refresh="30s",
        links=[
            dashboard.DashboardLink(
                title="Jellyroll",
                type_val=dashboard.DashboardLinkType.DASHBOARDS,
                tags=["jellyroll"],
                as_dropdown=True,
                include_vars=True,
                keep_time=True,
            ),
            dashboard.DashboardLink(
                title="Plant overview",
                type_val=dashboard.DashboardLinkType.LINK,
                icon="dashboard",
                url="/d/jr-overview",
                keep_time=False,
            ),
            dashboard.DashboardLink(
                title="Alerts",
                type_val=dashboard.DashboardLinkType.LINK,
                icon="bolt",
                url="${web}/alerts",
                target_blank=True,
            ),
        ],
        panels=list(panels),
        templating=dashboard.DashboardDashboardTemplating(list(variables)),
        annotations=dashboard.AnnotationContainer(list(annotations)),
    )


def text_of(content: Board) -> str:
    """Return the dashboard as JSON: the same text each time for the same dashboard."""
    return json.dumps(content, cls=JSONEncoder, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _number(panel: Panel) -> int:
    if not panel.id_val:
        raise ValueError(f"panel {panel.title!r} has no place yet; arrange it first")
    return panel.id_val
