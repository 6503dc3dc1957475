"""Which factor tells the affected cells from the others? Pure: cells as arrays, factors as codes.

Every level of every factor (nozzle 3, roll 17, the night shift) is a hypothesis: its cells deviate
by a common shift, the others do not. Twice the gain in log-likelihood over "nobody deviates" is
sum(score)^2 / n of its cells, so the hypotheses of a hierarchy compete on one scale: if all cells
of a nozzle deviate, its machine of eight nozzles gains an eighth of it; if all nozzles deviate, the
machine gains eight times what one of them does. What a hypothesis may choose is taken off: one of
*levels* costs 2 ln(levels), a moment since when (a machine breaks at some time, a lot was made as
it is) 2 ln(cells).

The evidence is a two-by-two table of affected against other cells, its one-sided hypergeometric
tail, times the moments there were to choose from, and over all hypotheses the Benjamini-Hochberg q.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: One cell counts for no more than this many sd: an outlier is not a cause.
CLIP = 4.0
#: A suspect whose q is above this is none.
MAX_Q = 0.05


class Cells(NamedTuple):
    """Cells of one event, in any order.

    *score* is the deviation from what is expected, in sd, positive towards the alarm's direction;
    *deviation* the same in the unit of the result, with its own sign; *affected* who deviates.
    """

    score: Floats
    deviation: Floats
    affected: Bools


class Factor(NamedTuple):
    """One way to sort cells: *code* of each is an index into *values*, -1 where nobody knows.

    *kind* and *station* name it. *axis* is when (or at which metre) each cell met it, for what may
    break at some moment; None for what is as it is for all its cells.
    """

    kind: str
    station: str
    values: Sequence[str]
    code: Ints
    axis: Floats | None = None


class Name(NamedTuple):
    """A hypothesis: one value of a factor."""

    kind: str
    station: str
    value: str


class Claim(NamedTuple):
    """A hypothesis that is no value of a factor: the cells of *mask* have it, since *begin*."""

    name: Name
    mask: Bools
    begin: float | None


class Suspect(NamedTuple):
    """One hypothesis and its evidence.

    *affected* of *affected_total* affected cells have it, and *others* of *others_total* others.
    *lift* is how many times more of its cells are affected than of all. *begin* is on the axis of
    its factor, None where there is none. *effect* is the mean deviation of its cells in the unit.
    """

    kind: str
    station: str
    value: str
    begin: float | None
    affected: int
    affected_total: int
    others: int
    others_total: int
    lift: float
    p_value: float
    q_value: float
    effect: float
    gain: float


class _Tested(NamedTuple):
    """Hypotheses of one factor, an array entry each; *cuts* moments there were to choose from."""

    value: Sequence[str]
    begin: Floats
    size: Ints
    affected: Ints
    shift: Floats
    shift_of_affected: Floats
    gain: Floats
    cuts: Ints


def rank(
    cells: Cells,
    factors: Iterable[Factor],
    claims: Sequence[Claim] = (),
    *,
    bonus: Mapping[Name, float] = MappingProxyType({}),
    most: int = 8,
) -> list[Suspect]:
    """Return at most *most* suspects whose q is small enough, the likeliest first.

    *bonus* says how much likelier than others a hypothesis is beforehand, in twice the logarithm.
    Those in it and claims are in the list whatever their q, if their cells deviate towards the
    alarm at all.
    """
    known = [(f.kind, f.station, _of_factor(cells, f), False) for f in factors]
    known += [(c.name.kind, c.name.station, _of_claim(cells, c), True) for c in claims]
    known = [entry for entry in known if len(entry[2].value)]
    if not known:
        return []
    of = np.repeat(np.arange(len(known)), [len(tested.value) for _, _, tested, _ in known])
    at = np.concatenate([np.arange(len(tested.value)) for _, _, tested, _ in known])
    total, hit = len(cells.affected), int(cells.affected.sum())
    gathered = [tested for _, _, tested, _ in known]
    size, affected, gain, cuts = (
        np.concatenate([getattr(tested, name) for tested in gathered])
        for name in ("size", "affected", "gain", "cuts")
    )
    p = np.minimum(1.0, hypergeometric_tail(affected, size, hit, total) * cuts)
    q = benjamini_hochberg(p)
    is_claim = np.array([claimed for _, _, _, claimed in known])[of]
    begin = np.concatenate([[0], np.cumsum([len(tested.value) for tested in gathered])])
    for entry, (kind, station, tested, _) in enumerate(known):
        for name, extra in bonus.items():
            if (kind, station) == name[:2] and name.value in tested.value:
                index = int(begin[entry]) + tested.value.index(name.value)
                gain[index] += extra if gain[index] > 0.0 else 0.0
                is_claim[index] = True
    chosen = np.flatnonzero((gain > 0.0) & ((q <= MAX_Q) | is_claim))
    found: list[Suspect] = []
    named = set()
    for index in chosen[np.argsort(-gain[chosen], kind="stable")].tolist():
        kind, station, tested, _ = known[of[index]]
        level = int(at[index])
        # A claim and the factor itself may both say the same.
        if (kind, station, tested.value[level]) in named or len(found) == most:
            continue
        named.add((kind, station, tested.value[level]))
        n, a = int(size[index]), int(affected[index])
        since = float(tested.begin[level])
        # Where only some cells of a suspect deviate, theirs is the effect.
        shift = tested.shift if 2 * a > n else tested.shift_of_affected
        found.append(
            Suspect(
                kind, station, tested.value[level], None if np.isnan(since) else since,
                a, hit, n - a, total - hit,
                lift=a * total / (n * hit) if hit else 0.0,
                p_value=float(p[index]), q_value=float(q[index]),
                effect=float(shift[level]), gain=float(gain[index]),
            )
        )  # fmt: skip
    return found


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


def _of_factor(cells: Cells, factor: Factor) -> _Tested:
    known = factor.code >= 0
    if factor.axis is not None:
        known &= np.isfinite(factor.axis)
    rows = np.flatnonzero(known)
    keys = [factor.code[rows]] if factor.axis is None else [factor.axis[rows], factor.code[rows]]
    rows = rows[np.lexsort(keys)]
    if not len(rows):
        nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
        return _Tested((), nothing, none, none, nothing, nothing, nothing, none)
    code = factor.code[rows]
    start = np.flatnonzero(np.diff(code, prepend=-1))
    length = np.diff(start, append=len(rows))
    end = np.repeat(start + length, length)
    size = end - np.arange(len(rows))
    score = _suffix(cells.score[rows], end)
    gain = np.where(score > 0.0, score * score / size, 0.0)
    may_begin = np.zeros(len(rows), dtype=np.bool_)
    if factor.axis is not None:
        axis = factor.axis[rows]
        # Cells of one moment begin together.
        may_begin[1:] = axis[1:] > axis[:-1]
        gain -= 2.0 * np.log(np.repeat(length, length))
    may_begin[start] = True
    gain[start] = np.where(score[start] > 0.0, score[start] ** 2 / length, 0.0)
    gain = np.where(may_begin, gain, -np.inf)
    best = np.maximum.reduceat(gain, start)
    first = np.flatnonzero(gain == np.repeat(best, length))
    first = first[np.unique(code[first], return_index=True)[1]]
    level = code[start]
    best = best - 2.0 * np.log(len(level))
    affected = _suffix(cells.affected[rows].astype(np.float64), end)[first]
    shift = _suffix(cells.deviation[rows], end)[first]
    hit = _suffix(np.where(cells.affected[rows], cells.deviation[rows], 0.0), end)[first]
    return _Tested(
        [factor.values[value] for value in level.tolist()],
        np.full(len(first), np.nan) if factor.axis is None else factor.axis[rows][first],
        size[first],
        affected.astype(np.int64),
        shift / size[first],
        hit / np.maximum(affected, 1.0),
        best,
        length if factor.axis is not None else np.ones(len(first), dtype=np.int64),
    )


def _of_claim(cells: Cells, claim: Claim) -> _Tested:
    size = int(claim.mask.sum())
    sum_of_scores = float(cells.score[claim.mask].sum())
    affected = claim.mask & cells.affected
    if not size or sum_of_scores <= 0.0:
        return _of_factor(cells, Factor("", "", (), np.full(len(cells.score), -1)))
    return _Tested(
        [claim.name.value],
        np.array([np.nan if claim.begin is None else claim.begin]),
        np.array([size]),
        np.array([int(affected.sum())]),
        np.array([cells.deviation[claim.mask].mean()]),
        np.array([cells.deviation[affected].sum() / max(int(affected.sum()), 1)]),
        np.array([sum_of_scores**2 / size]),
        np.ones(1, dtype=np.int64),
    )


def _suffix(values: Floats, end: Ints) -> Floats:
    """Return for each row the sum of *values* from it to the *end* of its level."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    suffix: Floats = total[end] - total[:-1]
    return suffix


def _log_choose(n: float, k: Floats) -> Floats:
    logs: Floats = (
        special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)
    )
    return logs
