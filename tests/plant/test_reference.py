"""The two plant files that are shipped hold what the rooms and the figures rely on."""

from __future__ import annotations

import math

import pytest

from plant.load import REFERENCE
from plant.model import Plant
from plant.tables import Kind

LINE = "l1"


def machine_values_per_second(plant: Plant, without: frozenset[str] = frozenset()) -> float:
    """Values a second from the machines of one line, arrays counted by their length."""
    total = 0.0
    for name, station in plant.stations.items():
        if name in without:
            continue
        count = len(plant.equipment_at(LINE, name))
        for signal in station.signals.values():
            length = station.positions.count if signal.per_position and station.positions else 1
            total += count * signal.rate_hz * length
    return total


def cell_values_per_second(plant: Plant) -> float:
    results = sum(len(station.results) for station in plant.stations.values())
    return results * plant.production.cells_per_second


def tray_messages_per_second(plant: Plant) -> float:
    rate_hz = plant.stations["formation"].signals["voltage"].rate_hz
    return len(plant.equipment_at(LINE, "formation")) * rate_hz


def test_a_reference_line_makes_the_values_per_second_that_its_file_states(
    reference: Plant,
) -> None:
    machines = machine_values_per_second(reference, without=frozenset({"formation"}))
    cells = cell_values_per_second(reference)
    text = REFERENCE.read_text(encoding="utf-8")
    stated = f"{machines + cells:,.0f}, of these {machines:,.0f} from machines and {cells:.0f}"
    assert stated in text
    assert 10_000 <= machines + cells <= 11_000


def test_the_trays_of_a_reference_line_make_246_messages_a_second(reference: Plant) -> None:
    assert tray_messages_per_second(reference) == pytest.approx(246)


def test_the_tray_places_of_a_line_hold_the_cells_of_a_day(reference: Plant, pilot: Plant) -> None:
    for plant in (reference, pilot):
        positions = plant.stations["formation"].positions
        assert positions is not None
        channels = len(plant.equipment_at(LINE, "formation")) * positions.count
        hours = channels / plant.production.cells_per_second / 3600
        assert hours == pytest.approx(24, abs=0.1)


def test_the_pilot_runs_at_a_twentieth_of_a_reference_line(reference: Plant, pilot: Plant) -> None:
    assert pilot.production.cells_per_second == reference.production.cells_per_second / 20
    assert pilot.production.lines == ("l1",)
    assert pilot.production.false_alarms_per_day == 0.1
    assert len(reference.production.lines) == 8


@pytest.mark.parametrize(
    ("station", "position", "reference_count", "pilot_count"),
    [
        ("coating", "lane", 8, 8),
        ("slitting", "lane", 8, 8),
        ("filling", "nozzle", 16, 8),
        ("formation", "channel", 256, 256),
        ("ageing", "channel", 256, 256),
        ("end_of_line", "channel", 32, 16),
    ],
)
def test_stations_have_their_positions(
    reference: Plant,
    pilot: Plant,
    station: str,
    position: str,
    reference_count: int,
    pilot_count: int,
) -> None:
    for plant, count in ((reference, reference_count), (pilot, pilot_count)):
        positions = plant.stations[station].positions
        assert positions is not None
        assert (positions.name, positions.count) == (position, count)


def test_there_is_enough_of_each_machine_for_the_cells_of_a_line(
    reference: Plant, pilot: Plant
) -> None:
    """The time at a machine, as results tell it, fits the time that the line's rate leaves."""
    for plant in (reference, pilot):
        for station, result in (("winding", "wind_time"), ("filling", "fill_time")):
            positions = plant.stations[station].positions
            places = len(plant.equipment_at(LINE, station)) * (positions.count if positions else 1)
            leaves_s = places / plant.production.cells_per_second
            takes_s = plant.stations[station].results[result].nominal
            assert 0.8 * leaves_s < takes_s <= leaves_s, (station, leaves_s, takes_s)


@pytest.mark.parametrize(
    ("station", "result", "unit", "nominal", "low", "high", "sd"),
    [
        ("filling", "fill_mass", "g", 6.40, 6.30, 6.50, 0.025),
        ("formation", "charge_capacity", "A.h", 5.45, 5.30, 5.60, 0.022),
        ("formation", "first_cycle_efficiency", "1", 0.88, 0.86, 0.90, 0.0035),
        ("end_of_line", "capacity", "A.h", 4.80, 4.70, None, 0.012),
        ("end_of_line", "dcir", "mOhm", 30.0, None, 35.0, 0.30),
        ("end_of_line", "acir", "mOhm", 22.0, None, 25.0, 0.15),
        ("end_of_line", "k_value", "mV/d", 0.05, None, 0.71, 0.03),
        ("end_of_line", "mass", "g", 70.0, 69.5, 70.5, 0.12),
    ],
)
def test_results_that_other_rooms_rely_on_have_their_figures(
    pilot: Plant,
    station: str,
    result: str,
    unit: str,
    nominal: float,
    low: float | None,
    high: float | None,
    sd: float,
) -> None:
    found = pilot.stations[station].results[result]
    assert (found.unit, found.nominal, found.sd) == (unit, nominal, sd)
    assert (found.low, found.high) == (low, high)


