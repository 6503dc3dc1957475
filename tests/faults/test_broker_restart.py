"""The broker stopped and started, and killed: what it keeps and what not."""

from __future__ import annotations

import queue
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from stack.broker import PrivateBroker
from tests.faults.conftest import StartStream, StartWorkers
from tests.faults.numbered import EQUIPMENT, is_bad
from tests.ingest.conftest import Database
from tests.waiting import wait_until

#: autosave_interval of the shipped configuration, and time to write the file.
_SAVE_S = 60.0
_WRITE_S = 10.0


@pytest.mark.parametrize(
    "times", [2, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_a_broker_that_is_stopped_and_started_costs_nothing(
    start_workers: StartWorkers, start_stream: StartStream, broker: PrivateBroker, times: int
) -> None:
    (worker,) = start_workers()
    stream = start_stream()
    for _ in range(times):
        stream.flow(0.5)
        broker.stop()
        stream.flow(0.3)
        broker.start()
        wait_until(lambda: "trying again" in worker.log(), "the worker to notice")
    stream.flow(1.0)
    stream.check(letters_once=False)
    assert worker.log().count("jellyroll-ingest-0 connected; the broker has a new session") == 1


def test_a_broker_killed_while_ingest_is_away_still_has_what_it_had_saved(
    start_workers: StartWorkers,
    start_stream: StartStream,
    broker: PrivateBroker,
    database: Database,
) -> None:
    """The first half is saved by a clean restart; of the second nothing is promised."""
    (worker,) = start_workers()
    worker.kill()
    stream = start_stream()
    stream.flow(1.0)
    broker.stop()
    saved_at = time.time()
    broker.start()
    stream.flow(2.0)
    broker.kill()
    broker.start()
    worker.start()
    report = stream.finish()
    kept = [
        number
        for number, acknowledged_at in enumerate(report.acknowledged_at)
        if acknowledged_at < saved_at and not is_bad(number)
    ]
    assert kept
    wait_until(lambda: set(kept) <= set(stream.stored()), "what had been saved")
    stored = stream.stored()
    assert len(stored) == len(set(stored))
    stream.check_books()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_killed_broker_has_lost_no_more_than_a_minute(
    start_workers: StartWorkers, start_stream: StartStream, broker: PrivateBroker
) -> None:
    """With the shipped configuration, while ingest is away all the time."""
    (worker,) = start_workers()
    worker.kill()
    stream = start_stream()
    stream.flow(_SAVE_S + _WRITE_S + 30.0)
    killed_at = time.time()
    broker.kill()
    broker.start()
    worker.start()
    report = stream.finish()
    promised = [
        number
        for number, acknowledged_at in enumerate(report.acknowledged_at)
        if acknowledged_at < killed_at - _SAVE_S - _WRITE_S and not is_bad(number)
    ]
    assert promised
    wait_until(lambda: set(promised) <= set(stream.stored()), "what is promised")
    acknowledged = [n for n, at in enumerate(report.acknowledged_at) if at < killed_at]
    lost = {n for n in acknowledged if not is_bad(n)} - set(stream.stored())
    print(f"lost {len(lost)} of {len(acknowledged)} messages that the broker had acknowledged")
    stream.check_books()


@pytest.mark.parametrize(
    "times", [1, pytest.param(10, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_a_broker_killed_while_ingest_reads_loses_only_what_was_under_way(
    start_workers: StartWorkers, start_stream: StartStream, broker: PrivateBroker, times: int
) -> None:
    """What waits in the broker is lost with it, and while ingest keeps up nothing waits."""
    start_workers()
    stream = start_stream()
    under_way: list[tuple[float, float]] = []
    for _ in range(times):
        stream.flow(1.0)
        stream.pause()  # until everything has arrived
        drained_at = time.time()
        stream.go_on()
        stream.flow(0.5)
        broker.kill()
        under_way.append((drained_at, time.time()))
        broker.start()
        stream.flow(2.0)
    report = stream.finish()
    kept = {
        number
        for number, at in enumerate(report.acknowledged_at)
        if not is_bad(number) and not any(first < at < last for first, last in under_way)
    }
    wait_until(lambda: kept <= set(stream.stored()), "all but what was under way")
    stored = stream.stored()
    assert len(stored) == len(set(stored))
    lost = {number for number in range(report.count) if not is_bad(number)} - set(stored)
    print(f"lost {len(lost)} of {report.count} in {times} crashes")
    stream.check_books()


def test_a_restarted_broker_keeps_what_comes_for_a_worker_that_is_away(
    start_workers: StartWorkers, broker: PrivateBroker
) -> None:
    (worker,) = start_workers()
    assert worker.stop() == 0
    broker.stop()
    broker.start()
    assert _reason_code(broker) == 0
    worker.start()
    assert _reason_code(broker) == 0


def test_a_machine_is_told_when_a_restarted_broker_has_forgotten_who_shares(
    start_workers: StartWorkers, broker: PrivateBroker
) -> None:
    """Mosquitto 2.0 saves the sessions of shared subscriptions, but not who shares.

    Until a worker is back it acknowledges with reason code 16, no matching subscribers, and keeps
    nothing: that is what a publisher must send again. See docs/broker.md.
    """
    (worker,) = start_workers(1, "--shared")
    assert worker.stop() == 0
    assert _reason_code(broker) == 0
    broker.stop()
    broker.start()
    assert _reason_code(broker) == 16
    worker.start()
    assert _reason_code(broker) == 0


def _reason_code(broker: PrivateBroker) -> int:
    """Publish a message of the plant and return what the broker answers."""
    codes: queue.Queue[int] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_publish = lambda _c, _d, _mid, code, _p: codes.put(code.value)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.publish(f"v1/acme/desoto/assembly/l1/{EQUIPMENT}/telemetry", b"{}", qos=1)
    code = codes.get(timeout=10)
    client.disconnect()
    client.loop_stop()
    return code
