"""Sparkplug B 3.0 to frames, as a host application does; the contract is docs/sparkplug.md.

Pure: what comes in are messages and the time, what comes out are rows, and the nodes that have to
be asked for a rebirth. Only machines of the plant model have state here, so memory is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from plant.errors import Reason, UnreadableError
from plant.frames import Frame
from plant.model import Plant
from plant.number import Number
from plant.payload import PayloadDecoder
from plant.sparkplug_device import Device, Reading, Window
from plant.sparkplug_node import Node
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import (
    MessageType,
    NodeId,
    SparkplugTopic,
    nodes_of,
    parse,
    topic_of,
)

#: A message with more metrics is refused: it would hold up all others.
MAX_METRICS = 10_000
#: Topics that are taken apart once; more of them are not of the plant.
_KEPT_TOPICS = 65_536
_NOTHING = Reading([])


class Missed(NamedTuple):
    """A node whose devices did not come back in time, and the rows that say so."""

    node: NodeId
    frames: list[Frame]


class SparkplugDecoder:
    """Reads the Sparkplug messages of one plant and keeps what has to be known between them.

    *now_us* gives the present in microseconds since the epoch, *clock_s* seconds that only go
    forward; a test passes its own. Not for use by several threads at once.
    """

    def __init__(
        self,
        plant: Plant,
        now_us: Callable[[], int] | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plant = plant
        self._now_us = now_us or (lambda: time.time_ns() // 1000)
        self._clock_s = clock_s
        self._payloads = PayloadDecoder(plant, self._now_us)
        self._machines = nodes_of(plant)
        self._nodes: dict[NodeId, Node] = {}
        self._waiting: dict[NodeId, Node] = {}
        self._topics: dict[str, SparkplugTopic] = {}

    def decode(self, topic: str, payload: bytes, *, is_live: bool = True) -> Reading:
        """Return the rows of one message; raise `UnreadableError` with the reason.

        Also a message that is refused counts in its node's sequence; data that are not *is_live*
        do not: they are handed back, long after their turn. A host's state and commands are
        unknown topics here: they are not for the one who stores.
        """
        address = self._topics.get(topic) or self._find(topic)
        message = self._parse(payload)
        node = self._node(address.id)
        try:
            return self._take(node, address, message, is_live=is_live)
        except UnicodeDecodeError:
            raise UnreadableError(Reason.NOT_UTF8, "a text of an array is not UTF-8") from None
        finally:
            if node.waits:
                self._waiting[node.id] = node

    def _take(self, node: Node, address: SparkplugTopic, message: Any, *, is_live: bool) -> Reading:
        is_counted = is_live or address.type not in {MessageType.NDATA, MessageType.DDATA}
        number = self._number(node, address, message) if is_counted else None
        try:
            return self._read(node, address, message)._replace(number=number)
        except UnreadableError as error:
            error.number = number
            raise

    def _number(self, node: Node, address: SparkplugTopic, message: Any) -> Number | None:
        """Put the message in the sequence of its node and return which one it is."""
        seq = message.seq if message.HasField("seq") else None
        if address.type is MessageType.NBIRTH:
            node.birth(seq, _bd_seq(message.metrics), self._clock_s())
            node.born_ms = self._now_us() // 1000
            place: int | None = 0
        elif address.type is MessageType.NDEATH:
            return None  # a will has no number
        else:
            place = node.follow(seq, self._clock_s())
        return None if place is None else Number("/".join(node.id), node.born_ms, place)

    def _read(self, node: Node, address: SparkplugTopic, message: Any) -> Reading:
        device = node.devices[address.device]
        match address.type:
            case MessageType.NBIRTH:
                return device.read_birth(message.metrics, message.timestamp, self._window())
            case MessageType.NDEATH:
                return self._node_death(node, message)
            case MessageType.DBIRTH:
                if not node.is_born:
                    node.want_birth()
                    raise _not_born("edge node", node.id.node)
                return device.read_birth(message.metrics, message.timestamp, self._window())
            case MessageType.DDEATH:
                why = f"edge node {node.id.node} says that it is gone"
                return Reading(device.go_stale(self._death_ms(message), why))
            case _:
                return self._data(node, address, message)

    def _find(self, topic: str) -> SparkplugTopic:
        address = parse(topic)
        if address.type in {MessageType.NCMD, MessageType.DCMD}:
            raise UnreadableError(Reason.UNKNOWN_TOPIC, f"{topic!r} is a command and no data")
        machines = self._machines.get(address.id)
        if machines is None or (address.device and address.device not in machines):
            group, node = address.id
            place = f"device {address.device!r} of edge node" if address.device else "edge node"
            detail = (
                f"{place} {node!r} in group {group!r} is not in the plant model: the group is "
                "<enterprise>_<site>_<area>, the edge node the line, the device the equipment"
            )
            raise UnreadableError(Reason.UNKNOWN_EQUIPMENT, detail)
        if len(self._topics) >= _KEPT_TOPICS:
            self._topics.clear()
        self._topics[topic] = address
        return address

    def _parse(self, payload: bytes) -> Any:
        limit = self._plant.intake.max_payload_bytes
        if len(payload) > limit:
            detail = (
                f"payload has {len(payload):,} bytes, the plant model allows {limit:,} "
                "(intake.max_payload_bytes)"
            )
            raise UnreadableError(Reason.TOO_BIG, detail)
        try:
            message = Payload.FromString(payload)
        except DecodeError:
            detail = (
                "payload is no Sparkplug B payload (protobuf): cut off, or a text not in UTF-8?"
            )
            raise UnreadableError(Reason.BAD_PROTOBUF, detail) from None
        if len(message.metrics) > MAX_METRICS:
            detail = (
                f"payload has {len(message.metrics):,} metrics, at most {MAX_METRICS:,} are read"
            )
            raise UnreadableError(Reason.TOO_BIG, detail)
        if message.HasField("body"):
            detail = "payload has a body (compressed?), which is not read; send plain metrics"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        return message

    def _node(self, node_id: NodeId) -> Node:
        node = self._nodes.get(node_id)
        if node is None:
            machines = self._machines[node_id]
            devices = {n: Device(self._plant, self._payloads, m) for n, m in machines.items()}
            devices.setdefault("", Device(self._plant, self._payloads, None))
            node = self._nodes[node_id] = Node(node_id, devices)
        return node

    def _data(self, node: Node, address: SparkplugTopic, message: Any) -> Reading:
        device = node.devices[address.device]
        if not device.is_born:
            node.want_birth(device)
            what = "device" if address.device else "edge node"
            raise _not_born(what, address.device or node.id.node)
        try:
            return device.read(list(message.metrics), message.timestamp, self._window())
        except UnreadableError as error:
            if error.reason is Reason.UNKNOWN_ALIAS:
                node.want_birth()
            raise

    def _node_death(self, node: Node, message: Any) -> Reading:
        if not node.is_death_of_now(_bd_seq(message.metrics)):
            return _NOTHING
        node.die()
        why = f"edge node {node.id.node} is gone"
        # The timestamp of a will is that of the connection's begin, not of its end.
        now_ms = self._now_us() // 1000
        frames = [f for d in node.devices.values() for f in d.go_stale(now_ms, why)]
        return Reading(frames)

    def _death_ms(self, message: Any) -> int:
        time_ms: int = message.timestamp
        window = self._window()
        return time_ms if window.holds(time_ms) else window.now_ms

    def _window(self) -> Window:
        now_ms = self._now_us() // 1000
        intake = self._plant.intake
        from_ms = now_ms - int(intake.max_lateness_d * 86_400_000)
        return Window(from_ms, now_ms + int(intake.max_ahead_s * 1000), now_ms)

    def forget(self) -> None:
        """Take nothing for known after the connection to the broker broke: messages were missed."""
        now_s = self._clock_s()
        for node in self._nodes.values():
            node.forget(now_s)
            if node.waits:
                self._waiting[node.id] = node

    def nodes_to_ask(self) -> list[NodeId]:
        """Return the nodes to ask for a rebirth now; each is named again only after a while."""
        now_s = self._clock_s()
        return [node.id for node in self._waiting.values() if node.asks(now_s)]

    def missed(self) -> list[Missed]:
        """Return what has turned stale because it should have come by now."""
        now_s, found = self._clock_s(), []
        for node in list(self._waiting.values()):
            devices = node.missed(now_s)
            why = f"edge node {node.id.node} did not declare it again in time"
            frames = [f for d in devices for f in d.go_stale(self._now_us() // 1000, why)]
            if frames:
                found.append(Missed(node.id, frames))
            if not node.waits:
                del self._waiting[node.id]
        return found


def _not_born(what: str, name: str) -> UnreadableError:
    detail = f"no birth certificate of {what} {name!r} was seen; a rebirth is asked for"
    return UnreadableError(Reason.NOT_BORN, detail)


def _bd_seq(metrics: Iterable[Any]) -> int | None:
    for metric in metrics:
        if metric.name == "bdSeq":
            given = metric.WhichOneof("value")
            if given in {"int_value", "long_value"}:
                value: int = getattr(metric, given)
                return value
    return None


def rebirth_request(node: NodeId, now_ms: int) -> tuple[str, bytes]:
    """Return topic and payload of the command that asks *node* for its births again."""
    message = Payload(timestamp=now_ms)
    message.metrics.add(
        name="Node Control/Rebirth",
        timestamp=now_ms,
        datatype=DataType.BOOLEAN,
        boolean_value=True,
    )
    payload: bytes = message.SerializeToString()
    return topic_of(node, MessageType.NCMD), payload
