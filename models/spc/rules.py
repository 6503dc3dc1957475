"""Runs rules: Nelson's eight and the Western Electric eight-in-a-row, each by its name.

A rule of the *window* kind signals when the newest point is in its zone and so are `hits` of the
last `window` points; zones are counted in sd from the centre. `trend` and `alternation` look at
the order of neighbours instead. Each rule costs false alarms: `models.spc.runlength_rules` tells
how many a set of them makes.

Source: Nelson, J. Quality Technology 1984; Western Electric, Statistical Quality Control Handbook
1956.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Masks = npt.NDArray[np.uint16]


class Zone(StrEnum):
    """Where a point has to be."""

    #: Beyond so many sd, all points on one side.
    ONE_SIDE = "one side"
    #: Beyond so many sd, on either side.
    EITHER_SIDE = "either side"
    #: Nearer than so many sd.
    WITHIN = "within"


class Rule(NamedTuple):
    """One rule; *zone* is None for those that look at the order of neighbours."""

    key: str
    name: str
    text: str
    hits: int
    window: int
    zone: Zone | None
    sd: float = 0.0


RULES = {
    rule.key: rule
    for rule in (
        Rule("1", "beyond", "one point beyond 3 sd", 1, 1, Zone.ONE_SIDE, 3.0),
        Rule("2", "run", "nine points in a row on one side", 9, 9, Zone.ONE_SIDE),
        Rule("3", "trend", "six points in a row rising, or falling", 6, 6, None),
        Rule("4", "alternation", "fourteen points in a row going up and down", 14, 14, None),
        Rule("5", "two-of-three", "two of three points beyond 2 sd on one side", 2, 3,
             Zone.ONE_SIDE, 2.0),
        Rule("6", "four-of-five", "four of five points beyond 1 sd on one side", 4, 5,
             Zone.ONE_SIDE, 1.0),
        Rule("7", "stratification", "fifteen points in a row within 1 sd", 15, 15,
             Zone.WITHIN, 1.0),
        Rule("8", "mixture", "eight points in a row beyond 1 sd on either side", 8, 8,
             Zone.EITHER_SIDE, 1.0),
        Rule("we4", "run-of-eight", "eight points in a row on one side (Western Electric)", 8, 8,
             Zone.ONE_SIDE),
    )
}  # fmt: skip

#: Rules 3, 4, 7 and 8 mostly buy false alarms: with all eight a shift of 1 sd takes 9.7 points,
#: with these 9.8, at two thirds of the false alarms.
DEFAULT = ("1", "5", "6", "2")
#: Sets with a name of their own.
SETS = {
    "default": DEFAULT,
    "nelson": ("1", "2", "3", "4", "5", "6", "7", "8"),
    "western-electric": ("1", "5", "6", "we4"),
}


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Return the rules of `1,5,6,2`, names in place of numbers, or a set such as `nelson`.

    Raise `ValueError` that names what is not known.
    """
    names = {rule.name: rule.key for rule in RULES.values()}
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    keys = [key for word in words for key in SETS.get(word, (names.get(word, word),))]
    unknown = [key for key in keys if key not in RULES]
    if unknown or not keys:
        known = ", ".join(f"{rule.key} ({rule.name})" for rule in RULES.values())
        said = f"{', '.join(unknown)} is no rule" if unknown else "no rule is given"
        raise ValueError(f"{said}; rules are {known}, and the sets {', '.join(SETS)}")
    return tuple(RULES[key] for key in dict.fromkeys(keys))


@dataclass(slots=True)
class RunsRules:
    """Charts with the same *rules*; `update` moves their memory of the last points.

    Zones are *unit* sd wide: 1 as the rules say; more makes them alarm less often.
    """

    rules: tuple[Rule, ...]
    unit: float
    #: Per rule and side: hits of the last points as bits, the newest lowest.
    _hits: list[tuple[npt.NDArray[np.uint32], ...]]
    _last: Floats
    _direction: npt.NDArray[np.int8]
    #: Points in a row that rise or fall, and that go up and down, the newest included.
    _trend: npt.NDArray[np.int64]
    _alternation: npt.NDArray[np.int64]

    @classmethod
    def zero(
        cls, signals: int, rules: Iterable[Rule] = parse_rules("default"), unit: float = 1.0
    ) -> RunsRules:
        """Return charts that have seen nothing."""
        rules = tuple(rules)
        none = np.zeros(signals, dtype=np.int64)
        return cls(
            rules, unit, [tuple(np.zeros(signals, dtype=np.uint32) for _ in "hl") for _ in rules],
            np.full(signals, np.nan), np.zeros(signals, dtype=np.int8), none, none.copy(),
        )  # fmt: skip

    def update(self, scores: Floats) -> Masks:
        """Take *scores* of shape (points, signals) in; return which rules signal at each.

        Bit i of an entry stands for rule i of *rules*; 0 is no signal. A NaN is a missing point:
        it signals nothing and the memory stays as it is.
        """
        signals = np.zeros(scores.shape, dtype=np.uint16)
        ordered = any(rule.zone is None for rule in self.rules)
        for row, z in enumerate(scores):
            present = ~np.isnan(z)
            if ordered:
                self._follow_order(z, present)
            for number, rule in enumerate(self.rules):
                found = self._found(number, rule, z, present)
                signals[row] |= found.astype(np.uint16) << np.uint16(number)
        return signals

    def names(self, mask: int) -> list[str]:
        """Return the names of the rules in an entry of `update`."""
        return [rule.name for number, rule in enumerate(self.rules) if mask >> number & 1]

    def _found(self, number: int, rule: Rule, z: Floats, present: Bools) -> Bools:
        if rule.zone is None:
            count = self._trend if rule.name == "trend" else self._alternation
            return present & (count >= rule.hits)
        reach = rule.sd * self.unit
        if rule.zone is Zone.ONE_SIDE:
            sides: tuple[Bools, ...] = (z > reach, z < -reach)
        elif rule.zone is Zone.EITHER_SIDE:
            sides = (np.abs(z) > reach,)
        else:
            sides = (np.abs(z) < reach,)
        found = np.zeros(len(z), dtype=np.bool_)
        kept = np.uint32((1 << rule.window) - 1)
        for memory, hit in zip(self._hits[number], sides, strict=False):
            moved = (memory << np.uint32(1) | hit) & kept
            np.copyto(memory, moved, where=present)
            found |= hit & (np.bitwise_count(memory) >= rule.hits)
        return found & present

    def _follow_order(self, z: Floats, present: Bools) -> None:
        with np.errstate(invalid="ignore"):
            direction = np.sign(np.nan_to_num(z - self._last)).astype(np.int8)
        moving = direction != 0
        same = moving & (direction == self._direction)
        turned = moving & (direction == -self._direction)
        first = np.where(moving, 2, 1)
        np.copyto(self._trend, np.where(same, self._trend + 1, first), where=present)
        np.copyto(self._alternation, np.where(turned, self._alternation + 1, first), where=present)
        np.copyto(self._direction, direction, where=present)
        np.copyto(self._last, z, where=present)
