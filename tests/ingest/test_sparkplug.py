"""Sparkplug end to end: a real edge node, a real broker, a real database."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plant.broker import BrokerAddress
from plant.model import Plant
from plant.sparkplug_node import REORDER_TIMEOUT_S
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import MessageType, NodeId, group_of, state_topic, topic_of
from plant.tables import Kind
from stack.broker import PrivateBroker
from stack.postgres import PrivateCluster
from stack.programs import Programs
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER = "l1-filler-01"
VACUUM, DOSES, STATE = 1, 2, 3
STATES = f"SELECT state FROM machine.state WHERE equipment = '{FILLER}' ORDER BY time"
SAMPLES = "SELECT vacuum::int FROM telemetry.filling WHERE vacuum IS NOT NULL ORDER BY time"


@dataclass
class EdgeNode:
    """The edge node of the pilot's assembly area with the filler behind it, on paho-mqtt."""

    address: BrokerAddress
    id: NodeId
    bd_seq: int = 0
    seq: int = 0
    births: int = 0
    sent_ms: int = 0
    answers: bool = True
    client: paho.Client = field(init=False)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def connect(self) -> None:
        client = self.client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, reconnect_on_failure=False
        )
        will = Payload(timestamp=self.now_ms())
        will.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=self.bd_seq)
        death = topic_of(self.id, MessageType.NDEATH)
        client.will_set(death, will.SerializeToString(), qos=1)
        client.on_message = lambda *_: self.born() if self.answers else None
        client.connect(self.address.host, self.address.port)
        client.loop_start()
        client.subscribe(topic_of(self.id, MessageType.NCMD), qos=1)
        wait_until(client.is_connected, "the edge node to be connected")

    def now_ms(self) -> int:
        """Return a time that no metric has had before."""
        self.sent_ms = max(self.sent_ms + 1, time.time_ns() // 1_000_000)
        return self.sent_ms

    def send(self, message_type: MessageType, payload: Any, device: str = "") -> None:
        with self.lock:
            payload.seq = self.seq
            self.seq = (self.seq + 1) % 256
            topic = topic_of(self.id, message_type, device)
            self.client.publish(topic, payload.SerializeToString(), qos=0)

    def born(self) -> None:
        with self.lock:
            self.seq = 0
            node = Payload(timestamp=self.now_ms())
            node.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=self.bd_seq)
            node.metrics.add(
                name="Node Control/Rebirth", datatype=DataType.BOOLEAN, boolean_value=False
            )
            self.send(MessageType.NBIRTH, node)
            device = Payload(timestamp=self.now_ms())
            device.metrics.add(name="vacuum", alias=VACUUM, datatype=DataType.DOUBLE, is_null=True)
            device.metrics.add(
                name="dose_pressure", alias=DOSES, datatype=DataType.FLOAT_ARRAY, is_null=True
            )
            device.metrics.add(
                name="machine/state", alias=STATE, datatype=DataType.STRING, string_value="Execute"
            )
            self.send(MessageType.DBIRTH, device, FILLER)
            self.births += 1

    def sample(self, vacuum: float) -> None:
        payload = Payload(timestamp=self.now_ms())
        payload.metrics.add(alias=VACUUM, timestamp=payload.timestamp, double_value=vacuum)
        self.send(MessageType.DDATA, payload, FILLER)

    def lose(self) -> None:
        """Use up a number of the sequence for a message that never leaves."""
        with self.lock:
            self.seq = (self.seq + 1) % 256

    def cut(self) -> None:
        """Break the TCP connection without a goodbye, so that the broker publishes the will."""
        connection = self.client.socket()
        assert isinstance(connection, socket.socket)
        self.client.loop_stop()
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@pytest.fixture
def edge(broker: PrivateBroker, pilot: Plant) -> Iterator[EdgeNode]:
    node = EdgeNode(BrokerAddress.parse(broker.url), NodeId(group_of(pilot, "assembly"), "l1"))
    node.connect()
    yield node
    node.client.disconnect()
    node.client.loop_stop()


@pytest.fixture
def host_state(broker: PrivateBroker) -> Iterator[list[dict[str, Any]]]:
    """What the host says of itself, from now on."""
    address, said = BrokerAddress.parse(broker.url), list[dict[str, Any]]()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _c, _u, message: said.append(orjson.loads(message.payload))
    client.connect(address.host, address.port)
    client.loop_start()
    client.subscribe(state_topic("jellyroll"), qos=1)
    yield said
    client.disconnect()
    client.loop_stop()


