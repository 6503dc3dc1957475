"""Costs of material: what counts as clean, and how metres of strip become kilograms of lots."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from genealogy.us.material import (
    Key,
    Line,
    Lot,
    RollFoil,
    RollLot,
    StripUse,
    Use,
    bill,
    costs_by,
    of_web,
)

MARCH = Key("vehicle", date(2027, 3, 1))


def lot(name: str, **changes: Any) -> Lot:
    values: dict[str, Any] = {
        "lot": name, "material": "nca", "supplier": "S", "country": "US", "is_prohibited": False,
        "certificate": "C-1", "certificate_until": None, "amount": Decimal(1000), "unit": "kg",
        "usd_per_unit": Decimal(20), "received_on": date(2027, 1, 10),
    }  # fmt: skip
    return Lot(**values | changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"certificate_until": date(2027, 1, 10)}, None),
        ({"certificate_until": date(2027, 1, 9)}, "certificate expired before receipt"),
        ({"is_prohibited": True}, "of a prohibited foreign entity"),
        ({"is_prohibited": None}, "without a certificate"),
        ({"certificate": None}, "without a certificate"),
    ],
)
def test_only_a_lot_with_a_certificate_that_was_valid_on_receipt_is_clean(
    changes: dict[str, Any], problem: str | None
) -> None:
    assert lot("a", **changes).problem == problem


def use(name: str, amount: float, unit: str = "kg") -> Use[Key]:
    return Use(MARCH, name, amount, unit, amount if unit == "kg" else None)


def test_the_ratio_is_the_clean_part_of_the_cost() -> None:
    lots = {
        "a": lot("a"),
        "b": lot("b", is_prohibited=True, country="CN", usd_per_unit=Decimal(5)),
    }
    lines = bill([use("a", 2.0), use("b", 8.0), use("a", 1.0)], lots)
    assert [(line.lot, line.amount, line.kg) for line in lines] == [("a", 3, 3), ("b", 8, 8)]
    cost = costs_by(lines, lambda line: line.key)[MARCH]
    assert cost.usd == pytest.approx(100.0)
    assert cost.ratio == pytest.approx(0.6)
    assert cost.domestic_ratio == pytest.approx(0.6)


def test_a_lot_that_nobody_bought_or_in_another_unit_leaves_the_ratio_open() -> None:
    lines: list[Line[Key]] = bill(
        [use("x", 1.0), use("a", 1.0, "g"), use("", 1.0, "g")], {"a": lot("a")}
    )
    assert {line.lot: line.problem for line in lines} == {
        "x": "not in the ledger", "a": "bought by kg and used by g", "": "nobody recorded which",
    }  # fmt: skip
    assert costs_by(lines, lambda line: line.key) == {}


def test_metres_of_a_strip_are_a_part_of_the_lots_in_its_roll() -> None:
    """A roll of 8 strips of 3,000 m holds 960 kg of NCA and 40 of binder."""
    strips = [StripUse(MARCH, "r1-1", 2400.0), StripUse(MARCH, "r1-2", 600.0)]
    rolls = [RollLot("r1", 24_000.0, "nca-1", 960.0), RollLot("r1", 24_000.0, "pvdf-1", 40.0)]
    foils = [RollFoil("r1", "foil-1", 0.003)]
    uses = of_web(strips, {"r1-1": "r1", "r1-2": "r1"}, rolls, foils)
    assert {use.lot: use.amount for use in uses} == pytest.approx(
        {"nca-1": 120.0, "pvdf-1": 5.0, "foil-1": 9.0}
    )
