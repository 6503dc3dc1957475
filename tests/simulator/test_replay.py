from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import orjson
import pytest

from plant.model import Plant
from plant.payload import PayloadDecoder
from simulator.captured import Captured
from simulator.cycler import parse, read_recording
from simulator.recording import Recording
from simulator.replay import ReplayError, Seat, check_window, find_seat, messages

DATA = Path(__file__).parents[1] / "data"
NOW_US = 1_795_000_000_000_000
DAY_US = 86_400_000_000

TIDY = b"time_s,voltage_v,current_a,temperature_cel\n5,3.5,0,\n5.25,3.25,-1.5,25.5\n9,3.0,1,26\n"


@pytest.fixture
def recording() -> Recording:
    return parse("cell-1.csv", TIDY)


@pytest.fixture
def seat(pilot: Plant) -> Seat:
    return find_seat(pilot, "l1-tray-007", 17)


def with_unit(plant: Plant, unit: str) -> Plant:
    """Return *plant* with the formation's current in *unit*."""
    document = plant.model_dump()
    document["stations"]["formation"]["signals"]["current"]["unit"] = unit
    return Plant.model_validate(document)


def test_a_recording_goes_to_the_plants_first_tray_unless_told_otherwise(pilot: Plant) -> None:
    seat = find_seat(pilot, None, 1)
    assert seat.equipment == "l1-tray-001"
    assert seat.topic == "v1/acme/desoto/formation/l1/l1-tray-001/telemetry"
    assert seat.channels == 256
    assert seat.signals == ("voltage", "current", "temperature")


@pytest.mark.parametrize(
    ("equipment", "channel", "expected"),
    [
        ("l1-filler-01", 1, "'l1-filler-01' is not a tray .* l1-tray-001 to l1-tray-123"),
        ("l1-tray-999", 1, "'l1-tray-999' is not a tray"),
        (None, 257, "l1-tray-001 has channels 1 to 256, there is no channel 257"),
        (None, 0, "there is no channel 0"),
    ],
)
def test_a_place_that_the_plant_has_not_is_refused(
    pilot: Plant, equipment: str | None, channel: int, expected: str
) -> None:
    with pytest.raises(ReplayError, match=expected):
        find_seat(pilot, equipment, channel)


def test_a_tray_that_measures_in_another_unit_is_refused(pilot: Plant) -> None:
    with pytest.raises(ReplayError, match=r"formation.current is in mA .* recordings are in A"):
        find_seat(with_unit(pilot, "mA"), None, 1)


def test_a_plant_without_trays_is_refused(pilot: Plant) -> None:
    document = pilot.model_dump()
    document |= {"recipes": {}, "cell_quality": None}
    document["stations"] = {"filling": document["stations"]["filling"]}
    with pytest.raises(ReplayError, match=r"no station of the plant model has .* 'voltage'"):
        find_seat(Plant.model_validate(document), None, 1)


def test_one_row_a_message_is_one_sample_and_only_its_channel_has_values(
    recording: Recording, seat: Seat
) -> None:
    first, second, _ = messages(recording, seat, NOW_US, rows_per_message=1)
    assert (first.time_us, second.time_us) == (NOW_US, NOW_US + 250_000)
    document = orjson.loads(second.payload)
    assert document["ts"] == NOW_US // 1000 + 250
    assert document["voltage"] == [None] * 16 + [3.25] + [None] * 239
    assert document["current"][16] == -1.5
    assert document["temperature"][16] == 25.5
    assert orjson.loads(first.payload)["temperature"] == [None] * 256


def test_more_rows_a_message_are_a_block_and_the_last_may_be_shorter(
    recording: Recording, seat: Seat
) -> None:
    plan = list(messages(recording, seat, NOW_US, rows_per_message=2))
    assert [(message.time_us - NOW_US, message.rows) for message in plan] == [
        (250_000, 2),
        (4_000_000, 1),
    ]
    blocks = [orjson.loads(message.payload) for message in plan]
    assert blocks[0]["ts"] == [NOW_US // 1000, NOW_US // 1000 + 250]
    assert [row[16] for row in blocks[0]["voltage"]] == [3.5, 3.25]
    assert blocks[1]["ts"] == [NOW_US // 1000 + 4000]
    assert len(blocks[1]["voltage"]) == 1


def test_a_temperature_that_was_never_measured_is_left_out(seat: Seat) -> None:
    recording = parse("x.csv", b"time_s,voltage_v,current_a\n0,3.5,0\n")
    (message,) = messages(recording, seat, NOW_US, rows_per_message=1)
    assert sorted(orjson.loads(message.payload)) == ["current", "ts", "voltage"]


def test_times_between_milliseconds_travel_as_text(seat: Seat) -> None:
    recording = parse("x.csv", b"time_s,voltage_v,current_a\n0,3.5,0\n0.00036,3.5,0\n")
    (message,) = messages(recording, seat, NOW_US, rows_per_message=2)
    assert orjson.loads(message.payload)["ts"] == [
        "2026-11-18T11:06:40+00:00",
        "2026-11-18T11:06:40.000360+00:00",
    ]


@pytest.mark.parametrize("rows_per_message", [1, 100])
@pytest.mark.parametrize("name", ["maccor_diagnostic.csv", "novonix_formation.csv"])
def test_what_a_recording_becomes_is_read_back_exactly(
    pilot: Plant, seat: Seat, name: str, rows_per_message: int
) -> None:
    recording = read_recording(DATA / name)
    plan: list[Captured] = list(messages(recording, seat, NOW_US, rows_per_message))
    decoder = PayloadDecoder(pilot, now_us=lambda: NOW_US + DAY_US)
    frames = list(
        itertools.chain.from_iterable(decoder.decode(seat.topic, m.payload) for m in plan)
    )
    assert sum(message.rows for message in plan) == len(recording)
    times, columns = [], {"voltage": [], "current": []}  # type: ignore[var-annotated]
    for frame in frames:
        at = {column: i for i, column in enumerate(frame.columns)}
        times.extend(np.atleast_1d(frame.values[at["time"]]).tolist())
        for column, values in columns.items():
            values.extend(np.atleast_2d(frame.values[at[column]])[:, seat.channel - 1].tolist())
    assert times == (NOW_US + recording.time_us - recording.time_us[0]).tolist()
    assert columns["voltage"] == recording.voltage_v.tolist()
    assert columns["current"] == recording.current_a.tolist()


@pytest.mark.parametrize(
    ("start_us", "speed"),
    [(NOW_US, 1), (NOW_US - 4_000_000, 0), (NOW_US - 4_000_000, 0.5), (NOW_US + 119_000_000, 1)],
)
def test_a_recording_that_ingest_takes_is_let_through(
    pilot: Plant, start_us: int, speed: float
) -> None:
    check_window(pilot, start_us, start_us + 4_000_000, speed, NOW_US)


@pytest.mark.parametrize(
    ("start_us", "speed", "expected"),
    [
        (NOW_US + 121_000_000, 1, "121 s ahead of the clock, the plant allows 120 s"),
        (NOW_US + 118_000_000, 0, "122 s ahead of the clock"),
        (NOW_US + 118_000_000, 4, "121 s ahead of the clock"),
        (NOW_US - 91 * DAY_US, 1, "91 days late, the plant allows 90 .intake.max_lateness_d"),
    ],
)
def test_a_recording_that_ingest_would_refuse_is_refused_before_it_is_sent(
    pilot: Plant, start_us: int, speed: float, expected: str
) -> None:
    with pytest.raises(ReplayError, match=expected):
        check_window(pilot, start_us, start_us + 4_000_000, speed, NOW_US)
