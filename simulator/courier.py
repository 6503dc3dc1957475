"""Courier: takes messages to the broker and knows of each that it arrived."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plant.broker import BrokerAddress

_CONNECT_S = 10.0
#: The broker keeps our session over a lost connection for so long; unanswered messages go again.
_SESSION_S = 300
_UNANSWERED = 200
_NO_SUBSCRIBER = 0x10


class CourierError(Exception):
    """The broker cannot be reached, or did not take what was sent."""


def new_client(address: BrokerAddress, client_id: str = "") -> mqtt.Client:
    """Return an MQTT 5 client with the credentials and certificates of *address*.

    A client that is to find its session again needs a *client_id*.
    """
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
    if address.username:
        client.username_pw_set(address.username, address.password)
    if address.tls:
        client.tls_set(str(address.ca_file) if address.ca_file else None)
    return client


class Courier:
    """A connection that publishes with QoS 1; as a context manager it connects and disconnects.

    *acknowledged* messages have arrived at the broker, *unheard* of them had no subscriber and
    are gone. After a lost connection it connects again and sends again what was not answered.
    """

    def __init__(self, address: BrokerAddress) -> None:
        self._address = address
        self._changed = threading.Condition()
        self._refusal = ""
        self._connected = False
        self._most = _UNANSWERED
        self.sent = 0
        self.acknowledged = 0
        self.unheard = 0
        self._client = new_client(address)
        self._client.max_inflight_messages_set(_UNANSWERED)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        """Connect; raise `CourierError` if the broker cannot be reached or refuses."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        place = f"{self._address.host}:{self._address.port}"
        try:
            self._client.connect(self._address.host, self._address.port, properties=properties)
        except OSError as error:
            raise CourierError(f"no MQTT broker at {place} ({error}); see --broker") from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._connected or self._refusal, _CONNECT_S)
        if not self._connected:
            self._client.loop_stop()
            reason = self._refusal or f"no answer within {_CONNECT_S:.0f} s"
            raise CourierError(f"the MQTT broker at {place} does not let us in: {reason}")
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
        `CourierError` once the broker has refused a message.
        """
        with self._changed:
            while self.sent - self.acknowledged >= self._most and not self._refusal:
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
        """Wait until all is acknowledged; raise `CourierError` if nothing more comes.

        *timeout_s* is the patience from one acknowledgement to the next.
        """
        with self._changed:
            while self.acknowledged < self.sent:
                seen, deadline = self.acknowledged, time.monotonic() + timeout_s
                while self.acknowledged == seen and not self._refusal:
                    if not self._changed.wait(deadline - time.monotonic()):
                        missing = self.sent - self.acknowledged
                        raise CourierError(
                            f"the broker has not acknowledged {missing:,} of {self.sent:,} messages"
                            f" for {timeout_s:.0f} s; publish them again"
                        )
                self._check()

    def _check(self) -> None:
        if self._refusal:
            raise CourierError(f"the broker refused a message: {self._refusal}")

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._changed:
            if reason_code.is_failure:
                self._refusal = str(reason_code)
            else:
                self._connected = True
                # paho does not look at it, and a broker may hang up on a client that sends more.
                most = getattr(properties, "ReceiveMaximum", _UNANSWERED)
                self._most = min(_UNANSWERED, most)
            self._changed.notify_all()

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
                self._refusal = str(reason_code)
            elif reason_code.value == _NO_SUBSCRIBER:
                self.unheard += 1
            self._changed.notify_all()
