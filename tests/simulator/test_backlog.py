from __future__ import annotations

import threading

import pytest

from plant.broker import BrokerAddress
from simulator.backlog import Backlog
from stack.broker import PrivateBroker


@pytest.fixture
def backlog(broker: PrivateBroker) -> Backlog:
    broker.start()  # a test before this one may have stopped it
    return Backlog(BrokerAddress.parse(broker.url), most_bytes=1_000)


def test_the_broker_tells_what_it_holds(backlog: Backlog) -> None:
    with backlog, backlog._changed:
        # Its figures are retained messages, and a broker holds those of $SYS themselves.
        assert backlog._changed.wait_for(lambda: backlog.held_bytes > 0, timeout=15)


def test_a_full_broker_makes_us_wait_until_half_has_been_read(backlog: Backlog) -> None:
    backlog.held_bytes = 1_001
    went_on = threading.Event()

    def publisher() -> None:
        backlog.wait(threading.Event())
        went_on.set()

    thread = threading.Thread(target=publisher, daemon=True)
    thread.start()
    for held_bytes, goes_on in ((501, False), (500, True)):
        with backlog._changed:
            backlog.held_bytes = held_bytes
            backlog._changed.notify_all()
        assert went_on.wait(5 if goes_on else 0.5) is goes_on
    thread.join()


def test_a_stop_ends_the_waiting(backlog: Backlog) -> None:
    backlog.held_bytes = 1_001
    stop = threading.Event()
    stop.set()
    backlog.wait(stop)


def test_a_broker_with_little_to_hold_does_not_make_us_wait(backlog: Backlog) -> None:
    backlog.held_bytes = 1_000
    backlog.wait(threading.Event())
