"""Recordings through a real broker, ingest and database; each test has a broker of its own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from typer.testing import CliRunner

from jellyroll import app
from plant.broker import BrokerAddress
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us, to_us
from plant.topics import topic_of
from simulator.connection import BrokerError
from simulator.courier import Courier
from simulator.cycler import read_recording
from simulator.recording import Recording
from stack.broker import PrivateBroker
from stack.programs import Programs
from storage.connect import Connection, connect
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
DEADLINE_S = 30.0
NOBODY_STOPS = threading.Event()


@pytest.fixture
def broker(programs: Programs, stack_folder: Path) -> Iterator[PrivateBroker]:
    """A broker without the sessions that other tests left: theirs would take our messages."""
    broker = PrivateBroker(programs, stack_folder / f"broker-{secrets.token_hex(4)}")
    broker.start()
    yield broker
    broker.stop()


def jellyroll(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jellyroll", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("JELLYROLL_")},
        stdout=subprocess.PIPE,
        text=True,
    )


def replay(broker: PrivateBroker, file: Path, *options: str) -> dict[str, Any]:
    """Replay *file* to its end and return the report."""
    process = jellyroll("replay", str(file), "--broker", broker.url, "--json", *options)
    report: dict[str, Any] = orjson.loads(process.communicate(timeout=DEADLINE_S)[0])
    assert process.returncode == 0
    return report


def deliver_one(url: str) -> None:
    with Courier(BrokerAddress.parse(url)) as courier:
        courier.send("v1/test", b"1", NOBODY_STOPS)
        courier.drain(DEADLINE_S)


def connectable(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def ingest(database: str, broker: PrivateBroker, plant: Plant) -> Iterator[Connection]:
    """Run ingest and yield a connection to its database once it takes messages."""
    process = jellyroll("ingest", "--database", database, "--broker", broker.url)
    try:
        probe = topic_of(plant, plant.equipment["l1-winder-01"], Kind.STATE)
        with Courier(BrokerAddress.parse(broker.url)) as courier:

            def heard() -> bool:
                assert process.poll() is None, "ingest ended before it took a message"
                unheard = courier.unheard
                state = {"ts": time.time_ns() // 1_000_000, "state": "Idle"}
                courier.send(probe, orjson.dumps(state), NOBODY_STOPS)
                courier.drain(DEADLINE_S)
                return courier.unheard == unheard

            wait_until(heard, "ingest's subscription")
        with connect(database, application="test", autocommit=True) as connection:
            yield connection
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0


def count(connection: Connection, equipment: str) -> int:
    query = "SELECT count(*) FROM telemetry.formation WHERE equipment = %s"
    row = connection.execute(query, (equipment,)).fetchone()
    assert row is not None
    return int(row[0])


def wait_for_rows(connection: Connection, equipment: str, rows: int) -> None:
    wait_until(lambda: count(connection, equipment) >= rows, f"{rows} rows of {equipment}")


def assert_rows_are(
    connection: Connection, equipment: str, channel: int, recording: Recording, first_time: str
) -> None:
    """Compare the rows of a tray with *recording*: number, times, first, last, extremes, all."""
    rows = connection.execute(
        "SELECT time, voltage[%(c)s], current[%(c)s], temperature[%(c)s],"
        " array_length(array_remove(voltage, NULL), 1) FROM telemetry.formation"
        " WHERE equipment = %(e)s ORDER BY time",
        {"c": channel, "e": equipment},
    ).fetchall()
    shift_us = to_us(datetime.fromisoformat(first_time)) - int(recording.time_us[0])
    voltages, currents = recording.voltage_v.tolist(), recording.current_a.tolist()
    temperatures = recording.temperature_cel.tolist() if recording.has_temperature else None
    assert len(rows) == len(recording)
    assert [row[0] for row in rows] == [from_us(t + shift_us) for t in recording.time_us.tolist()]
    assert [row[1] for row in rows] == voltages
    assert [row[2] for row in rows] == currents
    assert [row[3] for row in rows] == (temperatures or [None] * len(recording))
    assert {row[4] for row in rows} == {1}, "another channel has a value"

    extremes = connection.execute(
        "SELECT min(voltage[%(c)s]), max(voltage[%(c)s]), min(current[%(c)s]),"
        " max(current[%(c)s]), first(voltage[%(c)s], time), last(voltage[%(c)s], time)"
        " FROM telemetry.formation WHERE equipment = %(e)s",
        {"c": channel, "e": equipment},
    ).fetchone()
    assert extremes == (
        min(voltages), max(voltages), min(currents), max(currents), voltages[0], voltages[-1],
    )  # fmt: skip


def test_measured_recordings_arrive_in_the_database_exactly_as_the_files_say(
    migrated_database: str, broker: PrivateBroker, pilot: Plant
) -> None:
    files = {"l1-tray-017": "maccor_diagnostic.csv", "l1-tray-018": "novonix_formation.csv"}
    with ingest(migrated_database, broker, pilot) as connection:
        for equipment, name in files.items():
            recording = read_recording(DATA / name)
            report = replay(
                broker, DATA / name, "--equipment", equipment, "--channel", "17", "--speed", "0"
            )
            assert report["published"] == report["samples"] == len(recording)
            assert report["unheard"] == 0
            wait_for_rows(connection, equipment, len(recording))
            assert_rows_are(connection, equipment, 17, recording, report["first_time"])
        assert connection.execute("SELECT * FROM ingest.dead_letter").fetchall() == []


def test_at_its_own_rhythm_each_sample_is_a_message_and_ctrl_c_ends_cleanly(
    migrated_database: str, broker: PrivateBroker, pilot: Plant, tmp_path: Path
) -> None:
    file = tmp_path / "cell.csv"
    file.write_text("time_s,voltage_v,current_a\n0,3.5,0\n0.05,3.25,-1.5\n0.1,3.0,1\n3600,3,0\n")
    with ingest(migrated_database, broker, pilot) as connection:
        process = jellyroll("replay", str(file), "--broker", broker.url, "--json")
        wait_for_rows(connection, "l1-tray-001", 3)
        process.send_signal(signal.SIGINT)
        report = orjson.loads(process.communicate(timeout=DEADLINE_S)[0])
        assert process.returncode == 0
        assert (report["published"], report["samples"], report["messages"]) == (3, 4, 3)
        first, last = (datetime.fromisoformat(report[name]) for name in ("first_time", "last_time"))
        rows = connection.execute(
            "SELECT time, voltage[1], batch FROM telemetry.formation ORDER BY time"
        ).fetchall()
    assert [row[1] for row in rows] == [3.5, 3.25, 3.0]
    assert (rows[0][0], rows[-1][0]) == (first, last)
    assert (last - first).total_seconds() == 0.1


def test_a_recording_can_be_placed_at_its_own_date_or_at_a_time_given(
    broker: PrivateBroker, pilot: Plant, tmp_path: Path
) -> None:
    hour_ago = datetime.now(ZoneInfo(pilot.site.time_zone)).replace(microsecond=0)
    hour_ago -= timedelta(hours=1)
    file = tmp_path / "cell.034"
    file.write_text(
        "Today's Date 09/01/2020\tComment/Barcode: 000229\n"
        "Rec#\tTest (Sec)\tAmps\tVolts\tState\tDPt Time\n"
        f"1\t0.0\t0.0\t3.5\tR\t{hour_ago:%m/%d/%Y %H:%M:%S}\n"
    )
    original = replay(broker, file, "--shift-to", "original")
    assert datetime.fromisoformat(original["first_time"]) == hour_ago
    assert original["cell"] == "000229"
    given = replay(broker, file, "--shift-to", (hour_ago + timedelta(seconds=7)).isoformat())
    assert datetime.fromisoformat(given["first_time"]) == hour_ago + timedelta(seconds=7)


def test_a_replay_that_nobody_hears_says_so(broker: PrivateBroker) -> None:
    report = replay(broker, DATA / "maccor_diagnostic.csv", "--speed", "0")
    assert report["unheard"] == report["messages"] == 5


def test_what_the_broker_did_not_acknowledge_goes_again_when_it_is_back(
    broker: PrivateBroker,
) -> None:
    with Courier(BrokerAddress.parse(broker.url)) as courier:
        for number in range(100):
            if number == 50:
                broker.kill()
            courier.send("v1/test", b"%d" % number, NOBODY_STOPS)
        assert courier.acknowledged < 100
        broker.start()
        courier.drain(DEADLINE_S)
        assert courier.acknowledged == courier.sent == 100


def test_a_broker_that_stays_away_is_an_error_with_the_number_of_messages(
    broker: PrivateBroker,
) -> None:
    with Courier(BrokerAddress.parse(broker.url)) as courier:
        broker.kill()
        courier.send("v1/test", b"lost", NOBODY_STOPS)
        with pytest.raises(BrokerError, match="has not acknowledged 1 of 1 messages"):
            courier.drain(0.5)


def test_no_broker_is_an_error_that_names_its_place(broker: PrivateBroker) -> None:
    url = broker.url
    broker.kill()
    with pytest.raises(BrokerError, match=f"no MQTT broker at 127.0.0.1:{broker.port}"):
        Courier(BrokerAddress.parse(url)).__enter__()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("allow_anonymous false", "does not let us in: Not authorized"),
        ("allow_anonymous true\nacl_file {acl}", "the broker refused a message: Not authorized"),
    ],
)
def test_a_broker_that_refuses_us_or_our_messages_is_an_error(
    broker: PrivateBroker, programs: Programs, rule: str, expected: str
) -> None:
    strict, acl = (broker.folder / name for name in ("strict.conf", "acl"))
    acl.write_text("topic read #\n")
    strict.write_text(f"listener {broker.port} 127.0.0.1\n{rule.format(acl=acl)}\n")
    for file in (strict, acl):
        file.chmod(0o644)
    broker.stop()
    process = subprocess.Popen([programs.mosquitto, "-c", strict], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: connectable(broker.port), "the strict broker's start")
        with pytest.raises(BrokerError, match=expected):
            deliver_one(broker.url)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--shift-to", "yesterday"], "'yesterday' is none of now, original, a time"),
        (["--shift-to", "2026-11-22T08:30:00"], "is none of now, original, a time"),
        (["--broker", "http://x"], "must look like mqtt://host"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: list[str], expected: str) -> None:
    file = str(DATA / "maccor_diagnostic.csv")
    result = CliRunner().invoke(app, ["replay", file, "--broker", "mqtt://127.0.0.1", *options])
    assert result.exit_code == 2
    assert expected in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--shift-to", "original"], "does not say when it was"),
        (["--shift-to", "2019-12-16T14:03:25-06:00"], "days late, the plant allows 90"),
    ],
)
def test_a_start_that_the_plant_does_not_take_is_refused_before_anything_is_sent(
    options: list[str], expected: str
) -> None:
    file = str(DATA / "maccor_diagnostic.csv")
    result = CliRunner().invoke(app, ["replay", file, "--broker", "mqtt://127.0.0.1", *options])
    assert result.exit_code == 1
    assert expected in str(result.exception)
