"""kill -9 of workers, one and all, while numbers stream in."""

from __future__ import annotations

import os
import signal

import pytest

from stack import service
from stack.broker import PrivateBroker
from tests.faults.conftest import StartProxy, StartStream, StartWorkers
from tests.ingest.conftest import Database
from tests.waiting import wait_until

ROUNDS = [4, pytest.param(40, marks=[pytest.mark.long, pytest.mark.timeout(600)])]


@pytest.mark.parametrize("kills", ROUNDS)
def test_a_worker_killed_again_and_again_loses_nothing_and_doubles_nothing(
    start_workers: StartWorkers, start_stream: StartStream, kills: int
) -> None:
    (worker,) = start_workers()
    stream = start_stream()
    for _ in range(kills):
        stream.flow(0.4)
        worker.kill()
        worker.start()
    stream.flow(0.2)
    stream.check()
    assert worker.stop() == 0


@pytest.mark.parametrize("kills", [1, *ROUNDS[1:]])
def test_all_workers_killed_at_once_lose_nothing_and_double_nothing(
    start_workers: StartWorkers, start_stream: StartStream, kills: int
) -> None:
    workers = start_workers(2)
    stream = start_stream()
    for _ in range(kills):
        stream.flow(0.7)
        for worker in workers:
            worker.kill()
        stream.flow(0.2)  # nobody is there, and the broker keeps
        for worker in workers:
            worker.start()
    stream.check()


def test_what_was_committed_but_never_acknowledged_comes_again_and_changes_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    start_proxy: StartProxy,
    broker: PrivateBroker,
    database: Database,
) -> None:
    """The broker never hears the acknowledgements, then the worker is killed."""
    proxy, url = start_proxy(broker.url)
    (worker,) = start_workers(broker_url=url)
    stream = start_stream()
    stream.flow(0.3)
    proxy.swallow_what_clients_say()
    stream.flow(1.0)
    worker.kill()
    committed = database.balance()["messages"]
    worker.start()
    stream.check()
    assert 0 < database.balance()["duplicate_messages"] <= committed


def test_workers_of_a_pool_that_are_all_killed_come_back_and_lose_nothing(
    start_workers: StartWorkers, start_stream: StartStream
) -> None:
    (pool,) = start_workers(1, "--workers", "2")
    wait_until(lambda: pool.log().count(" connected; ") == 2, "both workers")
    assert pool.process is not None
    stream = start_stream()
    stream.flow(0.7)
    for pid in service.children(pool.process.pid):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pool.log().count(" connected; ") == 4, "both workers again")
    stream.check()
    assert pool.stop() == 0


def test_workers_whose_pool_is_killed_stop_and_the_next_pool_takes_up_their_sessions(
    start_workers: StartWorkers, start_stream: StartStream
) -> None:
    (pool,) = start_workers(1, "--workers", "2")
    wait_until(lambda: pool.log().count(" connected; ") == 2, "both workers")
    assert pool.process is not None
    left_over = service.children(pool.process.pid)
    stream = start_stream()
    stream.flow(0.7)
    pool.kill()
    wait_until(
        lambda: not any(service.alive(pid, "ingest") for pid in left_over), "the workers are gone"
    )
    pool.start()
    wait_until(lambda: pool.log().count(" connected; ") == 4, "both workers of the next pool")
    stream.check()
    assert pool.stop() == 0


def test_every_message_twice_is_stored_once(
    start_workers: StartWorkers, start_stream: StartStream, database: Database
) -> None:
    start_workers()
    stream = start_stream(twice=True)
    stream.flow(2.0)
    report = stream.check(letters_once=False)
    books = database.balance()
    wait_until(lambda: database.balance()["messages"] == 2 * report.count, "all of them twice")
    books = database.balance()
    # Two equal bad messages of a machine are two letters.
    assert books["dead_letters"] == 2 * (report.count // 100)
    assert books["duplicate_messages"] == books["rows"]
