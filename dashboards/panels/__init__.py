"""The Foundation SDK behind one small door: panels, their looks, variables, boards.

The form is classic dashboard JSON, which every Grafana from 11 to 13 loads from a file. Traps of
the SDK that end here: it has no PostgreSQL query; it moves a panel at (0, 0).
"""

from __future__ import annotations

from dashboards.panels.board import arranged, board, regions, text_of
from dashboards.panels.kinds import bars, stat, states, table, trend
from dashboards.panels.looks import (
    above,
    band_down_to,
    band_edge,
    colour,
    dashed,
    from_low_to_high,
    ground,
    hidden,
    hide_series,
    linked,
    right_axis,
    unit,
)
from dashboards.panels.query import Frame, Query
from dashboards.panels.sdk import Board, Panel, Property, Region, Variable
from dashboards.panels.variables import hidden_text, source_variable, variable

__all__ = [
    "Board", "Frame", "Panel", "Property", "Query", "Region", "Variable", "above", "arranged",
    "band_down_to", "band_edge", "bars", "board", "colour", "dashed", "from_low_to_high", "ground",
    "hidden", "hidden_text", "hide_series", "linked", "regions", "right_axis", "source_variable",
    "stat", "states", "table", "text_of", "trend", "unit", "variable",
]  # fmt: skip
