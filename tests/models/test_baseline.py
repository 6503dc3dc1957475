from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.baseline import Baseline, learn
from models.charts import Batch, ChartKey, Charts
from models.spc.cusum import K

Floats = npt.NDArray[np.float64]
ARL0 = 1e6


def normal(seed: int, points: int = 1000) -> Floats:
    return np.random.default_rng(seed).normal(50.0, 2.0, points)


def autocorrelated(seed: int, correlation: float, points: int) -> Floats:
    noise: Floats = np.random.default_rng(seed).normal(size=points) * np.sqrt(1 - correlation**2)
    noise[0] /= np.sqrt(1 - correlation**2)
    for i in range(1, points):
        noise[i] += correlation * noise[i - 1]
    return noise


def test_estimates_are_as_good_as_the_best_for_normal_points() -> None:
    learnt = [learn(normal(seed), 1.0, ARL0) for seed in range(200)]
    best_mean, best_sd = np.transpose([(normal(s).mean(), normal(s).std()) for s in range(200)])
    assert np.mean([b.mean for b in learnt]) == pytest.approx(50.0, abs=0.02)
    assert np.mean([b.sd for b in learnt]) == pytest.approx(2.0, abs=0.01)
    assert best_mean.var() / np.var([b.mean for b in learnt]) > 0.99
    assert best_sd.var() / np.var([b.sd for b in learnt]) > 0.97


def test_a_tenth_of_gross_outliers_moves_neither_mean_nor_sd_far() -> None:
    values = normal(1)
    values[::10] = 1e6
    baseline = learn(values, 1.0, ARL0)
    assert baseline.mean == pytest.approx(50.0, abs=0.3)
    assert baseline.sd == pytest.approx(2.0, rel=0.1)


def test_a_result_that_never_moved_has_the_sd_of_the_plant_model() -> None:
    baseline = learn(np.full(300, 7.0), 0.25, ARL0)
    assert (baseline.n, baseline.mean, baseline.sd, baseline.k) == (300, 7.0, 0.25, K)


def test_fewer_points_dependent_points_and_long_tails_all_widen_the_limit() -> None:
    def limit(values: Floats) -> float:
        return learn(values, 1.0, ARL0).h

    plain = limit(normal(1))
    assert limit(normal(1, 300)) > 1.05 * plain
    assert limit(autocorrelated(1, 0.5, 1000)) > 1.5 * plain
    assert limit(np.exp(normal(1) / 8.0)) > 1.05 * plain


DISTRIBUTIONS = {
    "normal": lambda random, shape: random.normal(size=shape),
    "exponential": lambda random, shape: random.exponential(size=shape),
    "heavy tails": lambda random, shape: random.standard_t(5, size=shape),
    "coarse steps": lambda random, shape: np.round(random.normal(size=shape)),
    "one outlier in a thousand": lambda random, shape: (
        random.normal(size=shape) + 30.0 * (random.random(shape) < 0.001)
    ),
}


@pytest.mark.parametrize(("name", "points"), [("normal", 300), *((n, 1000) for n in DISTRIBUTIONS)])
def test_healthy_charts_with_learnt_baselines_keep_to_the_budget(name: str, points: int) -> None:
    arl0, charts, scored = 3_000.0, 200, 3_000
    random = np.random.default_rng([points, len(name)])
    values = DISTRIBUTIONS[name](random, (charts, points + scored))
    alarms = [alarm for alarm in run(values, points, arl0) if alarm]
    # Their number scatters more than a count does, as charts with a poor baseline have several.
    assert 0 < len(alarms) <= charts * scored / arl0


def test_healthy_charts_of_dependent_points_keep_to_the_budget() -> None:
    values = np.array([autocorrelated(seed, 0.5, 4_000) for seed in range(100)])
    assert len([alarm for alarm in run(values, 1000, 3_000.0) if alarm]) <= 100


def run(values: Floats, baseline_points: int, arl0: float) -> list[bool]:
    """Return the alarms of charts, one per row of *values*: true where one began."""
    count, length = values.shape
    charts = Charts(baseline_points, arl0)
    numbers = np.array([charts.add(ChartKey("e", i + 1, "x"), 1.0) for i in range(count)])
    outcome = charts.update(
        Batch(
            numbers,
            np.arange(count) * length,
            values.ravel(),
            np.tile(np.arange(length, dtype=np.int64), count),
        )
    )
    assert all(isinstance(learnt.baseline, Baseline) for learnt in outcome.learnt)
    assert len(outcome.learnt) == count
    return [alarm.is_on for alarm in outcome.alarms]