def online(ingest: IngestProcess) -> None:
    before = ingest.log().count("host is online")
    ingest.start()
    wait_until(lambda: ingest.log().count("host is online") > before, "the host to be online")


def values(database: Database) -> list[int]:
    return [value for (value,) in database.rows(SAMPLES)]


def states(database: Database) -> list[str]:
    return [state for (state,) in database.rows(STATES)]


@pytest.mark.parametrize("ingest", ["own", "paho"], indirect=True)
def test_births_and_data_by_alias_become_rows(
    ingest: IngestProcess, edge: EdgeNode, database: Database
) -> None:
    online(ingest)
    edge.born()
    for number in range(300):
        edge.sample(number)
    payload = Payload(timestamp=edge.now_ms())
    payload.metrics.add(
        alias=DOSES, bytes_value=b"".join(bytes.fromhex("00004843") for _ in range(8))
    )
    edge.send(MessageType.DDATA, payload, FILLER)
    wait_until(lambda: database.balance()["messages"] == 303, "303 messages")
    assert values(database) == list(range(300))
    doses = database.value("SELECT dose_pressure FROM telemetry.filling ORDER BY time DESC LIMIT 1")
    assert doses == [200.0] * 8
    assert states(database) == ["Execute"]
    assert database.balance() == {
        "messages": 303, "rows": 302, "duplicate_messages": 0, "dead_letters": 0,
    }  # fmt: skip
    assert ingest.stop() == 0
    assert "jellyroll-sparkplug-jellyroll stopped: 303 messages = 303 stored" in ingest.log()


def test_a_lost_message_makes_the_host_ask_for_a_rebirth_and_costs_no_other(
    ingest: IngestProcess, edge: EdgeNode, database: Database
) -> None:
    online(ingest)
    edge.born()
    edge.sample(1)
    edge.lose()
    edge.sample(2)
    wait_until(lambda: edge.births == 2, "the rebirth that was asked for")
    edge.sample(3)
    wait_until(lambda: values(database) == [1, 2, 3], "all samples that arrived")
    assert ingest.log().count("for a rebirth") == 1
    assert database.balance()["dead_letters"] == 0
    gaps = "SELECT source, from_seq, to_seq FROM ingest.gap"
    assert database.rows(gaps) == [("/".join(edge.id), 3, 3)]


def test_a_broken_connection_turns_the_machine_stale_and_the_next_birth_ends_it(
    ingest: IngestProcess, edge: EdgeNode, database: Database
) -> None:
    online(ingest)
    edge.born()
    edge.sample(1)
    wait_until(lambda: values(database) == [1], "the first sample")
    edge.cut()
    wait_until(lambda: states(database) == ["Execute", "Stale"], "the machine to be stale")
    edge.bd_seq += 1
    edge.connect()
    edge.born()
    edge.sample(2)
    wait_until(lambda: values(database) == [1, 2], "the second sample")
    assert states(database) == ["Execute", "Stale", "Execute"]
    reason = "SELECT reason FROM machine.state WHERE state = 'Stale'"
    assert database.value(reason) == "edge node l1 is gone"


def test_a_host_that_starts_late_asks_what_there_is_and_keeps_what_it_cannot_read(
    ingest: IngestProcess, edge: EdgeNode, database: Database
) -> None:
    online(ingest)
    edge.born()
    edge.sample(1)
    wait_until(lambda: values(database) == [1], "the first sample")
    ingest.kill()
    online(ingest)
    edge.sample(2)
    wait_until(lambda: edge.births == 2, "the rebirth that was asked for")
    edge.sample(3)
    wait_until(lambda: values(database) == [1, 3], "what came after the rebirth")
    letters = database.rows("SELECT topic, reason, detail FROM ingest.dead_letter")
    assert letters == [
        (
            "spBv1.0/acme_desoto_assembly/DDATA/l1/l1-filler-01",
            "not_born",
            "no birth certificate of device 'l1-filler-01' was seen; a rebirth is asked for",
        )
    ]


def test_the_host_says_when_it_is_there_and_its_will_when_it_is_not(
    ingest: IngestProcess, publisher: Publisher, host_state: list[dict[str, Any]]
) -> None:
    online(ingest)
    wait_until(lambda: bool(host_state) and host_state[-1]["online"], "the birth of the host")
    born = host_state[-1]["timestamp"]
    contradicted = {"online": False, "timestamp": born + 1}
    publisher.send_raw(state_topic("jellyroll"), orjson.dumps(contradicted))
    wait_until(lambda: contradicted in host_state, "the contradiction")
    wait_until(lambda: host_state[-1] == {"online": True, "timestamp": born}, "the answer to it")
    ingest.kill()
    wait_until(lambda: not host_state[-1]["online"], "the will of the host")
    assert host_state[-1] == {"online": False, "timestamp": born}
    online(ingest)
    wait_until(lambda: host_state[-1]["online"], "the next birth of the host")
    assert host_state[-1]["timestamp"] > born
    assert ingest.stop() == 0
    wait_until(lambda: not host_state[-1]["online"], "the goodbye of the host")


