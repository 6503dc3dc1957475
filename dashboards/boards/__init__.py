"""The boards, one a module. Each follows from the plant model: what it lacks, has no board."""

from __future__ import annotations

from dashboards.boards import (
    cell,
    formation,
    line,
    models,
    overview,
    pipeline,
    roll,
    station,
    us_production,
    utilities,
)
from dashboards.panels import Board
from plant.model import Plant

_BOARDS = (
    overview,
    line,
    station,
    formation,
    cell,
    roll,
    utilities,
    us_production,
    models,
    pipeline,
)


def boards(plant: Plant) -> tuple[Board, ...]:
    """Return the boards of *plant*, the widest view first."""
    return tuple(module.board(plant) for module in _BOARDS if plant.stations.keys() >= module.NEEDS)
