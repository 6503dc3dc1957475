"""The database's side of a worker: commits batches, and waits out what passes."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TypeGuard

import psycopg

from ingest.batch import Batch
from ingest.commit import Committed, commit
from ingest.message import Message
from ingest.tally import Tally
from plant.errors import Reason
from plant.model import Plant
from storage.connect import Connection, connect
from storage.deadletter import DeadLetter
from storage.schema import missing_columns

log = logging.getLogger("jellyroll.ingest")

_MAX_PAUSE_S = 5.0
_LOCK_PATIENCE_S = 10.0


class InUseError(Exception):
    """Another worker runs under the same number; each needs its own (--worker)."""


#: SQLSTATE classes in which a database speaks of what it was given: not supported (as a write into
#: a chunk that is closed to it), data, integrity, a view's check, a limit of the program, and what
#: a trigger raises. All others speak of the database, and pass, or somebody mends them.
_OF_THE_MESSAGE = frozenset({"0A", "22", "23", "44", "54", "P0"})

#: A statement that takes longer waits for a server that fell silent; a healthy one takes
#: milliseconds. What it had done is done again, which changes nothing.
_PATIENCE_S = 60.0


class StoppedError(Exception):
    """The worker was told to stop while a batch could not be committed; it is not acknowledged."""


class Writer:
    """Commits batches of one worker over a connection of its own.

    *worker* is the name under which its batches stand in the ledger.
    """

    def __init__(self, dsn: str, plant: Plant, worker: str, tally: Tally) -> None:
        self._tally = tally
        self._dsn = dsn
        self._plant = plant
        self._worker = worker
        self._connection: Connection | None = None
        self._stop = threading.Event()

    def stop(self) -> None:
        """Give up waiting for a database that is away."""
        self._stop.set()

    def open(self) -> None:
        """Connect and take the lock of this worker's number.

        Raise `InUseError` if somebody else keeps it for ten seconds, which is longer than a killed
        predecessor does, and `psycopg.OperationalError` if there is no database.
        """
        deadline_s = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                self._connected()
            except InUseError:
                if time.monotonic() > deadline_s or self._stop.wait(0.2):
                    raise
            else:
                return

    def write(self, batch: Batch) -> Committed:
        """Commit *batch*, as long as that takes, and enter it in the books.

        Raise `StoppedError` when told to stop. A batch that the database refuses is halved until
        the message at fault stands alone; that one becomes a dead letter.
        """
        began_s = time.monotonic()
        try:
            done = self._write(batch)
        except BaseException:
            self._tally.give_back(len(batch.items))
            raise
        self._tally.book(done, len(batch.items), time.monotonic() - began_s)
        return done

    def _write(self, batch: Batch) -> Committed:
        pause_s = 0.1
        trouble: type[Exception] | None = None
        while True:
            try:
                with _hung_up_if_silent(connection := self._connected()):
                    done = commit(connection, self._plant, batch, self._worker)
            except (psycopg.Error, InUseError) as error:
                if _is_of_the_message(error) and not _is_letter(batch):
                    return self._write_apart(batch, error)
                if type(error) is not trouble:
                    trouble = type(error)
                    log.warning("%s; the session waits and nothing is lost", _explain(error))
                self._tally.database_up = False
                self.close()
                if self._stop.wait(pause_s):
                    raise StoppedError from error
                pause_s = min(2 * pause_s, _MAX_PAUSE_S)
            else:
                if not self._tally.database_up:
                    self._tally.database_up = True
                    log.info("the database takes batches again")
                return done

    def _write_apart(self, batch: Batch, error: psycopg.Error) -> Committed:
        if len(batch.items) > 1:
            first, second = batch.halves()
            return self._write(first) + self._write(second)
        (item,) = batch.items
        log.warning("the database refuses a message: %s", error)
        refused = item._replace(outcome=_refused(item.message, error), note=None)
        return self._write(Batch([refused]))

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            connection = connect(self._dsn, application=self._worker, autocommit=True)
            # Held by the session, so it falls with the process however that ends. Two workers of
            # one number would also throw each other off the broker.
            self._connection = connection
            with _hung_up_if_silent(connection):
                row = connection.execute(
                    "SELECT pg_try_advisory_lock(hashtext('jellyroll ingest'), hashtext(%s))",
                    (self._worker,),
                ).fetchone()
            if not (row and row[0]):
                self.close()
                raise InUseError(
                    f"{self._worker} is running already; give this one another --worker"
                )
        return self._connection

    def close(self) -> None:
        """Close the connection; the next `write` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class NotMigratedError(Exception):
    """The database is not what the plant model says; the text says what to do."""


def check_database(dsn: str, plant: Plant) -> None:
    """Raise `NotMigratedError` unless every table of *plant* is there with all its columns."""
    with connect(dsn, application="jellyroll ingest") as connection:
        missing = missing_columns(connection, plant)
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise NotMigratedError(
            f"the database lacks {shown}; run `jellyroll migrate` with the same --plant first"
        )


@contextmanager
def _hung_up_if_silent(connection: Connection) -> Iterator[None]:
    """End *connection* when the block takes too long; what waits on it then fails, and goes on.

    Keep-alive in the network sees a server's machine vanish, but not a server or proxy that hangs.
    """
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:

        def hang_up() -> None:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(_PATIENCE_S, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _is_of_the_message(error: Exception) -> TypeGuard[psycopg.Error]:
    """Tell whether *error* is the fault of a message, and not of the database."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate[:2] in _OF_THE_MESSAGE
    return isinstance(error, psycopg.DataError)  # psycopg itself could not write a value


def _is_letter(batch: Batch) -> bool:
    """Tell whether *batch* is one dead letter: nothing is left of it that could be put aside."""
    return len(batch.items) == 1 and isinstance(batch.items[0].outcome, DeadLetter)


def _explain(error: Exception) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return f"the database's disk is full ({error.diag.message_primary}); make room"
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return "the database is read-only (a standby, or default_transaction_read_only is set)"
    if isinstance(error, psycopg.ProgrammingError):
        return (
            f"the database is not as the plant model says ({error.diag.message_primary or error}); "
            "run `jellyroll migrate`, or mend its rights"
        )
    return f"the database cannot take a batch now ({str(error).strip()})"


def _refused(message: Message, error: psycopg.Error) -> DeadLetter:
    detail = f"the database refuses it: {error.diag.message_primary or error}"
    return DeadLetter(message.topic, message.payload, Reason.REFUSED, detail, datetime.now(UTC))
