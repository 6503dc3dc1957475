"""Sparkplug topics and the machines of the plant."""

from __future__ import annotations

import pytest

from plant.errors import Reason, UnreadableError
from plant.model import Plant
from plant.sparkplug_topic import (
    MessageType,
    NodeId,
    is_for_hosts_or_nodes,
    nodes_of,
    parse,
    state_topic,
    topic_of,
)

NODE = NodeId("acme_desoto_assembly", "l1")


@pytest.mark.parametrize("message_type", MessageType)
def test_each_topic_is_taken_apart_as_it_was_put_together(message_type: MessageType) -> None:
    device = "l1-filler-01" if message_type.startswith("D") else ""
    topic = topic_of(NODE, message_type, device)
    assert parse(topic) == (message_type, NODE, device)


@pytest.mark.parametrize(
    "topic",
    [
        "", "spBv1.0", "spBv1.0/g/DDATA/n", "spBv1.0/g/NDATA/n/d", "spBv1.0/g/NDATA/",
        "spBv1.0//NDATA/n", "spAv1.0/g/NDATA/n", "spBv1.0/g/HELLO/n", "spBv1.0/g/DDATA/n/d/e",
        "spBv1.0/g/ndata/n", "v1/acme/desoto/assembly/l1/l1-filler-01/telemetry",
    ],
)  # fmt: skip
def test_what_is_not_of_the_grammar_is_refused(topic: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(topic)
    assert caught.value.reason is Reason.UNKNOWN_TOPIC


def test_every_machine_is_a_device_of_its_line_and_may_be_a_node(pilot: Plant) -> None:
    nodes = nodes_of(pilot)
    assert nodes[NODE]["l1-filler-01"].name == "l1-filler-01"
    assert nodes[NodeId("acme_desoto_assembly", "l1-filler-01")][""].name == "l1-filler-01"
    assert NodeId("acme_desoto_electrode", "l1") in nodes
    machines = {machine.name for devices in nodes.values() for machine in devices.values()}
    assert machines == set(pilot.equipment)


def test_states_and_commands_are_not_for_the_one_who_stores() -> None:
    assert is_for_hosts_or_nodes(state_topic("jellyroll"))
    assert is_for_hosts_or_nodes(topic_of(NODE, MessageType.NCMD))
    assert is_for_hosts_or_nodes(topic_of(NODE, MessageType.DCMD, "d"))
    assert not is_for_hosts_or_nodes(topic_of(NODE, MessageType.NDEATH))
    assert not is_for_hosts_or_nodes("spBv1.0")
