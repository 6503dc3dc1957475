from __future__ import annotations

import math

import pytest

from models.charted import arl0_of_lines, charted_tables
from models.spc.design import arl0_from_budget, false_alarm_rate, limit, limit_for_estimated
from models.spc.runlength import two_sided_arl
from plant.model import Plant


@pytest.mark.parametrize(
    ("k", "h"), [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)]
)
def test_limits_for_an_arl_of_370_are_those_of_hawkins(k: float, h: float) -> None:
    # Published to two decimals; 1.604 is printed as 1.61.
    assert abs(limit(370.0, k, math.inf) - h) < 0.01


@pytest.mark.parametrize(("k", "h"), [(0.25, 8.008), (0.5, 4.774), (0.75, 3.339), (1.0, 2.516),
                                      (1.25, 1.986), (1.5, 1.604)])  # fmt: skip
def test_limits_for_an_arl_of_370_are_exact_to_a_thousandth(k: float, h: float) -> None:
    assert limit(370.0, k, math.inf) == pytest.approx(h, abs=0.001)


def test_a_limit_is_the_inverse_of_the_run_length_also_with_clipped_scores() -> None:
    assert two_sided_arl(limit(12_345.0), 0.5, clip=4) == pytest.approx(12_345.0, rel=1e-3)


def test_a_budget_of_alarms_is_shared_by_all_points() -> None:
    # 200 signals, one point a minute, 6 false alarms a day.
    assert arl0_from_budget(200 * 1440, 6) == 48_000


def test_the_pilot_shares_its_budget_among_all_charted_results(pilot: Plant) -> None:
    tables, left_out = charted_tables(pilot, 1000)
    results = sum(len(pilot.stations[t.station].results) for t in tables.values())
    per_day = results * pilot.production.cells_per_second * 86_400
    # Three quarters are for the charts of results, the rest for the monitors of signals.
    assert arl0_of_lines(pilot, tables) == pytest.approx(
        per_day / (0.75 * pilot.production.false_alarms_per_day)
    )
    assert "cell.filling" in tables
    assert [s.station for s in left_out] == ["formation"]


def test_limits_grow_with_the_errors_of_the_estimates() -> None:
    known, many, few = (
        limit(10_000.0),
        limit_for_estimated(10_000.0, 1000**-0.5, 2000**-0.5),
        limit_for_estimated(10_000.0, 300**-0.5, 600**-0.5),
    )
    assert known < many < few


def test_with_exact_estimates_the_rate_is_the_inverse_of_the_run_length() -> None:
    assert false_alarm_rate(5.0, 0.0, 0.0) == pytest.approx(1 / two_sided_arl(5, 0.5, clip=4))


def test_an_arl_that_no_limit_has_is_refused() -> None:
    with pytest.raises(ValueError, match="must be above 2"):
        limit(1.5)
