"""The service: correlate, and for each endpoint send; every stage with its thread and connection.

Services may run more than once on a database: the cursor's lock lets one correlate at a time, and
an advisory lock per endpoint lets one send to it. The lock lives in the server's session and not
in a transaction, because a transaction that stays open while an endpoint thinks would hold back
every follower of the ledger; it falls with the process, however that ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import psycopg
from standardwebhooks import Webhook

from alerts import anomaly, outbox, record
from alerts.backoff import BackOff
from alerts.correlate import correlate
from alerts.endpoint import Endpoint
from alerts.outbox import Delivery
from alerts.send import TIMEOUT_S, Answer, Verdict, post
from plant.model import Plant
from storage.connect import Connection, connect

_LOG = logging.getLogger("jellyroll.alerts")

#: How long a stage sleeps when nobody wakes it: what an older transaction hid, what falls due.
_POLL_S = 0.25
_STEADY_S = 30.0
_RECONNECT = BackOff(first_s=0.5, longest_s=5.0)


def run(
    dsn: str,
    plant: Plant,
    endpoints: Sequence[Endpoint],
    signer: Webhook,
    stop: threading.Event,
    *,
    back_off: BackOff | None = None,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Turn anomalies into alerts and webhooks until *stop* is set.

    A database that is away is waited for. Raise `AlertsError` when it lacks the tables.
    """
    names = [endpoint.name for endpoint in endpoints]
    stages: dict[str, Callable[[Connection], None]] = {
        "correlate": lambda connection: _correlate(connection, plant, names, stop)
    }
    for endpoint in endpoints:
        sender = _Sender(endpoint, signer, stop, back_off or BackOff(), timeout_s)
        stages[f"send to {endpoint.name}"] = sender.run
    with ThreadPoolExecutor(len(stages), thread_name_prefix="alerts") as pool:
        stage_runs = [
            pool.submit(_keep_connected, dsn, name, work, stop) for name, work in stages.items()
        ]
        try:
            done, _ = wait(stage_runs, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    for stage_run in done:
        stage_run.result()


def _keep_connected(
    dsn: str, name: str, work: Callable[[Connection], None], stop: threading.Event
) -> None:
    """Do *work* on a connection, and on a new one whenever it breaks, until *stop*."""
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            with connect(dsn, application=f"jellyroll alerts: {name}", autocommit=True) as link:
                record.require_schema(link)
                if failures:
                    _LOG.info("%s: the database is back", name)
                work(link)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            # One that answers and breaks again at once has not been back.
            failures = failures + 1 if time.monotonic() - started < _STEADY_S else 1
            if failures == 1:
                reason = str(error).strip().partition("\n")[0]
                _LOG.warning("%s: the database is away, waiting for it (%s)", name, reason)
            stop.wait(_RECONNECT.delay_s(failures))


def _correlate(
    connection: Connection, plant: Plant, endpoints: Sequence[str], stop: threading.Event
) -> None:
    for endpoint, count in outbox.strays(connection, endpoints):
        _LOG.warning("%d deliveries wait for %s, which this service has not", count, endpoint)
    connection.execute(f"LISTEN {anomaly.CHANNEL}")
    while not stop.is_set():
        if anomaly.news(connection):
            correlate(connection, plant, endpoints)
        else:
            _doze(connection)


def _doze(connection: Connection, at_most_s: float = _POLL_S) -> None:
    for _ in connection.notifies(timeout=min(at_most_s, _POLL_S), stop_after=1):
        pass


class _Sender:
    """Sends what is due to one endpoint, one delivery at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        signer: Webhook,
        stop: threading.Event,
        back_off: BackOff,
        timeout_s: float,
    ) -> None:
        self._endpoint = endpoint
        self._signer = signer
        self._stop = stop
        self._back_off = back_off
        self._timeout_s = timeout_s
        self._resume_at = 0.0  # time.monotonic()
        self._well = True

    def run(self, connection: Connection) -> None:
        name = self._endpoint.name
        if not outbox.claim(connection, name):
            _LOG.info("%s: another service sends to it; standing by", name)
            while not outbox.claim(connection, name):
                if self._stop.wait(_POLL_S):
                    return
        _LOG.info("%s: sending what is due", name)
        connection.execute(f"LISTEN {outbox.CHANNEL}")
        while not self._stop.wait(max(0.0, self._resume_at - time.monotonic())):
            delivery = outbox.upcoming(connection, name)
            if delivery is None or delivery.due_in_s > 0:
                _doze(connection, delivery.due_in_s if delivery else _POLL_S)
                continue
            answer = post(self._endpoint, delivery, self._signer, self._timeout_s)
            self._settle(connection, delivery, answer)

    def _settle(self, connection: Connection, delivery: Delivery, answer: Answer) -> None:
        name = self._endpoint.name
        match answer.verdict:
            case Verdict.DELIVERED:
                assert answer.status is not None
                outbox.delivered(connection, delivery, answer.status)
                _LOG.info(
                    "%s: took %s of alert %d (%s)",
                    name, delivery.event_type, delivery.alert, delivery.id,
                )  # fmt: skip
            case Verdict.RETRY if not self._back_off.is_over(delivery.tried_for_s or 0.0):
                delay_s = self._back_off.delay_s(delivery.attempts + 1, answer.retry_after_s)
                if answer.retry_after_s is not None:
                    # It asked for peace, not only for this message.
                    self._resume_at = time.monotonic() + min(delay_s, answer.retry_after_s)
                outbox.retry(connection, delivery, answer.status, answer.error, delay_s)
            case _:
                outbox.give_up(connection, delivery, name, answer.status, answer.error)
                _LOG.error(
                    "%s: gave up on %s of alert %d: %s",
                    name,
                    delivery.event_type,
                    delivery.alert,
                    answer.error,
                )
        self._tell_health(answer)

    def _tell_health(self, answer: Answer) -> None:
        well = answer.verdict is Verdict.DELIVERED
        if well is not self._well:
            state = "takes webhooks again" if well else f"does not take webhooks: {answer.error}"
            _LOG.log(logging.INFO if well else logging.WARNING, "%s %s", self._endpoint.name, state)
        self._well = well
