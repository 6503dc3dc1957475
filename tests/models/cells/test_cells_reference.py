"""What is usual: limits keep to the budget, whatever the tail; loads and medians."""

from __future__ import annotations

import numpy as np
import pytest

from models.cells.cells import POSITIONS, Cells
from models.cells.peers import LOAD_GAP_US, centred, group_medians, loads
from models.cells.reference import normal_tail, running_level, tail_limit


def test_normal_cells_have_the_limit_of_theory_within_two_per_cent() -> None:
    sizes = np.abs(np.random.default_rng(1).normal(size=200_000))
    assert tail_limit(sizes, 1e-5, normal_tail) == pytest.approx(normal_tail(1e-5), rel=0.02)


@pytest.mark.parametrize("freedom", [4, 8])
def test_heavy_tails_keep_to_the_budget_where_the_normal_limit_holds_ten_times_as_many(
    freedom: int,
) -> None:
    rng = np.random.default_rng(2)
    learnt, later = (np.abs(rng.standard_t(freedom, size=n)) for n in (50_000, 2_000_000))
    share = 1e-3
    held = float((later > tail_limit(learnt, share, normal_tail)).mean())
    by_three_sigma_habit = float((later > normal_tail(share)).mean())
    assert held < 3 * share
    assert by_three_sigma_habit > 1.5 * held


def test_one_per_cent_of_bad_cells_widens_the_limit_by_less_than_a_quarter() -> None:
    good = np.abs(np.random.default_rng(3).normal(size=20_000))
    mixed = np.append(good, np.full(200, 50.0))
    wider = tail_limit(mixed, 1e-5, normal_tail) / tail_limit(good, 1e-5, normal_tail)
    assert 1.0 <= wider < 1.25


def test_few_cells_say_nothing_of_their_tail() -> None:
    assert tail_limit(np.full(100, 9.0), 1e-4, normal_tail) == normal_tail(1e-4)


def test_medians_leave_out_what_is_not_known_and_what_has_no_group() -> None:
    values = np.array([1.0, 3.0, np.nan, 10.0, 5.0, 7.0, 99.0])
    median, count = group_medians(values, np.array([0, 0, 0, 2, 2, 2, -1]))
    np.testing.assert_array_equal(median, [2.0, np.nan, 7.0])
    np.testing.assert_array_equal(count, [2, 0, 3])


def test_a_tray_place_has_a_new_load_after_hours_and_loads_are_numbered_by_time() -> None:
    machine = np.array([7, 8, 7, 8, 7]) * POSITIONS + 1
    time_us = np.array([LOAD_GAP_US * 3, 0, 5, 10, LOAD_GAP_US * 3 + 1])
    cells = Cells("l1", np.arange(5).astype(object), np.full(5, "", dtype=object), {},
                  {"formation": machine}, {"formation": time_us})  # fmt: skip
    assert loads(cells, "formation").tolist() == [2, 0, 1, 0, 2]


def test_a_cell_of_a_nearly_empty_tray_is_compared_with_all_of_its_recipe() -> None:
    values = np.concatenate([np.full(30, 5.0), [1.0, 2.0], [8.0]])
    load = np.concatenate([np.zeros(30), [1, 1], [-1]]).astype(np.int64)
    away, middle = centred(values, load, np.zeros(33, dtype=np.int64))
    assert middle.tolist() == [5.0] * 33
    assert away[-1] == 3.0


def test_the_level_about_a_load_leaves_itself_and_odd_loads_out() -> None:
    medians = np.array([1.0, 1.0, 9.0, 9.0, 1.0, np.nan])
    assert running_level(medians)[2] == 1.0
    odd = np.array([False, False, True, True, False, False])
    assert running_level(medians, odd)[0] == 1.0
    assert running_level(medians, odd)[3] == 1.0
