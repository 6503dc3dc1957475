"""What the material of sold cells cost, and how much of that is of no prohibited entity.

Material-assistance ratio = (cost - cost of prohibited entities) / cost, by product and month of
sale, over the direct materials of the cells: 26 USC 7701(a)(52). A lot that nobody certified, or
whose certificate had expired on the day it was received, counts as prohibited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

#: What cells are counted together by.
K = TypeVar("K", bound=Hashable)
H = TypeVar("H", bound=Hashable)


class Key(NamedTuple):
    """Cells of one product sold in one month, by its first day."""

    product: str
    month: date


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as the ledger has it last."""

    lot: str
    material: str
    supplier: str
    country: str
    is_prohibited: bool | None
    certificate: str | None
    certificate_until: date | None
    amount: Decimal
    unit: str
    usd_per_unit: Decimal
    received_on: date

    @property
    def problem(self) -> str | None:
        """Return why it counts as of a prohibited entity, None if a certificate says that not."""
        if self.is_prohibited:
            return "of a prohibited foreign entity"
        if self.is_prohibited is None or self.certificate is None:
            return "without a certificate"
        if self.certificate_until is not None and self.certificate_until < self.received_on:
            return "certificate expired before receipt"
        return None

    @property
    def is_domestic(self) -> bool:
        """Whether it was produced in the United States."""
        return self.country == "US"


@dataclass(frozen=True, slots=True)
class Use(Generic[K]):
    """*amount* of *lot* in the cells of *key*; an empty lot is one that nobody recorded.

    *kg* is its mass, None where the plant file does not say what a unit weighs.
    """

    key: K
    lot: str
    amount: float
    unit: str
    kg: float | None

    def plus(self, other: Use[K]) -> Use[K]:
        """Return the sum of both, which are of one group, lot and unit."""
        kg = None if self.kg is None or other.kg is None else self.kg + other.kg
        return Use(self.key, self.lot, self.amount + other.amount, self.unit, kg)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the material of some cells cost, in USD, and of that what is clean and domestic."""

    usd: float = 0.0
    clean_usd: float = 0.0
    domestic_usd: float = 0.0

    def plus(self, other: Cost) -> Cost:
        """Return the sum of both."""
        return Cost(
            self.usd + other.usd,
            self.clean_usd + other.clean_usd,
            self.domestic_usd + other.domestic_usd,
        )

    @property
    def ratio(self) -> float | None:
        """Return the clean part; None where nothing cost anything."""
        return self.clean_usd / self.usd if self.usd else None

    @property
    def domestic_ratio(self) -> float | None:
        """Return the domestic part; None where nothing cost anything."""
        return self.domestic_usd / self.usd if self.usd else None


@dataclass(frozen=True, slots=True)
class Line(Generic[K]):
    """What *amount* of *lot* in the cells of *key* cost.

    Of a lot that the ledger does not know, or knows in another unit, *cost* is None: nothing can
    be said of cells that hold it. *problem* says why it does not count as clean, or is not known.
    """

    key: K
    lot: str
    material: str
    amount: float
    unit: str
    kg: float | None
    cost: Cost | None
    problem: str | None


UNKNOWN = "of lots that the ledger does not know"


def bill(uses: Iterable[Use[K]], lots: Mapping[str, Lot]) -> list[Line[K]]:
    """Return a line for each group, lot and unit of *uses*, by what the ledger knows of *lots*."""
    sums: dict[tuple[K, str, str], Use[K]] = {}
    for use in uses:
        key = (use.key, use.lot, use.unit)
        sums[key] = sums[key].plus(use) if key in sums else use
    return [_line(use, lots.get(use.lot)) for use in sums.values()]


def _line(use: Use[K], lot: Lot | None) -> Line[K]:
    if lot is None:
        why = "not in the ledger" if use.lot else "nobody recorded which"
        return Line(use.key, use.lot, UNKNOWN, use.amount, use.unit, use.kg, None, why)
    if lot.unit != use.unit:
        why = f"bought by {lot.unit} and used by {use.unit}"
        return Line(use.key, use.lot, lot.material, use.amount, use.unit, use.kg, None, why)
    usd = use.amount * float(lot.usd_per_unit)
    cost = Cost(usd, 0.0 if lot.problem else usd, usd if lot.is_domestic else 0.0)
    return Line(use.key, use.lot, lot.material, use.amount, use.unit, use.kg, cost, lot.problem)


def costs_by(lines: Iterable[Line[K]], key: Callable[[Line[K]], H]) -> dict[H, Cost]:
    """Return the sum of what *lines* cost by what *key* says of each, of those that are known."""
    sums: defaultdict[H, Cost] = defaultdict(Cost)
    for line in lines:
        if line.cost is not None:
            sums[key(line)] = sums[key(line)].plus(line.cost)
    return dict(sums)


@dataclass(frozen=True, slots=True)
class StripUse(Generic[K]):
    """*metres* of *strip* in the cells of *key*."""

    key: K
    strip: str
    metres: float


@dataclass(frozen=True, slots=True)
class RollLot:
    """A roll that became *metres* of strip holds *kg* of *lot* in its coating."""

    roll: str
    metres: float
    lot: str
    kg: float


@dataclass(frozen=True, slots=True)
class RollFoil:
    """A roll is on foil of *lot*, which has *kg_per_m* of each metre of strip."""

    roll: str
    lot: str
    kg_per_m: float


def of_web(
    strips: Iterable[StripUse[K]],
    roll_of: Mapping[str, str],
    coatings: Iterable[RollLot],
    foils: Iterable[RollFoil],
) -> list[Use[K]]:
    """Return how many kilograms of each coated lot and foil are in the cells, by their metres.

    The coating of a roll is taken to be even over all of its strips.
    """
    per_metre: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for part in coatings:
        per_metre[part.roll][part.lot] += part.kg / part.metres
    for foil in foils:
        per_metre[foil.roll][foil.lot] += foil.kg_per_m
    amounts: defaultdict[tuple[K, str], float] = defaultdict(float)
    for use in strips:
        for lot, kg in per_metre[roll_of.get(use.strip, "")].items():
            amounts[use.key, lot] += use.metres * kg
    return [Use(key, lot, amount, "kg", amount) for (key, lot), amount in amounts.items()]
