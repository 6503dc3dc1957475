"""What is packed for COPY comes back from the database as it was."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.frames import Frame, block
from plant.tables import Column, ColumnType, Table
from plant.times import from_us
from storage.pack import HEADER, TRAILER, pack

TABLE = Table(
    "pg_temp",
    "packed",
    (
        Column("time", ColumnType.TIME, required=True),
        Column("equipment", ColumnType.TEXT, required=True),
        Column("note", ColumnType.TEXT),
        Column("position", ColumnType.SMALLINT),
        Column("force", ColumnType.FLOAT),
        Column("lanes", ColumnType.FLOATS, length=3),
        Column("batch", ColumnType.BIGINT),
    ),
    key=("equipment", "time"),
)
NAMES = tuple(column.name for column in TABLE.columns)

number = st.floats(allow_infinity=False, allow_nan=True, width=64)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
row = st.tuples(
    st.integers(0, 4_000_000_000_000_000),
    text,
    st.none() | text,
    st.none() | st.integers(1, 32_767),
    number,
    st.tuples(number, number, number),
    st.integers(-(2**63), 2**63 - 1),
)


@pytest.fixture(scope="module")
def connection(cluster: Any) -> Any:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        columns = ", ".join(f"{c.name} {c.type.value}" for c in TABLE.columns)
        connection.execute(f"CREATE TEMPORARY TABLE packed ({columns})")
        yield connection


def frame_of(rows: list[tuple[Any, ...]]) -> Frame:
    times, equipment, notes, positions, forces, lanes, batches = zip(*rows, strict=True)
    return block(
        TABLE,
        NAMES,
        (
            np.array(times, dtype=np.int64),
            list(equipment),
            list(notes),
            np.array([math.nan if p is None else p for p in positions]),
            np.array(forces),
            np.array(lanes),
            np.array(batches, dtype=np.int64),
        ),
    )


@settings(deadline=None, max_examples=80)
@given(rows=st.lists(row, min_size=1, max_size=12))
def test_every_row_comes_back_as_it_was(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    connection.execute("TRUNCATE packed")
    with connection.cursor().copy("COPY packed FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(HEADER + pack(frame_of(rows)) + TRAILER)
    found = connection.execute("SELECT * FROM packed").fetchall()
    assert [_comparable(row) for row in found] == [_expected(row) for row in rows]


def _expected(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """NaN stands for null; an array of nulls alone is a null."""
    time_us, equipment, note, position, force, lanes, batch = row
    elements = [None if math.isnan(x) else x for x in lanes]
    array = None if elements == [None, None, None] else elements
    force = None if math.isnan(force) else force
    return from_us(time_us), equipment, note, position, force, array, batch


def _comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    assert row[0].utcoffset() == timedelta(0)
    return row
