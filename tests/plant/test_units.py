"""Units: those of a cell plant are known, a slip of the pen is met with a suggestion."""

from __future__ import annotations

import pytest

from plant.units import KNOWN, check_unit


@pytest.mark.parametrize("unit", sorted(KNOWN))
def test_a_known_unit_is_returned_as_it_is(unit: str) -> None:
    assert check_unit(unit) == unit


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("mbarr", "mbar"),
        ("mohm", "mOhm"),
        ("mg/cm^2", "mg/cm2"),
        ("Pas", "Pa.s"),
        ("mV/day", "mV/d"),
    ],
)
def test_a_misspelt_unit_is_met_with_the_one_that_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(ValueError, match="did you mean") as caught:
        check_unit(wrong)
    assert repr(meant) in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "Ω", "furlongs"])
def test_what_is_like_no_unit_is_refused_without_a_guess(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a UCUM unit") as caught:
        check_unit(wrong)
    assert "did you mean" not in str(caught.value)
