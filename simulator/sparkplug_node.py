"""An edge node of Sparkplug B 3.0: a line's machines of one area on one connection.

Data go by QoS 0, as the standard wants it. What the node sends while the connection breaks may be
lost; while it is away the node waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
from google.protobuf.message import DecodeError

from plant.broker import BrokerAddress
from plant.model import Equipment, Plant
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import MessageType, NodeId, topic_of
from plant.tables import Kind
from simulator.connection import new_client
from simulator.courier import Courier
from simulator.sparkplug_device import Row, SparkplugDevice

_REBIRTH = "Node Control/Rebirth"
#: At the end: the patience until all has left.
_DRAIN_S = 30.0
_NUMBERS = 256


class SparkplugNode:
    """Edge node *node_id* of *plant*: born when something is sent first, dead when it is closed."""

    def __init__(self, plant: Plant, node_id: NodeId, address: BrokerAddress) -> None:
        self._plant = plant
        self._id = node_id
        self._devices: dict[str, SparkplugDevice] = {}
        self._aliases_num = 0
        self._seq = 0
        # Another number than that of a run just before, whose will the broker may still publish.
        self._bd_seq = int(time.time()) % _NUMBERS
        self._wants_birth = threading.Event()
        client = self._client = new_client(address)
        client.will_set(topic_of(node_id, MessageType.NDEATH), self._death(), qos=1)
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._courier = Courier(address, client, self._greet, session_s=0)

    def open(self) -> None:
        """Connect; raise `BrokerError` if the broker does not let us in."""
        self._courier.__enter__()

    def close(self) -> None:
        """Say that the node is gone, and go when all has left."""
        never = threading.Event()
        topic = topic_of(self._id, MessageType.NDEATH)
        self._courier.send(topic, self._death(), never)
        self._courier.drain(_DRAIN_S)
        self._courier.__exit__(None, None, None)

    def send(
        self, machine: Equipment, kind: Kind, rows: Iterator[Row], stop: threading.Event
    ) -> bool:
        """Publish *rows* of *machine* as data, and births before them where they are due.

        The first state of a machine is part of its birth. Return False on *stop*.
        """
        while not self._client.is_connected():
            if stop.wait(0.05):
                return False
        if self._wants_birth.is_set():
            self._wants_birth.clear()
            if not self._births(stop):
                return False
        device = self._devices.get(machine.name)
        if device is None:
            device = SparkplugDevice(self._plant, machine, self._aliases_num)
            self._aliases_num += device.aliases_num
            self._devices[machine.name] = device
            born_ms = _now_ms()
            if kind is Kind.STATE:
                first = next(rows)
                device.take_state(first)
                born_ms = first["ts"]
            if not self._publish(MessageType.DBIRTH, device.birth(born_ms), stop, device.name):
                return False
        return all(
            self._publish(MessageType.DDATA, payload, stop, device.name)
            for payload in device.data(kind, rows, _now_ms())
            if payload.metrics
        )

    def _births(self, stop: threading.Event) -> bool:
        self._seq = 0
        now_ms = _now_ms()
        payload = Payload(timestamp=now_ms)
        self._add_bd_seq(payload)
        payload.metrics.add(
            name=_REBIRTH, timestamp=now_ms, datatype=DataType.BOOLEAN, boolean_value=False
        )
        return self._publish(MessageType.NBIRTH, payload, stop) and all(
            self._publish(MessageType.DBIRTH, device.birth(now_ms), stop, device.name)
            for device in self._devices.values()
        )

    def _publish(
        self, message_type: MessageType, payload: Any, stop: threading.Event, device: str = ""
    ) -> bool:
        payload.seq = self._seq
        self._seq = (self._seq + 1) % _NUMBERS
        topic = topic_of(self._id, message_type, device)
        return self._courier.send(topic, payload.SerializeToString(), stop, qos=0)

    def _death(self) -> bytes:
        payload = Payload(timestamp=_now_ms())
        self._add_bd_seq(payload)
        document: bytes = payload.SerializeToString()
        return document

    def _add_bd_seq(self, payload: Any) -> None:
        payload.metrics.add(
            name="bdSeq",
            timestamp=payload.timestamp,
            datatype=DataType.INT64,
            long_value=self._bd_seq,
        )

    def _greet(self) -> None:
        self._client.subscribe(topic_of(self._id, MessageType.NCMD), qos=1)
        self._wants_birth.set()

    def _on_disconnect(self, client: mqtt.Client, *_: Any) -> None:
        # The next connection is another session, with a will of its own.
        self._bd_seq = (self._bd_seq + 1) % _NUMBERS
        client.will_set(topic_of(self._id, MessageType.NDEATH), self._death(), qos=1)
        self._courier.give_up()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            command = Payload.FromString(message.payload)
        except DecodeError:
            return
        if any(metric.name == _REBIRTH and metric.boolean_value for metric in command.metrics):
            self._wants_birth.set()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
