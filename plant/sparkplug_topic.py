"""Sparkplug topics and the plant: which edge node and device is which machine.

The group is `<enterprise>_<site>_<area>`, the edge node the line and the device the machine. A
machine that speaks for itself may also be an edge node of its own name, without devices.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from plant.errors import Reason, UnreadableError
from plant.model import Equipment, Plant

NAMESPACE = "spBv1.0"
#: Everything of Sparkplug, also of nodes that the plant model does not know: they become visible.
SPARKPLUG_FILTER = f"{NAMESPACE}/#"
GRAMMAR = f"{NAMESPACE}/<group>/<type>/<edge node>[/<device>]"


class MessageType(enum.StrEnum):
    """The third level of a Sparkplug topic."""

    NBIRTH = "NBIRTH"
    DBIRTH = "DBIRTH"
    NDATA = "NDATA"
    DDATA = "DDATA"
    NDEATH = "NDEATH"
    DDEATH = "DDEATH"
    NCMD = "NCMD"
    DCMD = "DCMD"


class NodeId(NamedTuple):
    """An edge node: the two are unique together."""

    group: str
    node: str


class SparkplugTopic(NamedTuple):
    """A topic taken apart; *device* is empty where the edge node speaks for itself."""

    type: MessageType
    id: NodeId
    device: str = ""


def parse(topic: str) -> SparkplugTopic:
    """Take *topic* apart; raise `UnreadableError` (unknown_topic) if it is not of the grammar."""
    levels = topic.split("/")
    word = levels[2] if len(levels) > 2 else ""
    if levels[0] == NAMESPACE and word in MessageType.__members__ and all(levels):
        message_type = MessageType(word)
        if len(levels) == (5 if word.startswith("D") else 4):
            node = NodeId(levels[1], levels[3])
            return SparkplugTopic(message_type, node, levels[4] if word.startswith("D") else "")
    detail = f"topic {topic!r} is not {GRAMMAR} with a device where the type begins with D"
    raise UnreadableError(Reason.UNKNOWN_TOPIC, detail)


def topic_of(node: NodeId, message_type: MessageType, device: str = "") -> str:
    """Return the topic of *node*, or of *device* of it."""
    levels = (NAMESPACE, node.group, message_type, node.node, device)
    return "/".join(levels if device else levels[:-1])


def state_topic(host: str) -> str:
    """Return the topic on which host application *host* says whether it is there."""
    return f"{NAMESPACE}/STATE/{host}"


def is_for_hosts_or_nodes(topic: str) -> bool:
    """Whether *topic* is a host's state or a command to a node: nothing to be stored."""
    levels = topic.split("/", 3)
    return levels[1:2] == ["STATE"] or levels[2:3] in (["NCMD"], ["DCMD"])


def group_of(plant: Plant, area: str) -> str:
    """Return the group of the edge nodes of *area*."""
    return f"{plant.site.enterprise}_{plant.site.name}_{area}"


def nodes_of(plant: Plant) -> dict[NodeId, dict[str, Equipment]]:
    """Return every edge node that the plant may have, and its machines by device name."""
    nodes: dict[NodeId, dict[str, Equipment]] = {}
    for machine in plant.equipment.values():
        group = group_of(plant, machine.area)
        nodes.setdefault(NodeId(group, machine.line), {})[machine.name] = machine
        nodes.setdefault(NodeId(group, machine.name), {})[""] = machine
    return nodes
