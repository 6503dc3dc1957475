"""Signals that tell a service to end."""

from __future__ import annotations

import os
import signal
import threading

from plant.stopping import aside


def test_a_signal_that_comes_while_the_event_is_locked_sets_it_afterwards() -> None:
    """The main thread has the lock of its event for moments, whenever it begins to wait."""
    stop = threading.Event()
    lock = vars(stop)["_cond"]  # which wait() takes
    before = signal.signal(signal.SIGUSR1, aside(stop.set))
    try:
        with lock:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not stop.is_set()
        assert stop.wait(10.0)
    finally:
        signal.signal(signal.SIGUSR1, before)
