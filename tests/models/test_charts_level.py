"""The level of a chart: what it follows, what it leaves, and that it costs no false alarms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.baseline import learn
from models.charts import Alarm, Batch, ChartKey, Charts

Floats = npt.NDArray[np.float64]
ARL0 = 3_000.0
POINTS, SCORED = 1_000, 3_000


def slow(charts: int, share: float, phi: float, points: int = POINTS + SCORED) -> Floats:
    """Points of sd 1, of whose variance *share* is a slow first-order process."""
    random = np.random.default_rng([charts, round(1000 * phi)])
    steps = random.normal(size=(points, charts)) * np.sqrt(share * (1 - phi**2))
    level = random.normal(size=charts) * np.sqrt(share)
    for at in range(points):
        level = phi * level + steps[at]
        steps[at] = level
    return np.asarray(steps.T + random.normal(size=(charts, points)) * np.sqrt(1 - share))


def alarms(values: Floats, pieces: int = 1, arl0: float = ARL0) -> list[Alarm]:
    """Return the alarms of charts, one per row of *values*, fed in so many pieces."""
    charts = Charts(POINTS, arl0)
    numbers = np.array([charts.add(ChartKey("e", at + 1, "x"), 1.0) for at in range(len(values))])
    found = []
    times = np.arange(values.shape[1], dtype=np.int64)
    for part in np.array_split(times, pieces):
        starts = np.arange(len(values)) * len(part)
        batch = Batch(numbers, starts, values[:, part].ravel(), np.tile(part, len(values)))
        found += charts.update(batch).alarms
    return found


def test_points_without_a_slow_part_have_no_level() -> None:
    for seed in range(100):
        points = np.random.default_rng(seed).normal(size=POINTS)
        assert learn(points, 1.0, ARL0).gain == 0.0


@pytest.mark.parametrize(("share", "phi"), [(0.2, 0.99), (0.5, 0.99), (0.3, 0.998)])
def test_healthy_charts_with_a_slow_part_keep_to_the_budget(share: float, phi: float) -> None:
    charts = 100
    values = slow(charts, share, phi)
    begun = [alarm for alarm in alarms(values) if alarm.is_on]
    assert len(begun) <= charts * SCORED / ARL0


def test_the_next_lot_is_no_fault_where_the_plant_model_allows_for_it() -> None:
    """A baseline of one lot varies by 0.6; the plant model says 1 over all lots."""
    random = np.random.default_rng(5)
    lots = np.repeat(random.normal(size=(40, 8)) * 0.8, 500, axis=1)
    lots[:, : POINTS + 1] = lots[:, :1]
    values = lots + random.normal(size=lots.shape) * 0.6
    begun = [alarm for alarm in alarms(values) if alarm.is_on]
    assert len(begun) <= values.size / ARL0


def test_what_goes_further_than_the_slow_part_does_is_seen_and_stays_seen() -> None:
    values = slow(20, 0.3, 0.99)
    fault = POINTS + 1_000
    values[:, fault:] += 6.0
    found = alarms(values, arl0=1e6)
    first = [
        next(a for a in found if a.is_on and a.chart == chart and a.time_us >= fault)
        for chart in range(20)
    ]
    assert all(alarm.is_high for alarm in first)
    assert max(alarm.time_us - fault for alarm in first) < 15
    assert all(abs(alarm.since_us - fault) <= 3 for alarm in first)
    # The value is that of the points; what is expected includes where the slow part is.
    for alarm in first:
        assert alarm.value - alarm.expected == pytest.approx(6.0, abs=2.5)
    assert not [a for a in found if not a.is_on and a.since_us >= fault - 3]


def test_a_level_is_the_same_however_points_come() -> None:
    values = slow(5, 0.4, 0.99)
    values[:, POINTS + 500 : POINTS + 700] += 5.0
    whole = alarms(values)
    assert whole
    assert alarms(values, pieces=97) == whole
