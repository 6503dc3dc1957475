"""Scenarios: the faults that the models are judged on, alone and in pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

#: Each fault of the catalogue, where it is put on the line of scenarios.toml.
FAULTS: dict[str, str] = {
    "F01": "F01:lane=3",
    "F02": "F02",
    "F03": "F03:mixer=2",
    "F04": "F04",
    "F05": "F05:knife=5",
    "F06": "F06:winder=2",
    "F07": "F07:winder=2",
    "F08": "F08:winder=1",
    "F09": "F09:welder=2",
    "F10": "F10:zone=1",
    "F11": "F11:dryer=2",
    "F12": "F12:equipment=l1-filler-02,nozzle=3",
    "F13": "F13:equipment=l1-filler-01,nozzle=6",
    "F14": "F14:sealer=2",
    "F15": "F15:tower=1",
    "F16": "F16:pin=37",
    "F17": "F17:aisle=1",
    "F18": "F18",
}
#: Most faults are seen within minutes. These take longer, in hours: a knife wears for a day, and
#: cells are a day in formation.
HOURS: dict[str, float] = {"F05": 12.0, "F06": 42.0, "F15": 12.0}
PAIRS: tuple[tuple[str, str], ...] = (
    ("F01", "F12"), ("F02", "F09"), ("F03", "F13"), ("F04", "F07"), ("F05", "F14"),
    ("F06", "F17"), ("F08", "F16"), ("F09", "F12"), ("F10", "F18"), ("F11", "F15"),
)  # fmt: skip


class Scenario(NamedTuple):
    """What happens to the line of one *seed*; without faults it is what others compare to."""

    faults: tuple[str, ...]
    seed: int

    @property
    def name(self) -> str:
        """`F01+F12` or `healthy`."""
        return "+".join(self.faults) or "healthy"

    def days(self, least: float) -> float:
        """Return for how many days it runs: *least*, or as long as its faults take to show."""
        return max(least, *(HOURS.get(name, 0.0) / 24.0 for name in self.faults), 0.0)


class UnknownFaultError(ValueError):
    """A fault that is not among the scenarios; the text says which are."""


def chosen(faults: Iterable[str], seeds: Iterable[int]) -> list[Scenario]:
    """Return the scenarios of the named *faults*, of all and the pairs if none is named.

    Healthy lines come first, then faults alone, then pairs: what comes later needs what was before.
    A pair is `F01+F12`; its faults alone come along, to tell whose alarm is whose.
    """
    asked = list(_parsed(faults)) or [*((name,) for name in FAULTS), *PAIRS]
    alone = dict.fromkeys((name,) for name in chain(*asked))
    pairs = dict.fromkeys(names for names in asked if len(names) > 1)
    seeds = list(seeds)
    return [
        Scenario(names, seed) for part in (((),), alone, pairs) for seed in seeds for names in part
    ]


def _parsed(faults: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for text in faults:
        names = tuple(text.split("+"))
        unknown = [name for name in names if name not in FAULTS]
        if unknown:
            raise UnknownFaultError(
                f"there is no scenario {unknown[0]!r}; there are {', '.join(FAULTS)}, and pairs"
                " such as F01+F12"
            )
        yield names
