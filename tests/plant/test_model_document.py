"""docs/plant-model.md keeps its word: its files load, its errors are those of the loader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plant import cell_quality, metres, model, signals, stations, witness
from plant.load import REFERENCE, PlantError, load_plant

DOCUMENT = (Path(__file__).parents[2] / "docs" / "plant-model.md").read_text(encoding="utf-8")
SMALL, RECIPES, QUALITY, CHANGED = re.findall(
    r"^```toml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_the_small_plant_has_the_machines_and_tables_that_the_document_names(small: Path) -> None:
    plant = load_plant(small)
    tables = {str(table) for (_, _), table in plant.tables.items()}
    assert list(plant.equipment) == ["l1-coater-c-01", "l1-coater-a-01", "l1-filler-01"]
    assert tables - {"machine.state", "material.genealogy", "material.mount"} == {
        "telemetry.coating",
        "telemetry.filling",
        "cell.filling",
    }
    assert plant.signal("l1-coater-a-01", "loading").nominal == 14.12


def test_the_file_that_stands_on_it_says_what_is_different(small: Path) -> None:
    path = small.with_name("changed.toml")
    path.write_text(CHANGED, encoding="utf-8")
    filling = load_plant(path).stations["filling"]
    assert list(load_plant(path).stations) == ["filling"]
    assert filling.positions is not None
    assert filling.positions.count == 8
    assert filling.results["fill_mass"].low is None


def test_a_recipe_has_its_own_figures_in_the_same_tables(small: Path) -> None:
    path = small.with_name("recipes.toml")
    path.write_text(RECIPES, encoding="utf-8")
    plant = load_plant(path)
    storage = plant.for_recipe("storage")
    assert list(plant.recipes) == ["vehicle", "storage"]
    assert plant.for_recipe("vehicle").signal("l1-filler-01", "fill_mass").nominal == 6.40
    assert storage.signal("l1-filler-01", "fill_mass").nominal == 6.05
    assert storage.signal("l1-filler-01", "fill_mass").sd == 0.025
    assert storage.tables is plant.tables
    assert storage.equipment is plant.equipment
    with pytest.raises(KeyError):
        plant.for_recipe("bus")


def test_how_cells_are_judged_is_changed_where_the_document_changes_it(tmp_path: Path) -> None:
    path = tmp_path / "quality.toml"
    path.write_text(QUALITY.replace("plant.toml", str(REFERENCE)), encoding="utf-8")
    quality = load_plant(path).cell_quality
    assert quality is not None
    assert quality.held_ppm == 50.0
    assert quality.metres["width_c"].columns == ("strip_width",)
    assert {"water_a", "water_c"} & set(quality.metres) == {"water_a"}


def test_the_errors_in_the_document_are_those_of_the_loader(small: Path) -> None:
    path = small.with_name("bad.toml")
    path.write_text(
        'base = "small.toml"\n'
        '[stations]\ncoating.signals.web_speed.unit = "m/mim"\n'
        "filling.signals.vacuum.nomnal = 5.0\n"
        "filling.results.fill_mass.low = 6.5\n",
        encoding="utf-8",
    )
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    text = str(caught.value).replace(str(path), path.name)
    assert f"```\n{text}\n```" in DOCUMENT


@pytest.mark.parametrize(
    "part",
    [
        model.Site,
        model.Production,
        model.Intake,
        stations.Station,
        signals.Signal,
        signals.Override,
        cell_quality.CellQuality,
        cell_quality.Measure,
        cell_quality.SelfDischarge,
        cell_quality.Rule,
        cell_quality.Grade,
        cell_quality.Forecast,
        metres.Metres,
        witness.Witness,
    ],
)
def test_the_document_names_each_key_of_each_part(part: type[signals.Part]) -> None:
    for key in part.model_fields:
        assert f"`{key}`" in DOCUMENT, key


def test_the_document_names_each_reserved_name_that_is_not_postgresqls() -> None:
    for name in ("time", "ts", "equipment", "cell", "position", "verdict", "batch"):
        assert name in signals.RESERVED
        assert f"`{name}`" in DOCUMENT
