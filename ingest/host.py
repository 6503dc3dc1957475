"""The Sparkplug front door: a host application beside the worker that reads JSON.

Sparkplug has state, so there is one host and not several. Its messages come at QoS 0 over a
session that the broker does not keep, as the specification demands: what is in hand is never let
go before it has committed. Nodes that heed the host's state keep their data while it is offline;
it says that it is as soon as the database is away for long.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from ingest.batch import Batch
from ingest.commit import Committed
from ingest.decode import decode_sparkplug
from ingest.item import Item
from ingest.message import Message, RefusedError, Session, SessionLostError, Will
from ingest.tally import Tally
from ingest.writer import StoppedError, Writer
from plant.sparkplug import SparkplugDecoder, rebirth_request
from plant.sparkplug_topic import (
    MessageType,
    is_for_hosts_or_nodes,
    state_topic,
    topic_of,
)
from storage.deadletter import DeadLetter

log = logging.getLogger("jellyroll.ingest")

_MAX_PAUSE_S = 5.0
_READ_TIMEOUT_S = 0.05
#: A commit that takes longer means that the database is away; the nodes are told to wait.
_OFFLINE_AFTER_S = 5.0


class _Pending(NamedTuple):
    batch: Batch
    future: Future[Committed]
    since_s: float


class _Made(NamedTuple):
    """A message that no machine sent: something should have come, and did not."""

    topic: str
    payload: bytes = b""
    packet_id: int | None = None
    duplicate: bool = False


class Host:
    """Takes Sparkplug messages from *session* to the database until it is told to stop.

    *session* is one that the broker does not keep, subscribed to all of Sparkplug.
    """

    def __init__(
        self, name: str, session: Session, decoder: SparkplugDecoder, writer: Writer, tally: Tally
    ) -> None:
        self._topic = state_topic(name)
        self._session = session
        self._decoder = decoder
        self._writer = writer
        self._tally = tally
        self._stop = threading.Event()
        self._batch = Batch()
        self._pending: _Pending | None = None
        self._since_ms = 0
        self._is_online = False

    def stop(self) -> None:
        """End `run` after what is in hand has committed; safe from a signal handler."""
        self._stop.set()
        self._writer.stop()

    def run(self) -> None:
        """Work until `stop`; raise `RefusedError` or what the database says is beyond retry."""
        with ThreadPoolExecutor(1, thread_name_prefix="sparkplug-commit") as committer:
            try:
                self._serve(committer)
            finally:
                self._tally.connected = False
                self._leave(committer)
                self._writer.close()

    def _serve(self, committer: ThreadPoolExecutor) -> None:
        pause_s = 0.1
        while not self._stop.is_set():
            try:
                self._tally.beat()
                self._connect()
                pause_s = 0.1
                while not self._stop.is_set():
                    self._turn(committer)
            except SessionLostError as error:
                self._tally.connected = False
                log.warning("Sparkplug: %s; trying again", error)
                self._decoder.forget()
                self._advance(committer)
                self._stop.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    def _connect(self) -> None:
        """Connect; the will and the birth of the host carry one time, by which they are a pair."""
        self._since_ms = time.time_ns() // 1_000_000
        self._is_online = False
        self._session.connect(Will(self._topic, self._state(is_online=False)))
        self._tally.connected = True
        self._say(is_online=True)

    def _state(self, *, is_online: bool) -> bytes:
        return orjson.dumps({"online": is_online, "timestamp": self._since_ms})

    def _say(self, *, is_online: bool) -> None:
        self._session.publish(self._topic, self._state(is_online=is_online), retained=True)
        if is_online != self._is_online:
            log.info("Sparkplug host is %s", "online" if is_online else "offline")
        self._is_online = is_online

    def _turn(self, committer: ThreadPoolExecutor) -> None:
        """Read, ask for what is missing, and hand on what is due."""
        self._tally.beat()
        if self._pending and self._batch.is_full:
            # No more may be in hand: the broker has to keep it, as far as it does at QoS 0.
            wait([self._pending.future], timeout=1.0)
            self._session.keep_alive()
        else:
            self._read()
        for node in self._decoder.nodes_to_ask():
            self._session.publish(*rebirth_request(node, time.time_ns() // 1_000_000))
            log.info("Sparkplug: asked %s/%s for a rebirth", *node)
        for missed in self._decoder.missed():
            self._tally.take(1)
            made = _Made(topic_of(missed.node, MessageType.NDEATH))
            self._batch.add(Item(made, missed.frames))
        self._advance(committer)
        is_stuck = (
            self._pending is not None
            and time.monotonic() - self._pending.since_s > _OFFLINE_AFTER_S
        )
        if is_stuck == self._is_online:
            self._say(is_online=not is_stuck)

    def _read(self) -> None:
        messages = self._session.read(_READ_TIMEOUT_S)
        # The broker will not send them again whatever we do, so it need not wait for us.
        self._session.acknowledge([m.packet_id for m in messages if m.packet_id is not None])
        now = datetime.now(UTC)
        received = 0
        for message in messages:
            if is_for_hosts_or_nodes(message.topic):
                self._heed(message)
                continue
            received += 1
            item = decode_sparkplug(self._decoder, message, now)
            if isinstance(item.outcome, DeadLetter):
                self._tally.reasons[item.outcome.reason] += 1
            self._batch.add(item)
        self._tally.take(received)

    def _heed(self, message: Message) -> None:
        """Say again that we are online where somebody, or an old word of ours, says otherwise."""
        if message.topic != self._topic or not self._is_online:
            return
        if message.payload != self._state(is_online=True):
            self._say(is_online=True)

    def _advance(self, committer: ThreadPoolExecutor) -> None:
        if self._pending and self._pending.future.done():
            pending, self._pending = self._pending, None
            pending.future.result()
        if self._pending is None and self._batch.is_due:
            self._submit(committer)

    def _submit(self, committer: ThreadPoolExecutor) -> None:
        batch, self._batch = self._batch, Batch()
        self._pending = _Pending(
            batch, committer.submit(self._writer.write, batch), time.monotonic()
        )

    def _leave(self, committer: ThreadPoolExecutor) -> None:
        """Say goodbye, then commit what is in hand: it will not come again."""
        try:
            if self._is_online:
                self._say(is_online=False)
        except SessionLostError:
            log.debug("the broker was gone before the goodbye")
        self._session.close()
        try:
            if self._pending:
                self._pending.future.result()
            if self._batch.items:
                self._submit(committer)
                assert self._pending is not None
                self._pending.future.result()
        except StoppedError:
            log.warning("Sparkplug: stopped while the database was away; messages in hand are lost")


@contextmanager
def beside(
    host: Host, *, on_refusal: Callable[[], object], on_failure: Callable[[], None]
) -> Iterator[None]:
    """Run *host* on a thread of its own until the context ends.

    If it fails, *on_failure* is called and the failure raised at the end. A broker that refuses it
    (no rights for Sparkplug) only ends the host: machines that speak JSON need none of it.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            host.run()
        except RefusedError as error:
            log.warning("Sparkplug is off: %s; or run with --no-sparkplug", error)
            on_refusal()
        except BaseException as error:  # noqa: BLE001  # raised again on the other thread
            failures.append(error)
            on_failure()

    thread = threading.Thread(target=run, name="sparkplug")
    thread.start()
    try:
        yield
    finally:
        host.stop()
        thread.join()
    if failures:
        raise failures[0]
