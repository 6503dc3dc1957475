"""A trend for each signal of a station, in its own unit, from the plant model."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import LINES
from dashboards.panels import Frame, Panel, Query
from dashboards.sql import column_band
from dashboards.units import grafana_unit
from plant.model import Plant


def signal_trends(plant: Plant, station: str, *, chosen: str = "") -> list[Panel]:
    """Return the trends of the signals of *station* that have one value a sample.

    *chosen* is a further condition on the view's columns, such as a choice of machines.
    """
    return [
        panels.trend(
            Frame(
                title=signal.title or name.replace("_", " "),
                unit=grafana_unit(signal.unit),
                no_value="No sample in this time",
                description=f"{plant.stations[station].title}: mean, the band from minimum to "
                "maximum of all machines, and the limits of the plant model.",
            ),
            [Query(f"{column_band(station, name).query(LINES + chosen)}\nORDER BY 1")],
            overrides={
                "mean": [panels.colour(palette.LINE)],
                "max": panels.band_down_to("min"),
                "min": panels.band_edge(),
            },
            limits=(signal.low, signal.high),
        )
        for name, signal in plant.stations[station].signals.items()
        if not signal.per_position
    ]
