"""Exact run lengths of charts without memory: Shewhart's and Hotelling's T2."""

from __future__ import annotations

import math

from models.spc.numerics import chi2_quantile, noncentral_chi2_tail, normal_cdf, normal_quantile


def shewhart_arl(limit: float, *, shift: float = 0.0, spread: float = 1.0) -> float:
    """Return the ARL of |z| > limit, z normal with mean *shift* and standard deviation *spread*."""
    tails = normal_cdf([(-limit - shift) / spread, (-limit + shift) / spread])
    rate = float(tails.sum())
    return 1.0 / rate if rate > 0.0 else math.inf


def shewhart_limit(arl0: float) -> float:
    """Return the limit of a two-sided chart whose in-control ARL is *arl0* > 1."""
    return -normal_quantile(0.5 / arl0)


def t2_arl(limit: float, signals: int, *, shift: float = 0.0) -> float:
    """Return the ARL of T2 > limit, mean and covariance known.

    *shift* is the Mahalanobis distance of the shifted mean. Beyond 1e13 points: infinity.
    """
    rate = noncentral_chi2_tail(limit, signals, shift**2)
    return 1.0 / rate if rate > 1e-13 else math.inf


def t2_limit(arl0: float, signals: int) -> float:
    """Return the limit of a T2 chart with known parameters whose in-control ARL is *arl0* > 1."""
    return chi2_quantile(1.0 / arl0, signals)
