"""Exact run lengths of the two-sided EWMA with fixed limits, by Nystroem's method.

The ARL from the average u on solves L(u) = 1 + integral of L(w) times the density of w given u,
over all w within the limits (Crowder, Technometrics 1987). At the nodes of a Gauss-Legendre
quadrature this is a linear system; the kernel is smooth, so about a hundred nodes give nine digits.
"""

from __future__ import annotations

import math

import numpy as np

from models.spc.ewma import check_lam
from models.spc.ewma import spread as asymptotic_spread
from models.spc.numerics import gauss_legendre, root, solve
from models.spc.runlength_shewhart import shewhart_arl, shewhart_limit

#: Points; a longer run makes the linear system too ill-conditioned to say.
LONGEST = 1e13
#: A system of more unknowns takes seconds and says nothing that a chart needs.
MOST_NODES = 1_500


def ewma_arl(limit: float, lam: float, *, shift: float = 0.0, spread: float = 1.0) -> float:
    """Return the ARL of |w| > limit * sqrt(lam / (2 - lam)), the average beginning at 0.

    Scores are normal with mean *shift* and standard deviation *spread*, independent. Beyond 1e13
    points the answer is infinity: double precision ends there. NaN for a *limit* so wide, at so
    small a *lam*, that the grid would be too large.
    """
    if check_lam(lam) == 1.0:
        return shewhart_arl(limit, shift=shift, spread=spread)
    edge = limit * asymptotic_spread(lam)
    width = lam * spread
    # Three nodes for each standard deviation of a step, and some for the edges.
    nodes = max(48, round(6.0 * edge / width) + 20)
    if nodes > MOST_NODES:
        return math.nan
    w, weights = gauss_legendre(nodes, -edge, edge)
    start = np.append(w, 0.0)
    step = (w[None, :] - (1.0 - lam) * start[:, None] - lam * shift) / width
    kernel = weights * np.exp(-step * step / 2.0) / (width * math.sqrt(2.0 * math.pi))
    means = solve(np.eye(nodes) - kernel[:-1], np.ones(nodes))
    arl = float(1.0 + kernel[-1] @ means)
    return arl if 1.0 <= arl < LONGEST else math.inf


def ewma_limit(arl0: float, lam: float) -> float:
    """Return L of a two-sided EWMA whose in-control ARL is *arl0* > 2."""
    # A chart whose neighbours are alike needs no wider limits than one without memory.
    highest = 1.001 * shewhart_limit(arl0)
    return root(lambda limit: math.log(ewma_arl(limit, lam) / arl0), 0.01, highest)
