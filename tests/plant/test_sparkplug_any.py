"""Whatever comes on a Sparkplug topic: whole rows or a refusal with a reason, and at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plant.errors import Reason, UnreadableError
from plant.frames import merge
from plant.model import Plant
from plant.sparkplug import MAX_METRICS, SparkplugDecoder
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import MessageType, NodeId, topic_of
from plant.tables import ColumnType

NOW_MS = 1_795_336_200_000
NODE = NodeId("acme_desoto_assembly", "l1")
FILLER = "l1-filler-01"
NAMES = [
    "vacuum", "tank_pressure", "dose_pressure", "machine/state", "machine/reason", "cell/id",
    "cell/position", "cell/verdict", "cell/fill_mass", "bdSeq", "Node Control/Rebirth", "other", "",
]  # fmt: skip

numbers = st.integers(0, 2**64 - 1) | st.integers(0, 300)
values = st.one_of(
    st.fixed_dictionaries({"int_value": st.integers(0, 2**32 - 1)}),
    st.fixed_dictionaries({"long_value": numbers}),
    st.fixed_dictionaries({"float_value": st.floats(width=32)}),
    st.fixed_dictionaries({"double_value": st.floats()}),
    st.fixed_dictionaries({"boolean_value": st.booleans()}),
    st.fixed_dictionaries({"string_value": st.text(max_size=5) | st.sampled_from(["Held", "C1"])}),
    st.fixed_dictionaries({"bytes_value": st.binary(max_size=80)}),
    st.just({}),
)
metrics = st.builds(
    lambda value, rest: {**value, **rest},
    values,
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(NAMES),
            "alias": st.integers(0, 12) | numbers,
            "timestamp": st.integers(NOW_MS - 10, NOW_MS) | numbers,
            "datatype": st.sampled_from([int(t) for t in DataType]) | st.integers(0, 99),
            "is_null": st.booleans(),
            "is_historical": st.booleans(),
            "is_transient": st.booleans(),
            "properties": st.fixed_dictionaries(
                {
                    "keys": st.lists(st.sampled_from(["Quality", "x"]), max_size=2),
                    "values": st.lists(
                        st.fixed_dictionaries({"int_value": st.sampled_from([0, 192, 500])}),
                        max_size=2,
                    ),
                }
            ),
        },
    ),
)
payloads = st.fixed_dictionaries(
    {"metrics": st.lists(metrics, max_size=5)},
    optional={"timestamp": st.just(NOW_MS) | numbers, "seq": st.integers(0, 255) | numbers},
)
data_types = [t for t in MessageType if t not in {MessageType.NCMD, MessageType.DCMD}]


@pytest.fixture
def decoder(pilot: Plant) -> SparkplugDecoder:
    return born(pilot)


def born(plant: Plant) -> SparkplugDecoder:
    """Return a decoder that knows the filler; it has an alias for every kind of column."""
    decoder = SparkplugDecoder(plant, now_us=lambda: NOW_MS * 1000)
    decoder.decode(topic_of(NODE, MessageType.NBIRTH), Payload(seq=0).SerializeToString())
    payload = Payload(seq=1, timestamp=NOW_MS)
    types = [10, 3, DataType.DOUBLE_ARRAY, 12, 12, 12, 6, 12, 9]
    for alias, (name, datatype) in enumerate(zip(NAMES, types, strict=False)):
        payload.metrics.add(name=name, alias=alias, datatype=datatype, is_null=True)
    decoder.decode(topic_of(NODE, MessageType.DBIRTH, FILLER), payload.SerializeToString())
    return decoder


def check(decoder: SparkplugDecoder, topic: str, payload: bytes) -> None:
    """Whole rows, or a refusal; any other error leaves."""
    try:
        reading = decoder.decode(topic, payload)
    except UnreadableError as error:
        assert isinstance(error.reason, Reason)  # noqa: PT017  (a refusal is one of two right ends)
        assert error.detail  # noqa: PT017
        assert "\0" not in error.detail  # noqa: PT017
        return
    for frame in reading.frames:
        for name, column in zip(frame.columns, merge([frame]).values, strict=True):
            kind = frame.table.by_name[name]
            assert len(column) == frame.rows
            if kind.type is ColumnType.TEXT:
                assert all(text is None or isinstance(text, str) for text in column)
            else:
                array = np.asarray(column, dtype=np.float64)
                assert not np.isinf(array).any()
                assert array.shape[1:] == ((kind.length,) if kind.length else ())


@settings(max_examples=400, deadline=None)
@given(message_type=st.sampled_from(data_types), contents=st.lists(payloads, max_size=3))
def test_any_metrics_are_read_whole_or_refused(
    pilot: Plant, message_type: MessageType, contents: list[dict[str, Any]]
) -> None:
    decoder = born(pilot)
    topic = topic_of(NODE, message_type, FILLER if message_type.startswith("D") else "")
    data = topic_of(NODE, MessageType.DDATA, FILLER)
    for content in contents:
        payload = Payload(**content).SerializeToString()
        check(decoder, topic, payload)
        check(decoder, data, payload)
    decoder.nodes_to_ask()
    decoder.missed()


near_right = st.lists(
    st.fixed_dictionaries(
        {"alias": st.sampled_from([20, 21, 22, 23])},
        optional={
            "double_value": st.floats() | st.sampled_from([0.0, 1.5, float("inf")]),
            "timestamp": st.integers(NOW_MS - 1, NOW_MS),
            "is_null": st.booleans(),
            "is_transient": st.booleans(),
        },
    ),
    max_size=4,
)


@settings(max_examples=400, deadline=None)
@given(samples=st.lists(near_right, min_size=1, max_size=3))
def test_the_short_way_and_the_long_way_give_the_same(
    pilot: Plant, samples: list[list[dict[str, Any]]]
) -> None:
    outcomes: list[list[Any]] = [[], []]
    for is_short, outcome in zip((True, False), outcomes, strict=True):
        decoder = SparkplugDecoder(pilot, now_us=lambda: NOW_MS * 1000)
        decoder.decode(topic_of(NODE, MessageType.NBIRTH), Payload(seq=0).SerializeToString())
        birth = Payload(seq=1, timestamp=NOW_MS)
        for alias, name in enumerate(("tank_pressure", "vacuum", "electrolyte_water", "other"), 20):
            birth.metrics.add(name=name, alias=alias, datatype=10, is_null=True)
        decoder.decode(topic_of(NODE, MessageType.DBIRTH, FILLER), birth.SerializeToString())
        device = decoder._nodes[NODE].devices[FILLER]
        assert device._short is not None
        for sample in samples:
            if not is_short:
                device._short = None
            payload = Payload(timestamp=NOW_MS, metrics=sample).SerializeToString()
            try:
                reading = decoder.decode(topic_of(NODE, MessageType.DDATA, FILLER), payload)
            except UnreadableError as error:
                outcome.append((error.reason, error.detail))
            else:
                outcome.append([(f.columns, repr(f.values)) for f in reading.frames])
    assert outcomes[0] == outcomes[1]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    message_type=st.sampled_from(data_types),
    content=payloads,
    cut=st.integers(0, 90),
    at=st.integers(0, 90),
    put=st.binary(max_size=4),
)
def test_any_bytes_and_any_wound_are_read_whole_or_refused(
    decoder: SparkplugDecoder,
    message_type: MessageType,
    content: dict[str, Any],
    cut: int,
    at: int,
    put: bytes,
) -> None:
    topic = topic_of(NODE, message_type, FILLER if message_type.startswith("D") else "")
    right = Payload(**content).SerializeToString()
    check(decoder, topic, right[:at] + put + right[at + cut % 9 :])
    check(decoder, topic, put)


@given(topic=st.text(max_size=40) | st.text(max_size=20).map(lambda text: f"spBv1.0/{text}"))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_topic_is_of_the_plant_or_refused(decoder: SparkplugDecoder, topic: str) -> None:
    with pytest.raises(UnreadableError):
        decoder.decode(topic, b"")


def test_text_that_is_not_utf8_is_refused(decoder: SparkplugDecoder) -> None:
    topic = topic_of(NODE, MessageType.DBIRTH, FILLER)
    with pytest.raises(UnreadableError) as caught:
        decoder.decode(topic, b"\x12\x03\x0a\x01\xff")
    assert caught.value.reason is Reason.BAD_PROTOBUF


def test_more_metrics_than_anybody_needs_are_refused(decoder: SparkplugDecoder) -> None:
    topic = topic_of(NODE, MessageType.DDATA, FILLER)
    payload = Payload(timestamp=NOW_MS)
    for number in range(MAX_METRICS):
        payload.metrics.add(alias=0, timestamp=NOW_MS - number // 2, double_value=1.0)
    assert len(decoder.decode(topic, payload.SerializeToString()).frames) == MAX_METRICS
    payload.metrics.add(alias=0)
    with pytest.raises(UnreadableError) as caught:
        decoder.decode(topic, payload.SerializeToString())
    assert caught.value.reason is Reason.TOO_BIG
