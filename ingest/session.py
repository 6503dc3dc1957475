"""The MQTT 5 session of the hot path: a plain socket and the sans-I/O codec `mqtt5`.

A general client costs 60 to 125 us a message; this one about 1 us. It does what ingest needs
and no more: connect, TLS, keep-alive, subscribe, read, acknowledge.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import time
from collections.abc import Sequence
from typing import NoReturn, TypeVar

import mqtt5
from mqtt5 import ConnAckReasonCode, SubAckReasonCode

from ingest.message import RefusedError, SessionLostError, Will
from plant.broker import BrokerAddress

log = logging.getLogger("jellyroll.ingest")

_P = TypeVar("_P")

KEEP_ALIVE_S = 20
#: The broker keeps the session, and so every message, this long without us.
SESSION_EXPIRY_S = 7 * 86_400
#: Messages that may be on the way or in hand without acknowledgement. Mosquitto drains a long queue
#: slower the more of them there are: 72,000 messages a second with 5,000, 39,000 with 65,535.
RECEIVE_MAX = 5_000
_TIMEOUT_S = 5.0
_READ_BYTES = 262_144

# The codec's codes compare by value and have no hash, hence no set.
_REFUSED_FOR_GOOD = (
    ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD,
    ConnAckReasonCode.NOT_AUTHORIZED,
    ConnAckReasonCode.BANNED,
    ConnAckReasonCode.CLIENT_ID_NOT_VALID,
    ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
    ConnAckReasonCode.BAD_AUTHENTICATION_METHOD,
)


def _will(will: Will | None) -> mqtt5.Will | None:
    if will is None:
        return None
    return mqtt5.Will(will.topic, payload=will.payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)


def why_not_connected(address: BrokerAddress, error: OSError) -> RefusedError | SessionLostError:
    """Return what *error* of opening a connection means: only a bad certificate is for good."""
    place = f"{address.host}:{address.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return RefusedError(
            f"the certificate of the broker at {place} is not to be trusted: "
            f"{error.verify_message}; name the one that signed it: mqtts://…?ca=FILE"
        )
    return SessionLostError(f"no broker at {place}: {error}")


def tls_context(address: BrokerAddress) -> ssl.SSLContext:
    """Return what trusts the broker's certificate; raise `RefusedError` if its file is no good."""
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except OSError as error:
        raise RefusedError(
            f"cannot read certificates from {address.ca_file}: {error}; ?ca= must name a PEM file"
        ) from error


def _check_taken(packet: mqtt5.PubAckPacket) -> None:
    if packet.reason_code == mqtt5.PubAckReasonCode.NOT_AUTHORIZED:
        raise RefusedError("the broker refuses what we publish; check the access rules")


