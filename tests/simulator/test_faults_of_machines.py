"""Faults of assembly and formation: what is special about each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulator.suffering import (
    FIRST,
    HOUR_MS,
    STRIP,
    TRAY_20,
    WET,
    at,
    everyone,
    suffer,
    wound_ms,
)


def test_f06_hits_isolated_cells_in_bursts() -> None:
    outcome = suffer(FIRST, 20_000, ("F06@+1h", at(0, FIRST)))
    hit = np.flatnonzero(outcome.severity)
    assert np.array_equal(outcome.changed, outcome.severity > 0)
    # A fifth of the time, one cell in fifty: 76 of 18,700 cells.
    assert 45 < len(hit) < 110
    assert hit.min() > 1_314 - 1
    k = outcome.moved("end_of_line.k_value", outcome.severity > 0)
    assert 0.49 < k.min() < k.max() < 20.1
    burst = wound_ms(outcome.numbers[hit]) - at(0, FIRST) - HOUR_MS
    for turn in np.unique(burst // (HOUR_MS // 2)):
        own = burst[burst // (HOUR_MS // 2) == turn]
        assert np.ptp(own) <= 0.2 * HOUR_MS / 2


def test_f09_is_a_saw_tooth_with_the_counter_of_the_tip() -> None:
    outcome = suffer(FIRST, 33_000, ("F09", at(60, FIRST)))
    moved = outcome.moved("welding.tab_resistance", everyone(outcome.numbers))
    times = wound_ms(outcome.numbers) + 60_000
    wear = (times / (24 * HOUR_MS) + 0.381966) % 1.0
    assert np.allclose(moved, 110 * wear, atol=0.2)
    assert np.count_nonzero(np.diff(moved) < -100) == 1  # one dressing a day
    acir = outcome.moved("end_of_line.acir", everyone(outcome.numbers))
    cold = acir > 1
    assert np.allclose(acir[~cold], 0.11 * wear[~cold], atol=0.004)
    assert 0.0015 < cold.mean() < 0.0035  # half a per cent of the worn ones
    assert (acir[cold] > 2.0).all()
    assert (acir[cold] < 10.2).all()
    pull = outcome.faulty["welding.pull_force"][cold]
    assert (pull[~np.isnan(pull)] < 18).all()


def test_f10_wets_cells_between_filling_and_seal_by_the_time_they_stood_open() -> None:
    # 40 minutes by itself, from the filling of cell 2,000.
    outcome = suffer(*STRIP, ("F10", at(300)))
    into, out = (wound_ms(outcome.numbers) + s * 1000 for s in (300, 420))
    on, off = at(300), at(300) + 40 * 60_000
    part = np.clip(np.minimum(out, off) - np.maximum(into, on), 0, None) / 120_000
    assert np.allclose(outcome.severity, part)
    assert not outcome.changed[part == 0].any()
    whole = part == 1
    assert np.count_nonzero(whole) > 800
    for full, least, most in WET:
        name = full.rstrip("%")
        usual = {"end_of_line.acir": 22.0}.get(name, 1.0)
        assert least <= outcome.moved(name, whole).mean() / usual <= most, full
    assert outcome.moved("end_of_line.k_value", whole).min() >= 0.099
    assert outcome.moved("end_of_line.k_value", whole).max() <= 0.301


def test_f13_wets_the_crimp_of_one_cell_in_ten() -> None:
    outcome = suffer(FIRST, 8_000, ("F13:nozzle=2", 0.0))
    leaks = outcome.moved("sealing.leak_rate", outcome.severity > 0)
    assert 0.07 < (leaks > 4e-8).mean() < 0.13


def test_f14_ramps_up_with_the_tool_and_comes_back_with_a_new_one() -> None:
    outcome = suffer(FIRST, 12_000, ("F14@+0..+6h", at(420, FIRST + 1_000)))
    hours = (wound_ms(outcome.numbers) + 420_000 - at(420, FIRST + 1_000)) / HOUR_MS
    worn = np.where((hours >= 0) & (hours < 6), hours / 24, 0.0)
    assert np.allclose(outcome.severity, worn, atol=1e-9)
    moved = outcome.moved("sealing.crimp_height", everyone(outcome.numbers))
    assert np.allclose(moved, 0.08 * worn, atol=5e-4)
    assert not outcome.changed[worn == 0].any()
    last = worn > 0.24
    assert outcome.moved("end_of_line.mass", last).mean() == pytest.approx(-0.009, abs=0.001)
    assert outcome.moved("sealing.leak_rate", last).min() > 1e-7


def test_f15_counts_the_part_of_the_day_that_was_hot() -> None:
    # Off half a day before the first cell comes out: it had half of its formation hot.
    out_ms = at(86_700, TRAY_20)
    outcome = suffer(TRAY_20, 256, ("F15:tower=1@-3d..-12h", out_ms))
    assert outcome.severity[0] == pytest.approx(0.5, abs=0.001)
    moved = outcome.moved("formation.temperature_mean", outcome.numbers == TRAY_20)
    assert moved[0] == pytest.approx(4.0, abs=0.01)
