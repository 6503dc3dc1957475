"""The distributions and solvers that SPC needs: SciPy's, with types and on one thread.

OpenBLAS spreads a system of some hundred unknowns over all cores and then waits for the busy ones;
on a shared machine one thread is up to fifty times as fast.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse, special  # type: ignore[import-untyped]
from scipy.sparse import linalg as sparse_linalg  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]

#: A root is found when two tries are as close as this share of it.
_CLOSE = 1e-9
#: OpenBLAS leaves systems below this to one thread anyway, and asking it costs a millisecond.
_ONE_THREAD = 100


def normal_cdf(z: npt.ArrayLike) -> Floats:
    """Return P(Z <= z) of a standard normal, with full relative precision in the lower tail."""
    return np.asarray(special.ndtr(z), dtype=np.float64)


def normal_quantile(probability: float) -> float:
    """Return z with P(Z <= z) = *probability*."""
    return float(special.ndtri(probability))


def chi2_quantile(tail: float, degrees: float) -> float:
    """Return x with P(X > x) = *tail* of a chi-square of *degrees* of freedom."""
    return float(special.chdtri(degrees, tail))


def noncentral_chi2_tail(x: float, degrees: float, noncentrality: float) -> float:
    """Return P(X > x), X the sum of squares of *degrees* normals, one with a mean."""
    if noncentrality == 0.0:
        return float(special.chdtrc(degrees, x))
    return 1.0 - float(special.chndtr(x, degrees, noncentrality))


def f_quantile(tail: float, first: float, second: float) -> float:
    """Return x with P(F > x) = *tail*."""
    return float(special.fdtri(first, second, 1.0 - tail))


def beta_quantile(tail: float, a: float, b: float) -> float:
    """Return x with P(B > x) = *tail*."""
    return float(special.betaincinv(a, b, 1.0 - tail))


def log_gamma(x: float) -> float:
    """Return the logarithm of the gamma function."""
    return float(special.gammaln(x))


def bessel_i_scaled(order: float, x: Floats) -> Floats:
    """Return exp(-x) I_order(x) for x >= 0."""
    return np.asarray(special.ive(order, x), dtype=np.float64)


def gauss_legendre(nodes: int, low: float, high: float) -> tuple[Floats, Floats]:
    """Return nodes and weights of the quadrature from *low* to *high*."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    half = (high - low) / 2.0
    return np.asarray(low + half * (x + 1.0)), np.asarray(half * weights)


def solve(matrix: Floats, right: Floats) -> Floats:
    """Return x with matrix x = right."""
    if len(matrix) < _ONE_THREAD:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    with threadpool_limits(1):
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def solve_sparse(size: int, entries: tuple[Sequence[int], Sequence[int], Floats]) -> Floats:
    """Return x with (1 - Q) x = 1, Q given by rows, columns and values (repeated ones add up)."""
    rows, columns, values = entries
    chain = sparse.csc_matrix((values, (rows, columns)), shape=(size, size))
    system = sparse.identity(size, format="csc") - chain
    return np.asarray(sparse_linalg.spsolve(system, np.ones(size)), dtype=np.float64)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return x between *low* and *high*, at which *function* has opposite signs, where it is 0.

    Ridders' method (IEEE Transactions on Circuits and Systems 1979): a step halves the bracket at
    least. Written here because `scipy.optimize` would be a quarter of a command's time to start.
    """
    at_low, at_high = function(low), function(high)
    if at_low == 0.0 or at_high == 0.0:
        return low if at_low == 0.0 else high
    if at_low * at_high > 0.0:
        raise ValueError(f"there is no root between {low:g} and {high:g}")
    x = math.inf
    while high - low > _CLOSE * abs(high):
        middle = (low + high) / 2.0
        at_middle = function(middle)
        bend = math.sqrt(at_middle * at_middle - at_low * at_high)
        before, x = x, middle + math.copysign(middle - low, at_low) * at_middle / bend
        at_x = function(x)
        if at_x == 0.0 or abs(x - before) <= _CLOSE * abs(x):
            return x
        # The closest bracket that these four points give.
        ends = sorted([(low, at_low), (middle, at_middle), (x, at_x), (high, at_high)])
        for (a, at_a), (b, at_b) in itertools.pairwise(ends):
            if at_a * at_b <= 0.0:
                (low, at_low), (high, at_high) = (a, at_a), (b, at_b)
                break
    return (low + high) / 2.0
