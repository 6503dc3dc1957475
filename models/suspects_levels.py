"""The levels of one factor as hypotheses: which of their cells deviate, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


#: Beginnings that lie near each other are hardly different: of n there are as many as this times
#: log2(n) that are worth a choice.
_CUTS = 4.0


class Cells(NamedTuple):
    """Cells of one event, in any order.

    *score* is the deviation from what is expected, in sd, positive towards the alarm's direction;
    *deviation* the same in the unit of the result, with its own sign; *affected* who deviates.
    Without a score cells are judged by *affected* alone: that is for few among many.
    """

    score: Floats | None
    deviation: Floats
    affected: Bools

    def without(self, mask: Bools) -> Cells:
        """Return the cells with those of *mask* as if they were as expected."""
        return Cells(
            None if self.score is None else np.where(mask, 0.0, self.score),
            np.where(mask, 0.0, self.deviation),
            self.affected & ~mask,
        )


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


class Tested(NamedTuple):
    """Each level from its likeliest beginning on, an entry each.

    *begin* is on the axis, NaN without one; *cuts* how many there were to choose from;
    *size* and *affected* count cells, *shift* and *shift_of_affected* are their mean deviations.
    *gain* is twice the gain in log-likelihood less the cost of the choices.
    """

    begin: Floats
    cuts: Floats
    size: Ints
    affected: Ints
    shift: Floats
    shift_of_affected: Floats
    gain: Floats


@dataclass(frozen=True)
class Levels:
    """A factor, its cells in order of level and axis; *values* names the levels that occur."""

    factor: Factor
    values: list[str]
    rows: Ints
    start: Ints
    length: Ints
    may_begin: Bools

    @classmethod
    def of(cls, factor: Factor) -> Levels:
        """Sort the cells of *factor*, but for those of which nobody knows."""
        known = factor.code >= 0
        if factor.axis is not None:
            known &= np.isfinite(factor.axis)
        rows = np.flatnonzero(known)
        if factor.axis is None:
            rows = rows[np.argsort(factor.code[rows], kind="stable")]
        else:
            rows = rows[np.lexsort([factor.axis[rows], factor.code[rows]])]
        code = factor.code[rows]
        start = np.flatnonzero(np.diff(code, prepend=-1))
        may_begin = np.zeros(len(rows), dtype=np.bool_)
        if factor.axis is not None:
            # Cells of one moment begin together.
            may_begin[1:] = np.diff(factor.axis[rows]) > 0.0
        may_begin[start] = True
        values = [factor.values[level] for level in code[start].tolist()]
        return cls(factor, values, rows, start, np.diff(start, append=len(rows)), may_begin)

    def tested(self, cells: Cells) -> Tested:
        """Return what *cells* say of each level."""
        rows, start, length = self.rows, self.start, self.length
        end = np.repeat(start + length, length)
        size = end - np.arange(len(rows))
        hits = _to_end(cells.affected[rows].astype(np.float64), end)
        if cells.score is None:
            gain = _of_counts(hits, size, cells.affected)
        else:
            score = _to_end(cells.score[rows], end)
            gain = np.where(score > 0.0, score * score / size, 0.0)
        later = self.may_begin.copy()
        later[start] = False
        gain -= 2.0 * np.log(np.repeat(length, length)) * later
        gain[~self.may_begin] = -np.inf
        best = np.maximum.reduceat(gain, start) if len(start) else np.zeros(0)
        first = np.flatnonzero(gain == np.repeat(best, length))
        of = np.searchsorted(start, first, side="right") - 1
        first = first[np.unique(of, return_index=True)[1]]
        affected = hits[first]
        deviation = cells.deviation[rows]
        hit = _to_end(np.where(cells.affected[rows], deviation, 0.0), end)[first]
        axis = self.factor.axis
        return Tested(
            begin=np.full(len(first), np.nan) if axis is None else axis[rows][first],
            cuts=np.ones(len(first))
            if axis is None
            else 2.0 * np.where(first == start, 1.0, _CUTS * np.log2(length + 1.0)),
            size=size[first],
            affected=np.rint(affected).astype(np.int64),
            shift=_to_end(deviation, end)[first] / size[first],
            shift_of_affected=hit / np.maximum(affected, 1.0),
            gain=best - 2.0 * np.log(max(len(start), 1)),
        )

    def mask(self, level: int, begin: float) -> Bools:
        """Return the cells of *level* from *begin* on, of all of them if that is NaN."""
        code = self.factor.code[self.rows[self.start[level]]]
        mask: Bools = self.factor.code == code
        if self.factor.axis is not None and not np.isnan(begin):
            mask &= self.factor.axis >= begin
        return mask


def _of_counts(hits: Floats, size: Ints, affected: Bools) -> Floats:
    """Return twice the gain in log-likelihood of *hits* in *size* cells over those by chance."""
    total = float(affected.sum())
    expected = size * (total / max(len(affected), 1))
    inside = hits * np.log(np.maximum(hits, 1.0) / np.maximum(expected, 1e-12))
    outside = total - hits
    rest = outside * np.log(np.maximum(outside, 1.0) / np.maximum(total - expected, 1e-12))
    gain: Floats = 2.0 * (inside + rest)
    return np.where(hits > expected, gain, 0.0)


def _to_end(values: Floats, end: Ints) -> Floats:
    """Return for each row the sum of *values* from it to the *end* of its level."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    suffix: Floats = total[end] - total[:-1]
    return suffix
