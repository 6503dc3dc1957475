"""What is usual of each machine with each recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from models.station.contract import Floats
from models.station.span import Span

#: Fewer rows than this of one machine leave it at its group's centre.
_MIN_OF_MACHINE = 100


class Centres(NamedTuple):
    """The mean of each machine with each recipe, and of each recipe over its machines."""

    by_machine: Mapping[tuple[str, str], Floats]
    by_recipe: Mapping[str, Floats]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Centres:
        """Return the centres of *spans*."""
        by_machine, by_recipe = {}, {}
        for recipe in {span.recipe for span in spans}:
            own = [span for span in spans if span.recipe == recipe]
            by_recipe[recipe] = _mean([span.values for span in own])
            for machine in {span.machine for span in own}:
                rows = [span.values for span in own if span.machine == machine]
                if sum(map(len, rows)) >= _MIN_OF_MACHINE:
                    mean = _mean(rows)
                    mean = np.where(np.isfinite(mean), mean, by_recipe[recipe])
                    by_machine[machine, recipe] = mean
        return cls(by_machine, by_recipe)

    def deviations(self, span: Span) -> Floats:
        """Return *span* less its centre, 0 where a value is missing."""
        centre = self.by_machine.get((span.machine, span.recipe))
        if centre is None:
            centre = self.by_recipe.get(span.recipe)
        if centre is None:
            centre = _mean([span.values])
        return np.nan_to_num(span.values - centre)

    def of_recipe(self, recipe: str) -> tuple[tuple[str, ...], Floats, Floats]:
        """Return machines, their centres, and the centre of other machines."""
        machines = sorted(machine for machine, its in self.by_machine if its == recipe)
        centre = np.nan_to_num(self.by_recipe[recipe])
        rows = [self.by_machine[machine, recipe] for machine in machines]
        return tuple(machines), np.array(rows).reshape(-1, len(centre)), centre


def _mean(rows: Sequence[Floats]) -> Floats:
    values = np.concatenate(rows)
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan))
