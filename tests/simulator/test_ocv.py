from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.cycler import read_recording
from simulator.ocv import EMPTY_V, FULL_V, REST_V, cell_v, charged_at

MEASURED = Path(__file__).parents[1] / "data" / "maccor_cycle.csv"


def test_the_fit_has_the_voltages_of_its_paper_at_both_ends_of_the_charge() -> None:
    assert cell_v(np.array([0.0, 1.0])) == pytest.approx([2.5, 4.2], abs=0.01)


def test_the_voltage_at_rest_rises_with_the_charge_everywhere() -> None:
    assert np.diff(REST_V.values).min() > 0
    assert REST_V(np.array([0.0, 1.0])) == pytest.approx([EMPTY_V, FULL_V], abs=1e-4)


def test_a_voltage_at_rest_leads_back_to_the_charge() -> None:
    charged = np.linspace(0.0, 1.0, 777)
    assert charged_at(REST_V(charged)) == pytest.approx(charged, abs=1e-6)


def test_it_lies_between_charge_and_discharge_of_a_real_cell() -> None:
    recording = read_recording(MEASURED)
    hours, amperes = recording.time_us / 3.6e9, recording.current_a
    volts = {}
    for name, sign in (("charge", 1), ("discharge", -1)):
        own = amperes * sign > 0.01
        moved = np.concatenate(([0.0], np.cumsum(np.diff(hours[own]) * amperes[own][1:])))
        part = np.abs(moved) / np.abs(moved[-1])
        order = part if sign > 0 else 1 - part[::-1]
        values = recording.voltage_v[own] if sign > 0 else recording.voltage_v[own][::-1]
        volts[name] = np.interp(np.linspace(0.1, 0.9, 33), order, values)
    middle = (volts["charge"] + volts["discharge"]) / 2
    assert (volts["charge"] > volts["discharge"]).all()
    # Another cathode (NCA): 0.1 V apart at most, and 0.04 V on average.
    apart = REST_V(np.linspace(0.1, 0.9, 33)) - middle
    assert np.abs(apart).max() < 0.1
    assert np.abs(apart).mean() < 0.04
