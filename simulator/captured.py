"""A message as it came from a broker, or as it is to go to one."""

from __future__ import annotations

from typing import NamedTuple

from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Extras(NamedTuple):
    """The MQTT 5 properties that a publisher chose; *user* keeps order and repetition."""

    payload_format: int | None = None
    expiry_s: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    user: tuple[tuple[str, str], ...] = ()


NO_EXTRAS = Extras()

#: Names of paho for the fields of `Extras`.
_PAHO = (
    "PayloadFormatIndicator", "MessageExpiryInterval", "ContentType", "ResponseTopic",
    "CorrelationData", "UserProperty",
)  # fmt: skip


class Captured(NamedTuple):
    """One message; *time_us* is when it arrived, or is due, in microseconds since the epoch.

    *rows* is how many rows it is known to hold; a recorder does not look.
    """

    time_us: int
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    extras: Extras = NO_EXTRAS
    rows: int = 1


def from_paho(message: MQTTMessage, time_us: int) -> Captured:
    """Return *message*, which arrived at *time_us*."""
    extras = NO_EXTRAS
    given = vars(message.properties) if message.properties else {}
    if any(name in given for name in _PAHO):
        values = [given.get(name) for name in _PAHO]
        extras = Extras(*values[:-1], user=tuple(values[-1] or ()))  # type: ignore[misc, arg-type]
    payload = bytes(message.payload)
    return Captured(time_us, message.topic, payload, message.qos, message.retain, extras)


def to_paho(extras: Extras) -> Properties | None:
    """Return *extras* as paho publishes them, or None if there are none."""
    if extras == NO_EXTRAS:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in zip(_PAHO, extras, strict=True):
        if value is not None and value != ():
            setattr(properties, name, list(value) if isinstance(value, tuple) else value)
    return properties
