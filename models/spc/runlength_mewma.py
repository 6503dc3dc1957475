"""Exact run lengths of the MEWMA, by Nystroem's method.

In control only the length of the average matters (Rigdon, J. Statistical Computation and
Simulation 1995). Out of control it is two numbers: the average along the shift, and the length of
what is at right angles to it (Runger & Prabhu, J. Quality Technology 1996; Knoth, Statistical
Papers 2017). The squared length after a step is a noncentral chi-square. Everything is in units of
one step's standard deviation, lam.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.spc.ewma import check_lam
from models.spc.numerics import bessel_i_scaled, gauss_legendre, log_gamma, root, solve
from models.spc.runlength_ewma import LONGEST, MOST_NODES, ewma_arl
from models.spc.runlength_shewhart import t2_arl, t2_limit

Floats = npt.NDArray[np.float64]

#: The widest disc, in steps, that two dimensions of nodes can fill: some 3,000 unknowns.
_WIDEST = 30.0


def mewma_arl(limit: float, lam: float, signals: int, *, shift: float = 0.0) -> float:
    """Return the ARL of w' C^-1 w (2 - lam) / lam > limit, the average beginning at 0.

    *shift* is the Mahalanobis distance of the shifted mean; *signals* up to 100. Beyond 1e13
    points: infinity. NaN for a shift at a *lam* so small that the grid would take gigabytes.
    """
    if check_lam(lam) == 1.0:
        return t2_arl(limit, signals, shift=shift)
    if signals == 1:
        return ewma_arl(math.sqrt(limit), lam, shift=shift)
    edge = math.sqrt(limit / (lam * (2.0 - lam)))
    if shift != 0.0 and edge > _WIDEST:
        return math.nan
    arl = (
        _arl_of_length(edge, lam, signals)
        if shift == 0.0
        else _arl_of_pair(edge, lam, signals, shift)
    )
    return arl if 1.0 <= arl < LONGEST else math.inf


def mewma_limit(arl0: float, lam: float, signals: int) -> float:
    """Return H of a MEWMA of *signals* signals whose in-control ARL is *arl0* > 2."""
    highest = 1.001 * t2_limit(arl0, signals)
    return root(lambda limit: math.log(mewma_arl(limit, lam, signals) / arl0), 0.01, highest)


def _arl_of_length(edge: float, lam: float, signals: int) -> float:
    nodes = max(40, round(3.0 * edge) + 20)
    if nodes > MOST_NODES:
        return math.nan
    length, weights = gauss_legendre(nodes, 0.0, edge)
    start = np.append(length, 0.0)
    kernel = weights * _length_density(length[None, :], (1.0 - lam) * start[:, None], signals)
    means = solve(np.eye(nodes) - kernel[:-1], np.ones(nodes))
    return float(1.0 + kernel[-1] @ means)


def _arl_of_pair(edge: float, lam: float, signals: int, shift: float) -> float:
    # The half disc |along| <= edge, across >= 0 as sines and shares of the height above them, so
    # that the nodes crowd where the disc is narrow.
    angle, angle_weights = gauss_legendre(round(3.0 * edge) + 18, -math.pi / 2, math.pi / 2)
    share, share_weights = gauss_legendre(round(0.8 * edge) + 8, 0.0, 1.0)
    height = edge * np.cos(angle)
    along = np.repeat(edge * np.sin(angle), len(share))
    across = np.outer(height, share).ravel()
    weights = np.outer(height * height * angle_weights, share_weights).ravel()
    start_along, start_across = np.append(along, 0.0), np.append(across, 0.0)
    step = along[None, :] - (1.0 - lam) * start_along[:, None] - shift
    kernel = weights * np.exp(-step * step / 2.0) / math.sqrt(2.0 * math.pi)
    kernel *= _length_density(across[None, :], (1.0 - lam) * start_across[:, None], signals - 1)
    means = solve(np.eye(len(along)) - kernel[:-1], np.ones(len(along)))
    return float(1.0 + kernel[-1] @ means)


def _length_density(length: Floats, mean: Floats, signals: int) -> Floats:
    """Return the density of the length of *signals* standard normals whose means have *mean*.

    exp(-(r^2 + m^2) / 2) r^(p/2) m^(1-p/2) I_(p/2-1)(r m): Rice's density, and its limit, the chi
    density, where there is no mean.
    """
    order = signals / 2.0 - 1.0
    if not np.all(mean):
        some = np.where(mean > 0.0, mean, 1.0)
        log_chi = (
            (signals - 1) * np.log(length) - length**2 / 2.0
            - order * math.log(2.0) - log_gamma(signals / 2.0)
        )  # fmt: skip
        return np.where(mean > 0.0, _length_density(length, some, signals), np.exp(log_chi))
    both = length * mean
    rise = np.exp(-((length - mean) ** 2) / 2.0) * length * (length / mean) ** order
    return np.asarray(rise * bessel_i_scaled(order, both))
