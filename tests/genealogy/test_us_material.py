"""Costs of material: what counts as clean, and how metres of strip become kilograms of lots."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from genealogy.us.material import Key, Lot, RollLot, StripUse, Use, bill, coated

MARCH = Key("vehicle", date(2027, 3, 1))


def lot(name: str, **changes: Any) -> Lot:
    values: dict[str, Any] = {
        "lot": name, "material": "nca", "supplier": "S", "country": "US", "is_prohibited": False,
        "certificate": "C-1", "certificate_until": None, "amount": Decimal(1000), "unit": "kg",
        "usd_per_unit": Decimal(20), "received_on": date(2027, 1, 10),
    }  # fmt: skip
    return Lot(**values | changes)


@pytest.mark.parametrize(
    ("changes", "clean"),
    [
        ({}, True),
        ({"certificate_until": date(2027, 1, 10)}, True),
        ({"certificate_until": date(2027, 1, 9)}, False),
        ({"is_prohibited": True}, False),
        ({"is_prohibited": None}, False),
        ({"certificate": None}, False),
    ],
)
def test_only_a_lot_with_a_certificate_that_was_valid_on_receipt_is_clean(
    changes: dict[str, Any],
    clean: bool,  # noqa: FBT001  # a parameter of the table above
) -> None:
    assert lot("a", **changes).is_clean is clean


def test_the_ratio_is_the_clean_part_of_the_cost() -> None:
    lots = {
        "a": lot("a"),
        "b": lot("b", is_prohibited=True, country="CN", usd_per_unit=Decimal(5)),
    }
    costs = bill([Use(MARCH, "a", 3.0, "kg"), Use(MARCH, "b", 8.0, "kg")], lots)
    assert costs.by_key[MARCH].usd == pytest.approx(100.0)
    assert costs.by_key[MARCH].ratio == pytest.approx(0.6)
    assert costs.by_key[MARCH].domestic_ratio == pytest.approx(0.6)
    assert costs.unknown == {}


def test_a_lot_that_nobody_bought_or_in_another_unit_leaves_the_ratio_open() -> None:
    uses = [Use(MARCH, "x", 1.0, "kg"), Use(MARCH, "a", 1.0, "g"), Use(MARCH, "", 1.0, "g")]
    costs = bill(uses, {"a": lot("a")})
    assert costs.unknown[MARCH] == (
        "a lot that nobody recorded", "a, bought by kg and used by g", "x",
    )  # fmt: skip
    assert costs.by_key == {}


def test_metres_of_a_strip_are_a_part_of_the_lots_in_its_roll() -> None:
    """A roll of 8 strips of 3,000 m holds 960 kg of NCA and 40 of binder."""
    strips = [StripUse(MARCH, "r1-1", 2400.0), StripUse(MARCH, "r1-2", 600.0)]
    rolls = [RollLot("r1", 24_000.0, "nca-1", 960.0), RollLot("r1", 24_000.0, "pvdf-1", 40.0)]
    uses = coated(strips, {"r1-1": "r1", "r1-2": "r1"}, rolls)
    assert {use.lot: use.amount for use in uses} == pytest.approx({"nca-1": 120.0, "pvdf-1": 5.0})
