"""A row that is days late in a batch with live ones: what lies between is not read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from models import monitor_windows
from models.follow import catch_up
from models.monitor import Monitor
from models.monitor_windows import spans_of, windows
from plant.frames import Frame
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from storage.connect import connect
from storage.ledger import follow
from tests.models.conftest import START_US, STEP_US, Feeder, Filling
from tests.models.samples import Samples

DAY_US = 86_400_000_000


def moved(frame: Frame, *rows: int, days: int) -> Frame:
    """The same rows, some of them *days* earlier."""
    at = frame.columns.index("time")
    times = np.array(frame.values[at], dtype=np.int64)
    times[list(rows)] -= days * DAY_US
    return frame._replace(values=(*frame.values[:at], times, *frame.values[at + 1 :]))


def test_only_the_two_ends_of_a_long_time_are_read_if_all_rows_are_there(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    table = pilot.tables[Kind.CELL, "filling"]
    frame = filling.frame(range(400))
    first, last = from_us(START_US), from_us(START_US + 399 * STEP_US)
    feeder.commit(frame)
    feeder.commit(moved(filling.frame(range(400, 800)), 7, 8, days=20))
    feeder.commit(moved(filling.frame(range(800, 1200)), 3, days=40))
    feeder.commit(moved(filling.frame(range(1200, 1600)), *range(0, 400, 2), days=3))
    with connect(feeder.dsn, application="test") as connection:
        batches = follow(connection, "nobody")
        (usual, late, both, half) = (
            windows(connection, table, spans_of(part, table))
            for part in (batches[:1], batches[1:2], batches[:3], batches[3:])
        )
    assert usual == [(first, last)]
    assert late[0][0] == from_us(START_US + 407 * STEP_US) - timedelta(days=20)
    assert len(late) == 2
    assert all(end - begin < timedelta(hours=6) for begin, end in late)
    # Three places, of which two can be ends, and rows all over the time: all of it is read.
    assert [len(found) for found in (both, half)] == [1, 2]
    assert both[0][1] - both[0][0] > timedelta(days=39)
    assert sum((end - begin for begin, end in half), timedelta()) < timedelta(hours=12)


def test_a_table_without_an_index_on_time_is_searched_machine_by_machine(
    feeder: Feeder, pilot: Plant
) -> None:
    samples = Samples(pilot)
    table = pilot.tables[Kind.TELEMETRY, "filling"]
    feeder.commit(moved(samples.frame(range(300)), 5, days=9))
    with connect(feeder.dsn, application="test") as connection:
        spans = spans_of(follow(connection, "nobody"), table)
        assert len(windows(connection, table, spans, ["l1-filler-01"])) == 2
        # Rows of a machine that nobody named cannot be found at the ends.
        assert len(windows(connection, table, spans, ["l1-filler-02"])) == 1
        connection.execute("TRUNCATE telemetry.filling")
        connection.commit()


def test_the_charts_are_the_same_as_if_all_had_been_read(
    feeder: Feeder, filling: Filling, pilot: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = moved(filling.frame(range(1_000, 5_000)), 50, 51, days=30)
    feeder.commit(filling.frame(range(1_000)), late)
    catch_up(feeder.dsn, Monitor(pilot, 300))
    told = feeder.everything()
    feeder.forget_analysis()
    monkeypatch.setattr(monitor_windows, "_LONG", timedelta(days=10_000))
    catch_up(feeder.dsn, Monitor(pilot, 300))
    assert feeder.everything() == told
