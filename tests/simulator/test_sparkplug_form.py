"""The line as Sparkplug edge nodes: what is on the wire, and what ingest makes of it."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plant.broker import BrokerAddress
from plant.model import Plant
from plant.sparkplug import rebirth_request
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import NodeId
from simulator.courier import Courier
from simulator.line import Line
from simulator.message import Message, Window
from simulator.sparkplug_courier import SparkplugCourier
from stack.broker import PrivateBroker
from storage.connect import Connection, connect
from storage.migrate import migrate
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).with_name("small.toml")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("JELLYROLL_")}
NODE = NodeId("acme_testsite_assembly", "l1")

Heard = queue.SimpleQueue[tuple[str, Any]]


@pytest.fixture
def address(broker: PrivateBroker) -> BrokerAddress:
    broker.start()  # a test before this one may have stopped it
    return BrokerAddress.parse(broker.url)


@pytest.fixture
def heard(address: BrokerAddress) -> Iterator[Heard]:
    """What the nodes of the assembly publish, with their payloads taken apart."""
    found: Heard = queue.SimpleQueue()
    subscribed = threading.Event()

    def on_message(_client: Any, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        words = message.topic.split("/")
        if words[2] != "NCMD":
            is_death = words[2] == "NDEATH"
            assert (message.qos, message.retain) == (1 if is_death else 0, False)
            found.put(("/".join(words[2:]), Payload.FromString(message.payload)))

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect(address.host, address.port)
    client.loop_start()
    client.subscribe(f"spBv1.0/{NODE.group}/#", qos=1)
    assert subscribed.wait(10)
    yield found
    client.disconnect()
    client.loop_stop()


def taken(heard: Heard, count: int) -> list[tuple[str, Any]]:
    return [heard.get(timeout=10) for _ in range(count)]


def of_filler(plant: Plant, *windows: Window) -> list[Message]:
    line = Line(plant, "l1", 1)
    return [m for w in windows for m in line.messages(w) if "/l1-filler-01/" in m.topic]


def send(courier: Courier, messages: list[Message]) -> None:
    for message in messages:
        assert courier.send(message.topic, message.payload, threading.Event())


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_births_declare_names_and_data_come_by_alias_in_sequence(
    address: BrokerAddress, small: Plant, heard: Heard
) -> None:
    now = now_ms()
    messages = of_filler(
        small, Window(now - 600_000, now - 595_000, is_first=True), Window(now - 2_000, now)
    )
    with SparkplugCourier(address, small) as courier:
        send(courier, messages)
    found = taken(heard, 2)
    (node_topic, node), (device_topic, device) = found
    assert (node_topic, device_topic) == ("NBIRTH/l1", "DBIRTH/l1/l1-filler-01")
    assert {m.name for m in node.metrics} == {"bdSeq", "Node Control/Rebirth"}
    aliases = {m.alias: (m.name, m.datatype) for m in device.metrics}
    assert len(aliases) == len(device.metrics)
    assert ("dose_flow", DataType.DOUBLE_ARRAY) in aliases.values()
    assert ("cell/fill_mass", DataType.DOUBLE) in aliases.values()
    state = next(m for m in device.metrics if m.name == "machine/state")
    assert state.string_value == "Execute"
    assert device.timestamp == state.timestamp == now - 600_000
    seq, ages = [m.seq for _, m in found], Counter[bool]()
    while not (item := heard.get(timeout=10))[0].startswith("NDEATH"):
        topic, data = item
        assert topic == "DDATA/l1/l1-filler-01"
        seq.append(data.seq)
        for metric in data.metrics:
            assert metric.alias in aliases
            assert not metric.name
            assert not metric.HasField("datatype")
            assert metric.is_historical == (metric.timestamp < now - 300_000)
            ages[metric.is_historical] += 1
    assert seq == [number % 256 for number in range(len(seq))]
    assert ages[True] > 50
    assert ages[False] > 20
    assert item[1].metrics[0].long_value == bd_seq(node)


def bd_seq(birth: Any) -> int:
    return next(int(m.long_value) for m in birth.metrics if m.name == "bdSeq")


def test_a_rebirth_that_is_asked_for_comes_before_the_next_data(
    address: BrokerAddress, small: Plant, heard: Heard
) -> None:
    now = now_ms()
    first, then = (
        of_filler(small, Window(at, at + 1_000, is_first=at < now)) for at in (now - 5_000, now)
    )
    asking = mqtt.Client(CallbackAPIVersion.VERSION2)
    asking.connect(address.host, address.port)
    with SparkplugCourier(address, small) as courier:
        send(courier, first)
        wait_until(lambda: heard.qsize() >= 3)
        topic, payload = rebirth_request(NODE, now)
        asking.loop_start()
        asking.publish(topic, payload, qos=1).wait_for_publish(10)
        wait_until(courier._nodes[NODE]._wants_birth.is_set)
        asking.disconnect()
        asking.loop_stop()
        send(courier, then)
    found = []
    while not (item := heard.get(timeout=10))[0].startswith("NDEATH"):
        found.append(item)
    words = [topic.split("/")[0] for topic, _ in found]
    again = words.index("NBIRTH", 1)
    assert words[again : again + 3] == ["NBIRTH", "DBIRTH", "DDATA"]
    assert [message.seq for _, message in found[again:]][:3] == [0, 1, 2]
    assert bd_seq(found[again][1]) == bd_seq(found[0][1])
    vacuum = next(m for m in found[again + 1][1].metrics if m.name == "vacuum")
    assert vacuum.double_value > 0  # the value that was sent last
    assert vacuum.timestamp < now


def test_a_broken_connection_is_a_death_and_the_next_is_another_birth(
    address: BrokerAddress, small: Plant, heard: Heard
) -> None:
    now = now_ms()
    with SparkplugCourier(address, small) as courier:
        send(courier, of_filler(small, Window(now - 2_000, now - 1_000, is_first=True)))
        wait_until(lambda: heard.qsize() >= 3)
        connection = courier._nodes[NODE]._client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        topic = ""
        while not topic.startswith("NDEATH"):
            topic, death = heard.get(timeout=10)
        send(courier, of_filler(small, Window(now - 1_000, now)))
        topic, birth = heard.get(timeout=20)
    assert topic == "NBIRTH/l1"
    assert bd_seq(birth) == (bd_seq(death) + 1) % 256


@pytest.fixture
def database(
    address: BrokerAddress,
    broker: PrivateBroker,
    fresh_database: str,
    small: Plant,
    tmp_path: Path,
) -> Iterator[Connection]:
    """A connection to the database of a running ingest of the small plant."""
    migrate(fresh_database, small)
    log = tmp_path / "ingest.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jellyroll", "ingest", "--plant", str(SMALL), "--worker", "0",
             "--database", fresh_database, "--broker", broker.url],
            cwd=ROOT, env=ENVIRONMENT, stderr=output,
        )  # fmt: skip
    wait_until(lambda: "host is online" in log.read_text())
    with connect(fresh_database, application="test", autocommit=True) as connection:
        yield connection
    process.terminate()
    assert process.wait(30) == 0


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_ingest_has_the_same_rows_of_sparkplug_as_of_json(
    database: Connection, address: BrokerAddress, small: Plant
) -> None:
    now = now_ms() // 1000 * 1000
    line = Line(small, "l1", 1)
    windows = [
        Window(now - 900_000, now - 600_000, 10_000, is_first=True),
        Window(now - 20_000, now - 10_000),
    ]
    messages = [message for window in windows for message in line.messages(window)]
    expected = Counter[str]()
    for message in messages:
        expected[str(message.table)] += message.rows
    with SparkplugCourier(address, small) as courier:
        send(courier, messages)

    def rows(table: str) -> int:
        # That the nodes said goodbye at the end is no row of the line.
        where = " WHERE state <> 'Stale'" if table == "machine.state" else ""
        return count(database, f"SELECT count(*) FROM {table}{where}")

    wait_until(lambda: all(rows(table) >= expected[table] for table in expected))
    assert {table: rows(table) for table in expected} == expected
    taken_in = count(database, "SELECT sum(messages) FROM ingest.batch")
    # Where a row of Sparkplug is not that of JSON, JSON now adds one, or one is replaced.
    with Courier(address) as plain:
        send(plain, messages)
        plain.drain(30)
    total = taken_in + len(messages)
    wait_until(lambda: count(database, "SELECT sum(messages) FROM ingest.batch") >= total)
    assert {table: rows(table) for table in expected} == expected
    assert count(database, "SELECT count(*) FROM ingest.dead_letter") == 0
    duplicates = count(database, "SELECT sum(duplicate_messages) FROM ingest.batch")
    assert duplicates == len(messages)


def test_the_command_speaks_it(broker: PrivateBroker, address: BrokerAddress) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "simulate", "--plant", str(SMALL), "--json",
         "--broker", broker.url, "--form", "sparkplug", "--duration", "2s"],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert '"phase":"done"' in done.stdout.splitlines()[-1]
