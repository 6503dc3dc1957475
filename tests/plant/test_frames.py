"""Frames: any mixture of samples and blocks becomes one block with the rows in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.frames import Frame, block, merge, sample
from plant.tables import Column, ColumnType, Kind, cell_table, telemetry_table

CELLS = cell_table(
    "filling", (Column("fill_mass", ColumnType.FLOAT), Column("curve", ColumnType.FLOATS, length=3))
)
COLUMNS = ("time", "equipment", "cell", "position", "fill_mass", "curve")

rows = st.tuples(
    st.integers(0, 2**60),
    st.just("l1-filler-01"),
    st.text(max_size=4),
    st.integers(1, 16) | st.just(float("nan")),
    st.floats(allow_infinity=False),
    st.lists(st.floats(allow_infinity=False), min_size=3, max_size=3).map(np.array),
)
#: A message: one row as a sample, or some rows as a block.
messages = st.lists(st.tuples(st.booleans(), st.lists(rows, min_size=1, max_size=4)), min_size=1)


def frames_of(message: tuple[bool, list[tuple[Any, ...]]]) -> list[Frame]:
    is_block, given_rows = message
    if not is_block:
        return [sample(CELLS, COLUMNS, row) for row in given_rows]
    times, names, cells, positions, masses, curves = zip(*given_rows, strict=True)
    columns = (
        np.array(times, dtype=np.int64),
        list(names),
        list(cells),
        np.array(positions, dtype=np.float64),
        np.array(masses, dtype=np.float64),
        np.array(curves, dtype=np.float64),
    )
    return [block(CELLS, COLUMNS, columns)]


@given(messages)
def test_any_mixture_of_samples_and_blocks_keeps_its_rows_in_order(
    given_messages: list[tuple[bool, list[tuple[Any, ...]]]],
) -> None:
    expected = [row for _, message in given_messages for row in message]
    merged = merge([frame for message in given_messages for frame in frames_of(message)])
    assert merged.is_block
    assert merged.columns == COLUMNS
    assert merged.table is CELLS
    assert merged.rows == len(expected)
    times, names, cells, positions, masses, curves = merged.values
    assert [list(column) for column in (times, names, cells)] == [
        [row[place] for row in expected] for place in range(3)
    ]
    np.testing.assert_array_equal(positions, [row[3] for row in expected])
    np.testing.assert_array_equal(masses, [row[4] for row in expected])
    np.testing.assert_array_equal(curves, [row[5] for row in expected])
    assert (times.dtype, masses.dtype, curves.dtype) == (np.int64, np.float64, np.float64)
    assert curves.shape == (len(expected), 3)


def test_one_block_alone_is_taken_as_it_is() -> None:
    table = telemetry_table("winding", (Column("tension", ColumnType.FLOAT),))
    tension = np.array([1.5, 1.6])
    frame = block(table, ("time", "tension"), (np.array([1, 2], dtype=np.int64), tension))
    assert merge([frame]).values[1] is tension


def test_whole_numbers_of_a_sample_become_float64() -> None:
    table = telemetry_table("winding", (Column("tension", ColumnType.FLOAT),))
    merged = merge(
        [sample(table, ("time", "tension"), (1, 2)), sample(table, ("time", "tension"), (2, 2**63))]
    )
    assert merged.values[1].dtype == np.float64
    assert list(merged.values[1]) == [2.0, 2.0**63]


def test_tables_know_their_columns_by_name() -> None:
    assert CELLS.by_name["curve"].length == 3
    assert str(CELLS) == "cell.filling"
    assert CELLS.payload_names == {"cell", "position", "verdict", "recipe", "fill_mass", "curve"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_the_word_of_its_topic(kind: Kind) -> None:
    assert Kind(str(kind)) is kind
