"""Faults of slurry, calender and knife: what is special about each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulator.suffering import (
    FIRST,
    HOUR_MS,
    MIXED_MS,
    SLURRY,
    STRIP,
    Made,
    at,
    coat_ms,
    everyone,
    of_slurry,
    suffer,
)


def test_f03_spreads_the_capacity_twice_and_leaves_its_mean() -> None:
    outcome = suffer(*SLURRY, ("F03", MIXED_MS))
    hit = of_slurry(outcome.numbers)
    for full in ("formation.discharge_capacity", "end_of_line.capacity"):
        before, after = outcome.healthy[full][hit], outcome.faulty[full][hit]
        assert after.std() / before.std() == pytest.approx(2.05, abs=0.1)
        assert after.mean() == pytest.approx(before.mean(), abs=0.002)


def test_f03_reaches_the_cells_of_its_slurry_and_nobody_else() -> None:
    outcome = suffer(*SLURRY, ("F03@+1h..+5h", MIXED_MS - HOUR_MS))
    hit = of_slurry(outcome.numbers)
    assert np.array_equal(outcome.severity != 0, hit)
    assert not outcome.changed[~hit].any()
    # A cell whose loading is just the nominal has nothing to spread.
    assert 0.99 < outcome.changed[hit].mean() <= 1


def test_f04_runout_goes_both_ways_round_the_roll() -> None:
    outcome = suffer(*STRIP, ("F04:kind=runout", coat_ms(40)))
    assert np.array_equal(outcome.changed | (np.abs(outcome.severity) < 0.01), outcome.numbers > 0)
    moved = outcome.moved("end_of_line.acir", everyone(outcome.numbers))
    assert (moved.min(), moved.max()) == (pytest.approx(-0.23, abs=0.03), pytest.approx(0.23, 0.15))
    assert abs(moved.mean()) < 0.005
    # Cells of 0.79 m against 2.513 m round the roll: the third neighbour is nearly round.
    assert np.corrcoef(moved[:-3], moved[3:])[0, 1] > 0.8
    assert np.corrcoef(moved[:-1], moved[1:])[0, 1] < 0


def test_f05_shorts_one_cell_in_a_hundred_of_a_worn_knife() -> None:
    begin = FIRST + 2 * 3_797
    outcome = suffer(begin - 500, 5_000, ("F05:knife=3", at(0, begin) - 54 * HOUR_MS))
    made = Made.of_cells(outcome.numbers)
    hit = outcome.severity > 0
    assert set(made.lane[hit]) == {3}
    assert 20 < np.count_nonzero(hit) < 60
    assert np.array_equal(outcome.changed, hit)
    k = outcome.moved("end_of_line.k_value", hit)
    assert 0.17 < k.min() < 1.0 < k.max() < 18.1
    assert 0.6 < np.median(k) < 5  # log-uniform: 1.8
    insulation = outcome.faulty["winding.insulation"] / outcome.healthy["winding.insulation"]
    assert (insulation[hit] < 0.41).all()


def test_f05_begins_with_few_shorts() -> None:
    begin = FIRST + 2 * 3_797
    new = suffer(begin, 3_797, ("F05:knife=3", at(0, begin) - 28 * HOUR_MS))
    assert np.count_nonzero(new.severity) <= 3
