"""Dry room and utilities: whether the air is dry, and which cells were open when it was not."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import first_choices, paced
from dashboards.boards.signals import signal_trends
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import query
from dashboards.units import grafana_unit
from plant.model import Plant

NEEDS = frozenset({"dry_room", "sealing"})


def board(plant: Plant) -> Board:
    """Return the board `jr-utilities`."""
    trends = signal_trends(
        plant, "dry_room", chosen="\n  AND equipment IN (${equipment:sqlstring})"
    )
    pairs = [trends[at : at + 2] for at in range(0, len(trends), 2)]
    return panels.board(
        "jr-utilities",
        "Dry room & utilities",
        "Is the air dry and clean, and which cells were open when it was not?",
        panels=panels.arranged(
            (5, [(6, _margin()), (6, _in_process(plant)), (12, _exposure(plant))]),
            *((8, [(24 // len(pair), panel) for panel in pair]) for pair in pairs),
            (9, [(24, _zones(plant))]),
        ),
        variables=[
            *first_choices(many_lines=True, plant=plant),
            panels.variable("equipment", "Zone", query("zones"), many=True),
        ],
        since="now-24h",
    )


def _margin() -> Panel:
    return panels.stat(
        Frame(
            title="Dew point below its limit", unit="celsius",
            no_value="No sample in the last hour",
            description="How far the dampest zone is below its limit; below zero it is above it.",
        ),
        query("worst_dew_point"), decimals=1, base=palette.HIGH,
        thresholds=[(0, palette.MEDIUM), (1, palette.NORMAL)],
    )  # fmt: skip


def _in_process(plant: Plant) -> Panel:
    return panels.stat(
        Frame(
            title="Cells open to the room", unit="short", no_value="0",
            description="Cells that were wound and whose can is not shut yet.",
        ),
        paced("in_process", plant),
    )  # fmt: skip


def _exposure(plant: Plant) -> Panel:
    return panels.trend(
        Frame(
            title="Cells made while a zone was too damp", unit="short",
            no_value="No cell in this time",
            description="Cells of the hours in which the dew point of a chosen zone was above its "
            "limit.",
        ),
        [Query(paced("exposure", plant))],
        interval="1h",
    )  # fmt: skip


def _zones(plant: Plant) -> Panel:
    signals = plant.stations["dry_room"].signals
    return panels.table(
        Frame(
            title="Zones now", unit="none", no_value="No sample in the last hour",
            description="The latest sample of each zone, the dampest first.",
        ),
        query("zone_now"),
        columns={
            name.replace("_", " "): [panels.unit(grafana_unit(signal.unit))]
            for name, signal in signals.items()
        },
    )  # fmt: skip
