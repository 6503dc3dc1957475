"""What a Sparkplug host has to know between messages, clause by clause, with a clock that waits."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from plant.errors import Reason, UnreadableError
from plant.frames import Frame
from plant.model import Plant
from plant.sparkplug import SparkplugDecoder, rebirth_request
from plant.sparkplug_device import Reading
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import MessageType, NodeId, topic_of

NOW_MS = 1_795_336_200_000
NODE = NodeId("acme_desoto_assembly", "l1")
FILLER = "l1-filler-01"
VACUUM, TANK, DOSES, STATE, REASON, CELL, MASS, OTHER = range(1, 9)


@dataclass
class Line:
    """An edge node with the filler behind it, and the decoder that hears it."""

    plant: Plant
    clock_s: float = 1000.0
    seq: int = 0
    now_ms: int = NOW_MS
    decoder: SparkplugDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = SparkplugDecoder(
            self.plant, now_us=lambda: self.now_ms * 1000, clock_s=lambda: self.clock_s
        )

    def send(
        self, message_type: MessageType, payload: Any, device: str = "", *, seq: int | None = None
    ) -> Reading:
        if message_type is not MessageType.NDEATH:
            payload.seq = self.seq if seq is None else seq
            self.seq = (payload.seq + 1) % 256
        topic = topic_of(NODE, message_type, device)
        return self.decoder.decode(topic, payload.SerializeToString())

    def node_birth(self, bd_seq: int = 0) -> Reading:
        payload = Payload(timestamp=self.now_ms)
        payload.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=bd_seq)
        payload.metrics.add(name="Node Control/Rebirth", datatype=11, boolean_value=False)
        return self.send(MessageType.NBIRTH, payload, seq=0)

    def device_birth(self, state: str = "Execute") -> Reading:
        payload = Payload(timestamp=self.now_ms)
        add = payload.metrics.add
        add(name="vacuum", alias=VACUUM, datatype=DataType.DOUBLE, is_null=True)
        add(name="tank_pressure", alias=TANK, datatype=DataType.INT16, is_null=True)
        add(name="dose_pressure", alias=DOSES, datatype=DataType.DOUBLE_ARRAY, is_null=True)
        add(name="machine/state", alias=STATE, datatype=DataType.STRING, string_value=state)
        add(name="machine/reason", alias=REASON, datatype=DataType.STRING, is_null=True)
        add(name="cell/id", alias=CELL, datatype=DataType.STRING, string_value="LAST")
        add(name="cell/fill_mass", alias=MASS, datatype=DataType.DOUBLE, double_value=6.4)
        add(name="Properties/Maker", alias=OTHER, datatype=DataType.STRING, string_value="X")
        return self.send(MessageType.DBIRTH, payload, FILLER)

    def birth(self, bd_seq: int = 0, state: str = "Execute") -> Reading:
        self.node_birth(bd_seq)
        return self.device_birth(state)

    def death(self, bd_seq: int) -> Reading:
        payload = Payload(timestamp=self.now_ms - 3_600_000)
        payload.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=bd_seq)
        return self.send(MessageType.NDEATH, payload)

    def data(self, *metrics: dict[str, Any], seq: int | None = None) -> Reading:
        payload = Payload(timestamp=self.now_ms)
        for metric in metrics:
            payload.metrics.add(**metric)
        return self.send(MessageType.DDATA, payload, FILLER, seq=seq)

    def vacuum(self, value: float, **more: Any) -> Reading:
        seq = more.pop("seq", None)
        return self.data({"alias": VACUUM, "double_value": value, **more}, seq=seq)

    def asked_after(self, seconds: float) -> list[NodeId]:
        self.clock_s += seconds
        return self.decoder.nodes_to_ask()


@pytest.fixture
def line(pilot: Plant) -> Line:
    return Line(pilot)


def row(frame: Frame) -> dict[str, Any]:
    assert frame.rows == 1
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in zip(frame.columns, frame.values, strict=True)
        if name != "equipment" and not (isinstance(value, float) and np.isnan(value))
    }


def rows(reading: Reading) -> list[dict[str, Any]]:
    return [row(frame) for frame in reading.frames]


def refusal(line: Line, *metrics: dict[str, Any]) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        line.data(*metrics)
    return caught.value


# Births, aliases, names


def test_a_metric_is_found_by_its_alias_and_by_its_name(line: Line) -> None:
    line.birth()
    by_alias = line.data({"alias": VACUUM, "double_value": 5.0})
    by_name = line.data({"name": "vacuum", "double_value": 6.0})
    assert rows(by_alias) == [{"time": NOW_MS * 1000, "vacuum": 5.0}]
    assert rows(by_name) == [{"time": NOW_MS * 1000, "vacuum": 6.0}]


def test_a_rebirth_with_other_aliases_counts_from_then_on(line: Line) -> None:
    line.birth()
    line.node_birth()
    payload = Payload(timestamp=NOW_MS)
    payload.metrics.add(name="tank_pressure", alias=VACUUM, datatype=DataType.DOUBLE, is_null=True)
    line.send(MessageType.DBIRTH, payload, FILLER)
    assert rows(line.vacuum(250.0)) == [{"time": NOW_MS * 1000, "tank_pressure": 250.0}]


def test_an_unknown_alias_refuses_the_message_and_asks_for_a_rebirth(line: Line) -> None:
    line.birth()
    error = refusal(line, {"alias": VACUUM, "double_value": 5.0}, {"alias": 99, "int_value": 1})
    assert error.reason is Reason.UNKNOWN_ALIAS
    assert "alias 99 is in no birth certificate" in error.detail
    assert line.asked_after(0) == [NODE]


def test_values_of_a_birth_are_samples_but_its_results_are_no_cell(line: Line) -> None:
    line.node_birth()
    payload = Payload(timestamp=NOW_MS)
    payload.metrics.add(
        name="vacuum", datatype=DataType.DOUBLE, double_value=5.0, timestamp=NOW_MS - 9
    )
    payload.metrics.add(
        name="tank_pressure", datatype=DataType.DOUBLE, double_value=1.0, timestamp=5
    )
    payload.metrics.add(name="cell/id", datatype=DataType.STRING, string_value="LONG GONE")
    reading = line.send(MessageType.DBIRTH, payload, FILLER)
    # The tank's pressure was measured in 1970 by its time: known, but not stored.
    assert rows(reading) == [
        {"time": (NOW_MS - 9) * 1000, "vacuum": 5.0},
        {"time": NOW_MS * 1000, "state": "Online"},
    ]


def test_a_birth_with_metrics_that_the_plant_model_lacks_is_read_and_noted(line: Line) -> None:
    line.node_birth()
    payload = Payload(timestamp=NOW_MS)
    payload.metrics.add(name="vacuum", alias=1, datatype=DataType.DOUBLE, double_value=5.0)
    payload.metrics.add(name="humidity", alias=2, datatype=DataType.DOUBLE, double_value=40.0)
    payload.metrics.add(name="tank_pressure", alias=3, datatype=DataType.STRING, string_value="1")
    reading = line.send(MessageType.DBIRTH, payload, FILLER)
    assert reading.note is not None
    assert reading.note.reason is Reason.UNMAPPED
    assert "the plant model has no 'humidity'" in reading.note.detail
    assert "'tank_pressure' (datatype 12)" in reading.note.detail
    data = line.data({"alias": 2, "double_value": 41.0}, {"alias": 1, "double_value": 5.1})
    assert rows(data) == [{"time": NOW_MS * 1000, "vacuum": 5.1}]
    assert data.note is None


def test_a_machine_may_be_an_edge_node_itself(line: Line) -> None:
    node = NodeId("acme_desoto_assembly", FILLER)
    payload = Payload(timestamp=NOW_MS, seq=0)
    payload.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=3)
    payload.metrics.add(name="vacuum", alias=1, datatype=DataType.DOUBLE, double_value=5.0)
    reading = line.decoder.decode(topic_of(node, MessageType.NBIRTH), payload.SerializeToString())
    assert rows(reading)[0] == {"time": NOW_MS * 1000, "vacuum": 5.0}
    assert reading.frames[0].values[1] == FILLER


def test_a_node_or_device_outside_the_plant_model_is_refused_and_leaves_no_state(
    line: Line,
) -> None:
    for topic in ("spBv1.0/other/NBIRTH/l1", f"spBv1.0/{NODE.group}/DBIRTH/l1/l1-filler-99"):
        with pytest.raises(UnreadableError) as caught:
            line.decoder.decode(topic, b"")
        assert caught.value.reason is Reason.UNKNOWN_EQUIPMENT
    assert not line.decoder._nodes
    assert not line.decoder._topics


# Values


def test_all_numbers_of_the_specification_are_read(line: Line) -> None:
    cases: list[tuple[DataType, dict[str, Any], float]] = [
        (DataType.INT8, {"int_value": 0xFFFFFFFF}, -1),
        (DataType.INT8, {"int_value": 0xFF}, -1),
        (DataType.INT16, {"int_value": 0xFFFF8000}, -32768),
        (DataType.INT32, {"int_value": 0x80000000}, -(2**31)),
        (DataType.INT64, {"long_value": 2**64 - 5}, -5),
        (DataType.UINT8, {"int_value": 255}, 255),
        (DataType.UINT16, {"int_value": 65535}, 65535),
        (DataType.UINT32, {"int_value": 2**32 - 1}, 2**32 - 1),
        (DataType.UINT64, {"long_value": 2**64 - 1}, float(2**64 - 1)),
        (DataType.FLOAT, {"float_value": 0.5}, 0.5),
        (DataType.DOUBLE, {"double_value": -0.1}, -0.1),
    ]
    for datatype, value, expected in cases:
        line.node_birth()
        payload = Payload(timestamp=NOW_MS)
        payload.metrics.add(name="vacuum", alias=0, datatype=datatype, is_null=True)
        line.send(MessageType.DBIRTH, payload, FILLER)
        assert float(rows(line.data({"alias": 0, **value}))[0]["vacuum"]) == expected, datatype


def test_arrays_are_read_little_endian_whatever_their_numbers(line: Line) -> None:
    for datatype, letter in (
        (DataType.INT8_ARRAY, "b"), (DataType.INT16_ARRAY, "h"), (DataType.INT32_ARRAY, "i"),
        (DataType.INT64_ARRAY, "q"), (DataType.UINT8_ARRAY, "B"), (DataType.UINT16_ARRAY, "H"),
        (DataType.UINT32_ARRAY, "I"), (DataType.UINT64_ARRAY, "Q"), (DataType.FLOAT_ARRAY, "f"),
        (DataType.DOUBLE_ARRAY, "d"),
    ):  # fmt: skip
        line.node_birth()
        payload = Payload(timestamp=NOW_MS)
        payload.metrics.add(name="dose_pressure", alias=DOSES, datatype=datatype, is_null=True)
        line.send(MessageType.DBIRTH, payload, FILLER)
        data = struct.pack(f"<8{letter}", *range(8))
        assert rows(line.data({"alias": DOSES, "bytes_value": data})) == [
            {"time": NOW_MS * 1000, "dose_pressure": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]}
        ]


def test_values_that_are_not_what_the_birth_declared_refuse_the_message(line: Line) -> None:
    line.birth()
    cases: list[tuple[dict[str, Any], Reason]] = [
        ({"alias": VACUUM, "string_value": "5"}, Reason.WRONG_TYPE),
        ({"alias": VACUUM, "double_value": float("inf")}, Reason.NOT_FINITE),
        ({"alias": TANK, "int_value": 40_000_000}, Reason.WRONG_TYPE),
        ({"alias": DOSES, "bytes_value": struct.pack("<3d", 1, 2, 3)}, Reason.WRONG_SHAPE),
        ({"alias": DOSES, "bytes_value": b"123"}, Reason.WRONG_SHAPE),
        ({"alias": STATE, "string_value": "Running"}, Reason.WRONG_TYPE),
        ({"alias": MASS, "double_value": 6.4}, Reason.MISSING_FIELD),
        ({"alias": VACUUM, "double_value": 5, "timestamp": 17}, Reason.TIME_OUTSIDE_WINDOW),
        ({"alias": VACUUM, "double_value": 5, "timestamp": 2**64 - 1}, Reason.TIME_OUTSIDE_WINDOW),
    ]
    for metric, reason in cases:
        assert refusal(line, metric).reason is reason, metric


def test_null_and_not_a_number_are_null_and_what_is_transient_is_not_kept(line: Line) -> None:
    line.birth()
    for metric in ({"is_null": True}, {"double_value": float("nan")}, {}):
        reading = line.data({"alias": VACUUM, **metric}, {"alias": TANK, "int_value": 250})
        assert rows(reading) == [{"time": NOW_MS * 1000, "tank_pressure": 250}]
    assert not line.vacuum(5.0, is_transient=True).frames


def test_metrics_of_one_message_become_one_row_per_time(line: Line) -> None:
    line.birth()
    reading = line.data(
        {"alias": VACUUM, "double_value": 5.0, "timestamp": NOW_MS - 2},
        {"alias": TANK, "int_value": 250},
        {"alias": TANK, "int_value": 251, "timestamp": NOW_MS - 2},
        {"alias": VACUUM, "double_value": 5.1, "timestamp": NOW_MS - 2},
    )
    # Two values of one metric for one time are two rows of one key: none is thrown away here.
    assert rows(reading) == [
        {"time": (NOW_MS - 2) * 1000, "vacuum": 5.0, "tank_pressure": 251},
        {"time": (NOW_MS - 2) * 1000, "vacuum": 5.1},
        {"time": NOW_MS * 1000, "tank_pressure": 250},
    ]


def test_rows_have_the_same_columns_whichever_metrics_a_message_has(line: Line) -> None:
    line.birth()
    first, second = line.vacuum(5.0).frames[0], line.data({"alias": TANK, "int_value": 1}).frames[0]
    assert first.columns is second.columns


def test_the_results_of_a_cell_are_one_message_with_its_id(line: Line) -> None:
    line.birth()
    reading = line.data(
        {"alias": CELL, "string_value": "C1"}, {"alias": MASS, "double_value": 6.41}
    )
    assert str(reading.frames[0].table) == "cell.filling"
    assert rows(reading) == [{"time": NOW_MS * 1000, "cell": "C1", "fill_mass": 6.41}]


def test_a_tray_is_arrays_of_ids_and_of_results(line: Line) -> None:
    line.node_birth()
    payload = Payload(timestamp=NOW_MS)
    payload.metrics.add(name="cell/id", alias=CELL, datatype=DataType.STRING_ARRAY, is_null=True)
    payload.metrics.add(name="cell/position", alias=2, datatype=DataType.UINT16_ARRAY, is_null=True)
    payload.metrics.add(name="cell/fill_mass", alias=MASS, datatype=DataType.FLOAT_ARRAY)
    line.send(MessageType.DBIRTH, payload, FILLER)
    frame = line.data(
        {"alias": CELL, "bytes_value": b"C1\0C2\0"},
        {"alias": 2, "bytes_value": struct.pack("<2H", 1, 2)},
        {"alias": MASS, "bytes_value": struct.pack("<2f", 6.5, 6.25)},
    ).frames[0]
    assert frame.rows == 2
    assert [list(values) for values in frame.values[2:]] == [["C1", "C2"], [1, 2], [6.5, 6.25]]


def test_a_bad_or_stale_value_is_null_and_the_first_of_a_stretch_is_noted(line: Line) -> None:
    line.birth()

    def quality(value: int) -> dict[str, Any]:
        return {"keys": ["Quality"], "values": [{"type": 3, "int_value": value}]}

    bad = line.vacuum(9.9, properties=quality(0))
    assert rows(bad) == [{"time": NOW_MS * 1000}]
    assert bad.note is not None
    assert bad.note.reason is Reason.BAD_QUALITY
    assert "'vacuum'" in bad.note.detail
    assert line.vacuum(9.9, properties=quality(500)).note is None
    assert rows(line.vacuum(5.0, properties=quality(192)))[0]["vacuum"] == 5.0
    assert line.vacuum(9.9, properties=quality(0)).note is not None
    assert rows(line.vacuum(5.0))[0]["vacuum"] == 5.0


# State


def test_a_state_is_a_row_and_a_reason_alone_belongs_to_the_last_state(line: Line) -> None:
    line.birth()
    line.data({"alias": STATE, "string_value": "Held"})
    reading = line.data({"alias": REASON, "string_value": "drum empty"})
    assert rows(reading) == [{"time": NOW_MS * 1000, "state": "Held", "reason": "drum empty"}]


def test_a_historical_state_is_stored_and_is_not_the_state_of_now(line: Line) -> None:
    line.birth(state="Execute")
    old = {"timestamp": NOW_MS - 60_000, "is_historical": True}
    reading = line.data({"alias": STATE, "string_value": "Held", **old})
    assert rows(reading) == [{"time": (NOW_MS - 60_000) * 1000, "state": "Held"}]
    reading = line.data({"alias": REASON, "string_value": "why not"})
    assert rows(reading)[0]["state"] == "Execute"


def test_a_birth_says_the_state_only_when_it_is_news(line: Line) -> None:
    assert rows(line.birth(state="Held"))[-1]["state"] == "Held"
    assert all("state" not in r for r in rows(line.birth(state="Held")))
    assert rows(line.birth(state="Execute"))[-1]["state"] == "Execute"


# Deaths


def test_a_node_death_turns_its_machines_stale_at_once(line: Line) -> None:
    line.birth(bd_seq=7)
    line.now_ms += 500
    # The will was written when the connection began, so its own time says nothing.
    assert rows(line.death(bd_seq=7)) == [
        {"time": line.now_ms * 1000, "state": "Stale", "reason": "edge node l1 is gone"}
    ]
    assert not line.death(bd_seq=7).frames
    assert rows(line.birth(bd_seq=8, state="Execute"))[-1]["state"] == "Execute"


def test_a_late_death_of_an_old_session_does_not_touch_the_reborn_node(line: Line) -> None:
    line.birth(bd_seq=7)
    line.birth(bd_seq=8)
    assert not line.death(bd_seq=7).frames
    assert rows(line.vacuum(5.0))[0]["vacuum"] == 5.0
    assert rows(line.death(bd_seq=8))[0]["state"] == "Stale"


def test_a_device_death_turns_that_device_stale_until_its_birth(line: Line) -> None:
    line.birth()
    gone = line.send(MessageType.DDEATH, Payload(timestamp=NOW_MS - 5), FILLER)
    assert rows(gone)[0] == {
        "time": (NOW_MS - 5) * 1000,
        "state": "Stale",
        "reason": "edge node l1 says that it is gone",
    }
    assert refusal(line, {"alias": VACUUM, "double_value": 5.0}).reason is Reason.NOT_BORN
    assert rows(line.device_birth())[-1]["state"] == "Execute"
    # It was born before anybody was asked, so nobody needs to be.
    assert line.asked_after(60) == []


def test_a_device_that_its_node_does_not_declare_again_turns_stale(line: Line) -> None:
    line.birth()
    line.node_birth(bd_seq=1)
    line.clock_s += 4.9
    assert line.decoder.missed() == []
    line.clock_s += 0.2
    [missed] = line.decoder.missed()
    assert missed.node == NODE
    assert row(missed.frames[0])["state"] == "Stale"
    line.clock_s += 60
    assert line.decoder.missed() == []


# Sequence and rebirth


def test_data_before_the_birth_are_refused_and_a_rebirth_is_asked_for(line: Line) -> None:
    error = refusal(line, {"alias": VACUUM, "double_value": 5.0})
    assert error.reason is Reason.NOT_BORN
    assert line.asked_after(0) == [NODE]


def test_a_gap_in_the_sequence_stores_what_comes_and_asks_after_the_timeout(line: Line) -> None:
    line.birth()
    assert rows(line.vacuum(5.0, seq=4))[0]["vacuum"] == 5.0
    assert line.asked_after(4.9) == []
    assert line.asked_after(0.2) == [NODE]
    assert line.asked_after(60) == [], "a node that says nothing is left in peace"
    line.vacuum(5.0)
    assert line.asked_after(0) == [NODE]


def test_messages_in_another_order_are_no_gap(line: Line) -> None:
    line.birth()
    for seq in (4, 2, 3, 5):
        line.vacuum(5.0, seq=seq)
    assert line.asked_after(60) == []


def test_the_sequence_goes_round_at_256(line: Line) -> None:
    line.birth()
    for number in range(600):
        line.vacuum(float(number))
    assert line.asked_after(60) == []


def test_a_sequence_that_jumps_back_asks_for_a_rebirth(line: Line) -> None:
    line.birth()
    for number in range(20):
        line.vacuum(float(number))
    line.vacuum(1.0, seq=3)
    assert line.asked_after(5.1) == [NODE]


def test_a_rebirth_ends_the_asking(line: Line) -> None:
    line.birth()
    line.vacuum(5.0, seq=9)
    line.birth()
    line.vacuum(5.0)
    assert line.asked_after(60) == []


def test_a_node_is_asked_at_most_once_in_ten_seconds(line: Line) -> None:
    asked = 0
    for _ in range(400):
        refusal(line, {"alias": VACUUM, "double_value": 5.0})
        asked += len(line.asked_after(0.1))
    assert asked == 4


def test_after_a_lost_connection_nothing_is_taken_for_known(line: Line) -> None:
    line.birth()
    line.decoder.forget()
    assert line.asked_after(0) == [NODE]
    assert refusal(line, {"alias": VACUUM, "double_value": 5.0}).reason is Reason.NOT_BORN
    line.clock_s += 31
    [missed] = line.decoder.missed()
    assert row(missed.frames[0])["state"] == "Stale"


def test_what_is_handed_back_has_no_turn_in_the_sequence(line: Line) -> None:
    line.birth()
    payload = Payload(timestamp=NOW_MS, seq=200)
    payload.metrics.add(alias=VACUUM, double_value=5.0)
    topic = topic_of(NODE, MessageType.DDATA, FILLER)
    reading = line.decoder.decode(topic, payload.SerializeToString(), is_live=False)
    assert rows(reading)[0]["vacuum"] == 5.0
    assert line.asked_after(60) == []


def test_a_rebirth_request_is_what_the_specification_says(line: Line) -> None:
    topic, payload = rebirth_request(NODE, NOW_MS)
    assert topic == "spBv1.0/acme_desoto_assembly/NCMD/l1"
    [metric] = Payload.FromString(payload).metrics
    assert (metric.name, metric.datatype, metric.boolean_value) == (
        "Node Control/Rebirth",
        11,
        True,
    )
