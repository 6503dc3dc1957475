"""The database's side of a worker: commits batches, and waits out what passes."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

import psycopg

from ingest.batch import Batch, Item
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


#: What is wrong with the database and not with the batch: it is tried again until it works.
_PASSING = (
    psycopg.OperationalError,  # away, shutting down, disk full, deadlock
    psycopg.InterfaceError,  # the connection was closed under our hands
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.SerializationFailure,
    InUseError,  # after a lost connection the server may hold our own lock a little longer
)


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
        """Commit *batch*, as long as that takes; raise `StoppedError` when told to stop.

        A batch that the database refuses is halved until the message at fault stands alone; that
        one becomes a dead letter.
        """
        pause_s = 0.1
        troubled = False
        while True:
            try:
                done = commit(self._connected(), self._plant, batch, self._worker)
            except _PASSING as error:
                if not troubled:
                    log.warning("%s; the session waits and nothing is lost", _explain(error))
                    troubled = True
                    self._tally.database_up = False
                self.close()
                if self._stop.wait(pause_s):
                    raise StoppedError from error
                pause_s = min(2 * pause_s, _MAX_PAUSE_S)
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                return self._write_apart(batch, error)
            else:
                if troubled:
                    self._tally.database_up = True
                    log.info("the database takes batches again")
                return done

    def _write_apart(self, batch: Batch, error: psycopg.Error) -> Committed:
        if len(batch.items) > 1:
            first, second = batch.halves()
            return self.write(first) + self.write(second)
        item = batch.items[0]
        if isinstance(item.outcome, DeadLetter):
            raise error
        log.warning("the database refuses a message: %s", error)
        return self.write(Batch([Item(item.message, _refused(item.message, error))]))

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            connection = connect(self._dsn, application=self._worker, autocommit=True)
            # Held by the session, so it falls with the process however that ends. Two workers of
            # one number would also throw each other off the broker.
            row = connection.execute(
                "SELECT pg_try_advisory_lock(hashtext('jellyroll ingest'), hashtext(%s))",
                (self._worker,),
            ).fetchone()
            if not (row and row[0]):
                connection.close()
                raise InUseError(
                    f"{self._worker} is running already; give this one another --worker"
                )
            self._connection = connection
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


def _explain(error: Exception) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return f"the database's disk is full ({error.diag.message_primary}); make room"
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return "the database is read-only (a standby, or default_transaction_read_only is set)"
    return f"the database cannot take a batch now ({str(error).strip()})"


def _refused(message: Message, error: psycopg.Error) -> DeadLetter:
    detail = f"the database refuses it: {error.diag.message_primary or error}"
    return DeadLetter(message.topic, message.payload, Reason.REFUSED, detail, datetime.now(UTC))
