"""The streaming charts run as long as the exact run lengths say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.spc.ewma import Ewma
from models.spc.mewma import Mewma
from models.spc.phase2 import Phase2
from models.spc.planning import Chart, Plan, SpcError, arl, limit
from models.spc.residuals import ArResiduals, correlation
from models.spc.rules import RunsRules, parse_rules

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RUNS = 4_000
BLOCK = 50
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)

QUICK = [
    (Plan(chart=Chart.SHEWHART), 2.0, 1.0),
    (Plan(chart=Chart.SHEWHART), 3.0, 3.0),
    (Plan(chart=Chart.EWMA, lam=0.1), 2.0, 0.0),
    (Plan(chart=Chart.EWMA, lam=0.1), 2.814, 1.0),
    (Plan(chart=Chart.EWMA, lam=0.2), 2.962, 3.0),
    (Plan(chart=Chart.RULES), 1.0, 0.0),
    (Plan(chart=Chart.RULES, rules=parse_rules("western-electric")), 1.0, 1.0),
    (Plan(chart=Chart.RULES, rules=parse_rules("1,7,8")), 0.8, 0.5),
    (Plan(chart=Chart.T2, variables=5), 16.75, 2.0),
    (Plan(chart=Chart.MEWMA, variables=4), 12.73, 1.0),
    (Plan(chart=Chart.MEWMA, variables=2, lam=0.25), 6.0, 0.0),
]
#: Every chart at every shift: with the runs that a table's in-control ARL takes.
GRID = [
    (plan, value, shift)
    for plan, value in (
        (Plan(chart=Chart.SHEWHART), 3.0),
        *((Plan(chart=Chart.EWMA, lam=lam), value) for lam, value in (
            (0.5, 3.071), (0.25, 2.998), (0.2, 2.962), (0.1, 2.814), (0.05, 2.615), (0.03, 2.437)
        )),
        *((Plan(chart=Chart.RULES, rules=parse_rules(rules)), 1.0) for rules in (
            "1", "1,5", "1,6", "1,we4", "1,5,6", "western-electric", "default", "2", "7", "1,2,8"
        )),
        *((Plan(chart=Chart.T2, variables=p), value) for p, value in (
            (2, 10.597), (5, 16.75), (10, 25.188)
        )),
        (Plan(chart=Chart.MEWMA, variables=4), 12.73),
        (Plan(chart=Chart.MEWMA, variables=3, lam=0.25), 12.0),
        (Plan(chart=Chart.MEWMA, variables=2, lam=0.05), 8.0),
    )
    for shift in SHIFTS
    # Fifteen in a row near the centre: with a large shift that is once in a million years.
    if shift < 1.0 or plan.rules != parse_rules("7")
]  # fmt: skip


def name(case: object) -> str:
    if isinstance(case, Plan):
        return f"{case.chart}-{case.lam}-{case.variables}-{'.'.join(r.key for r in case.rules)}"
    return str(case)


def engine(plan: Plan, value: float, shift: float) -> Callable[[np.random.Generator], Bools]:
    """Return what draws a block of points for all runs and says where the chart signals."""
    if plan.chart is Chart.T2 or plan.chart is Chart.MEWMA:
        p = plan.variables
        # A correlated shape, and a shift in no special direction, of the wanted distance.
        shape = np.random.default_rng(p).normal(size=(p, p)) + 2.0 * np.eye(p)
        direction = np.ones(p) / np.sqrt(p)
        precision = np.asarray(np.linalg.inv(shape @ shape.T), dtype=np.float64)
        lam = plan.lam if plan.chart is Chart.MEWMA else 1.0
        chart = Mewma.zero(RUNS, np.zeros(p), precision, lam)
        return lambda random: (
            chart.update((random.normal(size=(BLOCK, RUNS, p)) + shift * direction) @ shape.T)
            > value
        )
    if plan.chart is Chart.RULES:
        rules = RunsRules.zero(RUNS, plan.rules, value)
        return lambda random: rules.update(random.normal(shift, 1.0, (BLOCK, RUNS))) > 0
    lam = plan.lam if plan.chart is Chart.EWMA else 1.0
    ewma = Ewma.zero(RUNS, lam)
    return lambda random: np.abs(ewma.update(random.normal(shift, 1.0, (BLOCK, RUNS)))) > value


def first_signals(signals: Callable[[np.random.Generator], Bools], seed: int) -> Floats:
    random = np.random.default_rng(seed)
    first = np.zeros(RUNS)
    seen = 0
    while not first.all():
        found = signals(random)
        new = (first == 0) & found.any(axis=0)
        first[new] = seen + found[:, new].argmax(axis=0) + 1
        seen += BLOCK
    return first


def assert_agrees(plan: Plan, value: float, shift: float) -> None:
    runs = first_signals(engine(plan, value, shift), seed=int(100 * value + 10_000 * shift))
    exact = arl(plan, value, shift)
    assert exact.standard_error == 0.0
    error = max(runs.std(ddof=1) / np.sqrt(RUNS), 1e-3)
    assert abs(runs.mean() - exact.value) < 3.5 * error, (runs.mean(), exact.value, error)


@pytest.mark.parametrize(("plan", "value", "shift"), QUICK, ids=name)
def test_a_streaming_chart_runs_as_long_as_the_exact_run_length(
    plan: Plan, value: float, shift: float
) -> None:
    assert_agrees(plan, value, shift)


@pytest.mark.long
@pytest.mark.parametrize(("plan", "value", "shift"), GRID, ids=name)
def test_every_streaming_chart_agrees_at_every_shift(
    plan: Plan, value: float, shift: float
) -> None:
    assert_agrees(plan, value, shift)


def test_a_chart_that_learns_does_not_alarm_and_says_so() -> None:
    charts = Phase2(2, arl0=370.0, baseline_points=300)
    x = np.random.default_rng(1).normal(5.0, 2.0, (400, 2))
    x[100:110] += 1000.0
    x[10, 1] = np.nan
    seen = charts.update(x)
    assert seen.learning[:300, 0].all()
    assert not seen.learning[300:, 0].any()
    assert seen.learning[:301, 1].all()
    assert not seen.learning[301:, 1].any()
    assert np.isnan(seen.statistic[seen.learning]).all()
    assert not seen.alarm[seen.learning].any()
    # Ten gross outliers in the baseline do not become what is normal.
    assert charts.sd == pytest.approx(2.0, rel=0.15)
    moved = charts.update(np.full((30, 2), 5.0 + 2 * 2.0))
    assert moved.alarm.any(axis=0).all()


def test_fewer_than_three_hundred_points_are_no_baseline() -> None:
    with pytest.raises(SpcError, match="300 at least"):
        Phase2(1, arl0=370.0, baseline_points=299)


def test_any_grouping_of_points_gives_the_same_charts() -> None:
    x = np.random.default_rng(2).normal(size=(900, 5))
    x[np.random.default_rng(3).random(x.shape) < 0.05] = np.nan
    whole = Phase2(5, arl0=370.0, baseline_points=300, order=1).update(x)
    pieces = Phase2(5, arl0=370.0, baseline_points=300, order=1)
    parts = [pieces.update(x[a:b]) for a, b in ((0, 1), (1, 299), (299, 350), (350, 900))]
    for column, full in enumerate(whole):
        assert np.array_equal(np.concatenate([p[column] for p in parts]), full, equal_nan=True)


def test_learnt_charts_together_keep_to_their_false_alarms() -> None:
    """Charts with 300 points each: their mean rate of first alarms is at most the planned one."""
    charts = Phase2(2_000, arl0=1_000.0, baseline_points=300)
    random = np.random.default_rng(4)
    charts.update(random.normal(size=(300, 2_000)))
    watched, alarmed = 0, 0
    alive = np.ones(2_000, dtype=np.bool_)
    for _ in range(8):
        seen = charts.update(random.normal(size=(50, 2_000)))
        hit = seen.alarm.any(axis=0)
        watched += 50 * int(alive.sum())
        alarmed += int((alive & hit).sum())
        alive &= ~hit
    assert 0.6 < alarmed / watched * 1_000.0 < 1.15


def autocorrelated(phi: float, shape: tuple[int, int], seed: int) -> Floats:
    noise = np.random.default_rng(seed).normal(size=shape)
    x = np.empty(shape)
    x[0] = noise[0] / np.sqrt(1 - phi**2)
    for row in range(1, len(x)):
        x[row] = phi * x[row - 1] + noise[row]
    return x


def false_alarms(order: int, phi: float) -> float:
    """Return the points to the first alarm of charts of an autocorrelated signal, in the median."""
    charts = Phase2(200, arl0=370.0, baseline_points=1000, order=order)
    alarm = charts.update(autocorrelated(phi, (1_800, 200), 7)).alarm[1000:]
    return float(np.median(np.where(alarm.any(axis=0), alarm.argmax(axis=0) + 1, 800)))


def test_residuals_keep_an_autocorrelated_signal_from_crying_wolf() -> None:
    # The median of a run with a mean of 370 is 257.
    assert false_alarms(0, 0.75) < 60
    assert 190 < false_alarms(1, 0.75) < 330


def test_the_autoregressive_model_finds_its_weights_and_leaves_no_correlation() -> None:
    x = autocorrelated(0.8, (5_000, 3), 9)
    fitted = ArResiduals.fit(x, order=2)
    assert fitted.phi[0] == pytest.approx(0.8, abs=0.06)
    assert fitted.phi[1] == pytest.approx(0.0, abs=0.06)
    residuals = fitted.update(autocorrelated(0.8, (5_000, 3), 10))
    assert np.abs(correlation(residuals[2:])).max() < 0.05
    with pytest.raises(ValueError, match="30 points"):
        ArResiduals.fit(x[:10], order=2)


@pytest.mark.parametrize("chart", [Chart.SHEWHART, Chart.EWMA, Chart.CUSUM, Chart.T2])
def test_a_learnt_limit_is_wider_and_nears_the_known_one(chart: Chart) -> None:
    plan = Plan(chart=chart)
    known, many, few = limit(plan, 1e4), limit(plan, 1e4, 100_000), limit(plan, 1e4, 300)
    assert known < many < few
    assert many == pytest.approx(known, rel=2e-3)
