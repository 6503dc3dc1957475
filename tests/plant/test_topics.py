"""Topics: each machine and kind has one, and what is not one of them is told apart."""

from __future__ import annotations

import pytest

from plant.errors import Reason, UnreadableError
from plant.model import Plant
from plant.tables import Kind
from plant.topics import route, topic_filter, topic_of

FILLER = "v1/acme/desoto/assembly/l1/l1-filler-01"


def test_each_machine_and_kind_of_the_pilot_leads_back_to_itself(pilot: Plant) -> None:
    topics = set()
    for machine in pilot.equipment.values():
        station = pilot.stations[machine.station]
        for kind in Kind:
            topic = topic_of(pilot, machine, kind)
            topics.add(topic)
            if (kind is Kind.CELL and not station.results) or (
                kind is Kind.TELEMETRY and not station.signals
            ):
                continue
            found = route(pilot, topic)
            assert (found.equipment, found.kind) == (machine.name, kind)
            assert found.table is pilot.tables[kind, machine.station]
    assert len(topics) == len(pilot.equipment) * len(Kind)


def test_a_topic_names_site_area_line_machine_and_kind(pilot: Plant) -> None:
    machine = pilot.equipment["l1-filler-01"]
    assert topic_of(pilot, machine, Kind.CELL) == f"{FILLER}/cell"


def test_the_table_is_named_after_the_station(pilot: Plant) -> None:
    assert str(route(pilot, f"{FILLER}/telemetry").table) == "telemetry.filling"
    assert str(route(pilot, f"{FILLER}/cell").table) == "cell.filling"
    assert str(route(pilot, f"{FILLER}/state").table) == "machine.state"
    assert str(route(pilot, f"{FILLER}/material").table) == "material.genealogy"


def test_the_filter_takes_in_all_topics_of_the_site(pilot: Plant) -> None:
    stem = topic_filter(pilot).removesuffix("#")
    assert stem == "v1/acme/desoto/"
    for machine in pilot.equipment.values():
        assert topic_of(pilot, machine, Kind.STATE).startswith(stem)


@pytest.mark.parametrize(
    ("topic", "reason", "says"),
    [
        (
            "",
            Reason.UNKNOWN_TOPIC,
            "is not v1/<enterprise>/<site>/<area>/<line>/<equipment>/<kind>",
        ),
        (FILLER, Reason.UNKNOWN_TOPIC, "is not v1/<enterprise>"),
        (f"{FILLER}/cell/more", Reason.UNKNOWN_TOPIC, "is not v1/<enterprise>"),
        (f"{FILLER}/cell/", Reason.UNKNOWN_TOPIC, "is not v1/<enterprise>"),
        (f"/{FILLER}/cell", Reason.UNKNOWN_TOPIC, "is not v1/<enterprise>"),
        (f"v2{FILLER[2:]}/cell", Reason.UNKNOWN_TOPIC, "is not v1/<enterprise>"),
        (
            f"{FILLER}/cells",
            Reason.UNKNOWN_TOPIC,
            "ends with 'cells', not with one of telemetry, cell, state, material",
        ),
        (f"{FILLER}/Cell", Reason.UNKNOWN_TOPIC, "ends with 'Cell'"),
        (f"{FILLER}/", Reason.UNKNOWN_TOPIC, "ends with ''"),
        (
            "v1/acme/desoto/assembly/l1/l1-filler-02/cell",
            Reason.UNKNOWN_EQUIPMENT,
            "'l1-filler-02' is not in the plant model; there is only l1-filler-01",
        ),
        (
            "v1/acme/desoto/formation/l1/l1-trai-001/telemetry",
            Reason.UNKNOWN_EQUIPMENT,
            "'l1-trai-001' is not in the plant model; there are l1-tray-001 to l1-tray-123",
        ),
        (
            "v1/acme/desoto/assembly/l1/xyzzy/cell",
            Reason.UNKNOWN_EQUIPMENT,
            "'xyzzy' is not in the plant model",
        ),
        (
            "v1/acme/desoto/electrode/l1/l1-filler-01/cell",
            Reason.UNKNOWN_TOPIC,
            f"'l1-filler-01' publishes on '{FILLER}/cell', not on",
        ),
        (f"v1/acme/nevada{FILLER[14:]}/cell", Reason.UNKNOWN_TOPIC, "publishes on"),
        (f"v1/ACME{FILLER[7:]}/cell", Reason.UNKNOWN_TOPIC, "publishes on"),
        (
            "v1/acme/desoto/electrode/l1/l1-mixer-c-01/cell",
            Reason.UNKNOWN_TOPIC,
            "station 'mixing' has no results per cell in the plant model",
        ),
    ],
)
def test_a_wrong_topic_is_told_apart(pilot: Plant, topic: str, reason: Reason, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        route(pilot, topic)
    assert caught.value.reason is reason
    assert says in caught.value.detail