def test_formation_keeps_voltage_current_and_temperature_of_each_channel(pilot: Plant) -> None:
    table = pilot.tables[Kind.TELEMETRY, "formation"]
    assert str(table) == "telemetry.formation"
    for name in ("voltage", "current", "temperature"):
        assert table.by_name[name].length == 256


def test_anodes_differ_from_cathodes_where_the_recipe_does(reference: Plant) -> None:
    assert reference.signal("l1-coater-c-01", "loading_a").nominal == 24.66
    assert reference.signal("l1-coater-a-01", "loading_a").nominal == 14.12
    assert reference.signal("l8-mixer-a-03", "viscosity").high == 4.6
    assert reference.signal("l8-mixer-a-03", "temperature").high == 30.0
    assert reference.signal("l1-filling-zone-04", "dew_point").nominal == -55.0


def test_delays_grow_along_the_line_from_winding_on(pilot: Plant) -> None:
    delays = [station.delay_s for station in pilot.stations.values()]
    assert delays == sorted(delays)
    assert pilot.stations["winding"].delay_s == 0
    assert pilot.stations["end_of_line"].delay_s == pytest.approx(12 * 86_400, rel=0.01)


def test_the_energy_and_the_capacity_of_the_cell_agree(pilot: Plant) -> None:
    formation = pilot.stations["formation"].results
    mean_voltage = formation["discharge_energy"].nominal / formation["discharge_capacity"].nominal
    assert mean_voltage == pytest.approx(3.63, abs=0.05)
    efficiency = formation["discharge_capacity"].nominal / formation["charge_capacity"].nominal
    assert efficiency == pytest.approx(formation["first_cycle_efficiency"].nominal, abs=0.002)


def test_the_self_discharge_and_the_two_voltages_of_ageing_agree(pilot: Plant) -> None:
    ageing = pilot.stations["ageing"].results
    drop_mv = 1000 * (ageing["ocv1"].nominal - ageing["ocv2"].nominal)
    k_value = drop_mv / (ageing["ocv_hours"].nominal / 24)
    assert k_value == pytest.approx(
        pilot.stations["end_of_line"].results["k_value"].nominal, rel=0.2
    )


def test_the_slurry_that_flows_makes_the_loading(reference: Plant) -> None:
    """Litres a minute = loading x coated area a minute / solids / density of the slurry."""
    for group, solids, active_density, solvent_density in (
        ("c", 0.72, 4.2, 1.03),
        ("a", 0.50, 2.2, 1.0),
    ):
        coater = f"l1-coater-{group}-01"
        loading_kg_m2 = reference.signal(coater, "loading_a").nominal * 0.01
        speed_m_min = reference.signal(coater, "web_speed").nominal
        slurry_kg_l = 1 / (solids / active_density + (1 - solids) / solvent_density)
        flow = loading_kg_m2 * speed_m_min * 8 * 0.065 / solids / slurry_kg_l
        assert reference.signal(coater, "pump_flow").nominal == pytest.approx(flow, rel=0.02)


def test_limits_lie_well_outside_the_spread_of_a_healthy_process(reference: Plant) -> None:
    """At least two standard deviations, or a healthy line would be in alarm all day.

    What wears runs to its limit, and what formation drives sweeps between its own.
    """
    moving = {"knife_run", "tip_wear", "voltage", "current"}
    for name, station in reference.stations.items():
        for signal_name in {*station.signals, *station.results} - moving:
            for group in station.equipment:
                one = station.signal_of(group, signal_name)
                for limit in (one.low, one.high):
                    distance = math.inf if limit is None else abs(limit - one.nominal)
                    assert distance > 1.99 * one.sd, (name, signal_name, limit)


def test_every_line_says_where_its_figures_come_from(reference: Plant) -> None:
    known = {"D", "A", *(f"S{n}" for n in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 16, 27))}
    for station in reference.stations.values():
        for signal in (*station.signals.values(), *station.results.values()):
            assert set(signal.source.split("/")) <= known
            assert signal.title
