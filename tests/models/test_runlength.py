from __future__ import annotations

import math

import pytest

from models.spc.runlength import one_sided_arl, two_sided_arl

#: Lucas & Crosier, Technometrics 1982, Table 1 (k = 0.5): shift; h=4, h=4 with head start h/2, h=5.
LUCAS_CROSIER = [
    (0.0, 168, 149, 465),
    (0.25, 74.2, 62.7, 139),
    (0.5, 26.6, 20.1, 38.0),
    (0.75, 13.3, 8.97, 17.0),
    (1.0, 8.38, 5.29, 10.4),
    (1.5, 4.75, 2.86, 5.75),
    (2.0, 3.34, 2.01, 4.01),
    (3.0, 2.19, 1.32, 2.57),
]


def as_printed(value: float, printed: float) -> bool:
    """Whether *value* is *printed* within one unit of the last of its three digits.

    Some printed figures are cut and not rounded: 139 for 139.49, 1.32 for 1.325.
    """
    unit = 10.0 ** (math.floor(math.log10(printed)) - 2)
    return abs(value - printed) < unit


@pytest.mark.parametrize(("shift", "plain", "head_start", "wider"), LUCAS_CROSIER)
def test_arl_of_the_two_sided_chart_is_the_published_one(
    shift: float, plain: float, head_start: float, wider: float
) -> None:
    assert as_printed(two_sided_arl(4, 0.5, shift=shift), plain)
    assert as_printed(two_sided_arl(4, 0.5, shift=shift, head_start=2), head_start)
    assert as_printed(two_sided_arl(5, 0.5, shift=shift), wider)


@pytest.mark.parametrize(
    ("h", "shift", "arl"),
    # Exact values to all digits that are known of them.
    [(4, 0.0, 167.68), (5, 0.0, 465.4), (4.77, 0.0, 368.6), (4.77, 0.25, 121.3), (4.77, 0.5, 35.2),
     (4.77, 0.75, 16.2), (4.77, 1.0, 9.92), (4.77, 1.5, 5.52), (4.77, 2.0, 3.86),
     (4.77, 3.0, 2.48)],
)  # fmt: skip
def test_arl_is_exact_to_the_digits_known(h: float, shift: float, arl: float) -> None:
    decimals = len(str(arl).split(".")[1])
    assert round(two_sided_arl(h, 0.5, shift=shift), decimals) == arl


def test_arl_with_head_start_is_exact_to_the_digits_known() -> None:
    assert round(two_sided_arl(4, 0.5, head_start=2), 2) == 148.70


def test_one_sided_arl_is_that_of_brook_and_evans() -> None:
    # Biometrika 1972, k = 0.5, h = 3: in control, and with a shift of 1.5.
    assert round(one_sided_arl(3, 0.5), 1) == 117.6
    assert round(one_sided_arl(3, 0.5, shift=1.5), 2) == 3.75


@pytest.mark.parametrize(
    ("arl0", "h"),
    [(1_000, 5.757), (10_000, 8.053), (50_000, 9.662), (100_000, 10.355), (1_000_000, 12.657)],
)
def test_long_runs_are_exact_to_a_thousandth(arl0: float, h: float) -> None:
    assert two_sided_arl(h, 0.5) == pytest.approx(arl0, rel=1e-3)


def test_a_shift_counts_alike_in_both_directions() -> None:
    assert two_sided_arl(4, 0.5, shift=-1, head_start=2) == two_sided_arl(
        4, 0.5, shift=1, head_start=2
    )


def test_a_clip_beyond_all_points_changes_nothing() -> None:
    assert two_sided_arl(5, 0.5, shift=0.5, clip=9) == pytest.approx(
        two_sided_arl(5, 0.5, shift=0.5), rel=1e-6
    )


def test_a_far_shift_of_clipped_scores_takes_exactly_the_points_that_fill_the_limit() -> None:
    # Each point adds 4 - 0.5: five of them reach 16.
    assert two_sided_arl(16, 0.5, shift=15, clip=4) == pytest.approx(5.0, abs=1e-6)


def test_a_side_that_never_signals_has_an_infinite_arl() -> None:
    assert one_sided_arl(16, 0.5, shift=-3) == math.inf
