"""A key that is met again: a repeat changes nothing, a gap is filled, a new value replaces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plant.frames import Frame, block, merge, sample
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection, connect
from storage.copy import copy_frame

FILLER = "l1-filler-01"
NOW_US = time.time_ns() // 1000


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test", autocommit=True) as connection:
        yield connection


def filling(pilot: Plant, *rows: dict[str, Any]) -> Frame:
    """A frame of one sample per row, all with the columns of the first."""
    table = pilot.tables[Kind.TELEMETRY, "filling"]
    columns = ("time", "equipment", *(name for name in rows[0] if name != "at"))
    return merge(
        [
            sample(table, columns, (NOW_US + r["at"], FILLER, *(r[n] for n in columns[2:])))
            for r in rows
        ]
    )


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT vacuum, tank_pressure, batch FROM telemetry.filling ORDER BY time"
    ).fetchall()


def test_a_repeated_row_changes_nothing(connection: Connection, pilot: Plant) -> None:
    frame = filling(pilot, {"at": 0, "vacuum": 1.0}, {"at": 1, "vacuum": 2.0})
    copy_frame(connection, frame, batch=1)
    with connection.transaction():
        again = copy_frame(connection, frame, batch=2)
    assert len(again.changed) == 0
    assert again.values == 0
    assert stored(connection) == [(1.0, None, 1), (2.0, None, 1)]


def test_new_rows_beside_repeated_ones_are_stored(connection: Connection, pilot: Plant) -> None:
    copy_frame(connection, filling(pilot, {"at": 0, "vacuum": 1.0}), batch=1)
    with connection.transaction():
        mixed = copy_frame(
            connection, filling(pilot, {"at": 0, "vacuum": 1.0}, {"at": 1, "vacuum": 2.0}), batch=2
        )
    assert mixed.changed.tolist() == [1]
    assert stored(connection) == [(1.0, None, 1), (2.0, None, 2)]


def test_a_signal_that_comes_in_a_second_message_fills_its_column(
    connection: Connection, pilot: Plant
) -> None:
    copy_frame(connection, filling(pilot, {"at": 0, "vacuum": 1.0}), batch=1)
    with connection.transaction():
        second = copy_frame(connection, filling(pilot, {"at": 0, "tank_pressure": 7.0}), batch=2)
    assert second.changed.tolist() == [0]
    assert not second.replaced
    assert stored(connection) == [(1.0, 7.0, 2)]


def test_a_later_value_wins_and_the_earlier_row_is_handed_back(
    connection: Connection, pilot: Plant
) -> None:
    copy_frame(connection, filling(pilot, {"at": 0, "vacuum": 1.0}), batch=1)
    with connection.transaction():
        later = copy_frame(connection, filling(pilot, {"at": 0, "vacuum": 9.0}), batch=2)
    assert [r.row["vacuum"] for r in later.replaced] == [1.0]
    assert later.replaced[0].equipment == FILLER
    assert stored(connection) == [(9.0, None, 2)]


def test_a_key_three_times_in_one_batch_ends_with_the_last(
    connection: Connection, pilot: Plant
) -> None:
    frame = filling(
        pilot, {"at": 0, "vacuum": 1.0}, {"at": 0, "vacuum": 2.0}, {"at": 0, "vacuum": 3.0}
    )
    with connection.transaction():
        copied = copy_frame(connection, frame, batch=1)
    assert stored(connection) == [(3.0, None, 1)]
    assert [r.row["vacuum"] for r in copied.replaced] == [1.0, 2.0]
    assert copied.changed.tolist() == [0, 1, 2]


def test_a_null_never_takes_a_value_away(connection: Connection, pilot: Plant) -> None:
    copy_frame(connection, filling(pilot, {"at": 0, "vacuum": 1.0}), batch=1)
    with connection.transaction():
        empty = copy_frame(connection, filling(pilot, {"at": 0, "vacuum": float("nan")}), batch=2)
    assert len(empty.changed) == 0
    assert stored(connection) == [(1.0, None, 1)]


def test_values_are_counted_without_nulls_and_by_element(
    connection: Connection, pilot: Plant
) -> None:
    table = pilot.tables[Kind.TELEMETRY, "formation"]
    channels = table.by_name["voltage"].length
    voltage = np.full((2, channels), 3.7)
    voltage[0, :6] = np.nan
    frame = block(
        table,
        ("time", "equipment", "voltage"),
        (np.array([NOW_US, NOW_US + 1]), ["l1-tray-001"] * 2, voltage),
    )
    with connection.transaction():
        assert copy_frame(connection, frame, batch=1).values == 2 * channels - 6
    row = connection.execute(
        "SELECT voltage[6], voltage[7] FROM telemetry.formation ORDER BY time"
    ).fetchone()
    assert row == (None, 3.7)
