"""Limits from tails: the budget holds on cells that nothing was learnt from, whatever the tail."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from models.cells.cells import Floats
from models.cells.tails import NORMAL, distance_theory, tail_limit

Rng = np.random.Generator
#: The part of one of six tests of a budget of 100 ppm.
SHARE = 1e-4 / 6


def normal(rng: Rng, count: int) -> Floats:
    return np.abs(rng.normal(size=count))


def log_normal_and_noise(rng: Rng, count: int) -> Floats:
    """The upper side of a K-value: a leakage of sigma 0.35, read with noise; in robust sd."""
    leakage = 0.05 * np.exp(0.35 * rng.normal(size=2 * count)) + 0.024 * rng.normal(size=2 * count)
    away = (leakage - 0.0535) / 0.0305
    return np.asarray(away[away > 0])


def log_normal(rng: Rng, count: int) -> Floats:
    away = np.exp(0.7 * rng.normal(size=2 * count)) - 1
    return np.asarray(away[away > 0] / 0.7)


def student(rng: Rng, count: int) -> Floats:
    """Student's t with 8 degrees of freedom, in robust sd."""
    return np.abs(rng.standard_t(8, size=count)) / 1.047


@pytest.mark.parametrize("share", [1e-2, SHARE, 1e-9])
def test_depth_and_size_of_a_theory_are_each_others_inverse(share: float) -> None:
    for theory in (NORMAL, distance_theory(5)):
        size = theory.size(-math.log(share))
        assert theory.depth(np.array([size]))[0] == pytest.approx(-math.log(share), rel=1e-9)
    assert NORMAL.size(-math.log(0.05)) == pytest.approx(1.959964, rel=1e-6)


@pytest.mark.parametrize("made", [normal, log_normal_and_noise, log_normal, student])
def test_the_budget_holds_on_cells_of_which_nothing_was_learnt(
    made: Callable[[Rng, int], Floats],
) -> None:
    rng = np.random.default_rng(2)
    held = later = 0
    for _ in range(10):
        limit = tail_limit(made(rng, 40_000), SHARE, NORMAL)
        cells = made(rng, 400_000)
        held, later = held + int((cells > limit).sum()), later + len(cells)
    expected = SHARE * later
    assert (held - expected) / math.sqrt(expected) < 3.5


def test_the_heaviest_tail_that_is_followed_holds_twice_its_part_at_most() -> None:
    rng = np.random.default_rng(7)
    shares = []
    for _ in range(10):
        limit = tail_limit(np.abs(rng.standard_t(4, size=40_000)) / 1.098, SHARE, NORMAL)
        shares.append(2 * stats.t.sf(1.098 * limit, 4))
    assert np.median(shares) < 2 * SHARE


@pytest.mark.parametrize("made", [log_normal_and_noise, log_normal, student])
def test_heavy_tails_would_break_the_budget_by_far_at_the_limit_of_theory(
    made: Callable[[Rng, int], Floats],
) -> None:
    cells = made(np.random.default_rng(3), 400_000)
    held, expected = int((cells > NORMAL.size(-math.log(SHARE))).sum()), SHARE * len(cells)
    assert (held - expected) / math.sqrt(expected) > 10


def test_normal_cells_have_a_limit_a_little_above_that_of_theory() -> None:
    theory = NORMAL.size(-math.log(SHARE))
    for seed in range(5):
        limit = tail_limit(normal(np.random.default_rng(seed), 100_000), SHARE, NORMAL)
        assert theory <= limit < 1.1 * theory


@pytest.mark.parametrize(
    ("share", "at", "spread", "widening"),
    [
        (0.02, 12.0, 1.0, 1.1),
        (0.02, 50.0, 1.0, 1.1),
        (0.01, 8.0, 0.1, 1.1),
        (0.005, 5.0, 1.0, 2.3),
        (0.002, 5.0, 1.0, 1.5),
    ],
)
def test_bad_cells_among_those_learnt_from_widen_the_limit_by_no_more_than_said(
    share: float, at: float, spread: float, widening: float
) -> None:
    rng = np.random.default_rng(4)
    good = normal(rng, 42_000)
    # All on one side, so that the share is twice that of all cells of the line.
    bad = at + spread * rng.normal(size=round(2 * share * len(good)))
    limit = tail_limit(good, SHARE, NORMAL)
    assert tail_limit(np.append(good, bad), SHARE, NORMAL) < widening * limit


def test_the_fewer_cells_the_wider_the_limit_and_few_are_taken_for_heavier_than_normal() -> None:
    rng = np.random.default_rng(5)
    limits = [
        np.median([tail_limit(normal(rng, count), SHARE, NORMAL) for _ in range(20)])
        for count in (100, 1_000, 10_000, 100_000)
    ]
    assert limits == sorted(limits, reverse=True)
    few = tail_limit(np.full(100, 9.0), SHARE, NORMAL)
    assert few == tail_limit(np.full(5, np.nan), SHARE, NORMAL)
    assert (log_normal_and_noise(rng, 400_000) > few).sum() < 20  # 6.7 are the budget


def test_distances_of_untied_normal_measures_keep_the_budget() -> None:
    rng = np.random.default_rng(6)
    held, later = 0, 0
    for _ in range(5):
        learnt, cells = (np.linalg.norm(rng.normal(size=(n, 5)), axis=1) for n in (40_000, 400_000))
        held += int((cells > tail_limit(learnt, SHARE, distance_theory(5))).sum())
        later += len(cells)
    expected = SHARE * later
    assert (held - expected) / math.sqrt(expected) < 3.5
    assert held > 0.1 * expected
