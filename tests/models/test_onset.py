from __future__ import annotations

import numpy as np
import pytest

from models.onset import points_before_onset
from models.spc.cusum import UNIT, Ints


def units(*z: float) -> Ints:
    return np.array([round(x * UNIT) for x in z], dtype=np.int64)


def test_points_that_were_high_by_chance_are_not_the_onset() -> None:
    assert points_before_onset(units(0.6, 0.1, 0.9, 0.2, 5.0, 6.0, 4.5)) == 4


def test_a_shift_from_the_first_point_on_has_nothing_before_it() -> None:
    assert points_before_onset(units(-3.0, -2.0, -3.0, -2.5)) == 0


def test_one_point_is_its_own_onset() -> None:
    assert points_before_onset(units(9.0)) == 0


def test_an_outlier_at_the_end_does_not_hide_the_shift_before_it() -> None:
    assert points_before_onset(units(0.1, 0.0, 2.0, 2.5, 2.0, 2.2, 100.0)) == 2


@pytest.mark.parametrize("seed", range(5))
def test_a_shift_of_three_sd_is_dated_to_a_point_or_two(seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=25)
    z[15:] += 3.0
    assert abs(points_before_onset(units(*z)) - 15) <= 2
