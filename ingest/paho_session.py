"""The same contract on paho-mqtt: slower, for comparison and as a second opinion."""

from __future__ import annotations

import logging
import queue
from collections.abc import Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.message import RefusedError, SessionLostError, Will
from ingest.session import (
    KEEP_ALIVE_S,
    RECEIVE_MAX,
    SESSION_EXPIRY_S,
    tls_context,
    why_not_connected,
)
from plant.broker import BrokerAddress

log = logging.getLogger("jellyroll.ingest")

_TIMEOUT_S = 5.0
_REFUSED_FOR_GOOD = {"Bad user name or password", "Not authorized", "Banned"}


class _Received(NamedTuple):
    topic: str
    payload: bytes
    packet_id: int | None
    duplicate: bool


class PahoSession:
    """`ingest.message.Session` on a paho client, whose thread fills a queue."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        topic_filter: str,
        *,
        former_filter: str = "",
        is_persistent: bool = True,
    ) -> None:
        self._address = address
        self._client_id = client_id
        self._filter = topic_filter
        self._former_filter = former_filter
        self._is_persistent = is_persistent
        self._client: paho.Client | None = None
        self._arrived: queue.SimpleQueue[_Received] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[ReasonCode | str] = queue.SimpleQueue()

    def connect(self, will: Will | None = None) -> None:
        """Connect and subscribe; see the contract."""
        self.close()
        self._arrived, self._events = queue.SimpleQueue(), queue.SimpleQueue()
        client = self._client = self._new_client()
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S if self._is_persistent else 0
        properties.ReceiveMaximum = RECEIVE_MAX
        address = self._address
        try:
            client.connect(
                address.host,
                address.port,
                KEEP_ALIVE_S,
                clean_start=not self._is_persistent,
                properties=properties,
            )
        except OSError as error:
            raise why_not_connected(address, error) from error
        client.loop_start()
        self._expect("connection")
        client.subscribe(self._filter, qos=1)
        self._expect(f"subscription of {self._filter!r}")
        if self._former_filter:
            client.unsubscribe(self._former_filter)
        if self._is_persistent:
            log.info("%s connected; reading with paho-mqtt", self._client_id)

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, self._client_id, protocol=paho.MQTTv5,
            manual_ack=True, reconnect_on_failure=False,
        )  # fmt: skip
        address = self._address
        if address.username:
            client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set_context(tls_context(address))
        events, arrived = self._events, self._arrived
        client.on_connect = lambda _c, _u, _flags, code, _p: events.put(code)
        client.on_subscribe = lambda _c, _u, _mid, codes, _p: events.put(codes[0])
        client.on_disconnect = lambda _c, _u, _flags, code, _p: events.put(f"disconnected: {code}")

        def keep(_client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
            packet_id = message.mid if message.qos else None
            arrived.put(_Received(message.topic, bytes(message.payload), packet_id, message.dup))

        def check_taken(_c: paho.Client, _u: Any, _mid: int, code: ReasonCode, _p: Any) -> None:
            if code.is_failure:
                events.put(code)

        client.on_message = keep
        client.on_publish = check_taken
        return client

    def _expect(self, what: str) -> None:
        try:
            event = self._events.get(timeout=_TIMEOUT_S)
        except queue.Empty:
            self._lose(f"no answer to the {what}")
        if isinstance(event, str):
            self._lose(event)
        elif event.is_failure:
            text = f"the broker refuses the {what}: {event}"
            if str(event) in _REFUSED_FOR_GOOD:
                raise RefusedError(text)
            self._lose(text)

    def read(self, timeout_s: float) -> Sequence[_Received]:
        """Return what has arrived; see the contract."""
        if not self._events.empty():
            event = str(self._events.get())
            if event in _REFUSED_FOR_GOOD:
                raise RefusedError(f"the broker refuses what we publish ({event})")
            self._lose(event)
        messages = []
        try:
            messages.append(self._arrived.get(timeout=timeout_s))
            while len(messages) < 1000:
                messages.append(self._arrived.get_nowait())
        except queue.Empty:
            pass
        return messages

    def keep_alive(self) -> None:
        """Do nothing: paho's own thread does it."""

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send one PUBACK per id; see the contract."""
        if self._client is None:
            raise SessionLostError("not connected")
        for packet_id in packet_ids:
            self._client.ack(packet_id, 1)

    def publish(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Publish; see the contract."""
        if self._client is None:
            raise SessionLostError("not connected")
        self._client.publish(topic, payload, qos=int(retained), retain=retained)

    def close(self) -> None:
        """Disconnect; see the contract."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _lose(self, why: str) -> None:
        self.close()
        raise SessionLostError(f"lost the broker at {self._address.host}: {why}")
