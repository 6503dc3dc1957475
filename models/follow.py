"""The monitor as a service: waits for batches, outlives the database, stops when told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from models.monitor import Monitor, MonitorError, Progress
from storage.connect import Connection, connect
from storage.ledger import CHANNEL

log = logging.getLogger("jellyroll.models")

#: Seconds between looks at the ledger when no notification comes: a batch may be committed, and
#: notified, while an older transaction still hides it.
_LOOK_S = 1.0
#: Seconds in which further batches may join the one that was notified: each step has its cost.
_GATHER_S = 0.2
_MAX_PAUSE_S = 5.0
#: Held by the monitor of a database, so that there is one.
_LOCK = 0x6A656C6C7A


def catch_up(dsn: str, monitor: Monitor) -> Progress:
    """Do what is pending, then return; raise `MonitorError` if another monitor is at work."""
    with _attached(dsn, monitor) as connection:
        if connection is None:
            raise MonitorError(
                "another monitor follows this database; let it do the work, or stop it first"
            )
        return _drain(connection, monitor, threading.Event())


def run(dsn: str, monitor: Monitor, stop: threading.Event) -> None:
    """Follow the ledger until *stop*.

    A second monitor of the same database stands by until the first one is gone. While the
    database is away it is tried again, at most 5 seconds apart.
    """
    pause_s, trouble = 0.1, ""
    while not stop.is_set():
        reason = ""
        try:
            with _attached(dsn, monitor) as connection:
                if connection is None:
                    reason = "another monitor is at work; standing by"
                else:
                    if trouble:
                        log.info("following the ledger again")
                    pause_s, trouble = 0.1, ""
                    _follow(connection, monitor, stop)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            reason = f"the database is away ({str(error).splitlines()[0]}); trying again"
        if reason and not trouble:
            log.warning("%s", reason)
        trouble = reason
        stop.wait(pause_s)
        pause_s = min(2 * pause_s, _MAX_PAUSE_S)


def _follow(connection: Connection, monitor: Monitor, stop: threading.Event) -> None:
    connection.execute(f"LISTEN {CHANNEL}")
    while not stop.is_set():
        _drain(connection, monitor, stop)
        for _ in connection.notifies(timeout=_LOOK_S, stop_after=1):
            stop.wait(_GATHER_S)


def _drain(connection: Connection, monitor: Monitor, stop: threading.Event) -> Progress:
    done = Progress()
    while not stop.is_set():
        progress = monitor.step(connection)
        if not progress.batches:
            break
        done = done.plus(progress)
    return done


@contextmanager
def _attached(dsn: str, monitor: Monitor) -> Iterator[Connection | None]:
    """Yield a connection whose charts are loaded, or None while another monitor has them."""
    with connect(dsn, application="jellyroll monitor", autocommit=True) as connection:
        if not _locked(connection):
            yield None
            return
        monitor.attach(connection)
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
