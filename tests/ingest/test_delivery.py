"""The promise: acknowledged after commit, nothing lost, nothing twice, whatever is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import mqtt5
import pytest

from ingest.batch import Batch
from ingest.decode import decode
from ingest.message import Session, SessionLostError
from ingest.paho_session import PahoSession
from ingest.session import SocketSession
from ingest.tally import Tally
from ingest.writer import Writer
from plant.broker import BrokerAddress
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.tables import Kind
from plant.topics import topic_filter, topic_of
from stack.broker import PrivateBroker
from stack.postgres import PrivateCluster
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER = "l1-filler-01"
NUMBERED = f"SELECT vacuum::int FROM telemetry.filling WHERE equipment = '{FILLER}' ORDER BY time"


def numbers(database: Database) -> list[int]:
    return [number for (number,) in database.rows(NUMBERED)]


@pytest.mark.parametrize("ingest", ["own", "paho"], indirect=True)
def test_samples_and_cells_become_rows_and_the_ledger_balances(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.start()
    for number in range(500):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
    cells = {"ts": now_ms(), "cell": ["C1", "C2"], "position": [1, 2], "fill_mass": [6.4, None]}
    publisher.send(FILLER, Kind.CELL, cells)
    publisher.send(FILLER, Kind.STATE, {"ts": now_ms(), "state": "Held", "reason": "drum empty"})
    publisher.send(FILLER, Kind.MATERIAL, {"ts": now_ms(), "child": "C1", "parent": "drum 7"})
    publisher.settle()
    wait_until(lambda: database.balance()["messages"] == 503, "503 messages")
    assert numbers(database) == list(range(500))
    rows = database.rows("SELECT cell, position, fill_mass FROM cell.filling ORDER BY cell")
    assert rows == [("C1", 1, 6.4), ("C2", 2, None)]
    assert database.rows("SELECT state, reason FROM machine.state") == [("Held", "drum empty")]
    assert database.value("SELECT parent FROM material.genealogy") == "drum 7"
    assert database.balance() == {
        "messages": 503, "rows": 504, "duplicate_messages": 0, "dead_letters": 0,
    }  # fmt: skip
    assert ingest.stop() == 0


def test_a_worker_killed_again_and_again_loses_nothing_and_doubles_nothing(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.start()
    total = 12_000
    done = threading.Event()

    def publish() -> None:
        for number in range(total):
            publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
            if number % 100 == 0:
                time.sleep(0.05)
        publisher.settle()
        done.set()

    thread = threading.Thread(target=publish)
    thread.start()
    kills = 0
    while not done.is_set() or kills < 3:
        time.sleep(0.7)
        ingest.kill()
        kills += 1
        ingest.start()
    thread.join()
    wait_until(lambda: len(numbers(database)) >= total, f"{total} samples after {kills} kills")
    assert numbers(database) == list(range(total))
    balance = database.balance()
    assert balance["messages"] == total + balance["duplicate_messages"]


@pytest.mark.parametrize("client", [SocketSession, PahoSession])
def test_what_was_committed_but_not_acknowledged_comes_again_and_changes_nothing(
    client: Callable[[BrokerAddress, str, str], Session],
    broker: PrivateBroker,
    publisher: Publisher,
    pilot: Plant,
    database: Database,
    now_ms: Callable[[], int],
) -> None:
    """The moment between commit and acknowledge, held still."""
    address = BrokerAddress.parse(broker.url)
    name = f"between-{client.__name__}"
    session = client(address, name, topic_filter(pilot))
    decoder, writer = PayloadDecoder(pilot), Writer(database.dsn, pilot, name, Tally())

    def take(count: int) -> Batch:
        batch = Batch()
        wait_until(lambda: _read_into(batch, session, decoder) >= count, f"{count} messages")
        return batch

    session.connect()
    for number in range(100):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
    publisher.send(FILLER, Kind.TELEMETRY, b"{cut off")
    publisher.settle()
    first = writer.write(take(101))
    assert (first.rows, first.dead_letters, first.duplicates) == (100, 1, 0)

    session.close()
    session.connect()
    again = take(101)
    assert all(item.message.duplicate for item in again.items)
    second = writer.write(again)
    assert (second.rows, second.dead_letters, second.duplicates) == (0, 0, 101)
    session.acknowledge(again.packet_ids)
    assert numbers(database) == list(range(100))
    assert database.value("SELECT count(*) FROM ingest.dead_letter") == 1

    time.sleep(0.5)  # let the acknowledgements arrive
    session.close()
    session.connect()
    assert not session.read(0.5), "acknowledged messages must not come again"
    session.close()
    writer.close()


def _read_into(batch: Batch, session: Session, decoder: PayloadDecoder) -> int:
    for message in session.read(0.2):
        batch.add(decode(decoder, message, datetime.now(UTC)))
    return len(batch.items)


def test_a_database_that_goes_away_in_mid_stream_costs_nothing(
    ingest: IngestProcess,
    publisher: Publisher,
    database: Database,
    cluster: PrivateCluster,
    now_ms: Callable[[], int],
) -> None:
    ingest.start()
    total = 6_000
    for number in range(total):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
        if number == total // 3:
            cluster.kill()
        if number == 2 * total // 3:
            publisher.settle()
            time.sleep(1.0)
            cluster.start()
    publisher.settle()
    wait_until(lambda: len(numbers(database)) >= total, f"{total} samples")
    assert numbers(database) == list(range(total))
    assert "nothing is lost" in ingest.log()
    assert ingest.log().count("trying again") == 0, "the MQTT session must be kept meanwhile"


def test_a_broker_that_restarts_gives_back_what_it_was_given(
    ingest: IngestProcess,
    publisher: Publisher,
    database: Database,
    broker: PrivateBroker,
    now_ms: Callable[[], int],
) -> None:
    ingest.start()
    ingest.kill()
    for number in range(2_000):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
    publisher.settle()
    broker.stop()
    ingest.start(connected=False)
    broker.start()
    wait_until(lambda: len(numbers(database)) >= 2_000, "2,000 queued samples")
    assert numbers(database) == list(range(2_000))


def test_ten_thousand_messages_wait_in_the_broker_for_a_worker_that_is_away(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    """Mosquitto's default would have dropped nine of ten without a word."""
    ingest.start()
    assert ingest.stop() == 0
    for number in range(10_000):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
    publisher.settle()
    ingest.start()
    wait_until(lambda: len(numbers(database)) >= 10_000, "10,000 queued samples")
    assert numbers(database) == list(range(10_000))


