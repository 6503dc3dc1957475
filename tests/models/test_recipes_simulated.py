"""A line that makes two recipes in turns, through the simulator: what is usual of each, apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pytest

from models import registry
from models.follow import catch_up
from models.monitor import Monitor
from models.monitor_signals import SignalMonitor
from models.train import train
from plant.model import Plant
from simulator.operation import CHANGEOVER_MS, Operation
from simulator.schedule import parse_schedule
from storage.connect import Connection, connect
from tests.models.simulated import Run

HISTORY_H, WATCHED_H, FAULT_H = 4 * 24, 60, 2
#: Fillers are a minute or two behind the winders; a line starts up for a quarter of an hour.
SETTLED_H = 1


class Seen(NamedTuple):
    machine: str
    position: int | None
    characteristic: str
    direction: str
    recipe: str


@pytest.mark.long
def test_a_changeover_is_no_alarm_and_a_fault_of_the_second_recipe_is_one(
    new_database: Callable[[str], AbstractContextManager[str]], pilot_template: str, pilot: Plant
) -> None:
    schedule = parse_schedule("vehicle:1d,storage:1d", pilot, CHANGEOVER_MS)
    operation = Operation(stops=True, scrap=True, schedule=schedule)
    with (
        new_database(pilot_template) as dsn,
        connect(dsn, application="test", autocommit=True) as connection,
    ):
        run = Run(connection, pilot, "coating", "filling", operation=operation)

        def watch(hours: float, *faults: str) -> list[Seen]:
            begin, _ = run.go_on(hours, *faults)
            catch_up(dsn, Monitor(pilot, 300), SignalMonitor(pilot, flush_s=0.0))
            return seen(connection, begin)

        history, _ = run.go_on(HISTORY_H)
        learn(dsn, pilot, connection, (history, run.now))
        catch_up(dsn, Monitor(pilot, 300))
        assert seen(connection, history) == []
        baselines = connection.execute(
            "SELECT recipe, count(*) FROM analysis.control_limit WHERE characteristic = 'fill_mass'"
            " GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert baselines == [("storage", 8), ("vehicle", 8)]
        doses: dict[str, float] = dict(connection.execute(_DOSES).fetchall())
        assert (doses["vehicle"], doses["storage"]) == pytest.approx((6.40, 6.05), abs=0.01)
        assert watch(WATCHED_H) == []
        changes = connection.execute(_CHANGES, (history,)).fetchone()
        assert changes is not None
        assert changes[0] >= 5

        def makes_storage() -> bool:
            now_ms = int(run.now.timestamp() * 1000)
            edges = np.array([now_ms, now_ms + FAULT_H * 3_600_000])
            return {schedule.names[at] for at in schedule.at(edges)} == {"storage"}

        while not makes_storage():
            assert watch(SETTLED_H) == []
        assert watch(SETTLED_H) == []
        found = watch(FAULT_H, "F12:nozzle=3")
        assert Seen("l1-filler-01", 3, "fill_mass", "low", "storage") in found
        assert {one.machine for one in found} == {"l1-filler-01"}
        assert {one.recipe for one in found} == {"storage"}


def learn(
    dsn: str, plant: Plant, connection: Connection, window: tuple[datetime, datetime]
) -> None:
    """Let monitors of signals learn each recipe, and make them the active ones."""
    trained = train(dsn, plant, window, only=["coating", "filling"], jobs=1)
    models = [model for group in trained for model in group.models]
    assert {model.recipe for model in models} == {"vehicle", "storage"}
    for model in models:
        registry.promote(connection, registry.register(connection, model))
    connection.execute("INSERT INTO ingest.cursor SELECT 'signals', max(xid) FROM ingest.batch")


def seen(connection: Connection, since: datetime) -> list[Seen]:
    rows = connection.execute(
        "SELECT equipment, position, characteristic, direction, recipe FROM analysis.anomaly"
        " WHERE state = 'on' AND time >= %s ORDER BY id",
        (since,),
    )
    return [Seen(*row) for row in rows]


_DOSES = """
    SELECT recipe, avg(mean) FROM analysis.control_limit
     WHERE characteristic = 'fill_mass' GROUP BY 1"""
#: How often the filler began to make another recipe.
_CHANGES = """
    SELECT count(*) FROM (
        SELECT coalesce(recipe, 'vehicle') AS recipe,
               lag(coalesce(recipe, 'vehicle')) OVER (ORDER BY time) AS before
          FROM machine.state WHERE equipment = 'l1-filler-01' AND time >= %s) AS told
     WHERE recipe <> before"""
