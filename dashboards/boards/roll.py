"""Coating roll: its lanes and metres, and the cells that were made from it."""

from __future__ import annotations

from dashboards import panels
from dashboards.boards.shared import DISPOSITION, TO_CELL, first_choices
from dashboards.panels import Board, Frame, Panel
from dashboards.sql import query
from plant.model import Plant

NEEDS = frozenset({"coating", "slitting"})


def board(plant: Plant) -> Board:
    """Return the board `jr-roll`."""
    lanes = [n for n, s in plant.stations["coating"].signals.items() if s.per_position]
    first = plant.stations["coating"].signals[lanes[0]].title
    return panels.board(
        "jr-roll",
        "Coating roll",
        "Where on a roll is the coating off, and which cells have it?",
        panels=panels.arranged(
            (13, [(14, _map(plant)), (10, _strips())]),
            (5, [(14, _defects()), (10, _parents())]),
            (10, [(16, _cells()), (8, _anomalies())]),
        ),
        variables=[
            *first_choices(many_lines=False, plant=plant),
            panels.variable("roll", "Roll", query("rolls"), own=True),
            panels.variable("signal", "Signal", query("lane_signals"), first=(first, lanes[0])),
        ],
        since="now-30d",
    )


def _map(plant: Plant) -> Panel:
    station = plant.stations["coating"]
    count = station.positions.count if station.positions else 1
    lanes = [f"lane {lane}" for lane in range(1, count + 1)]
    sql = (
        query("roll_map")
        .replace("{made}", query("roll_made"))
        .replace(
            "{lanes}",
            ",\n".join(
                f'    avg(c.value) FILTER (WHERE c.position = {n}) AS "{lane}"'
                for n, lane in enumerate(lanes, 1)
            ),
        )
        .replace(
            "{signals}",
            "\n".join(
                f"            WHEN '{name}' IN (${{signal:sqlstring}}) THEN c.{name}"
                for name, signal in station.signals.items()
                if signal.per_position
            ),
        )
    )
    return panels.table(
        Frame(
            title="Roll ${roll:text}: ${signal:text}", unit="none",
            no_value="No sample of this roll is stored",
            description="Mean of each lane over a hundred metres, coloured from the lowest to the "
            "highest of its lane. Metres follow from the planned speed of the web.",
        ),
        sql,
        columns={
            "from metre": [panels.unit("lengthm")],
            **{lane: panels.from_low_to_high() for lane in lanes},
        },
    )  # fmt: skip


def _strips() -> Panel:
    return panels.table(
        Frame(
            title="Strips and their cells", unit="none", no_value="Not slit yet",
            description="Each strip, how many cells it is in, how many of them did not pass, and "
            "which metres (m).",
        ),
        query("roll_strips"),
    )  # fmt: skip


def _defects() -> Panel:
    return panels.table(
        Frame(
            title="Defects and drying", unit="none", no_value="No sample of this roll is stored",
            description="Defects per kilometre, residual solvent (mg/kg) and web speed (m/min) "
            "while the roll was coated.",
        ),
        query("roll_defects").replace("{made}", query("roll_made")),
    )  # fmt: skip


def _parents() -> Panel:
    return panels.table(
        Frame(
            title="Slurries in it", unit="none", no_value="No record of its slurry",
            description="What was coated, in kg.",
        ),
        query("roll_parents"),
    )  # fmt: skip


def _cells() -> Panel:
    return panels.table(
        Frame(
            title="Cells made from it", unit="none", no_value="No cell yet",
            description="Those that did not pass first, then by strip and metre; the first 200. "
            "A cell's number leads to all that is known of it.",
        ),
        query("roll_cells"),
        columns={"disposition": panels.ground(DISPOSITION), "cell": [TO_CELL]},
    )  # fmt: skip


def _anomalies() -> Panel:
    return panels.table(
        Frame(
            title="Excursions at the coater", unit="none", no_value="None",
            description="What models saw at the coater while it made this roll.",
        ),
        query("roll_anomalies"),
    )  # fmt: skip
