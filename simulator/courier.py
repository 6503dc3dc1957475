"""Courier: takes messages to the broker and knows of each that it arrived."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plant.broker import BrokerAddress
from simulator.connection import BrokerError, Entry, enter, new_client

#: The broker keeps our session over a lost connection for so long; unanswered messages go again.
_SESSION_S = 300
_UNANSWERED = 200
_NO_SUBSCRIBER = 0x10


class Courier:
    """A connection that publishes with QoS 1; as a context manager it connects and disconnects.

    *acknowledged* messages have arrived at the broker, *unheard* of them had no subscriber and
    are gone. After a lost connection it connects again and sends again what was not answered.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client: mqtt.Client | None = None,
        greet: Callable[[], None] | None = None,
        *,
        session_s: int = _SESSION_S,
    ) -> None:
        """Use *client* with its will and its subscriptions, which *greet* asks for each time."""
        self._address = address
        self._entry = Entry()
        self._changed = self._entry.changed
        self._greet = greet
        self._session_s = session_s
        self._most = _UNANSWERED
        self.sent = 0
        self.acknowledged = 0
        self.unheard = 0
        self._client = client or new_client(address)
        self._client.max_inflight_messages_set(_UNANSWERED)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        """Connect; raise `BrokerError` if the broker cannot be reached or refuses."""
        enter(self._client, self._address, self._entry, "in", session_s=self._session_s)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(
        self,
        topic: str,
        payload: bytes,
        stop: threading.Event,
        *,
        qos: int = 1,
        retain: bool = False,
        properties: Properties | None = None,
    ) -> bool:
        """Publish *payload*; wait while too much is unanswered, and return False on *stop*.

        Nobody answers for a message of QoS 0; it counts as acknowledged once it is sent. Raise
        `BrokerError` once the broker has refused a message.
        """
        with self._changed:
            while self.sent - self.acknowledged >= self._most and not self._entry.refusal:
                if stop.is_set():
                    return False
                self._changed.wait(0.2)
            self._check()
            self.sent += 1
        info = self._client.publish(topic, payload, qos, retain, properties)
        if qos == 0 and info.rc != mqtt.MQTT_ERR_SUCCESS:
            # Not sent and never to be: the connection is away.
            with self._changed:
                self.acknowledged += 1
                self.unheard += 1
        return True

    def drain(self, timeout_s: float) -> None:
        """Wait until all is acknowledged; raise `BrokerError` if nothing more comes.

        *timeout_s* is the patience from one acknowledgement to the next.
        """
        with self._changed:
            while self.acknowledged < self.sent:
                seen, deadline = self.acknowledged, time.monotonic() + timeout_s
                while self.acknowledged == seen and not self._entry.refusal:
                    if not self._changed.wait(deadline - time.monotonic()):
                        missing = self.sent - self.acknowledged
                        raise BrokerError(
                            f"the broker has not acknowledged {missing:,} of {self.sent:,} messages"
                            f" for {timeout_s:.0f} s; publish them again"
                        )
                self._check()

    def give_up(self) -> None:
        """Take what is not acknowledged for lost."""
        with self._changed:
            self.unheard += self.sent - self.acknowledged
            self.acknowledged = self.sent
            self._changed.notify_all()

    def _check(self) -> None:
        if self._entry.refusal:
            raise BrokerError(f"the broker refused a message: {self._entry.refusal}")

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason_code.is_failure:
            self._entry.refuse(str(reason_code))
            return
        with self._changed:
            # paho does not look at it, and a broker may hang up on a client that sends more.
            most = getattr(properties, "ReceiveMaximum", _UNANSWERED)
            self._most = min(_UNANSWERED, most)
        if self._greet is not None:
            self._greet()
        self._entry.let_in()

    def _on_publish(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        _mid: int,
        reason_code: ReasonCode,
        _properties: Properties,
    ) -> None:
        with self._changed:
            self.acknowledged += 1
            if reason_code.is_failure:
                self._entry.refusal = str(reason_code)
            elif reason_code.value == _NO_SUBSCRIBER:
                self.unheard += 1
            self._changed.notify_all()
