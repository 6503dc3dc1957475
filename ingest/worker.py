"""The loop of one worker: read, decode, gather, commit, acknowledge.

The socket is read and decoded on the caller's thread while a second one commits the batch before.
Never more than two batches are in hand; the broker holds the rest. While the database is away the
worker reads no more, keeps its MQTT session alive and tries again until the batch is committed.
"""

from __future__ import annotations

import logging
import random
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from ingest.batch import Batch
from ingest.commit import Committed
from ingest.decode import decode
from ingest.message import Session, SessionLostError
from ingest.writer import StoppedError, Writer
from plant.payload import PayloadDecoder

log = logging.getLogger("jellyroll.ingest")

#: The longest pause between two tries to reach the broker.
MAX_PAUSE_S = 5.0
_READ_TIMEOUT_S = 0.05


class Worker:
    """Takes messages from *session* to the database until it is told to stop."""

    def __init__(self, session: Session, decoder: PayloadDecoder, writer: Writer) -> None:
        self._session = session
        self._decoder = decoder
        self._writer = writer
        self._stop = threading.Event()
        self.total = Committed()

    def stop(self) -> None:
        """End `run` after the batch in hand; safe from a signal handler."""
        self._stop.set()
        self._writer.stop()

    def run(self) -> None:
        """Work until `stop`; raise `RefusedError` or what the database says is beyond retry."""
        pause_s = 0.1
        with ThreadPoolExecutor(1, thread_name_prefix="commit") as committer:
            while not self._stop.is_set():
                try:
                    self._session.connect()
                    pause_s = 0.1
                    self._pump(committer)
                except StoppedError:
                    log.warning("stopped before a batch could commit; the broker keeps it")
                except SessionLostError as error:
                    if self._stop.is_set():
                        break
                    log.warning("%s; trying again", error)
                    self._stop.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                    pause_s = min(2 * pause_s, MAX_PAUSE_S)
        self._session.close()
        self._writer.close()

    def _pump(self, committer: ThreadPoolExecutor) -> None:
        """Serve one connection; what is not acknowledged when it ends will come again."""
        batch = Batch()
        pending: tuple[Batch, Future[Committed]] | None = None
        try:
            while not self._stop.is_set():
                for message in self._session.read(_READ_TIMEOUT_S):
                    batch.add(message, decode(self._decoder, message, datetime.now(UTC)))
                if pending and (pending[1].done() or batch.is_full):
                    self._settle(*pending)
                    pending = None
                if pending is None and batch.is_due:
                    pending = batch, committer.submit(self._writer.write, batch)
                    batch = Batch()
        finally:
            if pending:
                self._settle(*pending)

    def _settle(self, batch: Batch, future: Future[Committed]) -> None:
        """Wait for a commit, keeping the session alive meanwhile, and acknowledge it."""
        while not wait([future], timeout=1.0).done:
            self._session.keep_alive()
        self.total += future.result()
        self._session.acknowledge(batch.packet_ids)
