"""Dead letters back to the broker, once what made them unreadable is mended."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from plant.broker import BrokerAddress
from storage.connect import Connection
from storage.deadletter import KeptLetter, mark_handed_back, payload_of

_TIMEOUT_S = 30.0


class HandBackError(Exception):
    """A letter could not be given to the broker; it and the later ones are as they were."""


def hand_back(
    connection: Connection, broker: BrokerAddress, letters: Sequence[KeptLetter]
) -> Iterator[KeptLetter]:
    """Publish each of *letters* as it came, at QoS 1; yield it when the broker has taken it.

    The letter stays kept and is marked. What still cannot be read comes back as a new letter.
    *connection* must commit by itself. Raise `HandBackError`.
    """
    with _connected(broker) as client:
        for letter in letters:
            payload = payload_of(connection, letter.id)
            info = client.publish(letter.topic, payload, qos=1)
            try:
                info.wait_for_publish(_TIMEOUT_S)
            except (RuntimeError, ValueError) as error:
                raise HandBackError(f"letter {letter.id}: {error}") from error
            if not info.is_published():
                raise HandBackError(
                    f"letter {letter.id}: the broker at {broker.host}:{broker.port} did not take "
                    f"it within {_TIMEOUT_S:g} s"
                )
            mark_handed_back(connection, [letter.id])
            yield letter


@contextmanager
def _connected(broker: BrokerAddress) -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(ssl.create_default_context(cafile=broker.ca_file))
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        where = f"{broker.host}:{broker.port}"
        raise HandBackError(f"no broker at {where}: {error}") from error
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()
