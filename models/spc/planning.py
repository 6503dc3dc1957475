"""What a chart does and what limit it needs: run lengths and limits of every chart, by one door.

A *plan* is a chart with all but its limit. From it and a limit follows the average run length
(ARL); from it and a wanted in-control ARL (ARL0), or a budget of false alarms, follows the limit.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.spc import design
from models.spc.numerics import f_quantile, root
from models.spc.rules import Rule, parse_rules
from models.spc.runlength import two_sided_arl
from models.spc.runlength_ewma import ewma_arl, ewma_limit
from models.spc.runlength_mewma import mewma_arl, mewma_limit
from models.spc.runlength_rules import RulesArl, rules_arl, rules_unit
from models.spc.runlength_shewhart import shewhart_arl, shewhart_limit, t2_arl, t2_limit

#: The ARL0 that can be asked for: fewer points make no chart, more no sense in double precision.
SHORTEST, LONGEST = 2.5, 1e10
#: A baseline below this is for learning only: the errors of its estimates would rule the chart.
MIN_BASELINE = 300
_NODES = 7
#: The grids of the CUSUM are exact to four digits up to this h; no chart needs wider ones.
_WIDEST_CUSUM = 50.0
_WIDEST = 1_000.0
_FARTHEST = 100.0


class SpcError(ValueError):
    """A chart that cannot be had; the text says why, and what can."""


class Chart(StrEnum):
    """The charts."""

    SHEWHART = "shewhart"
    RULES = "rules"
    EWMA = "ewma"
    CUSUM = "cusum"
    T2 = "t2"
    MEWMA = "mewma"


#: What the limit of a chart is.
LIMITS = {
    Chart.SHEWHART: "k, in sd",
    Chart.RULES: "the width of a zone, in sd",
    Chart.EWMA: "L, in sd of the average",
    Chart.CUSUM: "h, in sd",
    Chart.T2: "T2",
    Chart.MEWMA: "H",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A chart without its limit.

    *lam* is for ewma and mewma; *k* (sd), *clip* (sd, infinite: none) and *head_start* (share of
    h) for cusum; *rules* for rules; *variables*, the signals of one chart, for t2 and mewma.
    """

    chart: Chart
    lam: float = 0.1
    k: float = 0.5
    clip: float = math.inf
    head_start: float = 0.0
    rules: tuple[Rule, ...] = parse_rules("default")
    variables: int = 2

    def __post_init__(self) -> None:
        """Raise `SpcError` for what no chart can be."""
        if self.chart in {Chart.EWMA, Chart.MEWMA} and not 0.001 <= self.lam <= 1.0:
            raise SpcError(f"lam is the share of the newest point, 0.001 to 1, not {self.lam:g}")
        if not 0.0 <= self.k <= 5.0:
            raise SpcError(f"k is half the shift to be seen, 0 to 5 sd, not {self.k:g}")
        if not self.clip > self.k:
            raise SpcError(
                f"scores cut at {self.clip:g} sd never add to a sum that lets {self.k:g} go"
            )
        if not 0.0 <= self.head_start < 1.0:
            raise SpcError(
                f"the head start is a share of h from 0 to below 1, not {self.head_start:g}"
            )
        if not 1 <= self.variables <= 100:
            raise SpcError(f"a chart has 1 to 100 variables, not {self.variables}")


def arl(plan: Plan, limit: float, shift: float = 0.0) -> RulesArl:
    """Return the average run length of *plan* at *limit* with a *shift* in sd.

    For t2 and mewma the shift is a Mahalanobis distance. Infinite beyond what double precision
    can say, NaN where the solver's grid would be too large (ewma and mewma at a small lam); the
    standard error is 0 but for rules that must be simulated.
    """
    widest = _WIDEST_CUSUM if plan.chart is Chart.CUSUM else _WIDEST
    if not 0.0 < limit <= widest:
        raise SpcError(f"a limit of {plan.chart} is above 0 and at most {widest:g}, not {limit:g}")
    if not abs(shift) <= _FARTHEST:
        raise SpcError(f"a shift is at most {_FARTHEST:g} sd, not {shift:g}")
    if plan.chart is Chart.RULES:
        return rules_arl(plan.rules, shift=shift, unit=limit)
    if plan.chart is Chart.T2:
        return RulesArl(t2_arl(limit, plan.variables, shift=shift))
    if plan.chart is Chart.MEWMA:
        return RulesArl(mewma_arl(limit, plan.lam, plan.variables, shift=shift))
    return RulesArl(_scored(plan)(limit, shift, 1.0))


