"""The schema on the wire, against bytes written by hand after the published field numbers."""

from __future__ import annotations

import struct
from typing import Any

from plant.sparkplug_schema import DataType, Metric, Payload, PropertySet

SAMPLE = bytes.fromhex(
    "08 e8 07"  # 1 timestamp: 1000
    "12 14"  # 2 metrics: 20 bytes
    "10 11"  # 2 alias: 17
    "18 e8 07"  # 3 timestamp: 1000
    "20 0a"  # 4 datatype: Double
    "28 01"  # 5 is_historical
    "30 00"  # 6 is_transient
    "69 00 00 00 00 00 00 14 40"  # 13 double_value: 5.0
    "18 00"  # 3 seq: 0
)


def test_a_payload_written_by_hand_is_read() -> None:
    payload = Payload.FromString(SAMPLE)
    [metric] = payload.metrics
    assert (payload.timestamp, payload.seq, payload.HasField("seq")) == (1000, 0, True)
    assert (metric.alias, metric.timestamp, metric.datatype) == (17, 1000, DataType.DOUBLE)
    assert (metric.is_historical, metric.is_transient, metric.HasField("is_null")) == (
        True,
        False,
        False,
    )
    assert metric.WhichOneof("value") == "double_value"
    assert metric.double_value == 5.0
    assert payload.SerializeToString() == SAMPLE


def test_each_member_of_the_value_has_its_number() -> None:
    cases: list[tuple[dict[str, Any], bytes]] = [
        ({"name": "a"}, b"\x0a\x01a"),
        ({"is_null": True}, b"\x38\x01"),
        ({"metadata": b""}, b"\x42\x00"),
        ({"int_value": 1}, b"\x50\x01"),
        ({"long_value": 1}, b"\x58\x01"),
        ({"float_value": 1.0}, b"\x65" + struct.pack("<f", 1.0)),
        ({"boolean_value": True}, b"\x70\x01"),
        ({"string_value": "a"}, b"\x7a\x01a"),
        ({"bytes_value": b"a"}, b"\x82\x01\x01a"),
        ({"dataset_value": b"a"}, b"\x8a\x01\x01a"),
        ({"template_value": b"a"}, b"\x92\x01\x01a"),
        ({"extension_value": b"a"}, b"\x9a\x01\x01a"),
    ]
    for fields, expected in cases:
        assert Metric(**fields).SerializeToString() == expected, fields


def test_a_property_set_written_by_hand_is_read() -> None:
    data = b"\x0a\x07Quality\x12\x05\x08\x03\x18\xf4\x03"
    properties = PropertySet.FromString(data)
    assert list(properties.keys) == ["Quality"]
    assert (properties.values[0].type, properties.values[0].int_value) == (DataType.INT32, 500)
    assert Metric(properties=properties).SerializeToString() == b"\x4a\x10" + data
    assert PropertySet().SerializeToString() == b""


def test_a_template_stays_bytes_however_deep_it_is() -> None:
    deep = b""
    for _ in range(200):
        deep = b"\x12" + _varint(len(deep)) + deep
    metric = Metric.FromString(b"\x92\x01" + _varint(len(deep)) + deep)
    assert metric.template_value == deep


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
