"""What a plant file says of cell quality: all that is wrong is told at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.cells.standard import CellsError, standards
from plant.load import REFERENCE, PlantError, load_plant
from plant.model import Plant


def test_the_shipped_plants_state_measures_grades_and_forecasts(pilot: Plant) -> None:
    quality = pilot.cell_quality
    assert quality is not None
    assert quality.screened == ("k_value", "acir", "dcir", "capacity", "efficiency")
    assert [grade.name for grade in quality.grades] == ["A", "B", "C"]
    assert list(standards(load_plant(REFERENCE))) == ["vehicle", "storage"]
    of_storage = standards(load_plant(REFERENCE))["storage"]
    assert of_storage.of_measure("capacity").nominal == pytest.approx(4.512)


def test_all_errors_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        f'base = "{REFERENCE}"\n'
        "[cell_quality]\n"
        "held_ppm = 0\n"
        "[cell_quality.measures]\n"
        'acir = { result = "acir", source = "A" }\n'
        'dcir = { result = "end_of_line.dcir", per_kelvin = 1.0, temperature = "none" }\n'
    )
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    text = "\n".join(caught.value.errors)
    assert "cell_quality.held_ppm: " in text
    assert "'acir' must name station and result, as 'end_of_line.acir'" in text
    assert "cell_quality.measures.dcir" in text


def test_what_does_not_fit_the_stations_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        f'base = "{REFERENCE}"\n'
        "[cell_quality]\n"
        'tray = "welding"\n'
        'critical = ["filling.fill_mas"]\n'
        'grades = [{ name = "reject", rules = [{ measure = "weight", against = "tray", low = 1,'
        ' source = "A" }] }]\n'
        "[cell_quality.forecast]\n"
        'targets = ["life"]\n'
    )
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    text = "\n".join(caught.value.errors)
    for part in (
        "critical: no station has a result 'filling.fill_mas'",
        "tray: 'welding' is no station with positions and results",
        "grades: 'reject' is taken",
        "grades.reject: there is no measure 'weight'",
        "forecast.targets: there is no measure 'life'",
    ):
        assert part in text


def test_a_plant_that_does_not_say_how_is_told_what_to_add(pilot: Plant) -> None:
    with pytest.raises(CellsError, match=r"has no \[cell_quality\]"):
        standards(pilot.model_copy(update={"cell_quality": None}))