@functools.cache
def limit(plan: Plan, arl0: float, baseline: int | None = None) -> float:
    """Return the limit of *plan* for an in-control ARL of *arl0* points.

    With *baseline* points to learn mean and sd from, the limit is wider: so that over many such
    charts the false alarms are 1 / *arl0* per point. Raise `SpcError` for what cannot be had.
    """
    if not SHORTEST <= arl0 <= LONGEST:
        raise SpcError(
            f"one false alarm in {arl0:.4g} points cannot be had; ask for {SHORTEST:g} to"
            f" {LONGEST:.0e} points (ARL0)"
        )
    if baseline is not None:
        return _learnt_limit(plan, arl0, baseline)
    known: dict[Chart, Callable[[], float]] = {
        Chart.SHEWHART: lambda: shewhart_limit(arl0),
        Chart.RULES: lambda: rules_unit(plan.rules, arl0),
        Chart.EWMA: lambda: ewma_limit(arl0, plan.lam),
        Chart.CUSUM: lambda: _solve(lambda h: 1.0 / _scored(plan)(h, 0.0, 1.0), arl0, 1.0),
        Chart.T2: lambda: t2_limit(arl0, plan.variables),
        Chart.MEWMA: lambda: mewma_limit(arl0, plan.lam, plan.variables),
    }
    try:
        return known[plan.chart]()
    except ValueError as error:
        raise SpcError(str(error)) from None


def arl0_of_budget(signals: int, samples_per_day: float, false_alarms_per_day: float) -> float:
    """Return the ARL0 that keeps *signals* charts, each *samples_per_day*, within the budget."""
    if signals < 1 or not samples_per_day > 0.0 or not false_alarms_per_day > 0.0:
        raise SpcError(
            "signals, samples per day and false alarms per day are all above 0; no chart is free of"
            " false alarms, so a budget of 0 has no limit"
        )
    return design.arl0_from_budget(signals * samples_per_day, false_alarms_per_day)


def _learnt_limit(plan: Plan, arl0: float, baseline: int) -> float:
    if baseline < MIN_BASELINE:
        raise SpcError(
            f"{baseline} points are no baseline; a chart learns from {MIN_BASELINE} at least"
        )
    if plan.chart is Chart.T2:
        n, p = baseline, plan.variables
        return p * (n + 1) * (n - 1) / (n * (n - p)) * f_quantile(1.0 / arl0, p, n - p)
    if plan.chart in {Chart.RULES, Chart.MEWMA}:
        raise SpcError(
            f"limits for an estimated mean and sd are known for shewhart, ewma, cusum and t2, not"
            f" for {plan.chart}; leave --baseline out"
        )
    scored = _scored(plan)

    def rate(x: float) -> float:
        return _mean_rate(lambda shift, spread: scored(x, shift, spread), baseline)

    return _solve(rate, arl0, highest=limit(plan, arl0))


def _mean_rate(run_length: Callable[[float, float], float], baseline: int) -> float:
    """Return the false alarms per point, averaged over the errors of mean and sd.

    Both are taken as normal, that of the sd in its logarithm; nodes of Gauss and Hermite.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    spreads = np.exp(nodes / math.sqrt(2.0 * baseline))
    # The charts are two-sided: errors of the mean to either side count alike.
    sides = _NODES // 2
    shift_weights = np.append(2.0 * weights[:sides], weights[sides])
    rates = [
        [1.0 / run_length(shift * spread, spread) for spread in spreads]
        for shift in -nodes[: sides + 1] / math.sqrt(baseline)
    ]
    return float(shift_weights @ np.array(rates) @ weights)


def _scored(plan: Plan) -> Callable[[float, float, float], float]:
    """Return the ARL of a chart of single scores, of limit, shift and spread."""
    if plan.chart is Chart.SHEWHART:
        return lambda x, shift, spread: shewhart_arl(x, shift=shift, spread=spread)
    if plan.chart is Chart.EWMA:
        return lambda x, shift, spread: ewma_arl(x, plan.lam, shift=shift, spread=spread)
    return lambda x, shift, spread: two_sided_arl(
        x, plan.k, shift=shift, spread=spread, clip=plan.clip, head_start=plan.head_start * x
    )


def _solve(rate: Callable[[float], float], arl0: float, highest: float) -> float:
    """Return the limit at which *rate* is 1 / *arl0*; the search goes up from *highest*."""

    def excess(x: float) -> float:
        return -math.log(max(rate(x), 1e-13) * arl0)

    while excess(highest) < 0.0:
        highest *= 1.5
    if excess(0.01) > 0.0:
        raise SpcError(f"at any limit this chart alarms less often than once in {arl0:g} points")
    return root(excess, 0.01, highest)
