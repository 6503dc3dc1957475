"""How much of a quantity's spread is its own, once its causes have had their part.

Each quantity is, to the first order, a sum of independent sources: what is inherited, and the own
noise of each quantity on the way. Its own noise is what its causes leave of the variance that the
plant file states; where they leave nothing, it has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simulator.noise import Floats
from simulator.physics import Identity, Tie


class Figures(NamedTuple):
    """Mean and standard deviation of a quantity; an *sd* of 0 leaves it to its causes."""

    nominal: float
    sd: float


class Spreads:
    """The quantities *figures*, with the *ties* and *identities* of each by its name.

    *tools* is the sd that the wear of a tool gives to a quantity. The figures of an identity are
    not asked for: it has what its formula gives.
    """

    def __init__(
        self,
        figures: Mapping[str, Figures],
        ties: Mapping[str, Sequence[Tie]],
        identities: Mapping[str, Identity],
        tools: Mapping[str, float],
    ) -> None:
        self._figures = figures
        self._ties = ties
        self._identities = identities
        self._tools = tools
        self._sources: dict[str, dict[str, float]] = {}
        self._own: dict[str, float] = {}

    def own(self, name: str) -> float:
        """Return the sd of the own noise of *name*, which has no identity, in its unit."""
        self._of(name)
        return self._own[name]

    def correlation(self, one: str, other: str) -> float:
        """Return the correlation that the ties give to two quantities."""
        a, b = self._of(one), self._of(other)
        both = sum(size * b.get(source, 0.0) for source, size in a.items())
        return float(both / (_norm(a) * _norm(b)))

    def _of(self, name: str) -> dict[str, float]:
        """Return how much each source moves *name*, in units of *name* per sd of the source."""
        if name not in self._sources:
            identity = self._identities.get(name)
            self._sources[name] = self._derived(identity) if identity else self._tied(name)
        return self._sources[name]

    def _tied(self, name: str) -> dict[str, float]:
        total = {f"tool of {name}": self._tools[name]} if name in self._tools else {}
        for tie in self._ties.get(name, ()):
            for source, size in self._of(tie.cause).items():
                total[source] = total.get(source, 0.0) + self._rate(tie) * size
        own = float(np.sqrt(max(0.0, self._figures[name].sd ** 2 - _norm(total) ** 2)))
        self._own[name] = own
        return total | {name: own} if own else total

    def _derived(self, identity: Identity) -> dict[str, float]:
        usual = [np.array(self._figures[cause].nominal) for cause in identity.causes]
        total: dict[str, float] = {}
        for index, cause in enumerate(identity.causes):
            sources = self._of(cause)
            # Of an exponential too, sqrt(3) sd give the part that is linear (Gauss and Hermite).
            step = 3**0.5 * _norm(sources)
            if not step:
                continue
            up, down = list(usual), list(usual)
            up[index], down[index] = usual[index] + step, usual[index] - step
            move: Floats = identity.formula(*up) - identity.formula(*down)
            for source, size in sources.items():
                total[source] = total.get(source, 0.0) + float(move) / (2 * step) * size
        return total

    def _rate(self, tie: Tie) -> float:
        if tie.absolute:
            return tie.slope
        return tie.slope * self._figures[tie.effect].nominal / self._figures[tie.cause].nominal


def _norm(sources: Mapping[str, float]) -> float:
    return float(np.sqrt(sum(size**2 for size in sources.values())))
