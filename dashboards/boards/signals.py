"""A trend for each signal of a station, in its own unit, from the plant model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dashboards import palette, panels
from dashboards.boards.shared import LINES
from dashboards.panels import Frame, Panel, Query
from dashboards.sql import column_band, query
from dashboards.units import grafana_unit
from plant.model import Plant
from plant.signals import Signal
from plant.stations import Station


def signal_trends(plant: Plant, station: str, *, chosen: str = "") -> list[Panel]:
    """Return the trends of the signals of *station* that have one value a sample.

    *chosen* is a further condition on the view's columns, such as a choice of machines. Machines
    with limits of their own have a trend of their own: a mean over both would hide either.
    """
    about = plant.stations[station]
    trends = []
    for name, base in about.signals.items():
        if base.per_position:
            continue
        for signal, groups in _by_limits(about, name):
            where, title = chosen, signal.title or name.replace("_", " ")
            if groups:
                where += _of_groups(groups)
                title = f"{title}: {', '.join(groups)}"
            text = column_band(station, name).query(LINES + where)
            trends.append(_trend(f"{text}\nORDER BY 1", title, signal, about.title))
    return trends


def _by_limits(about: Station, name: str) -> Iterator[tuple[Signal, tuple[str, ...]]]:
    """Yield a signal as groups of machines have it, and these groups; none of them: all do."""
    alike: dict[tuple[float | None, float | None], list[str]] = defaultdict(list)
    for group in about.equipment:
        signal = about.signal_of(group, name)
        alike[signal.low, signal.high].append(group)
    for groups in alike.values():
        own = tuple(groups) if len(alike) > 1 else ()
        yield about.signal_of(groups[0], name), own


def _of_groups(groups: Sequence[str]) -> str:
    names = ", ".join(f"'{group}'" for group in groups)
    return "\n  AND " + query("of_groups").replace("{groups}", names)


def _trend(text: str, title: str, signal: Signal, station: str) -> Panel:
    return panels.trend(
        Frame(
            title=title,
            unit=grafana_unit(signal.unit),
            no_value="No sample in this time",
            description=f"{station}: mean, the band from minimum to "
            "maximum of all machines, and the limits of the plant model.",
        ),
        [Query(text)],
        overrides={
            "mean": [panels.colour(palette.LINE)],
            "max": panels.band_down_to("min"),
            "min": panels.band_edge(),
        },
        limits=(signal.low, signal.high),
    )
