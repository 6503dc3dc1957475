"""The Bernoulli CUSUM: its exact run length against the linear system and against itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.spc.bernoulli import BernoulliCusum, Design, step_of
from models.spc.planning import SpcError
from models.spc.runlength_bernoulli import bernoulli_arl, limit_for


def by_linear_system(limit: int, step: int, p: float) -> float:
    """The run length from 0 as the solution of (1 - Q) x = 1 (Brook & Evans)."""
    chain = np.zeros((limit, limit))
    for state in range(limit):
        chain[state, max(state - 1, 0)] += 1.0 - p
        if state + step - 1 < limit:
            chain[state, state + step - 1] += p
    return float(np.linalg.solve(np.eye(limit) - chain, np.ones(limit))[0])


@pytest.mark.parametrize(
    ("limit", "step", "p"),
    [
        (1, 5, 0.1), (5, 5, 0.1), (17, 5, 0.1), (61, 61, 0.01), (300, 61, 0.01), (300, 61, 0.025),
        (385, 55, 0.1), (385, 55, 0.4), (40, 2, 0.6),
    ],
)  # fmt: skip
def test_the_run_length_is_that_of_the_markov_chain(limit: int, step: int, p: float) -> None:
    assert bernoulli_arl(limit, step, p) == pytest.approx(by_linear_system(limit, step, p))


@pytest.mark.parametrize("step", [2, 7, 500])
def test_below_one_bad_unit_the_first_one_alarms(step: int) -> None:
    """The mean wait for the first bad unit is 1 / p, in closed form."""
    assert bernoulli_arl(step - 1, step, 0.004) == pytest.approx(250.0)
    if step > 2:
        assert bernoulli_arl(step, step, 0.004) > 251.0


def test_a_random_walk_has_its_textbook_run_length() -> None:
    """With step 2 and half of the units bad the sum is a reflected walk: limit (limit + 1)."""
    assert [bernoulli_arl(limit, 2, 0.5) for limit in (1, 2, 9)] == pytest.approx([2.0, 6.0, 90.0])


def test_the_limit_is_the_smallest_that_keeps_the_run_length() -> None:
    limit = limit_for(61, 0.01, 20_000.0)
    assert bernoulli_arl(limit, 61, 0.01) >= 20_000.0 > bernoulli_arl(limit - 1, 61, 0.01)


def test_at_the_limits_of_a_plant_all_digits_are_there() -> None:
    """One faulty in 3,000, a false alarm in a hundred days: the chain has ten thousand states."""
    design = Design.of(1 / 3000, 1 / 1000, 31_536 / 0.01)
    assert bernoulli_arl(design.limit, design.step, 1 / 3000) == pytest.approx(3_153_600, rel=1e-3)
    assert design.limit / design.step == pytest.approx(5.91, abs=0.02)
    seen = bernoulli_arl(design.limit, design.step, 1 / 1000) / 1000
    assert seen == pytest.approx(13.7, abs=0.2), "faulty cells to the alarm at three times the rate"


def test_what_a_unit_counts_is_the_ratio_of_likelihoods_in_whole_numbers() -> None:
    step = step_of(0.01, 0.025)
    good = math.log((1 - 0.025) / (1 - 0.01))
    bad = math.log(0.025 / 0.01)
    assert -bad / good + 1 == pytest.approx(step, abs=1.0)
    assert 0.01 * (step - 1) - 0.99 < 0 < 0.025 * (step - 1) - 0.975, "falls at p0, rises at p1"


@pytest.mark.parametrize(("p0", "p1"), [(0.1, 0.1), (0.2, 0.1), (0.0, 0.1), (0.1, 1.0)])
def test_shares_that_make_no_chart_are_refused(p0: float, p1: float) -> None:
    with pytest.raises(SpcError, match=f"p0 is {p0:g}, p1 is {p1:g}"):
        step_of(p0, p1)


@pytest.mark.parametrize("arl0", [50.0, 1e13])
def test_a_run_length_that_cannot_be_had_is_refused(arl0: float) -> None:
    with pytest.raises(SpcError, match=r"one in each bad unit\) to 1e\+12"):
        Design.of(0.01, 0.03, arl0)


@pytest.mark.parametrize("p", [0.01, 0.03, 0.1])
def test_the_chart_alarms_as_often_as_its_run_length_says(p: float) -> None:
    """Simulated with its own `add`: |z| < 3.5."""
    design = Design.of(0.01, 0.03, 2_000.0)
    rng = np.random.default_rng(round(p * 1000))
    runs = []
    for _ in range(250):
        chart, count = BernoulliCusum(design), 0
        while not chart.is_on:
            for is_bad in (rng.random(64) < p).tolist():
                count += 1
                if chart.add(count, is_bad=is_bad):
                    break
        runs.append(count)
    expected = bernoulli_arl(design.limit, design.step, p)
    z = (np.mean(runs) - expected) / (np.std(runs) / math.sqrt(len(runs)))
    assert abs(z) < 3.5


def chart_after(units: str) -> BernoulliCusum:
    """A chart that alarms at 8 (a bad unit adds 3) after units good (.) and bad (x)."""
    chart = BernoulliCusum(Design(0.1, 0.3, 4, 8))
    for number, unit in enumerate(units):
        chart.add(number, is_bad=unit == "x")
    return chart


def test_the_onset_is_where_the_sum_left_zero() -> None:
    chart = chart_after("..x....x.xx")
    assert (chart.is_on, chart.since_us, chart.units, chart.bad) == (True, 7, 4, 3)


def test_a_long_fault_is_not_worked_off_and_the_alarm_ends_below_half_of_the_limit() -> None:
    assert chart_after("xxx" + "x" * 100 + "....").is_on
    ended = chart_after("xxx" + "x" * 100 + ".....")
    assert (ended.is_on, ended.total) == (False, 0)
    assert (ended.since_us, ended.bad) == (0, 103)
    assert chart_after("xxx.....x").since_us == 8
