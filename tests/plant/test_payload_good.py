"""Payloads that are read: each accepted form gives the rows that docs/payloads.md promises."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plant.frames import Frame
from plant.load import load_plant
from plant.model import Plant
from plant.payload import PayloadDecoder

NOW_MS = 1_795_336_200_000
NOW_US = NOW_MS * 1000
SMALL = Path(__file__).parent / "small.toml"

FILLER = "v1/acme/desoto/assembly/l1/l1-filler-01"
WINDER = "v1/acme/desoto/assembly/l1/l1-winder-01"
TRAY = "v1/acme/desoto/formation/l1/l1-tray-007"
COATER = "v1/acme/desoto/electrode/l1/l1-coater-c-01"
TESTER = "v1/acme/desoto/formation/l1/l1-tester-01"
NULL = float("nan")


def decode(decoder: PayloadDecoder, topic: str, document: Any) -> list[Frame]:
    return decoder.decode(topic, json.dumps(document).encode())


def one(decoder: PayloadDecoder, topic: str, document: Any) -> Frame:
    (frame,) = decode(decoder, topic, document)
    return frame


def column(frame: Frame, name: str) -> Any:
    return frame.values[frame.columns.index(name)]


def test_one_sample_is_one_row_of_bare_values(decoder: PayloadDecoder) -> None:
    frame = one(decoder, f"{WINDER}/telemetry", {"ts": NOW_MS, "tension_cathode": 1.5})
    assert str(frame.table) == "telemetry.winding"
    assert frame.columns == ("time", "equipment", "tension_cathode")
    assert frame.values == (NOW_US, "l1-winder-01", 1.5)
    assert (frame.rows, frame.is_block) == (1, False)


def test_ts_may_stand_anywhere_and_the_names_in_any_order(decoder: PayloadDecoder) -> None:
    document = {"edge_anode": 0.1, "ts": NOW_MS, "tension_anode": 1.4}
    frame = one(decoder, f"{WINDER}/telemetry", document)
    assert frame.columns == ("time", "equipment", "edge_anode", "tension_anode")
    assert frame.values == (NOW_US, "l1-winder-01", 0.1, 1.4)


def test_whole_numbers_and_large_ones_are_numbers(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "edge_anode": 0, "edge_inner": -3, "web_speed": 2**70}
    frame = one(decoder, f"{WINDER}/telemetry", document)
    assert frame.values[2:] == (0.0, -3.0, 2.0**70)


def test_two_numbers_whose_sum_is_infinite_are_each_read(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "edge_anode": 1.7e308, "edge_inner": 1.7e308}
    assert one(decoder, f"{WINDER}/telemetry", document).values[2:] == (1.7e308, 1.7e308)


@pytest.mark.parametrize("ts", [NOW_MS, "2026-11-22T08:30:00Z"])
def test_null_is_a_missing_value(decoder: PayloadDecoder, ts: Any) -> None:
    document = {"ts": ts, "edge_anode": None, "edge_inner": 0.2}
    frame = one(decoder, f"{WINDER}/telemetry", document)
    np.testing.assert_array_equal(frame.values[2:], (NULL, 0.2))


def test_a_time_as_text_is_kept_to_the_microsecond(decoder: PayloadDecoder) -> None:
    document = {"ts": "2026-11-22T14:00:00.123456+05:30", "edge_anode": 0.1}
    assert one(decoder, f"{WINDER}/telemetry", document).values[0] == NOW_US + 123_456


def test_positions_of_a_sample_are_one_array(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "vacuum": 5.0, "dose_pressure": [200, 201.5, None, 203, 4, 5, 6, 7]}
    frame = one(decoder, f"{FILLER}/telemetry", document)
    assert (frame.rows, frame.is_block) == (1, False)
    assert column(frame, "vacuum") == 5.0
    np.testing.assert_array_equal(
        column(frame, "dose_pressure"), [200, 201.5, NULL, 203, 4, 5, 6, 7]
    )


def test_null_instead_of_an_array_is_an_array_of_missing_values(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "vacuum": 5.0, "dose_pressure": None}
    frame = one(decoder, f"{FILLER}/telemetry", document)
    np.testing.assert_array_equal(column(frame, "dose_pressure"), [NULL] * 8)


def test_a_block_has_one_row_for_each_time(decoder: PayloadDecoder) -> None:
    document = {
        "ts": [NOW_MS - 200, NOW_MS - 100, NOW_MS],
        "tension_cathode": [1.5, None, 2],
        "edge_anode": 0.25,
    }
    frame = one(decoder, f"{WINDER}/telemetry", document)
    assert (frame.rows, frame.is_block) == (3, True)
    np.testing.assert_array_equal(column(frame, "time"), np.array(document["ts"]) * 1000)
    assert column(frame, "time").dtype == np.int64
    assert column(frame, "equipment") == ["l1-winder-01"] * 3
    np.testing.assert_array_equal(column(frame, "tension_cathode"), [1.5, NULL, 2.0])
    np.testing.assert_array_equal(column(frame, "edge_anode"), [0.25] * 3)


def test_the_times_of_a_block_may_be_text_or_mixed(decoder: PayloadDecoder) -> None:
    document = {"ts": ["2026-11-22T08:29:59.5Z", NOW_MS], "edge_anode": [1, 2]}
    frame = one(decoder, f"{WINDER}/telemetry", document)
    assert list(column(frame, "time")) == [NOW_US - 500_000, NOW_US]


def test_a_block_of_positions_has_an_array_for_each_time(decoder: PayloadDecoder) -> None:
    document = {
        "ts": [NOW_MS - 10_000, NOW_MS],
        "voltage": [[3.5] * 256, [3.6] * 255 + [None]],
        "current": [[0.48] * 256, None],
    }
    frame = one(decoder, f"{TRAY}/telemetry", document)
    assert frame.rows == 2
    voltage = column(frame, "voltage")
    assert voltage.shape == (2, 256)
    assert voltage.dtype == np.float64
    assert voltage[0, 16] == 3.5
    assert np.isnan(voltage[1, 255])
    assert np.isnan(column(frame, "current")[1]).all()


def test_one_cell_is_one_row_with_its_verdict(decoder: PayloadDecoder) -> None:
    document = {
        "ts": NOW_MS, "cell": "K326326A10000017", "position": 3, "verdict": "pass",
        "fill_mass": 6.41, "vacuum_at_dose": None,
    }  # fmt: skip
    frame = one(decoder, f"{FILLER}/cell", document)
    assert str(frame.table) == "cell.filling"
    assert frame.rows == 1
    assert column(frame, "cell") == "K326326A10000017"
    assert column(frame, "position") == 3
    assert column(frame, "verdict") == "pass"
    assert column(frame, "fill_mass") == 6.41
    assert np.isnan(column(frame, "vacuum_at_dose"))


def test_many_cells_may_share_one_time(decoder: PayloadDecoder) -> None:
    document = {
        "ts": NOW_MS, "cell": ["a", "b", "c"], "position": [1, 2, None],
        "verdict": ["pass", None, "fail"], "capacity": [4.8, 4.79, 4.4], "temperature": 25,
    }  # fmt: skip
    frame = one(decoder, f"{TESTER}/cell", document)
    assert frame.rows == 3
    np.testing.assert_array_equal(column(frame, "time"), [NOW_US] * 3)
    assert column(frame, "cell") == ["a", "b", "c"]
    np.testing.assert_array_equal(column(frame, "position"), [1, 2, NULL])
    assert column(frame, "verdict") == ["pass", None, "fail"]
    np.testing.assert_array_equal(column(frame, "temperature"), [25.0] * 3)


def test_many_cells_may_have_each_its_time(decoder: PayloadDecoder) -> None:
    document = {"ts": [NOW_MS - 1, NOW_MS], "cell": ["a", "b"], "capacity": [4.8, 4.7]}
    frame = one(decoder, f"{TESTER}/cell", document)
    assert list(column(frame, "time")) == [NOW_US - 1000, NOW_US]


def test_a_result_per_position_is_an_array_for_each_cell(tmp_path: Path) -> None:
    path = tmp_path / "plant.toml"
    path.write_text(
        f"base = '{SMALL}'\n[stations.filling.results]\n"
        "curve = { unit = 'kPa', nominal = 2, sd = 1, per_position = true, source = 'A' }\n"
    )
    own = PayloadDecoder(load_plant(path), now_us=lambda: NOW_US)
    topic = "v1/acme/lab/assembly/l1/l1-filler-02/cell"
    curves = [[1, 2, 3, 4], [5, 6, 7, None]]
    frame = one(own, topic, {"ts": NOW_MS, "cell": ["a", "b"], "curve": curves})
    np.testing.assert_array_equal(column(frame, "curve"), [[1, 2, 3, 4], [5, 6, 7, NULL]])
    shared = one(own, topic, {"ts": NOW_MS, "cell": ["a", "b"], "curve": curves[0]})
    np.testing.assert_array_equal(column(shared, "curve"), [curves[0], curves[0]])


def test_a_list_of_objects_gives_a_frame_for_each(decoder: PayloadDecoder) -> None:
    frames = decode(
        decoder,
        f"{WINDER}/telemetry",
        [
            {"ts": NOW_MS - 100, "edge_anode": 0.1},
            {"ts": [NOW_MS - 50, NOW_MS], "edge_anode": [0.2, 0.3]},
            {"ts": NOW_MS, "tension_anode": 1.5},
        ],
    )
    assert [frame.rows for frame in frames] == [1, 2, 1]
    assert frames[2].columns == ("time", "equipment", "tension_anode")


def test_a_state_is_a_row_of_machine_state(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "state": "Held", "reason": "door open"}
    frame = one(decoder, f"{FILLER}/state", document)
    assert str(frame.table) == "machine.state"
    assert frame.values == (NOW_US, "l1-filler-01", "Held", "door open")


def test_a_material_event_is_a_row_of_genealogy(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "child": "cell-1", "parent": "roll-7", "from_m": 12.5, "to_m": 13}
    frame = one(decoder, f"{WINDER}/material", document)
    assert str(frame.table) == "material.genealogy"
    assert frame.values == (NOW_US, "l1-winder-01", "cell-1", "roll-7", 12.5, 13.0)


def test_many_children_of_one_parent_are_a_block(decoder: PayloadDecoder) -> None:
    document = {"ts": NOW_MS, "child": ["s1", "s2"], "parent": "roll-7", "amount_kg": [1, None]}
    frame = one(decoder, f"{COATER}/material", document)
    assert column(frame, "parent") == ["roll-7", "roll-7"]
    np.testing.assert_array_equal(column(frame, "amount_kg"), [1.0, NULL])


@pytest.mark.parametrize(
    "payload",
    [
        b'{"ts": 1795336200000, "edge_anode": 0.1}',
        b' \r\n{"ts"\t:\n1795336200000 , "edge_anode" : 0.1}\n',
        b'{"\\u0074s":1795336200000,"edge_anode":1e-1}',
    ],
)
def test_white_space_and_escapes_make_no_difference(
    decoder: PayloadDecoder, payload: bytes
) -> None:
    (frame,) = decoder.decode(f"{WINDER}/telemetry", payload)
    assert frame.values == (NOW_US, "l1-winder-01", 0.1)


@pytest.mark.parametrize("reason", ["a:b", 'he said "stop": now', ':"', '\\":', "é:ü"])
def test_colons_and_quotes_in_a_text_are_no_names(decoder: PayloadDecoder, reason: str) -> None:
    document = {"ts": NOW_MS, "state": "Held", "reason": reason}
    assert column(one(decoder, f"{FILLER}/state", document), "reason") == reason


@pytest.mark.parametrize("off_ms", [120_000, -90 * 86_400_000])
def test_times_at_the_edges_of_the_window_are_taken(decoder: PayloadDecoder, off_ms: int) -> None:
    document = {"ts": NOW_MS + off_ms, "edge_anode": 0.1}
    assert one(decoder, f"{WINDER}/telemetry", document).values[0] == (NOW_MS + off_ms) * 1000


def test_without_a_present_of_its_own_a_decoder_goes_by_the_clock(
    pilot: Plant,
) -> None:
    now_ms = time.time_ns() // 1_000_000
    frame = one(PayloadDecoder(pilot), f"{WINDER}/telemetry", {"ts": now_ms, "edge_anode": 0.1})
    assert frame.values[0] == now_ms * 1000
