"""The charts on worked examples, with the figures that the sources print."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.spc import cusum
from models.spc.capability import Specification, capability, indices
from models.spc.constants import c4, d2, d3
from models.spc.cusum import Cusum, Points
from models.spc.ewma import Ewma, spread
from models.spc.mewma import Mewma
from models.spc.rules import RunsRules, parse_rules
from models.spc.shewhart import Sigma, individuals, pooled_sigma, xbar_r, xbar_s
from models.spc.t2 import T2

EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "spc_examples.json").read_text()
)


@pytest.mark.parametrize(
    ("n", "range_mean", "range_sd", "s_mean"),
    # The tables of every textbook.
    [(2, 1.128, 0.853, 0.7979), (3, 1.693, 0.888, 0.8862), (4, 2.059, 0.880, 0.9213),
     (5, 2.326, 0.864, 0.9400), (10, 3.078, 0.797, 0.9727), (25, 3.931, 0.708, 0.9896)],
)  # fmt: skip
def test_constants_are_those_of_the_tables(
    n: int, range_mean: float, range_sd: float, s_mean: float
) -> None:
    assert round(d2(n), 3) == range_mean
    assert round(d3(n), 3) == range_sd
    assert round(c4(n), 4) == s_mean


def test_a_constant_with_a_closed_form_has_all_its_digits() -> None:
    assert d2(2) == pytest.approx(2.0 / math.sqrt(math.pi), rel=1e-10)
    assert d3(2) == pytest.approx(math.sqrt(2.0 - 4.0 / math.pi), rel=1e-10)


def test_a_subgroup_of_one_has_no_range() -> None:
    with pytest.raises(ValueError, match="2 to 100 points"):
        d2(1)


def test_individuals_are_those_of_nist() -> None:
    example = EXAMPLES["nist_individuals"]
    charts = individuals(example["x"])
    assert round(float(charts.level.centre), 2) == example["mean"]
    assert round(float(charts.spread.centre), 4) == example["mrbar"]
    # NIST takes d2 as 1.128, as the tables round it; the exact one moves the limits by 0.002.
    rounded = d2(2) / 1.128
    for limit, printed in ((charts.level.upper, "ucl"), (charts.level.lower, "lcl")):
        as_nist = charts.level.centre + (limit - charts.level.centre) * rounded
        assert float(as_nist) == pytest.approx(example[printed], abs=6e-5)
    assert not charts.level.outside(example["x"]).any()


def test_the_ewma_is_that_of_nist() -> None:
    example = EXAMPLES["nist_ewma"]
    points = (np.array(example["x"]) - example["target"]) / example["s"]
    chart = Ewma.zero(1, example["lam"])
    unit = spread(example["lam"]) * example["s"]
    found = example["target"] + unit * chart.update(points[:, None])[:, 0]
    # NIST carries two decimals from point to point.
    assert np.abs(found - example["ewma"]).max() < 0.0051
    upper, lower = (example["target"] + side * example["l"] * unit for side in (1, -1))
    assert round(upper, 4) == example["ucl"]
    assert math.trunc(lower * 1e4) / 1e4 == pytest.approx(example["lcl"], abs=1e-9)
    assert not ((found > upper) | (found < lower)).any()


def test_the_cusum_is_that_of_nist() -> None:
    example = EXAMPLES["nist_cusum"]
    # Our charts have k = 0.5: the unit of a score is chosen so that NIST's k is that.
    unit = example["k"] / cusum.K
    limit = cusum.limit_units(np.array([example["h"] / unit]))
    state, edges = Cusum.zero(1), []
    for at, x in enumerate(example["x"]):
        score = cusum.scores(np.array([x - example["target"]]), 0.0, unit)
        only = np.array([0])
        points = Points(only, only, score, only)
        edges += [(at, e.is_high) for e in cusum.update(state, limit, points, clip=math.inf)]
        high, low = state.total[:, 0] / cusum.UNIT * unit
        assert abs(high - example["s_hi"][at]) < 0.0051
        assert abs(low - example["s_lo"][at]) < 0.0051
    assert edges[0] == (example["first_signal_group"] - 1, True)


def test_capability_is_that_of_nist() -> None:
    example = EXAMPLES["nist_capability"]
    cp, cpk = indices(
        example["mean"], example["s"], Specification(example["lsl"], example["usl"]), (50, 49)
    )
    assert round(cp.value, 4) == example["cp"]
    assert round(cpk.value, 4) == example["cpk"]


def test_limits_and_capability_of_the_piston_rings_are_those_of_qcc() -> None:
    example = EXAMPLES["pistonrings"]
    half = 3.0 * example["sigma"] / math.sqrt(example["size"])
    # Subgroups with exactly that centre and that mean range.
    points = np.tile([-0.5, 0.5, 0.0, 0.0, 0.0], (example["groups"], 1)) * d2(5)
    charts = xbar_r(example["centre"] + example["sigma"] * points)
    assert float(charts.sigma.value) == pytest.approx(example["sigma"], rel=1e-9)
    assert float(charts.level.upper - charts.level.centre) == pytest.approx(half, rel=1e-9)
    # The centre is printed in five decimals, so the limits may differ by half of the last one.
    assert float(charts.level.lower) == pytest.approx(example["lcl"], abs=1.01e-5)
    assert float(charts.level.upper) == pytest.approx(example["ucl"], abs=1.01e-5)
    wanted = Specification(example["lower"], example["upper"])
    cp, cpk = indices(example["centre"], example["sigma"], wanted, (125, charts.sigma.degrees))
    assert (round(cp.value, 2), round(cpk.value, 2)) == (example["cp"], example["cpk"])


def test_t2_of_ryans_example_is_what_qcc_prints() -> None:
    example = EXAMPLES["ryan_t2"]
    chart = T2.of_subgroups(example["x"])
    tail = 1.0 - 0.9973**2
    assert round(chart.phase1_limit(tail), 5) == example["ucl_phase1"]
    assert round(chart.phase2_limit(tail), 5) == example["upl_phase2"]
    found = chart.statistic(np.mean(example["x"], axis=1))
    assert np.abs(found - example["t2"]).max() < 6e-6
    signals = np.flatnonzero(found > chart.phase1_limit(tail)) + 1
    assert signals.tolist() == [10, 20]


def test_the_limit_for_single_new_points_keeps_its_chance_of_a_false_alarm() -> None:
    random = np.random.default_rng(5)
    false, tail = 0, 0.05
    for _ in range(400):
        chart = T2.of_points(random.normal(size=(30, 4)))
        new = random.normal(size=(50, 4))
        false += int((chart.statistic(new) > chart.phase2_limit(tail)).sum())
    assert false / 20_000 == pytest.approx(tail, abs=0.006)


def test_the_limit_for_learnt_points_keeps_its_chance_too() -> None:
    random = np.random.default_rng(6)
    false, tail = 0, 0.05
    for _ in range(400):
        points = random.normal(size=(30, 4))
        chart = T2.of_points(points)
        false += int((chart.statistic(points) > chart.phase1_limit(tail)).sum())
    assert false / 12_000 == pytest.approx(tail, abs=0.006)


def test_a_signal_that_others_determine_is_refused() -> None:
    x = np.random.default_rng(1).normal(size=(50, 2))
    with pytest.raises(ValueError, match="the others determine it"):
        T2.of_points(np.column_stack([x, x.sum(axis=1)]))
    with pytest.raises(ValueError, match="more points"):
        T2.of_points(x[:3])


def test_one_call_charts_a_thousand_signals() -> None:
    x = np.random.default_rng(2).normal(10.0, 2.0, (40, 5, 1000))
    for make in (xbar_r, xbar_s):
        charts = make(x)
        assert charts.level.upper.shape == (1000,)
        assert np.mean(charts.sigma.value) == pytest.approx(2.0, rel=0.01)
        one = make(x[:, :, 7])
        assert charts.spread.upper[7] == pytest.approx(float(one.spread.upper))
        # The relative error of sigma is what its degrees of freedom say.
        error = float(np.std(charts.sigma.value)) / 2.0
        assert error == pytest.approx(1.0 / math.sqrt(2.0 * charts.sigma.degrees), rel=0.1)


def test_the_degrees_of_freedom_of_a_moving_range_say_how_it_varies() -> None:
    x = np.random.default_rng(3).normal(size=(60, 4000))
    sigma = individuals(x).sigma
    error = float(np.std(sigma.value) / np.mean(sigma.value))
    assert error == pytest.approx(1.0 / math.sqrt(2.0 * sigma.degrees), rel=0.05)


def test_confidence_intervals_of_capability_cover_what_they_say() -> None:
    random = np.random.default_rng(4)
    wanted = Specification(-3.0, 4.5)
    covered = np.zeros(4)
    for _ in range(1000):
        x = random.normal(size=(25, 4))
        found = capability(x, pooled_sigma(x), wanted, 0.95)
        true = (1.25, 1.0, 1.25, 1.0)
        covered += [i.low <= t <= i.high for i, t in zip(found[:4], true, strict=True)]
    assert np.all(np.abs(covered / 1000 - 0.95) < 0.022), covered


def test_capability_needs_limits_and_spread() -> None:
    one = Sigma(np.array(1.0), 10.0, "known")
    with pytest.raises(ValueError, match="needs a specification limit"):
        capability([1.0, 2.0], one, Specification(None, None))
    with pytest.raises(ValueError, match="not below"):
        capability([1.0, 2.0], one, Specification(2.0, 1.0))
    with pytest.raises(ValueError, match="all points are equal"):
        capability([1.0, 1.0], one, Specification(0.0, 2.0))
    only_upper = capability([1.0, 2.0, 3.0], one, Specification(None, 5.0))
    assert math.isnan(only_upper.cp.value)
    assert only_upper.cpk.value == pytest.approx(1.0)


def test_a_missing_point_leaves_a_chart_where_it_is() -> None:
    z = np.random.default_rng(8).normal(size=(60, 3))
    holes = np.insert(z, 20, np.nan, axis=0)
    assert np.array_equal(np.delete(Ewma.zero(3).update(holes), 20, axis=0), Ewma.zero(3).update(z))
    every = parse_rules("nelson,we4")
    with_hole = RunsRules.zero(3, every).update(holes)
    assert not with_hole[20].any()
    assert np.array_equal(np.delete(with_hole, 20, axis=0), RunsRules.zero(3, every).update(z))
    unit, none = np.eye(3), np.zeros(3)
    found = Mewma.zero(1, none, unit).update(holes[:, None, :])
    assert np.array_equal(
        np.delete(found, 20, axis=0), Mewma.zero(1, none, unit).update(z[:, None, :])
    )


@pytest.mark.parametrize(
    ("rule", "points", "at"),
    [
        ("beyond", [0, 2.9, -3.1], 2),
        ("run", [0.1] * 9, 8),
        ("run", [-0.1] * 3 + [0.1] * 9, 11),
        ("run-of-eight", [-0.1] * 8, 7),
        ("trend", [0.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 6),
        ("trend", [6, 5, 4, 3, 2, 1], 5),
        ("alternation", [0, 1] * 7, 13),
        ("two-of-three", [2.1, 0, 2.1], 2),
        ("two-of-three", [2.1, -2.1, 0, -2.1, -2.2], 3),
        ("four-of-five", [1.1, 1.1, 0, 1.1, 1.1], 4),
        ("stratification", [0.9, -0.9] * 7 + [0.5], 14),
        ("mixture", [1.1, -1.1] * 4, 7),
    ],
)
def test_a_rule_signals_at_the_point_that_completes_it(
    rule: str, points: list[float], at: int
) -> None:
    chart = RunsRules.zero(1, parse_rules(rule))
    signals = chart.update(np.array(points, dtype=np.float64)[:, None])[:, 0]
    assert np.flatnonzero(signals)[0] == at
    assert chart.names(int(signals[at])) == [rule]


def test_an_unknown_rule_is_named_together_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="9 is no rule; rules are 1 \\(beyond\\)"):
        parse_rules("1,9")
    with pytest.raises(ValueError, match="no rule is given"):
        parse_rules(" , ")
