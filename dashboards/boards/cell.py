"""Cell: one cell from its lots to its grade."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import DISPOSITION, first_choices
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import query
from plant.model import Plant

NEEDS = frozenset({"formation", "end_of_line"})


def board(plant: Plant) -> Board:
    """Return the board `jr-cell`."""
    return panels.board(
        "jr-cell",
        "Cell",
        "What happened to this cell, and what was it made from?",
        panels=panels.arranged(
            (5, [(24, _verdict())]),
            (10, [(10, _passages()), (14, _values())]),
            (9, [(6, _scores()), (18, _curve())]),
            (10, [(16, _material()), (8, _anomalies())]),
        ),
        variables=[
            *first_choices(many_lines=False, plant=plant),
            panels.variable("cell", "Cell", query("cells_of_late"), own=True),
        ],
        since="now-30d",
    )


def _verdict() -> Panel:
    return panels.table(
        Frame(
            title="Cell ${cell:text}", unit="none", no_value="No cell is chosen",
            description="Its disposition, grade and kind of fault, why, and whether it is on hold.",
        ),
        query("cell_verdict"), columns={"disposition": panels.ground(DISPOSITION)},
    )  # fmt: skip


def _passages() -> Panel:
    return panels.table(
        Frame(
            title="Where it was", unit="none", no_value="Nothing is known of this cell",
            description="Each step with the machine and position, and its verdict there.",
        ),
        query("cell_passages"),
    )  # fmt: skip


def _values() -> Panel:
    outside = {"inside": ("inside", palette.NORMAL), "outside": ("outside", palette.HIGH)}
    return panels.table(
        Frame(
            title="Results against their limits", unit="none",
            no_value="Nothing is known of this cell",
            description="Each result with the limits of the cell's recipe.",
        ),
        query("cell_values"), columns={"limits": panels.ground(outside)},
    )  # fmt: skip


def _scores() -> Panel:
    return panels.table(
        Frame(
            title="Against its peers", unit="none", no_value="Not compared yet",
            description="Each measure at 25 Cel, and how many robust standard deviations it is "
            "from the cells of the same tray.",
        ),
        query("cell_scores"),
    )  # fmt: skip


def _curve() -> Panel:
    return panels.trend(
        Frame(
            title="Its formation", unit="none", no_value="No curve of this cell is stored",
            description="Voltage (V), current (A) and temperature (Cel) of its channel while it "
            "was there, a moment every two minutes.",
        ),
        [Query(query("cell_curve"))],
        overrides={
            "voltage": [panels.unit("volt"), panels.colour(palette.LINE)],
            "current": [panels.unit("amp"), panels.colour(palette.LIMIT)],
            "temperature": [
                panels.unit("celsius"), panels.colour(palette.LINE_FAINT), panels.right_axis(),
            ],
        },
    )  # fmt: skip


def _material() -> Panel:
    return panels.table(
        Frame(
            title="What it is made from", unit="none", no_value="No record of its material",
            description="Back to the lots: metres of strip and roll (m), amounts of slurry and "
            "powder (kg).",
        ),
        query("cell_material"),
        columns={
            "from": [panels.unit("lengthm")],
            "to": [panels.unit("lengthm")],
            "amount": [panels.unit("masskg")],
            "made from": [
                panels.linked("This roll", "/d/jr-roll?var-roll=${__value.text}&from=now-30d")
            ],
        },
    )  # fmt: skip


def _anomalies() -> Panel:
    return panels.table(
        Frame(
            title="Excursions that it was in", unit="none", no_value="None",
            description="What models saw at its machines and positions when it was there.",
        ),
        query("cell_anomalies"),
    )  # fmt: skip
