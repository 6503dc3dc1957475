"""Is it chance? The tail of a two-by-two table, and false discoveries among many of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def hypergeometric_tail(affected: Ints, size: Ints, hit: int, total: int) -> Floats:
    """Return P(at least *affected* of *size* drawn cells are among the *hit* of *total*).

    From the next term on the tail is bounded by a geometric series: never below the exact value,
    1 where no more are affected than by chance.
    """
    a, n = affected.astype(np.float64), size.astype(np.float64)
    log_p = _log_choose(hit, a) + _log_choose(total - hit, n - a) - _log_choose(total, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (hit - a) * (n - a) / ((a + 1.0) * (total - hit - n + a + 1.0))
        tail = np.exp(log_p) / (1.0 - ratio)
    return np.where((ratio < 1.0) & (a * total > n * hit), np.minimum(tail, 1.0), 1.0)


def benjamini_hochberg(p: Floats) -> Floats:
    """Return for each p the smallest false discovery rate at which it is still a discovery."""
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _log_choose(n: float, k: Floats) -> Floats:
    logs: Floats = (
        special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)
    )
    return logs
