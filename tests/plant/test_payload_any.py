"""Whatever a machine sends, the decoder gives whole frames or refuses with a reason."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.errors import Reason, UnreadableError
from plant.frames import Frame
from plant.payload import PayloadDecoder
from plant.tables import ColumnType

NOW_MS = 1_795_336_200_000
STEM = "v1/acme/desoto"
TOPICS = [
    f"{STEM}/assembly/l1/l1-winder-01/telemetry",
    f"{STEM}/assembly/l1/l1-filler-01/telemetry",
    f"{STEM}/assembly/l1/l1-filler-01/cell",
    f"{STEM}/assembly/l1/l1-filler-01/state",
    f"{STEM}/assembly/l1/l1-filler-01/material",
]

#: Names that tables have, so that documents come far.
NAMES = [
    "ts", "edge_anode", "tension_anode", "vacuum", "dose_pressure", "dose_flow", "cell", "position",
    "verdict", "fill_mass", "mass_after", "state", "reason", "child", "parent", "from_m", "unknown",
]  # fmt: skip

times = (
    st.integers(NOW_MS - 10_000, NOW_MS)
    | st.integers()
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(["pass", "Held", "l1-filler-01"])
    | times
)
lists = st.lists(leaves, max_size=9) | st.lists(
    st.lists(st.floats(0, 1) | st.none(), min_size=8, max_size=8), max_size=3
)
values = leaves | lists | st.dictionaries(st.text(max_size=2), leaves, max_size=2)
objects = st.dictionaries(st.sampled_from(NAMES), values, max_size=6).map(
    lambda document: {"ts": NOW_MS, **document}
)
documents = objects | st.lists(objects | leaves, max_size=3) | values

#: Documents near to right ones: rows of equal length, so that many are read.
lengths = st.integers(1, 4)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9) | st.none()


@st.composite
def near_right(draw: st.DrawFn) -> dict[str, Any]:
    rows = draw(lengths)

    def column(one: st.SearchStrategy[Any]) -> Any:
        return draw(st.one_of(st.lists(one, min_size=rows, max_size=rows), one))

    document: dict[str, Any] = {"ts": column(st.integers(NOW_MS - 10_000, NOW_MS))}
    for name in draw(st.lists(st.sampled_from(["vacuum", "tank_pressure"]), unique=True)):
        document[name] = column(numbers)
    if draw(st.booleans()):
        document["dose_pressure"] = column(st.lists(numbers, min_size=8, max_size=8) | st.none())
    return document


def read(decoder: PayloadDecoder, topic: str, payload: bytes) -> list[Frame]:
    """Return the frames, none if the payload was refused; any other error leaves."""
    try:
        return decoder.decode(topic, payload)
    except UnreadableError as error:
        assert isinstance(error.reason, Reason)  # noqa: PT017  (a refusal is one of two right ends)
        assert error.detail  # noqa: PT017
        assert "\0" not in error.detail  # noqa: PT017
        return []


def check_whole(frame: Frame) -> None:
    assert frame.columns[:2] == ("time", "equipment")
    assert len(set(frame.columns)) == len(frame.columns) == len(frame.values)
    for name, entry in zip(frame.columns, frame.values, strict=True):
        column = frame.table.by_name[name]
        if frame.is_block:
            assert len(entry) == frame.rows
            numbers = entry if isinstance(entry, np.ndarray) else None
        else:
            assert frame.rows == 1
            is_text = column.type is ColumnType.TEXT
            assert isinstance(entry, str | None) if is_text else not isinstance(entry, str | bool)
            numbers = None if is_text else np.asarray(entry, dtype=np.float64)
        if column.type is ColumnType.FLOATS:
            assert numbers is not None
            assert numbers.shape[-1] == column.length
        if numbers is not None:
            assert not np.isinf(numbers).any()


@pytest.mark.parametrize("topic", TOPICS)
@settings(max_examples=150, deadline=None)
@given(document=documents)
def test_any_document_is_read_whole_or_refused(
    decoder: PayloadDecoder, topic: str, document: Any
) -> None:
    for frame in read(decoder, topic, json.dumps(document).encode()):
        check_whole(frame)


@settings(max_examples=300, deadline=None)
@given(document=near_right())
def test_a_document_that_is_nearly_right_is_read_whole_or_refused(
    decoder: PayloadDecoder, document: dict[str, Any]
) -> None:
    for frame in read(decoder, TOPICS[1], json.dumps(document).encode()):
        check_whole(frame)
        lists = [v for k, v in document.items() if isinstance(v, list) and k != "dose_pressure"]
        assert frame.rows == (len(lists[0]) if lists else 1)


@pytest.mark.parametrize("topic", TOPICS)
@settings(max_examples=100, deadline=None)
@given(payload=st.binary(max_size=64))
def test_any_bytes_are_read_whole_or_refused(
    decoder: PayloadDecoder, topic: str, payload: bytes
) -> None:
    for frame in read(decoder, topic, payload):
        check_whole(frame)


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, 200), at=st.integers(0, 200), put=st.binary(max_size=3))
def test_a_right_payload_with_a_wound_is_read_whole_or_refused(
    decoder: PayloadDecoder, cut: int, at: int, put: bytes
) -> None:
    right = json.dumps(
        {
            "ts": [NOW_MS - 1, NOW_MS],
            "cell": ["a", "b"],
            "position": [1, 2],
            "fill_mass": [6.4, 6.3],
        }
    ).encode()
    wounded = right[:at] + put + right[at + cut % 7 :]
    for frame in read(decoder, TOPICS[2], wounded):
        check_whole(frame)


@settings(max_examples=100, deadline=None)
@given(topic=st.text(max_size=40) | st.sampled_from(TOPICS).map(lambda t: t.replace("l1", "l2")))
def test_any_topic_is_of_the_plant_or_refused(decoder: PayloadDecoder, topic: str) -> None:
    assert read(decoder, topic, b"{}") == []
