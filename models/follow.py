"""The monitor as a service: waits for batches, outlives the database, stops when told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from models.monitor import Monitor, Progress
from storage.connect import Connection, connect
from storage.ledger import CHANNEL

log = logging.getLogger("jellyroll.models")

#: Seconds between looks at the ledger when no notification comes: a batch may be committed, and
#: notified, while an older transaction still hides it.
_LOOK_S = 1.0
_MAX_PAUSE_S = 5.0
#: Held by the monitor of a database, so that there is one.
_LOCK = 0x6A656C6C7A


class MonitorError(Exception):
    """The monitor cannot work on this database; the text says what to do."""


def catch_up(dsn: str, monitor: Monitor) -> Progress:
    """Do what is pending, then return; raise `MonitorError` if another monitor is at work."""
    with _attached(dsn, monitor) as connection:
        if connection is None:
            raise MonitorError(
                "another monitor follows this database; let it do the work, or stop it first"
            )
        return _drain(connection, monitor, threading.Event())


def run(dsn: str, monitor: Monitor, stop: threading.Event) -> Progress:
    """Follow the ledger until *stop*; return what was done.

    A second monitor of the same database stands by until the first one is gone. While the
    database is away it is tried again, at most 5 seconds apart.
    """
    done = Progress()
    pause_s, waiting = 0.1, ""
    while not stop.is_set():
        try:
            with _attached(dsn, monitor) as connection:
                reason = "" if connection else "another monitor is at work; standing by"
                if connection:
                    if waiting:
                        log.info("following the ledger again")
                    pause_s, waiting = 0.1, ""
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not stop.is_set():
                        done = done.plus(_drain(connection, monitor, stop))
                        for _ in connection.notifies(timeout=_LOOK_S, stop_after=1):
                            pass
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            reason = f"the database is away ({str(error).splitlines()[0]}); trying again"
        if reason and not waiting:
            log.warning("%s", reason)
        waiting = reason
        stop.wait(pause_s)
        pause_s = min(2 * pause_s, _MAX_PAUSE_S)
    return done


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
        try:
            monitor.attach(connection)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise MonitorError(
                "the database has no tables for the analysis; run `jellyroll migrate` first"
            ) from error
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
