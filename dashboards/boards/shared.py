"""What several boards say alike: choices, words with their colours, where links lead."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.panels import Variable
from dashboards.sql import query
from plant.model import Plant

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
DISPOSITION = {
    "pass": ("Pass", palette.NORMAL),
    "downgrade": ("Downgrade", palette.MEDIUM),
    "hold": ("Hold", palette.LOW),
    "scrap": ("Scrap", palette.HIGH),
}

TO_ALERT = panels.linked("The alert's page", "${web}/alerts/${__data.fields.id}")
TO_CELL = panels.linked("This cell", "/d/jr-cell?var-cell=${__value.text}&${__url_time_range}")
_STATION = "var-line=${__data.fields.line}&var-station=${__data.fields.station}"
TO_STATION = ("This station", f"/d/jr-station?{_STATION}&${{__url_time_range}}")
TO_LINE = ("This line", "/d/jr-line?var-line=${__data.fields.line}&${__url_time_range}")

#: Buckets of a panel with several series: Grafana rounds its interval, so up to half as many more
#: can come, and eight series of them stay below 2,000 rows.
POINTS = 150


def first_choices(*, many_lines: bool, plant: Plant) -> list[Variable]:
    """Return the database, where alerts are, and the line."""
    name = plant.production.lines[0]
    line = panels.variable("line", "Line", query("lines"), many=True)
    if not many_lines:
        line = panels.variable("line", "Line", query("lines"), first=(name, name))
    return [panels.source_variable(), panels.hidden_text("web", "http://127.0.0.1:8080"), line]


def paced(name: str, plant: Plant) -> str:
    """Return query *name* with the station that sets the pace: the first that makes cells.

    Its name as a constant lets the planner leave out all other stations.
    """
    pacemaker = next((n for n, s in plant.stations.items() if s.results), "")
    return query(name).replace("{pacemaker}", pacemaker)
