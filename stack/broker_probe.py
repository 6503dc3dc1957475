"""Ask a running broker what it is."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from stack.errors import StackError

_TIMEOUT_S = 5.0
_VERSION = "$SYS/broker/version"
_DROPPED = "$SYS/broker/publish/messages/dropped"
_WAITING = "$SYS/broker/store/messages/count"
_AWAY = "$SYS/broker/clients/disconnected"
_ASKED = (_VERSION, _DROPPED, _WAITING, _AWAY)
_DEFAULT_RECEIVE_MAXIMUM = 65_535  # what MQTT 5 means by saying nothing


@dataclass(frozen=True, kw_only=True)
class BrokerAnswer:
    """What a broker says of itself; None where it says nothing.

    *waiting* are the messages that it holds for its subscribers, *away* the sessions that it keeps
    for clients that are not connected. *certificate_days* is how long its certificate is still
    good, with TLS. *anonymous* tells whether it also lets in who has no password.
    """

    receive_maximum: int
    maximum_packet_size: int | None
    version: str | None
    dropped: int | None
    waiting: int | None
    away: int | None
    certificate_days: float | None
    anonymous: bool


@dataclass
class _Conversation:
    asks: tuple[str, ...]
    refusal: str | None = None
    properties: dict[str, Any] | None = None
    said: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether nothing more is expected."""
        answered = self.properties is not None and len(self.said) == len(self.asks)
        return self.refusal is not None or answered


def ask_broker(url: str) -> BrokerAnswer:
    """Connect to the broker at *url* and listen to what it says; raise `StackError` if that fails.

    A broker that keeps no $SYS topics, or does not show them, costs five seconds.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise StackError(
            f"{parts.scheme}://{parts.hostname} is no broker's address.",
            "Write it as mqtt://host:1883 or mqtts://host:8883.",
        )
    place = f"{parts.hostname}:{_port(parts)}"
    days = _certificate_days(parts, place) if parts.scheme == "mqtts" else None
    talk = _talk(parts, place, named=True)
    if talk.refusal or talk.properties is None:
        raise StackError(
            f"The broker at {place} refuses: {talk.refusal or 'it says nothing'}.",
            "Check user and password in JELLYROLL_BROKER, and that it speaks MQTT 5.",
        )
    stranger = _talk(parts, place, named=False) if parts.username else talk
    return BrokerAnswer(
        receive_maximum=int(talk.properties.get("ReceiveMaximum", _DEFAULT_RECEIVE_MAXIMUM)),
        maximum_packet_size=talk.properties.get("MaximumPacketSize"),
        version=talk.said.get(_VERSION),
        dropped=_number(talk.said.get(_DROPPED)),
        waiting=_number(talk.said.get(_WAITING)),
        away=_number(talk.said.get(_AWAY)),
        certificate_days=days,
        anonymous=stranger.properties is not None,
    )


def _talk(parts: SplitResult, place: str, *, named: bool) -> _Conversation:
    """Ask the broker under the URL's user, or as a stranger, who asks no more than to come in."""
    talk = _Conversation(asks=_ASKED if named else ())
    client = _client(talk)
    if parts.scheme == "mqtts":
        client.tls_set_context(_context(parts))
    if named and parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    try:
        client.connect(str(parts.hostname), _port(parts))
    except OSError as error:
        raise _absent(place, error) from error
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline and not talk.done:
        client.loop(timeout=0.1)
    client.disconnect()
    return talk


def _context(parts: SplitResult) -> ssl.SSLContext:
    (file,) = parse_qs(parts.query).get("ca", [None])[:1]
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise StackError(
            f"Cannot read certificates from {file}: {error}.",
            "Name a PEM file behind ?ca= in JELLYROLL_BROKER.",
        ) from error


def _port(parts: SplitResult) -> int:
    return parts.port or (8883 if parts.scheme == "mqtts" else 1883)


def _certificate_days(parts: SplitResult, place: str) -> float | None:
    """Return how long the certificate is good; raise `StackError` when it is not to be trusted."""
    context = _context(parts)
    address = (str(parts.hostname), _port(parts))
    try:
        with (
            socket.create_connection(address, timeout=_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            end = (connection.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        raise StackError(
            f"The certificate of the broker at {place} is not to be trusted: "
            f"{error.verify_message}.",
            "Name the certificate that signed it: mqtts://…?ca=FILE.",
        ) from error
    except OSError as error:
        raise _absent(place, error) from error
    return (ssl.cert_time_to_seconds(end) - time.time()) / 86_400 if isinstance(end, str) else None


def _absent(place: str, error: OSError) -> StackError:
    return StackError(
        f"No broker answers at {place}: {error}.", "Start it, or mend JELLYROLL_BROKER."
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _client(talk: _Conversation) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect_timeout = _TIMEOUT_S

    def on_connect(
        client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            talk.refusal = str(reason)
            return
        talk.properties = vars(properties) if properties else {}
        if talk.asks:
            client.subscribe([(topic, 0) for topic in talk.asks])

    def on_message(_client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        talk.said[message.topic] = message.payload.decode("utf-8", "replace")

    client.on_connect = on_connect
    client.on_message = on_message
    return client
