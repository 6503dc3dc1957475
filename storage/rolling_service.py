"""The keeping of rollups as a service: outlives the database, works alone, stops when told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from storage.connect import Connection, connect
from storage.rolling import Progress, Roller, RollupError
from storage.standby import serve

log = logging.getLogger("jellyroll.storage")

#: Seconds between steps when there is nothing left to do: late rows show after so long.
_EVERY_S = 5.0
#: Held by the service of a database, so that there is one.
_LOCK = 0x6A656C6C7B


def catch_up(dsn: str, roller: Roller) -> Progress:
    """Do what is pending; return the sum of it, and until when minutes are kept.

    Raise `RollupError` if another service is at work.
    """
    with _attached(dsn, roller) as connection:
        if connection is None:
            raise RollupError("another `jellyroll rollup` works on this database; let it do so")
        return _drain(connection, roller, threading.Event())


def run(dsn: str, roller: Roller, stop: threading.Event) -> None:
    """Keep the rollups current until *stop*; a second service stands by until the first is gone.

    Raise `RollupError` if the database is migrated with another plant file.
    """
    serve(
        lambda: _attached(dsn, roller),
        lambda connection: _keep(connection, roller, stop),
        stop,
        taken="another service keeps the rollups",
    )


def _keep(connection: Connection, roller: Roller, stop: threading.Event) -> None:
    log.info("keeping minutes and hours")
    while not stop.is_set():
        _drain(connection, roller, stop)
        stop.wait(_EVERY_S)


def _drain(connection: Connection, roller: Roller, stop: threading.Event) -> Progress:
    batches = windows = 0
    while True:
        done = roller.step(connection, datetime.now(UTC))
        batches, windows = batches + done.batches, windows + done.late_windows
        if not done.is_behind or stop.is_set():
            return Progress(batches, windows, done.until)


@contextmanager
def _attached(dsn: str, roller: Roller) -> Iterator[Connection | None]:
    """Yield a connection that *roller* is attached to, or None while another has the lock."""
    with connect(dsn, application="jellyroll rollup", autocommit=True) as connection:
        # A step groups a piece of history in memory, not on disk; parallel workers are for people.
        connection.execute("SET work_mem = '64MB'")
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if not row or not row[0]:
            yield None
            return
        roller.attach(connection)
        yield connection
        # Not left to the end of the session, which the server may notice a little later.
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