@pytest.mark.parametrize("client", [SocketSession, PahoSession])
def test_without_a_broker_a_session_says_where_it_looked(
    client: Callable[[BrokerAddress, str, str], Session],
) -> None:
    session = client(BrokerAddress("127.0.0.1", 9), "nobody", "v1/#")
    with pytest.raises(SessionLostError, match=r"no broker at 127\.0\.0\.1:9"):
        session.connect()


def test_a_database_that_was_not_migrated_is_refused_at_the_start(
    fresh_database: str, broker: PrivateBroker
) -> None:
    arguments = ["--broker", broker.url, "--database", fresh_database]
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "ingest", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "run `jellyroll migrate`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_batch_that_committed_unheard_is_not_written_once_more(
    pilot: Plant, database: Database, now_ms: Callable[[], int]
) -> None:
    """The connection broke after the commit and before its answer: bad messages count once, too."""
    decoder = PayloadDecoder(pilot)
    topic = topic_of(pilot, pilot.equipment[FILLER], Kind.TELEMETRY)
    payloads = [b'{"ts": %d, "vacuum": 7}' % now_ms(), b"{cut off", b"{cut off"]
    batch = Batch()
    for number, payload in enumerate(payloads, 1):
        message = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS(1), packet_id=number)
        batch.add(decode(decoder, message, datetime.now(UTC)))
    writer = Writer(database.dsn, pilot, "unheard", Tally())
    first = writer.write(batch)
    writer.close()
    second = writer.write(batch)
    writer.close()
    assert first == second
    assert (first.messages, first.rows, first.dead_letters) == (3, 1, 2)
    assert database.balance()["messages"] == 3
    assert database.value("SELECT count(*) FROM ingest.dead_letter") == 2
