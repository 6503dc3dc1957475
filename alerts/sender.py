"""Sender: takes what is due to one endpoint from the outbox, and records what came of it."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from alerts import channel, life, outbox, record
from alerts.alert import Cause, Kind, Severity
from alerts.answer import Answer, Verdict
from alerts.backoff import BackOff
from alerts.breaker import Breaker, Rate
from alerts.endpoint import Endpoint, Receiver
from alerts.life import Alarm
from alerts.outbox import Delivery
from alerts.send import post
from alerts.setting import Setting
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")

_POLL_S = 0.25
#: Probes of a dead endpoint: soon at first, so that a short failure is over soon.
PROBE = BackOff(first_s=10.0, longest_s=300.0)
_ACTION = (
    "Look whether the receiver runs and whether its address and secret are right; then"
    " `jellyroll alerts deliveries` and `jellyroll alerts retry`."
)


class Sender:
    """Sends to one endpoint, one delivery at a time; it is the only one of the database."""

    def __init__(
        self,
        receiver: Receiver,
        setting: Setting,
        stop: threading.Event,
        back_off: BackOff,
        probe: BackOff = PROBE,
    ) -> None:
        self._receiver = receiver
        self._setting = setting
        self._stop = stop
        self._back_off = back_off
        self._breaker = Breaker(probe)
        per_minute = receiver.rate_per_minute
        self._rate = Rate(per_minute, burst=max(1.0, per_minute / 6))
        self._resume_at_s = 0.0  # time.monotonic()
        #: Whether it took the last one; unknown before the first.
        self._is_well: bool | None = None

    def run(self, connection: Connection) -> None:
        """Send until told to stop; stand by while another service sends to the endpoint."""
        name = self._receiver.name
        if not outbox.claim(connection, name):
            _LOG.info("%s: another service sends to it; standing by", name)
            while not outbox.claim(connection, name):
                if self._stop.wait(_POLL_S):
                    return
        _LOG.info("%s: sending what is due", name)
        connection.execute(f"LISTEN {outbox.CHANNEL}")
        while not self._stop.wait(self._peace_s()):
            delivery = outbox.upcoming(connection, name)
            if delivery is None or delivery.due_in_s > 0:
                doze(connection, delivery.due_in_s if delivery else _POLL_S)
                continue
            self._rate.take()
            self._settle(connection, delivery, self._send(delivery))

    def _peace_s(self) -> float:
        """Return how long the endpoint is left in peace."""
        now_s = time.monotonic()
        return max(
            self._resume_at_s - now_s, self._breaker.wait_s(now_s), self._rate.wait_s(now_s), 0.0
        )

    def _send(self, delivery: Delivery) -> Answer:
        allowed = self._setting.config.allow_private
        if isinstance(self._receiver, Endpoint):
            return post(self._receiver, delivery, allowed)
        return channel.notify(self._receiver, delivery.body, allowed)

    def _settle(self, connection: Connection, delivery: Delivery, answer: Answer) -> None:
        name = self._receiver.name
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
                    self._resume_at_s = time.monotonic() + min(delay_s, answer.retry_after_s)
                outbox.retry(connection, delivery, answer.status, answer.error, delay_s)
            case _:
                outbox.give_up(connection, delivery, name, answer.status, answer.error)
                _LOG.error(
                    "%s: gave up on %s of alert %d: %s",
                    name, delivery.event_type, delivery.alert, answer.error,
                )  # fmt: skip
        if answer.status != 429:  # who asks for peace is there
            self._judge(connection, answer)

    def _judge(self, connection: Connection, answer: Answer) -> None:
        """Tell of an endpoint that begins or ceases to fail, in the log and by an alert."""
        name = self._receiver.name
        if answer.verdict is Verdict.DELIVERED:
            # An alert may be open from before the service started.
            if self._breaker.succeeded() or self._is_well is None:
                self._revive(connection)
            if self._is_well is False:
                _LOG.info("%s takes webhooks again", name)
            self._is_well = True
            return
        if self._is_well is not False:
            _LOG.warning("%s does not take webhooks: %s", name, answer.error)
        self._is_well = False
        if self._breaker.failed(time.monotonic()):
            with connection.transaction():
                life.alarm(connection, self._setting, _alarm(name, answer.error))

    def _revive(self, connection: Connection) -> None:
        with connection.transaction():
            alert = record.find_open(connection, _cause(self._receiver.name), Kind.ENDPOINT)
            if alert is not None:
                life.back(connection, self._setting, alert)


def doze(connection: Connection, at_most_s: float = _POLL_S) -> None:
    """Wait until the database wakes us, and not long."""
    for _ in connection.notifies(timeout=min(at_most_s, _POLL_S), stop_after=1):
        pass


def _cause(endpoint: str) -> Cause:
    return Cause("", "", "", None, endpoint, "")


def _alarm(endpoint: str, error: str) -> Alarm:
    return Alarm(
        kind=Kind.ENDPOINT,
        cause=_cause(endpoint),
        severity=Severity.HIGH,
        title=f"{endpoint} does not take alerts: {error}",
        since=datetime.now(UTC),
        details={"action": _ACTION},
    )
