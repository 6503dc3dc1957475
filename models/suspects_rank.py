"""Which factor tells the affected cells from the others? Pure: cells as arrays, factors as codes.

Every level of every factor (nozzle 3, roll 17, the night shift) is a hypothesis: its cells deviate
by a common shift, the others do not. Twice the gain in log-likelihood over "nobody deviates" is
sum(score)^2 / n of its cells, so the hypotheses of a hierarchy compete on one scale: if all cells
of a nozzle deviate, its machine of eight nozzles gains an eighth of it; if all nozzles deviate, the
machine gains eight times what one of them does. What a hypothesis may choose is taken off: one of
*levels* costs 2 ln(levels), a moment since when (a machine breaks at some time, a lot was made as
it is) 2 ln(cells).

The evidence is a two-by-two table of affected against other cells, its one-sided hypergeometric
tail, times the moments worth a choice, and over all hypotheses the Benjamini-Hochberg q.
What has many cells in common with the first suspect deviates, too: the cells of the first suspect
are taken out before another is looked for, but for those that fit all but as well as it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from models.suspects_levels import Bools, Cells, Factor, Levels, Tested
from models.suspects_stats import benjamini_hochberg, hypergeometric_tail

#: One cell counts for no more than this many sd: an outlier is not a cause.
CLIP = 4.0
#: A suspect whose q is above this is none.
MAX_Q = 0.05
#: Hypotheses with this part of the best gain cannot be told from it.
_AS_GOOD = 0.85
#: Causes that are looked for, one after the other.
_CAUSES = 3


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

    name: Name
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
    Those in it and claims may come first whatever their q.
    """
    levels = [Levels.of(factor) for factor in factors]
    levels += [Levels.of(_as_factor(claim)) for claim in claims]
    claimed = {claim.name: claim.begin for claim in claims}
    found: list[Suspect] = []
    for cause in range(_CAUSES):
        table = _Table.of(cells, levels, bonus)
        trusted = {*claimed, *bonus} if cause == 0 else set()
        best, masks = table.best(trusted, {suspect.name for suspect in found})
        if not best:
            break
        found += best
        cells = cells.without(masks)
    return [
        suspect._replace(begin=claimed.get(suspect.name, suspect.begin)) for suspect in found[:most]
    ]


def cells_of(suspect: Suspect, factors: Iterable[Factor], claims: Sequence[Claim] = ()) -> Bools:
    """Return the cells of *suspect*, which `rank` has found among *factors* and *claims*."""
    for claim in claims:
        if claim.name == suspect.name:
            return claim.mask
    for factor in factors:
        if (factor.kind, factor.station) != suspect.name[:2]:
            continue
        try:
            level = factor.values.index(suspect.name.value)
        except ValueError:  # of another factor: lanes are of either electrode
            continue
        mask: Bools = factor.code == level
        if factor.axis is not None and suspect.begin is not None:
            mask &= factor.axis >= suspect.begin
        return mask
    raise LookupError(suspect.name)


class _Table(NamedTuple):
    """All hypotheses: of which factor, which level of it, and the evidence."""

    cells: Cells
    levels: Sequence[Levels]
    tested: Sequence[Tested]
    at: Sequence[tuple[int, int]]
    names: Sequence[Name]
    gain: Sequence[float]
    p: Sequence[float]
    q: Sequence[float]

    @classmethod
    def of(cls, cells: Cells, levels: Sequence[Levels], bonus: Mapping[Name, float]) -> _Table:
        tested = [one.tested(cells) for one in levels]
        total, hit = len(cells.affected), int(cells.affected.sum())
        p = [hypergeometric_tail(one.affected, one.size, hit, total) * one.cuts for one in tested]
        flat_p = np.minimum(np.concatenate([*p, np.zeros(0)]), 1.0)
        names = [
            Name(one.factor.kind, one.factor.station, value)
            for one in levels
            for value in one.values
        ]
        gain = np.concatenate([*(one.gain for one in tested), np.zeros(0)])
        extra = np.array([bonus.get(name, 0.0) for name in names])
        gain = np.where(gain > 0.0, gain + extra, 0.0)
        return cls(
            cells, levels, tested,
            [(k, level) for k, one in enumerate(levels) for level in range(len(one.values))],
            names, gain.tolist(), flat_p.tolist(), benjamini_hochberg(flat_p).tolist(),
        )  # fmt: skip

    def best(self, trusted: set[Name], but: set[Name]) -> tuple[list[Suspect], Bools]:
        """Return the best hypothesis with those that fit as well, and its cells.

        *trusted* ones need no q; those of *but* are left out, none if there is nothing else.
        """
        order = sorted(
            (
                index
                for index, name in enumerate(self.names)
                if self.gain[index] > 0.0 and (self.q[index] <= MAX_Q or name in trusted)
            ),
            key=lambda index: -self.gain[index],
        )
        found: dict[Name, Suspect] = {}
        for index in order:
            if self.gain[index] < _AS_GOOD * self.gain[order[0]]:
                break
            if self.names[index] not in but:
                found.setdefault(self.names[index], self._suspect(index))
        nobody = np.zeros(len(self.cells.affected), dtype=np.bool_)
        return list(found.values()), self._mask(order[0]) if order else nobody

    def _mask(self, index: int) -> Bools:
        factor, level = self.at[index]
        return self.levels[factor].mask(level, float(self.tested[factor].begin[level]))

    def _suspect(self, index: int) -> Suspect:
        factor, level = self.at[index]
        tested = self.tested[factor]
        total, hit = len(self.cells.affected), int(self.cells.affected.sum())
        n, a = int(tested.size[level]), int(tested.affected[level])
        begin = float(tested.begin[level])
        # Where only some cells of a suspect deviate, theirs is the effect.
        shift = tested.shift if 2 * a > n else tested.shift_of_affected
        return Suspect(
            self.names[index], None if np.isnan(begin) else begin,
            a, hit, n - a, total - hit,
            lift=a * total / (n * hit) if hit else 0.0,
            p_value=self.p[index], q_value=self.q[index],
            effect=float(shift[level]), gain=self.gain[index],
        )  # fmt: skip


def _as_factor(claim: Claim) -> Factor:
    code = np.where(claim.mask, 0, -1)
    return Factor(claim.name.kind, claim.name.station, (claim.name.value,), code)
