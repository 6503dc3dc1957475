"""One cell's formation: what its results say is what its curve shows."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.formation_cell import Cells, cells_of
from simulator.formation_protocol import PROTOCOL_H, Step, Trace, begins, trace
from simulator.noise import Floats

NOMINAL = {
    "charge_capacity": 5.45,
    "discharge_capacity": 4.8,
    "cv_capacity": 0.2,
    "rest_voltage": 4.16,
    "contact_resistance": 2.0,
    "temperature_mean": 25.0,
    "temperature_peak": 27.0,
}
NOMINAL_AH = np.array([4.8])
STEP_H = 0.5 / 3600
HOURS = np.arange(0, PROTOCOL_H, STEP_H)


def results(**changed: float) -> dict[str, Floats]:
    return {name: np.array([value]) for name, value in {**NOMINAL, **changed}.items()}


def cell(**changed: float) -> Cells:
    formed = results(**changed)
    return cells_of(formed, formed, NOMINAL_AH)


def during(step: Step, cells: Cells) -> slice:
    edges = np.append(begins(cells)[:, 0], PROTOCOL_H)
    first, end = np.searchsorted(HOURS, edges[[step, step + 1]]).tolist()
    return slice(first, end)


def ampere_hours(found: Trace, *steps: slice) -> float:
    return float(sum(found.current[step, 0].sum() * STEP_H for step in steps))


#: Cells at the edges of what the plant file allows, and a cell with a bad contact.
CELLS = [
    {},
    {"charge_capacity": 5.3, "discharge_capacity": 4.7, "cv_capacity": 0.12},
    {"charge_capacity": 5.6, "discharge_capacity": 4.9, "cv_capacity": 0.35},
    {"rest_voltage": 4.14, "contact_resistance": 10.0, "temperature_peak": 30.0},
    {"charge_capacity": 5.42, "cv_capacity": 0.25, "contact_resistance": 17.0},
    {"charge_capacity": 5.12, "discharge_capacity": 4.51, "cv_capacity": 0.17},
]


@pytest.mark.parametrize("changed", CELLS, ids=str)
def test_the_curve_holds_what_the_results_say(changed: dict[str, float]) -> None:
    formed, cells = results(**changed), cell(**changed)
    found = trace(HOURS, cells)
    charge = slice(0, during(Step.CONSTANT_VOLTAGE, cells).stop)
    capacity, given = formed["charge_capacity"][0], formed["discharge_capacity"][0]
    # A step may be longer or shorter than it is counted by half of one of the clock's.
    assert ampere_hours(found, charge) == pytest.approx(capacity, abs=2e-4)
    assert ampere_hours(found, during(Step.DISCHARGE, cells)) == pytest.approx(-given, abs=2e-4)
    held = during(Step.CONSTANT_VOLTAGE, cells)
    assert ampere_hours(found, held) == pytest.approx(formed["cv_capacity"][0], abs=2e-4)
    assert (found.voltage[held] == 4.2).all()
    rest = found.voltage[during(Step.REST, cells), 0]
    assert rest[-1] == pytest.approx(formed["rest_voltage"][0], abs=1e-5)
    assert (np.diff(rest) <= 0).all()
    assert found.temperature.mean() == pytest.approx(formed["temperature_mean"][0], abs=0.1)
    assert found.temperature.max() <= formed["temperature_peak"][0]


@pytest.mark.parametrize("changed", CELLS, ids=str)
def test_steps_end_at_their_voltages_and_none_is_passed(changed: dict[str, float]) -> None:
    cells = cell(**changed)
    found = trace(HOURS, cells)
    for step, volts in ((Step.SLOW, 3.0), (Step.MIDDLE, 3.6), (Step.FAST, 4.2)):
        last = found.voltage[during(step, cells), 0][-1]
        assert last == pytest.approx(volts, abs=2e-3), step.name
    assert found.voltage[during(Step.DISCHARGE, cells), 0][-1] == pytest.approx(2.8, abs=0.05)
    assert found.voltage.min() > 2.5
    assert found.voltage.max() <= 4.2
    charge = found.voltage[during(Step.SLOW, cells).start : during(Step.FAST, cells).stop, 0]
    down = np.diff(charge)
    assert np.count_nonzero(down < -1e-9) == 0


def test_a_nominal_cell_takes_and_gives_the_energy_of_the_plant_file() -> None:
    cells = cell()
    found = trace(HOURS, cells)
    power = found.voltage[:, 0] * found.current[:, 0]
    charge = power[: during(Step.CONSTANT_VOLTAGE, cells).stop].sum() * STEP_H
    discharge = -power[during(Step.DISCHARGE, cells)].sum() * STEP_H
    assert charge == pytest.approx(20.1, rel=0.01)
    assert discharge == pytest.approx(17.4, rel=0.005)


def test_the_last_charge_leaves_the_voltage_with_which_ageing_begins() -> None:
    assert trace(HOURS[-1:], cell()).voltage[0, 0] == pytest.approx(3.6, abs=0.01)


def test_a_contact_is_in_the_voltage_as_long_as_current_flows_and_cells_are_the_same() -> None:
    healthy = cell()
    bad = cells_of(
        results(charge_capacity=5.42275, cv_capacity=0.25, contact_resistance=17.0),
        results(),
        NOMINAL_AH,
    )
    middle = np.array([0.5]) + begins(bad)[Step.DISCHARGE]
    before = trace(np.array([0.5]) + begins(healthy)[Step.DISCHARGE], healthy)
    after = trace(middle, bad)
    assert after.voltage - before.voltage == pytest.approx(np.array([[-0.015 * 0.96]]), abs=1e-6)
    end = np.array([PROTOCOL_H])
    assert trace(end, bad).voltage == pytest.approx(trace(end, healthy).voltage, abs=2e-4)


def test_a_hot_cell_has_less_resistance() -> None:
    warm = cells_of(results(temperature_mean=33.0), results(), NOMINAL_AH)
    assert warm.ohm[0] / cell().ohm[0] == pytest.approx(1 - 8 * 0.012)


def test_more_charge_at_constant_voltage_means_more_resistance() -> None:
    ohms = [cell(cv_capacity=cv).ohm[0] for cv in (0.15, 0.2, 0.25)]
    assert ohms == sorted(ohms)
    assert 0.065 < ohms[0] < ohms[2] < 0.1
