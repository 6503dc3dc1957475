"""A courier that speaks Sparkplug B: what it is given are payloads in JSON, as any other's."""

from __future__ import annotations

import threading
from types import TracebackType

import orjson
from paho.mqtt.properties import Properties

from plant.broker import BrokerAddress
from plant.model import Equipment, Plant
from plant.sparkplug_metrics import PREFIXES
from plant.sparkplug_topic import NodeId, group_of
from plant.topics import route
from simulator.courier import Courier
from simulator.samples import rows_of
from simulator.sparkplug_node import SparkplugNode


class SparkplugCourier(Courier):
    """Publishes what machines measure as edge nodes, one a line and area, and material as JSON.

    Sparkplug has no words for what was made from what. Nobody answers for data of QoS 0: a message
    counts as acknowledged when it has left, and whether it is heard is not known.
    """

    def __init__(self, address: BrokerAddress, plant: Plant) -> None:
        super().__init__(address)
        self._plant = plant
        self._nodes: dict[NodeId, SparkplugNode] = {}

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
        """Publish what JSON *payload* for *topic* says, in Sparkplug's words; False on *stop*."""
        way = route(self._plant, topic)
        if way.kind not in PREFIXES:
            return super().send(topic, payload, stop, qos=qos, retain=retain, properties=properties)
        machine = self._plant.equipment[way.equipment]
        rows = rows_of(orjson.loads(payload))
        if not self._node(machine).send(machine, way.kind, rows, stop):
            return False
        self.sent += 1
        self.acknowledged += 1
        return True

    def _node(self, machine: Equipment) -> SparkplugNode:
        node_id = NodeId(group_of(self._plant, machine.area), machine.line)
        if node_id not in self._nodes:
            node = SparkplugNode(self._plant, node_id, self._address)
            node.open()
            self._nodes[node_id] = node
        return self._nodes[node_id]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for node in self._nodes.values():
            node.close()
        super().__exit__(kind, error, traceback)
