"""The rules of the US ledger: what ships, what years mean, what a bad file is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from genealogy.us.rules import SHIPPED, RulesError, load_rules


@pytest.mark.parametrize(
    ("year", "factor"), [(2026, "1"), (2029, "1"), (2030, "0.75"), (2032, "0.25"), (2040, "0")]
)
def test_the_credit_phases_down_by_year_of_sale(year: int, factor: str) -> None:
    assert load_rules().phase_factor(year) == Decimal(factor)


@pytest.mark.parametrize(
    ("year", "ratio"), [(2025, "0"), (2026, "0.6"), (2029, "0.8"), (2030, "0.85"), (2035, "0.85")]
)
def test_the_least_material_ratio_rises(year: int, ratio: str) -> None:
    assert load_rules().least_ratio(year) == Decimal(ratio)


def test_the_worked_examples_of_the_credit_hold() -> None:
    """32 GWh a year earn 1.12 billion dollars, a cell of 17.4 Wh 61 cents, until 2029."""
    rules = load_rules()
    per_kwh = rules.credit.usd_per_kwh.value * rules.phase_factor(2027)
    assert per_kwh * 32_000_000 == 1_120_000_000
    assert per_kwh * Decimal("0.0174") == Decimal("0.609")
    assert Decimal("17.4") > rules.credit.min_energy_wh.value
    assert Decimal("17.4") / Decimal("0.024") == 725 > rules.credit.min_density_wh_per_l.value


def test_what_is_recalled_ships_to_be_verified_and_what_has_a_source_says_it() -> None:
    used = {named.name: named.figure for named in load_rules().used(2031)}
    assert used["credit.phase 2031"].value == Decimal("0.5")
    assert {name for name, figure in used.items() if figure.verify} == {
        "credit.min_density_wh_per_l",
        "material_assistance 2030",
    }
    assert all(figure.source for figure in used.values())


def test_a_bad_file_is_told_all_its_errors(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("value = 35.0, ", "").replace("value = 12.0", "value = -12.0")
    path.write_text(text.replace("year = 2033", "year = 2030"), encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(path)
    first, *others = str(caught.value).splitlines()
    assert first.endswith("rules.toml: 2 errors")
    assert [line.split(":")[0].strip() for line in others] == [
        "credit.usd_per_kwh.value",
        "credit.min_energy_wh.value",
    ]


def test_years_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    text = SHIPPED.read_text(encoding="utf-8").replace("year = 2033", "year = 2030")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulesError, match=r"credit: .*years must rise, each once"):
        load_rules(path)