class SocketSession:
    """`ingest.message.Session` on a socket. Not for use by several threads at once."""

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
        self._last_packet_id = 2  # those of the subscription
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._arrived: list[mqtt5.PublishPacket] = []
        self._keep_alive_s = float(KEEP_ALIVE_S)
        self._sent_at = self._heard_at = 0.0

    def connect(self, will: Will | None = None) -> None:
        """Connect and subscribe; see the contract."""
        self.close()
        self._buffer.clear()
        self._arrived.clear()
        address = self._address
        try:
            self._socket = self._open()
        except OSError as error:
            raise why_not_connected(address, error) from error
        packet = mqtt5.ConnectPacket(
            self._client_id,
            username=address.username,
            password=address.password.encode() if address.password else None,
            clean_start=not self._is_persistent,
            will=_will(will),
            keep_alive=KEEP_ALIVE_S,
            session_expiry_interval=SESSION_EXPIRY_S if self._is_persistent else 0,
            receive_max=RECEIVE_MAX,
        )
        self._send(packet.write())
        connack = self._await(mqtt5.ConnAckPacket)
        if connack.reason_code != ConnAckReasonCode.SUCCESS:
            text = f"the broker refuses {self._client_id!r}: {connack.reason_code.name}"
            if connack.reason_code in _REFUSED_FOR_GOOD:
                raise RefusedError(f"{text}; check the user, password and access rules")
            raise SessionLostError(text)
        self._keep_alive_s = float(connack.server_keep_alive or KEEP_ALIVE_S)
        # Subscribing again is harmless where the session is known, and mends it where it is not.
        topics = mqtt5.TopicFilter(self._filter, max_qos=mqtt5.QoS.AT_LEAST_ONCE)
        self._send(mqtt5.SubscribePacket(1, [topics]).write())
        if self._former_filter:
            self._send(mqtt5.UnsubscribePacket(2, [self._former_filter]).write())
        # A broker that knows the session first sends what it kept, which may be more than fits into
        # memory: its answer to the subscription is then met while reading.
        if not connack.session_present:
            self._check_granted(self._await(mqtt5.SubAckPacket))
        if self._is_persistent:
            kept = "kept the session" if connack.session_present else "has a new session for it"
            log.info("%s connected; the broker %s", self._client_id, kept)

    def _open(self) -> socket.socket:
        address = self._address
        context = tls_context(address) if address.tls else None
        plain = socket.create_connection((address.host, address.port), timeout=_TIMEOUT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return plain
        return context.wrap_socket(plain, server_hostname=address.host)

    def read(self, timeout_s: float) -> Sequence[mqtt5.PublishPacket]:
        """Return what has arrived; see the contract."""
        self.keep_alive()
        if not self._arrived:
            for packet in self._receive(timeout_s):
                if isinstance(packet, mqtt5.SubAckPacket):
                    self._check_granted(packet)
        if self._heard_at + 1.5 * self._keep_alive_s + _TIMEOUT_S < time.monotonic():
            self._lose("it is silent, though it was asked for a sign of life")
        arrived, self._arrived = self._arrived, []
        return arrived

    def keep_alive(self) -> None:
        """Ping when nothing was sent for half the keep-alive; see the contract."""
        if time.monotonic() - self._sent_at > self._keep_alive_s / 2:
            self._send(mqtt5.PingReqPacket().write())

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send one PUBACK per id, all in one write; see the contract."""
        if packet_ids:
            self._send(b"".join([mqtt5.PubAckPacket(i).write() for i in packet_ids]))

    def publish(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Publish; see the contract."""
        if not retained:
            self._send(mqtt5.PublishPacket(topic, payload=payload).write())
            return
        self._last_packet_id = self._last_packet_id % 65_535 + 1
        packet = mqtt5.PublishPacket(
            topic,
            payload=payload,
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            retain=True,
            packet_id=self._last_packet_id,
        )
        self._send(packet.write())

    def close(self) -> None:
        """Say goodbye if that is possible; see the contract."""
        if self._socket is None:
            return
        try:
            self._socket.settimeout(1.0)
            self._socket.sendall(mqtt5.DisconnectPacket().write())
        except OSError:
            log.debug("the broker was gone before the goodbye")
        self._socket.close()
        self._socket = None

    def _check_granted(self, suback: mqtt5.SubAckPacket) -> None:
        if suback.reason_codes[0] != SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE:
            reason = suback.reason_codes[0].name
            raise RefusedError(f"the broker does not grant {self._filter!r} at QoS 1: {reason}")

    def _await(self, expected: type[_P]) -> _P:
        deadline = time.monotonic() + _TIMEOUT_S
        while (left := deadline - time.monotonic()) > 0:
            for packet in self._receive(left):
                if isinstance(packet, expected):
                    return packet
        return self._lose(f"it sent no {expected.__name__} within {_TIMEOUT_S:g} s")

    def _receive(self, timeout_s: float) -> list[mqtt5.Packet]:
        """Read the socket once; keep publishes in `_arrived`, return the other packets."""
        connection = self._connected()
        pending = isinstance(connection, ssl.SSLSocket) and connection.pending()
        try:
            if not pending and not select.select([connection], [], [], timeout_s)[0]:
                return []
            data = connection.recv(_READ_BYTES)
        except ssl.SSLWantReadError:
            return []
        except OSError as error:
            self._lose(str(error))
        if not data:
            self._lose("it closed the connection")
        self._heard_at = time.monotonic()
        self._buffer += data
        return self._parse()

    def _parse(self) -> list[mqtt5.Packet]:
        others: list[mqtt5.Packet] = []
        offset = 0
        with memoryview(self._buffer) as view:
            while True:
                try:
                    packet, size = mqtt5.read(view[offset:])
                except IndexError:
                    break
                except ValueError as error:
                    self._lose(f"it sent what is not MQTT 5: {error}")
                offset += size
                if type(packet) is mqtt5.PublishPacket:
                    self._arrived.append(packet)
                elif type(packet) is mqtt5.PubAckPacket:
                    _check_taken(packet)
                elif type(packet) is mqtt5.DisconnectPacket:
                    self._lose(f"it disconnected us: {packet.reason_code.name}")
                else:
                    others.append(packet)
        del self._buffer[:offset]
        return others

    def _send(self, data: bytes) -> None:
        try:
            self._connected().sendall(data)
        except OSError as error:
            self._lose(str(error))
        self._sent_at = time.monotonic()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise SessionLostError("not connected")
        return self._socket

    def _lose(self, why: str) -> NoReturn:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        raise SessionLostError(f"lost the broker at {self._address.host}: {why}")
