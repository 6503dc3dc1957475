"""The monitor as a service: waits for batches, outlives the database, stops when told.

What it does is a list of stages, each a follower of the ledger with a place of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import psycopg

from models.monitor import MonitorError, Progress
from storage.connect import Connection, connect
from storage.ledger import CHANNEL
from storage.standby import serve

#: Seconds between looks at the ledger when no notification comes: a batch may be committed, and
#: notified, while an older transaction still hides it.
_LOOK_S = 1.0
#: Seconds in which further batches may join the one that was notified: each step has its cost.
_GATHER_S = 0.2
#: Held by the monitor of a database, so that there is one.
_LOCK = 0x6A656C6C7A


class Stage(Protocol):
    """A part of the monitor's work: `models.monitor.Monitor` is one."""

    def attach(self, connection: Connection) -> None:
        """Take its state from the database; called for each new *connection*.

        Raise `MonitorError` if it cannot work on this database.
        """

    def step(self, connection: Connection) -> Progress:
        """Do what is pending, or the first part of it; no batches in the result: none was.

        After an exception `attach` comes before the next step.
        """


def catch_up(dsn: str, *stages: Stage) -> Progress:
    """Do what is pending for each of *stages* in turn, then return the sum of what they did.

    Raise `MonitorError` if another monitor is at work.
    """
    with _attached(dsn, stages) as connection:
        if connection is None:
            raise MonitorError(
                "another monitor follows this database; let it do the work, or stop it first"
            )
        return _drain(connection, stages, threading.Event())


def run(dsn: str, stages: Sequence[Stage], stop: threading.Event) -> None:
    """Follow the ledger until *stop*.

    A second monitor of the same database stands by until the first one is gone. While the
    database is away it is tried again, at most 5 seconds apart.
    """
    serve(
        lambda: _attached(dsn, stages),
        lambda connection: _follow(connection, stages, stop),
        stop,
        taken="another monitor is at work",
    )


def _follow(connection: Connection, stages: Sequence[Stage], stop: threading.Event) -> None:
    connection.execute(f"LISTEN {CHANNEL}")
    while not stop.is_set():
        _drain(connection, stages, stop)
        for _ in connection.notifies(timeout=_LOOK_S, stop_after=1):
            stop.wait(_GATHER_S)


def _drain(connection: Connection, stages: Sequence[Stage], stop: threading.Event) -> Progress:
    """Let the stages take turns until none has anything to do: none waits for all of another."""
    done = Progress()
    waiting = list(stages)
    while waiting and not stop.is_set():
        steps = [(stage, stage.step(connection)) for stage in waiting]
        done = done.plus(*(progress for _, progress in steps))
        waiting = [stage for stage, progress in steps if progress.batches]
    return done


@contextmanager
def _attached(dsn: str, stages: Sequence[Stage]) -> Iterator[Connection | None]:
    """Yield a connection that all stages are attached to, or None while another monitor has it."""
    with connect(dsn, application="jellyroll monitor", autocommit=True) as connection:
        if not _locked(connection):
            yield None
            return
        for stage in stages:
            stage.attach(connection)
        yield connection
        # Not left to the end of the session, which the server may notice a little later.
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _locked(connection: Connection) -> bool:
    """Take the monitor's lock; a predecessor that was killed may need a moment to let it go."""
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '1s'")
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True
