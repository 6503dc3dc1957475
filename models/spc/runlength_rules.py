"""Run lengths of sets of runs rules: exact by a Markov chain, simulated where a chain cannot say.

A state is what the rules remember of the last points, less what can no longer lead to a signal
(Champ & Woodall, Technometrics 1987). The next point moves it by the zone that it falls into.
Trend and alternation compare points with their neighbours: their memory is a number, not a
state, so sets with them are simulated by the streaming engine itself, and the standard error told.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from models.spc.numerics import Floats, normal_cdf, root, solve_sparse
from models.spc.rules import Rule, RunsRules, Zone

#: Points; beyond them double precision cannot tell a chain from one that never signals.
_LONGEST = 1e13
_SIMULATED_RUNS = 5_000
_BLOCK = 25
_SEED = 20_240_501


class RulesArl(NamedTuple):
    """An average run length; *standard_error* is 0 where it is exact."""

    value: float
    standard_error: float = 0.0


def is_exact(rules: tuple[Rule, ...]) -> bool:
    """Say whether a chain can hold the memory of *rules*."""
    return all(rule.zone is not None for rule in rules)


def rules_arl(rules: tuple[Rule, ...], *, shift: float = 0.0, unit: float = 1.0) -> RulesArl:
    """Return the ARL of *rules* for normal points with mean *shift*, zones *unit* sd wide."""
    if not is_exact(rules):
        return simulated_arl(rules, shift=shift, unit=unit)
    chain = _chain(rules)
    cuts = np.array(chain.cuts) * unit - shift
    edges = np.concatenate(([0.0], normal_cdf(cuts), [1.0]))
    # From the nearer side, so that a tail keeps its digits.
    upper = np.concatenate(([1.0], normal_cdf(-cuts), [0.0]))
    probability = np.where(edges[1:] < 0.5, np.diff(edges), -np.diff(upper))
    values: Floats = probability[list(chain.zone)]
    means = solve_sparse(chain.states, (chain.source, chain.target, values))
    arl = float(means[0])
    return RulesArl(arl if 0.0 < arl < _LONGEST else math.inf)


def rules_unit(rules: tuple[Rule, ...], arl0: float) -> float:
    """Return the width of zones, in sd, at which *rules* have the in-control ARL *arl0*.

    Raise `ValueError` where no width has it: a run on one side is as likely with any zones.
    """
    if any(rule.zone in {None, Zone.WITHIN} for rule in rules):
        raise ValueError("no width of zones makes rules 3, 4 and 7 rarer; leave those out")
    # The widest zones leave only the runs on one side.
    runs = tuple(rule for rule in rules if rule.sd == 0.0)
    longest = rules_arl(runs).value if runs else math.inf
    shortest = rules_arl(rules, unit=0.05).value
    if not shortest < arl0 < longest:
        raise ValueError(
            f"these rules cannot have an ARL0 of {arl0:g}: whatever the width of their zones it is"
            f" between {shortest:.4g} and {longest:.4g}; leave out the runs"
            " (2 and we4), or take an EWMA or a CUSUM"
        )
    highest = 1.0
    while rules_arl(rules, unit=highest).value < arl0:
        highest *= 1.25
    return root(lambda unit: math.log(rules_arl(rules, unit=unit).value / arl0), 0.05, highest)


@functools.cache
def simulated_arl(
    rules: tuple[Rule, ...],
    *,
    shift: float = 0.0,
    unit: float = 1.0,
    runs: int = _SIMULATED_RUNS,
    seed: int = _SEED,
) -> RulesArl:
    """Return the mean of *runs* run lengths of the streaming rules, and its standard error."""
    random = np.random.default_rng(seed)
    engine = RunsRules.zero(runs, rules, unit)
    length = np.zeros(runs, dtype=np.int64)
    for seen in itertools.count(0, _BLOCK):
        signal = engine.update(random.normal(shift, 1.0, (_BLOCK, runs))) > 0
        new = (length == 0) & signal.any(axis=0)
        length[new] = seen + np.argmax(signal[:, new], axis=0) + 1
        if length.all():
            break
    return RulesArl(float(length.mean()), float(length.std(ddof=1)) / math.sqrt(runs))


class _Chain(NamedTuple):
    """Transitions that do not signal, one by one: from state, to state, by a point in a zone."""

    states: int
    cuts: tuple[float, ...]
    source: list[int]
    target: list[int]
    zone: list[int]


class _Memory(NamedTuple):
    """One rule on one side: the zones (by number) that are a hit for it."""

    hits: int
    window: int
    zones: frozenset[int]

    def after(self, bits: int, zone: int) -> int | None:
        """Return the memory *bits* after a point in *zone*; None is a signal."""
        hit = zone in self.zones
        bits = bits << 1 | hit
        if hit and bits.bit_count() >= self.hits:
            return None
        return self._needed(bits)

    def _needed(self, bits: int) -> int:
        """Return *bits* without those that no signal to come can count (age 1 is the newest)."""
        bits &= (1 << (self.window - 1)) - 1
        while bits:
            age = bits.bit_length()
            if bits.bit_count() + self.window - age >= self.hits:
                return bits
            bits &= ~(1 << (age - 1))
        return 0


@functools.lru_cache(maxsize=32)
def _chain(rules: tuple[Rule, ...]) -> _Chain:
    cuts = tuple(sorted({side * rule.sd for rule in rules for side in (-1.0, 1.0)}))
    middles = [cuts[0] - 1.0, *((a + b) / 2 for a, b in itertools.pairwise(cuts)), cuts[-1] + 1.0]
    memories = [
        _Memory(rule.hits, rule.window, frozenset(zones))
        for rule in rules
        for zones in _hit_zones(rule, middles)
    ]
    first = (0,) * len(memories)
    number, waiting = {first: 0}, [first]
    chain = _Chain(0, cuts, [], [], [])
    while waiting:
        state = waiting.pop()
        for zone in range(len(middles)):
            moved = []
            for memory, bits in zip(memories, state, strict=True):
                after = memory.after(bits, zone)
                if after is None:
                    break
                moved.append(after)
            else:
                reached = tuple(moved)
                if reached not in number:
                    number[reached] = len(number)
                    waiting.append(reached)
                chain.source.append(number[state])
                chain.target.append(number[reached])
                chain.zone.append(zone)
    return chain._replace(states=len(number))


def _hit_zones(rule: Rule, middles: list[float]) -> list[list[int]]:
    """Return the zones that are a hit, for each side that is counted on its own."""
    high = [zone for zone, middle in enumerate(middles) if middle > rule.sd]
    low = [zone for zone, middle in enumerate(middles) if middle < -rule.sd]
    if rule.zone is Zone.ONE_SIDE:
        return [high, low]
    if rule.zone is Zone.EITHER_SIDE:
        return [high + low]
    return [[zone for zone, middle in enumerate(middles) if abs(middle) < rule.sd]]
