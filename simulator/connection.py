"""Getting into a broker, and knowing why not."""

from __future__ import annotations

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from plant.broker import BrokerAddress

_CONNECT_S = 10.0


class BrokerError(Exception):
    """The broker cannot be reached, or does not do what it is asked for; the text says why."""


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


class Entry:
    """What the broker has answered: the callbacks of a client say so, whoever waits is told.

    *changed* guards it, and may guard more.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.is_in = False
        self.refusal = ""

    def let_in(self) -> None:
        """Say that all is as asked for."""
        with self.changed:
            self.is_in = True
            self.changed.notify_all()

    def refuse(self, reason: str) -> None:
        """Say that it is not, and why."""
        with self.changed:
            self.refusal = reason
            self.changed.notify_all()


def enter(
    client: mqtt.Client,
    address: BrokerAddress,
    entry: Entry,
    what: str,
    *,
    session_s: int,
) -> None:
    """Connect *client*, start its thread, and return when *entry* says that it is in.

    The broker keeps the session over a lost connection for *session_s*; with 0 each connection
    begins a new one. Raise `BrokerError` saying that there is no broker, or that it does not let
    us do *what*.
    """
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = session_s
    place = f"{address.host}:{address.port}"
    try:
        client.connect(
            address.host,
            address.port,
            clean_start=mqtt.MQTT_CLEAN_START_FIRST_ONLY if session_s else True,
            properties=properties,
        )
    except OSError as error:
        raise BrokerError(f"no MQTT broker at {place} ({error}); see --broker") from error
    client.loop_start()
    with entry.changed:
        entry.changed.wait_for(lambda: entry.is_in or entry.refusal, _CONNECT_S)
    if not entry.is_in:
        client.loop_stop()
        reason = entry.refusal or f"no answer within {_CONNECT_S:.0f} s"
        raise BrokerError(f"the MQTT broker at {place} does not let us {what}: {reason}")
