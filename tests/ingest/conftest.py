"""Real processes and real publishers for the tests of ingest."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plant.broker import BrokerAddress
from plant.model import Plant
from plant.tables import Kind
from plant.topics import topic_of
from stack.broker import PrivateBroker
from tests.waiting import wait_until

_TIMEOUT_S = 60.0


@dataclass
class IngestProcess:
    """A worker as a process of its own, that can be killed and started again."""

    arguments: list[str]
    log_file: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, connected: bool = True) -> None:
        before = self.log().count(" connected; ")
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=log)
        if connected:
            wait_until(lambda: self.log().count(" connected; ") > before, f"{self.log()} connected")

    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def ingest(
    migrated_database: str, broker: PrivateBroker, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[IngestProcess]:
    client = getattr(request, "param", "own")
    arguments = [
        sys.executable, "-m", "jellyroll", "ingest", "--broker", broker.url,
        "--database", migrated_database, "--client", client,
    ]  # fmt: skip
    ingest = IngestProcess(arguments, tmp_path / "ingest.log")
    # Tests elsewhere run worker 0 on this broker, too, and may have left it messages.
    _forget_session(broker.url, "jellyroll-ingest-0")
    yield ingest
    if ingest.process is not None and ingest.process.poll() is None:
        ingest.kill()
    _forget_session(broker.url, "jellyroll-ingest-0")


def _forget_session(url: str, client_id: str) -> None:
    """End the persistent session, so that the next test does not get this one's messages."""
    address = BrokerAddress.parse(url)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5)
    client.connect(address.host, address.port, clean_start=True)
    client.loop_start()
    wait_until(client.is_connected, "the session to be forgotten")
    client.disconnect()
    client.loop_stop()


@dataclass
class Publisher:
    """Publishes at QoS 1; `settle` returns when the broker has acknowledged everything."""

    plant: Plant
    client: paho.Client
    pending: list[paho.MQTTMessageInfo] = field(default_factory=list)

    def send(self, equipment: str, kind: Kind, document: Any) -> None:
        payload = document if isinstance(document, bytes) else orjson.dumps(document)
        self.send_raw(topic_of(self.plant, self.plant.equipment[equipment], kind), payload)

    def send_raw(self, topic: str, payload: bytes) -> None:
        self.pending.append(self.client.publish(topic, payload, qos=1))

    def settle(self) -> None:
        for info in self.pending:
            info.wait_for_publish(_TIMEOUT_S)
        self.pending.clear()


@pytest.fixture
def publisher(broker: PrivateBroker, pilot: Plant) -> Iterator[Publisher]:
    address = BrokerAddress.parse(broker.url)
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.connect(address.host, address.port)
    client.loop_start()
    yield Publisher(pilot, client)
    client.disconnect()
    client.loop_stop()


@dataclass(frozen=True)
class Database:
    """What a test asks of the database."""

    dsn: str

    def value(self, query: str) -> Any:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(query).fetchone()
            assert row is not None
            return row[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query).fetchall()

    def balance(self) -> dict[str, int]:
        names = ("messages", "rows", "duplicate_messages", "dead_letters")
        sums = ", ".join(f"coalesce(sum({name}), 0)::int" for name in names)
        return dict(zip(names, self.rows(f"SELECT {sums} FROM ingest.batch")[0], strict=True))


@pytest.fixture
def database(migrated_database: str) -> Database:
    return Database(migrated_database)


@pytest.fixture
def now_ms() -> Callable[[], int]:
    """Times for samples: each call gives a millisecond that no call before has given."""
    times = itertools.count(int(time.time() * 1000) - 3_600_000)
    return lambda: next(times)
