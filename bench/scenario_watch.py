"""The models of a scenario's line: trained on its healthy history, then following it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models import registry
from models.cells.stage import CellStage
from models.follow import Stage
from models.monitor import Monitor
from models.monitor_signals import SignalMonitor
from models.train import train
from plant.model import Plant
from storage.connect import Connection, connect


class Watch:
    """All that `jellyroll monitor` does, on *connection*, whenever it is told to look.

    Cells are judged against their peers alone: a forecast from three days of cells would be no
    good one.
    """

    def __init__(self, connection: Connection, plant: Plant, baseline_points: int) -> None:
        logging.getLogger("jellyroll.models").setLevel(logging.WARNING)
        self._connection = connection
        self._stages: Sequence[Stage] = (
            Monitor(plant, baseline_points),
            SignalMonitor(plant, flush_s=0.0),
            CellStage(plant, rests=False),
        )
        for stage in self._stages:
            stage.attach(connection)

    def look(self) -> None:
        """Do what is pending."""
        with threadpool_limits(1):
            for stage in self._stages:
                while stage.step(self._connection).batches:
                    pass


def learn(dsn: str, plant: Plant, history: tuple[datetime, datetime]) -> None:
    """Train the models of signals, as `jellyroll train --promote` does."""
    trained = train(dsn, plant, history, jobs=1)
    with connect(dsn, application="scenario", autocommit=True) as connection:
        for one in trained:
            for model in one.models:
                number = registry.register(connection, model)
                registry.promote(connection, number, "the history of a scenario")
