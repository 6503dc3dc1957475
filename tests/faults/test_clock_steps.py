"""Clocks that step: a machine's, and ingest's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.batch import Batch
from ingest.decode import decode
from ingest.tally import Tally
from ingest.writer import Writer
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.tables import Kind
from plant.topics import topic_of
from stack.broker import PrivateBroker
from tests.faults.conftest import Sent, StartWorkers
from tests.faults.numbered import EQUIPMENT
from tests.ingest.conftest import Database, Publisher
from tests.waiting import wait_until

HOUR_US = 3_600_000_000


@pytest.fixture
def machine(broker: PrivateBroker, pilot: Plant) -> Callable[[list[dict[str, int]]], None]:
    """Publish samples of the machine one after the other, at QoS 1."""

    def publish(samples: list[dict[str, int]]) -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.max_inflight_messages_set(1_000)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        publisher = Publisher(pilot, client)
        for sample in samples:
            publisher.send(EQUIPMENT, Kind.TELEMETRY, sample)
        publisher.settle()
        client.disconnect()
        client.loop_stop()

    return publish


def test_a_machine_whose_clock_steps_back_loses_no_sample(
    start_workers: StartWorkers,
    machine: Callable[[list[dict[str, int]]], None],
    database: Database,
) -> None:
    """Its clock is set back by a second, so that half of what it has said gets other values."""
    start_workers()
    begin = int(time.time() * 1000) - 3_600_000
    first = [{"ts": begin + i, "vacuum": i} for i in range(2_000)]
    second = [{"ts": begin + 1_000 + i, "vacuum": 10_000 + i} for i in range(2_000)]
    machine(first + second)
    wait_until(lambda: database.balance()["messages"] == 4_000, "all samples")
    stored = database.rows("SELECT vacuum::int FROM telemetry.filling ORDER BY time")
    assert [n for (n,) in stored] == [*range(1_000), *range(10_000, 12_000)]
    letters = database.rows("SELECT payload FROM ingest.dead_letter WHERE reason = 'conflict'")
    assert sorted(orjson.loads(payload)["vacuum"] for (payload,) in letters) == [
        *range(1_000, 2_000)
    ]


def test_samples_of_one_moment_and_out_of_order_are_told_apart(
    start_workers: StartWorkers,
    machine: Callable[[list[dict[str, int]]], None],
    database: Database,
) -> None:
    start_workers()
    begin = int(time.time() * 1000) - 3_600_000
    backwards = [{"ts": begin - i, "vacuum": i} for i in range(1_000)]
    again = backwards[::2]
    more = [{"ts": begin - i, "tank_pressure": i} for i in range(1_000)]
    machine(backwards + again + more)
    wait_until(lambda: database.balance()["messages"] == 2_500, "all samples")
    rows = database.rows(
        "SELECT vacuum::int, tank_pressure::int FROM telemetry.filling ORDER BY time"
    )
    assert rows == [(i, i) for i in reversed(range(1_000))]
    books = database.balance()
    assert (books["duplicate_messages"], books["dead_letters"]) == (500, 0)


def test_samples_that_come_while_ingests_own_clock_is_wrong_are_kept_as_dead_letters(
    pilot: Plant, database: Database
) -> None:
    """Set back by an hour, it takes every sample for one from the future."""
    steps_us = [0, -HOUR_US, 0]
    now_us = [time.time_ns() // 1000]
    decoder = PayloadDecoder(pilot, lambda: now_us[0])
    writer = Writer(database.dsn, pilot, "clock", Tally())
    topic = topic_of(pilot, pilot.equipment[EQUIPMENT], Kind.TELEMETRY)
    true_us = now_us[0]
    for number, step_us in enumerate(steps_us):
        now_us[0] = true_us + step_us
        message = Sent(topic, b'{"ts": %d, "vacuum": %d}' % (true_us // 1000 + number, number))
        batch = Batch()
        batch.add(decode(decoder, message, datetime.now(UTC)))
        writer.write(batch)
    writer.close()
    assert database.rows("SELECT vacuum::int FROM telemetry.filling ORDER BY time") == [(0,), (2,)]
    ((payload, reason),) = database.rows("SELECT payload, reason FROM ingest.dead_letter")
    assert (orjson.loads(payload)["vacuum"], reason) == (1, "time_outside_window")
