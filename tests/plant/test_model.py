"""The plant: machines by name, signals as a machine has them, stations as tables."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from plant.model import Equipment, Plant
from plant.tables import ColumnType, Kind


def test_machines_are_numbered_as_wide_as_their_group_needs(reference: Plant) -> None:
    machines = reference.equipment
    assert machines["l1-winder-07"] == Equipment(
        "l1-winder-07", "l1", "winding", "winder", "assembly", 7
    )
    assert "l8-tray-2460" in machines
    assert "l8-tray-0001" in machines
    assert "l1-sealer-01" in machines


def test_machines_come_line_by_line_in_process_order(reference: Plant) -> None:
    machines = list(reference.equipment.values())
    stations = list(reference.stations)
    places = [
        (reference.production.lines.index(m.line), stations.index(m.station)) for m in machines
    ]
    assert places == sorted(places)


def test_the_machines_of_a_station_come_in_order_of_their_number(reference: Plant) -> None:
    assert [m.name for m in reference.equipment_at("l2", "sealing")] == [
        f"l2-sealer-0{n}" for n in (1, 2, 3, 4)
    ]
    assert reference.equipment_at("l9", "sealing") == ()


def test_machines_that_stand_together_are_a_block(pilot: Plant) -> None:
    towers = pilot.blocks_at("formation")
    assert list(towers) == [f"l1-tower-0{n}" for n in range(1, 7)]
    assert [m.name for m in towers["l1-tower-02"][::23]] == ["l1-tray-025", "l1-tray-048"]
    assert [m.name for m in towers["l1-tower-06"]] == ["l1-tray-121", "l1-tray-122", "l1-tray-123"]
    assert pilot.blocks_at("filling") == {}


def test_a_signal_that_a_machine_has_not_is_a_key_error(pilot: Plant) -> None:
    with pytest.raises(KeyError):
        pilot.signal("l1-filler-01", "voltage")
    with pytest.raises(KeyError):
        pilot.signal("l1-filler-99", "vacuum")


def test_a_result_is_found_as_a_signal_is(pilot: Plant) -> None:
    assert pilot.signal("l1-filler-01", "fill_mass").nominal == 6.40
    assert pilot.signal("l1-filler-01", "vacuum").unit == "mbar"


def test_a_station_is_a_table_and_a_signal_is_a_column(pilot: Plant) -> None:
    table = pilot.tables[Kind.TELEMETRY, "filling"]
    station = pilot.stations["filling"]
    assert [column.name for column in table.columns] == [
        "time", "equipment", *station.signals, "batch",
    ]  # fmt: skip
    assert table.key == ("equipment", "time")
    assert table.by_name["vacuum"].type is ColumnType.FLOAT
    assert table.by_name["vacuum"].comment == "Vacuum of the chamber [mbar]"
    assert table.by_name["dose_pressure"].type is ColumnType.FLOATS
    assert table.by_name["dose_pressure"].length == 8


def test_the_results_of_a_station_are_a_table_keyed_by_cell(pilot: Plant) -> None:
    table = pilot.tables[Kind.CELL, "filling"]
    assert [column.name for column in table.columns][:7] == [
        "time", "cell", "equipment", "position", "verdict", "recipe", "mass_before",
    ]  # fmt: skip
    assert table.key == ("cell", "time")


def test_a_station_without_results_has_no_table_of_cells(pilot: Plant) -> None:
    assert (Kind.CELL, "mixing") not in pilot.tables
    assert (Kind.TELEMETRY, "mixing") in pilot.tables


def test_states_and_material_of_all_stations_share_a_table(pilot: Plant) -> None:
    for kind in (Kind.STATE, Kind.MATERIAL):
        assert len({id(pilot.tables[kind, name]) for name in pilot.stations}) == 1


def test_a_plant_cannot_be_changed(pilot: Plant) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        pilot.site.name = "elsewhere"  # type: ignore[misc]  # that is the point