def test_the_host_goes_offline_while_the_database_is_away_and_loses_nothing_in_hand(
    ingest: IngestProcess,
    edge: EdgeNode,
    host_state: list[dict[str, Any]],
    database: Database,
    cluster: PrivateCluster,
) -> None:
    online(ingest)
    edge.born()
    edge.sample(0)
    wait_until(lambda: values(database) == [0], "the first sample")
    cluster.kill()
    for number in range(1, 200):
        edge.sample(number)
    wait_until(lambda: not host_state[-1]["online"], "the host to be offline")
    cluster.start()
    wait_until(lambda: host_state[-1]["online"], "the host to be online again")
    wait_until(lambda: values(database) == list(range(200)), "all samples")
    assert database.balance()["dead_letters"] == 0


def test_a_broker_that_restarts_brings_host_and_node_together_again(
    ingest: IngestProcess, edge: EdgeNode, database: Database, broker: PrivateBroker
) -> None:
    """A killed broker comes back as it was at its last save: with messages of tests before this."""
    online(ingest)
    edge.born()
    edge.sample(1001)
    wait_until(lambda: 1001 in values(database), "the first sample")
    broker.kill()
    edge.client.loop_stop()
    broker.start()
    wait_until(lambda: ingest.log().count("host is online") > 1, "the host to be online again")
    edge.bd_seq += 1
    edge.connect()
    edge.born()
    edge.sample(1002)
    wait_until(lambda: 1002 in values(database), "the second sample")
    letters = "SELECT count(*) FROM ingest.dead_letter WHERE topic LIKE 'spBv1.0/%'"
    assert database.value(letters) == 0


def test_data_from_before_the_birth_can_be_handed_back_after_it(
    ingest: IngestProcess, edge: EdgeNode, database: Database
) -> None:
    online(ingest)
    edge.answers = False
    edge.sample(1)
    wait_until(lambda: database.balance()["dead_letters"] == 1, "the letter")
    edge.born()
    edge.sample(2)
    wait_until(lambda: values(database) == [2], "the sample after the birth")
    where = ["--broker", edge_url(edge), "--database", database.dsn]
    command = [sys.executable, "-m", "jellyroll", "deadletters", "replay", *where]
    subprocess.run([*command, "--reason", "not_born"], check=True, timeout=60)
    wait_until(lambda: values(database) == [1, 2], "the sample that was handed back")
    edge.sample(3)
    wait_until(lambda: values(database) == [1, 2, 3], "the sequence to go on")
    time.sleep(REORDER_TIMEOUT_S)
    assert ingest.log().count("for a rebirth") == 1, "the letter had no turn in the sequence"


def edge_url(edge: EdgeNode) -> str:
    return f"mqtt://{edge.address.host}:{edge.address.port}"


@pytest.mark.parametrize("ingest", ["own", "paho"], indirect=True)
def test_a_broker_without_rights_for_sparkplug_leaves_json_as_it_is(
    ingest: IngestProcess,
    publisher: Publisher,
    database: Database,
    broker: PrivateBroker,
    programs: Programs,
) -> None:
    strict, rights = broker.folder / "strict.conf", broker.folder / "rights"
    rights.write_text("topic readwrite v1/#\n")
    strict.write_text(
        f"listener {broker.port} 127.0.0.1\nallow_anonymous true\nacl_file {rights}\n"
    )
    for file in (strict, rights):
        file.chmod(0o644)
    broker.stop()
    process = subprocess.Popen([programs.mosquitto, "-c", strict], stderr=subprocess.DEVNULL)
    try:
        ingest.start()
        wait_until(lambda: "Sparkplug is off: the broker refuses" in ingest.log(), "the warning")
        wait_until(publisher.client.is_connected, "the publisher to be back")
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": time.time_ns() // 1_000_000, "vacuum": 7})
        publisher.settle()
        wait_until(lambda: values(database) == [7], "the JSON sample")
        assert ingest.stop() == 0
    finally:
        process.terminate()
        process.wait(30)
        broker.start()
