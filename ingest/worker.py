"""The loop of one worker: read, decode, gather, commit, acknowledge.

The socket is read and decoded on the caller's thread while a second one commits the batch before.
Never more than two batches are in hand; the broker holds the rest. While the database is away the
worker reads no more, keeps its MQTT session alive and tries again until the batch is committed.
"""

from __future__ import annotations

import gc
import logging
import random
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import NamedTuple

from ingest.batch import Batch
from ingest.commit import Committed
from ingest.decode import decode
from ingest.message import Message, Session, SessionLostError
from ingest.tally import Tally
from ingest.writer import StoppedError, Writer
from plant.payload import PayloadDecoder
from storage.deadletter import DeadLetter

log = logging.getLogger("jellyroll.ingest")

#: The longest pause between two tries to reach the broker.
MAX_PAUSE_S = 5.0
_READ_TIMEOUT_S = 0.05
#: While a batch is being committed: the broker may have nothing to send until it is acknowledged.
_COMMITTING_READ_TIMEOUT_S = 0.002
#: Objects that come and go before Python looks for cycles of them. Messages make none; looking, as
#: often as by default, cost a fifth of a worker's time.
_OBJECTS_BETWEEN_SEARCHES = 200_000
#: How long the reading thread keeps the committing one from going on, whenever the database has
#: answered it. With Python's 5 ms a commit waited several times as long as it worked.
_SWITCH_INTERVAL_S = 0.0005


class _Pending(NamedTuple):
    """A batch on its way to the database."""

    batch: Batch
    future: Future[Committed]


class Worker:
    """Takes messages from *session* to the database until it is told to stop."""

    def __init__(
        self, session: Session, decoder: PayloadDecoder, writer: Writer, tally: Tally
    ) -> None:
        self._session = session
        self._decoder = decoder
        self._writer = writer
        self._tally = tally
        self._stop = threading.Event()

    def stop(self) -> None:
        """End `run` after the batch in hand; safe from a signal handler."""
        self._stop.set()
        self._writer.stop()

    def run(self) -> None:
        """Work until `stop`; raise `RefusedError` or what the database says is beyond retry."""
        gc.freeze()
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES, *gc.get_threshold()[1:])
        pause_s = 0.1
        with ThreadPoolExecutor(1, thread_name_prefix="commit") as committer:
            while not self._stop.is_set():
                try:
                    self._tally.beat()
                    self._session.connect()
                    pause_s = 0.1
                    self._tally.connected = True
                    self._pump(committer)
                except StoppedError:
                    log.warning("stopped before a batch could commit; the broker keeps it")
                except SessionLostError as error:
                    if self._stop.is_set():
                        break
                    log.warning("%s; trying again", error)
                    self._stop.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                    pause_s = min(2 * pause_s, MAX_PAUSE_S)
                finally:
                    self._tally.connected = False
        self._session.close()
        self._writer.close()

    def _pump(self, committer: ThreadPoolExecutor) -> None:
        """Serve one connection; what is not acknowledged when it ends is committed all the same."""
        tally = self._tally
        batch = Batch()
        pending: _Pending | None = None
        try:
            while not self._stop.is_set():
                tally.beat()
                messages = self._session.read(
                    _COMMITTING_READ_TIMEOUT_S if pending else _READ_TIMEOUT_S
                )
                while messages:
                    messages = messages[self._take(batch, messages) :]
                    if batch.is_full:
                        if pending:
                            self._settle(pending)
                        pending = _Pending(batch, committer.submit(self._writer.write, batch))
                        batch = Batch()
                if pending and pending.future.done():
                    self._settle(pending)
                    pending = None
                if pending is None and batch.is_due:
                    pending = _Pending(batch, committer.submit(self._writer.write, batch))
                    batch = Batch()
        except SessionLostError:
            # A broker that was killed has forgotten what is in hand. One that lives sends it again,
            # and its keys are known then.
            if batch.items:
                committer.submit(self._writer.write, batch)
                batch = Batch()
            raise
        finally:
            tally.give_back(len(batch.items))
            if pending:
                self._settle(pending)

    def _take(self, batch: Batch, messages: Sequence[Message]) -> int:
        """Read *messages* into *batch* until it is full; return how many went in."""
        now = datetime.now(UTC)
        before = len(batch.items)
        for message in messages:
            item = decode(self._decoder, message, now)
            if isinstance(item.outcome, DeadLetter):
                self._tally.reasons[item.outcome.reason] += 1
            batch.add(item)
            if batch.is_full:
                break
        taken = len(batch.items) - before
        self._tally.take(taken)
        return taken

    def _settle(self, pending: _Pending) -> None:
        """Wait for a commit, keeping the session alive meanwhile, and acknowledge it."""
        while not wait([pending.future], timeout=1.0).done:
            self._tally.beat()
            self._session.keep_alive()
        pending.future.result()
        self._session.acknowledge(pending.batch.packet_ids)
