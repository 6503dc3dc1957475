"""Formation and ageing: trays, curves, first-cycle efficiency, self-discharge, rooms, outliers."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import DISPOSITION, TO_CELL, first_choices
from dashboards.boards.signals import signal_trends
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import query
from plant.cell_quality import K_VALUE
from plant.model import Plant

NEEDS = frozenset({"formation", "ageing"})


def board(plant: Plant) -> Board:
    """Return the board `jr-formation`."""
    tray = next(e for e in plant.equipment.values() if e.station == "formation")
    name, result = next(iter(plant.stations["formation"].results.items()))
    rooms = signal_trends(plant, "ageing")
    by_tray = _k_by("tray", "Trays of formation")
    by_probe = _k_by("probe", "Testers of the ageing aisles and their channels")
    return panels.board(
        "jr-formation",
        "Formation & ageing",
        "Which tray, channel or room makes cells that differ from their peers?",
        panels=panels.arranged(
            (10, [(12, _tray_map()), (12, _curves())]),
            (9, [(12, _efficiency(plant)), (12, _k_values(plant))]),
            (9, [(9, by_tray), (9, by_probe), (6, _grades())]),
            (8, [(24 // len(rooms), room) for room in rooms]),
            (9, [(24, _outliers())]),
        ),
        variables=[
            *first_choices(many_lines=False, plant=plant),
            panels.variable("tray", "Tray", query("trays"), first=(tray.name, tray.name)),
            panels.variable(
                "characteristic", "Result", query("formation_results"), first=(result.title, name)
            ),
        ],
        since="now-24h",
    )


def _tray_map() -> Panel:
    return panels.table(
        Frame(
            title="Tray ${tray:text}: ${characteristic:text}", unit="none",
            no_value="No cell of this tray in this time",
            description="The latest result of each channel, sixteen a row, coloured from the "
            "lowest to the highest: a bad contact is one field, a bad row is a cable.",
        ),
        query("tray_map"), columns={str(n): panels.from_low_to_high() for n in range(1, 17)},
    )  # fmt: skip


def _curves() -> Panel:
    return panels.trend(
        Frame(
            title="Tray ${tray:text}: voltage", unit="volt", no_value="No curve in this time",
            description="The lowest, mean and highest channel of the tray, a moment every ten "
            "minutes or more.",
        ),
        [Query(query("tray_curves"))],
        overrides={
            "mean": [panels.colour(palette.LINE)],
            "highest channel": panels.band_down_to("lowest channel"),
            "lowest channel": panels.band_edge(),
        },
        interval="10m",
    )  # fmt: skip


def _efficiency(plant: Plant) -> Panel:
    return _histogram(
        "First-cycle efficiency", "efficiency",
        "How many cells have which share of the first charge given back.",
        view="cell_formation", column="first_cycle_efficiency",
        measure=_measure(plant, "formation.first_cycle_efficiency"),
        limits_of="formation.first_cycle_efficiency",
    )  # fmt: skip


def _k_values(plant: Plant) -> Panel:
    rule = plant.cell_quality and plant.cell_quality.self_discharge
    return _histogram(
        "K-value, mV/d", "K", "How many cells lose how much voltage a day, brought to 25 Cel.",
        view="k_value", column="k_value", measure=K_VALUE,
        limits_of=rule.limits_of if rule else "",
    )  # fmt: skip


def _measure(plant: Plant, result: str) -> str:
    """Return the name of the measure of cells that is *result*; empty if none is."""
    measures = plant.cell_quality.measures if plant.cell_quality else {}
    return next((name for name, measure in measures.items() if measure.result == result), "")


def _histogram(
    title: str, over: str, description: str, *, view: str, column: str, measure: str, limits_of: str
) -> Panel:
    station, _, result = limits_of.partition(".")
    text = query("histogram")
    for word, value in (
        ("title", over), ("view", view), ("column", column), ("measure", measure),
        ("station", station), ("result", result),
    ):  # fmt: skip
        text = text.replace(f"{{{word}}}", value)
    return panels.bars(
        Frame(
            title=title, unit="short", no_value="No cell in this time",
            description=f"{description} The outermost bars hold what lies beyond them.",
        ),
        text, over=over, upright=True,
    )  # fmt: skip


def _k_by(factor: str, description: str) -> Panel:
    text = query("k_by").replace("{raw}", query(f"k_by_{factor}")).replace("{factor}", factor)
    return panels.table(
        Frame(
            title=f"K-value by {factor}", unit="suffix: mV/d", no_value="No cell in this time",
            description=f"{description}, the highest mean first.",
        ),
        text, columns={"cells": [panels.unit("short")]},
    )  # fmt: skip


def _grades() -> Panel:
    return panels.bars(
        Frame(
            title="Grades", unit="short", no_value="No cell was graded in this time",
            description="Cells of the chosen time by their grade.",
        ),
        query("grades"), over="grade",
    )  # fmt: skip


def _outliers() -> Panel:
    return panels.table(
        Frame(
            title="Cells that stand out", unit="none", no_value="No such cell in this time",
            description="Cells that did not pass, or whose reading is in doubt, and why; the "
            "latest first. A cell's number leads to all that is known of it.",
        ),
        query("outliers"),
        columns={"disposition": panels.ground(DISPOSITION), "cell": [TO_CELL]},
    )  # fmt: skip
