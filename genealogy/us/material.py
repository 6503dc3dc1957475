"""What the material of sold cells cost, and how much of that is of no prohibited entity.

Material-assistance ratio = (cost - cost of prohibited entities) / cost, by product and month of
sale, over the direct materials of the cells: 26 USC 7701(a)(52). A lot that nobody certified, or
whose certificate had expired on the day it was received, counts as prohibited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

#: What cells are counted together by.
Group = tuple[object, ...]


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
    def is_clean(self) -> bool:
        """Whether a certificate, valid on receipt, says that no prohibited entity made it."""
        return (
            self.is_prohibited is False
            and self.certificate is not None
            and (self.certificate_until is None or self.certificate_until >= self.received_on)
        )

    @property
    def is_domestic(self) -> bool:
        """Whether it was produced in the United States."""
        return self.country == "US"


@dataclass(frozen=True, slots=True)
class Use:
    """*amount* of *lot* in the cells of *key*; an empty lot is one that nobody recorded."""

    key: Group
    lot: str
    amount: float
    unit: str


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


def cost_of(amount: float, lot: Lot) -> Cost:
    """Return the cost of *amount* of *lot*."""
    usd = amount * float(lot.usd_per_unit)
    return Cost(usd, usd if lot.is_clean else 0.0, usd if lot.is_domestic else 0.0)


@dataclass(frozen=True, slots=True)
class Bill:
    """The material of some cells: costs by group, by material, by lot."""

    by_key: Mapping[Group, Cost]
    by_material: Mapping[str, Cost]
    by_lot: Mapping[str, Cost]
    #: Groups whose cells hold lots of which the ledger does not know the cost, and which: their
    #: ratio cannot be stated.
    unknown: Mapping[Group, tuple[str, ...]]


def bill(uses: Iterable[Use], lots: Mapping[str, Lot]) -> Bill:
    """Return the costs of *uses* by what the ledger knows of *lots*."""
    by_key: defaultdict[Group, Cost] = defaultdict(Cost)
    by_material: defaultdict[str, Cost] = defaultdict(Cost)
    by_lot: defaultdict[str, Cost] = defaultdict(Cost)
    unknown: defaultdict[Group, set[str]] = defaultdict(set)
    for use in uses:
        lot = lots.get(use.lot)
        if lot is None:
            unknown[use.key].add(use.lot or "a lot that nobody recorded")
            continue
        if lot.unit != use.unit:
            unknown[use.key].add(f"{use.lot}, bought by {lot.unit} and used by {use.unit}")
            continue
        cost = cost_of(use.amount, lot)
        by_key[use.key] = by_key[use.key].plus(cost)
        by_material[lot.material] = by_material[lot.material].plus(cost)
        by_lot[use.lot] = by_lot[use.lot].plus(cost)
    open_questions = {key: tuple(sorted(texts)) for key, texts in unknown.items()}
    return Bill(dict(by_key), dict(by_material), dict(by_lot), open_questions)


@dataclass(frozen=True, slots=True)
class StripUse:
    """*metres* of *strip* in the cells of *key*."""

    key: Group
    strip: str
    metres: float


@dataclass(frozen=True, slots=True)
class RollLot:
    """A roll that became *metres* of strip holds *kg* of *lot* in its coating."""

    roll: str
    metres: float
    lot: str
    kg: float


def coated(
    strips: Iterable[StripUse], roll_of: Mapping[str, str], lots: Iterable[RollLot]
) -> list[Use]:
    """Return how many kilograms of each coated lot are in the cells, by the metres they took.

    The coating of a roll is taken to be even over all of its strips.
    """
    per_metre: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for part in lots:
        per_metre[part.roll][part.lot] = part.kg / part.metres
    amounts: defaultdict[tuple[Group, str], float] = defaultdict(float)
    for use in strips:
        for lot, kg in per_metre[roll_of.get(use.strip, "")].items():
            amounts[use.key, lot] += use.metres * kg
    return [Use(key, lot, amount, "kg") for (key, lot), amount in amounts.items()]
