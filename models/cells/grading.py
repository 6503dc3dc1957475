"""Grades by rule, and limits: what the plant file says of a cell's measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from models.cells.cells import Cells, Floats, Mask, Texts
from models.cells.standard import Standard
from models.cells.verdict import REJECT
from plant.cell_quality import Rule
from plant.signals import Signal


class Breach(NamedTuple):
    """The cells that are outside one limit of a result: *values* of all, *bad* says which."""

    name: str
    signal: Signal
    limit: float
    values: Floats
    bad: Mask


def breaches(standard: Standard, cells: Cells, trusted: Mapping[str, Floats]) -> Iterator[Breach]:
    """Yield what of *cells* is outside the limits of *standard*.

    *trusted* are the measures without what channels falsify; critical results are taken as read.
    """
    asked = [(name, standard.of_measure(name), values) for name, values in trusted.items()]
    asked += [(n, standard.signal(n), cells.value(n)) for n in standard.quality.critical]
    for name, signal, values in asked:
        with np.errstate(invalid="ignore"):
            if signal.low is not None:
                yield Breach(name, signal, signal.low, values, values < signal.low)
            if signal.high is not None:
                yield Breach(name, signal, signal.high, values, values > signal.high)


def grades(standard: Standard, values: Mapping[str, Floats], middle: Mapping[str, Floats]) -> Texts:
    """Return each cell's grade: the first whose rules it keeps, 'reject' if it keeps none.

    None where a measure that a rule asks for is not known, or there are no grades. *middle* are the
    medians of the cells' trays.
    """
    rules = [rule for grade in standard.quality.grades for rule in grade.rules]
    count = len(next(iter(values.values())))
    result = np.full(count, REJECT if rules else None, dtype=object)
    ungraded = np.ones(count, dtype=bool)
    for grade in standard.quality.grades:
        kept = ungraded.copy()
        for rule in grade.rules:
            kept &= _keeps(standard, rule, values[rule.measure], middle[rule.measure])
        result[kept] = grade.name
        ungraded &= ~kept
    for name in {rule.measure for rule in rules}:
        result[~np.isfinite(values[name])] = None
    return result


def _keeps(standard: Standard, rule: Rule, values: Floats, middle: Floats) -> Mask:
    if rule.against == "tray":
        away = values - middle
    else:
        away = values / standard.of_measure(rule.measure).nominal - 1
    low = -np.inf if rule.low is None else rule.low
    high = np.inf if rule.high is None else rule.high
    with np.errstate(invalid="ignore"):
        return np.asarray((away >= low) & (away <= high))
