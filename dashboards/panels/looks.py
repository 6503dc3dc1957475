"""How a series or a column looks: unit, colour, band, link; by overrides of a panel."""

from __future__ import annotations

from dashboards import palette
from dashboards.panels.sdk import Property, dashboard


def unit(name: str) -> Property:
    """Return the unit of one series or column."""
    return Property("unit", name)


def colour(value: str) -> Property:
    """Return a fixed colour for one series."""
    return Property("color", {"mode": "fixed", "fixedColor": value})


def dashed() -> Property:
    """Return the line style of limits."""
    return Property("custom.lineStyle", {"fill": "dash", "dash": [6, 6]})


def band_down_to(series: str) -> list[Property]:
    """Return what makes a series the upper edge of a band, whose lower edge is *series*."""
    return [
        Property("custom.fillBelowTo", series),
        Property("custom.fillOpacity", 25),
        Property("custom.lineWidth", 0),
        colour(palette.BAND),
    ]


def band_edge() -> list[Property]:
    """Return what makes a series the invisible lower edge of a band."""
    return [Property("custom.lineWidth", 0), colour(palette.BAND)]


def right_axis() -> Property:
    """Return what gives a series an axis of its own, on the right."""
    return Property("custom.axisPlacement", "right")


def hide_series() -> Property:
    """Return what keeps a series out of the picture."""
    return Property("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True})


def linked(title: str, url: str) -> Property:
    """Return what makes the cells of a column lead to *url*."""
    link = {"title": title, "url": url, "targetBlank": "${web}" in url}
    return Property("links", [link])


def hidden() -> Property:
    """Return what keeps a column out of sight, such as a key that only a link needs."""
    return Property("custom.hidden", value=True)


def from_low_to_high() -> list[Property]:
    """Return what gives the numbers of a column a ground between its lowest and its highest."""
    return [
        Property("color", {"mode": "continuous-BlPu"}),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def above(limit: float, colour_above: str) -> list[Property]:
    """Return what gives the numbers of a column that reach *limit* a ground."""
    steps = [{"value": None, "color": palette.NORMAL}, {"value": limit, "color": colour_above}]
    return [
        Property("thresholds", {"mode": "absolute", "steps": steps}),
        Property("color", {"mode": "thresholds"}),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def ground(words: dict[str, tuple[str, str]]) -> list[Property]:
    """Return what gives the cells of a column the ground of their word."""
    return [
        Property("mappings", [mapping(words)]),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def mapping(words: dict[str, tuple[str, str]]) -> dashboard.ValueMap:
    """Return what shows a value as its word, on its colour."""
    return dashboard.ValueMap(
        {
            value: dashboard.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(words.items())
        }
    )
