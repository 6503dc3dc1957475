"""Plant files: what is right loads, what is wrong is told with place and advice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plant.load import PILOT, REFERENCE, PlantError, load_plant

HERE = Path(__file__).parent
SMALL = HERE / "small.toml"
BAD = sorted((HERE / "bad").glob("*.toml"))


def errors_of(path: Path) -> list[str]:
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    return caught.value.errors


def test_the_small_plant_that_the_bad_files_build_on_loads() -> None:
    assert list(load_plant(SMALL).equipment) == ["l1-winder-01", "l1-filler-01", "l1-filler-02"]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_fault_is_told_with_its_place_and_what_to_do(path: Path) -> None:
    expected = re.findall(r"^# expect: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert errors_of(path) == expected


def test_the_text_of_the_error_counts_the_faults_and_lists_each_on_its_line() -> None:
    path = HERE / "bad" / "five_at_once.toml"
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    first, *others = str(caught.value).splitlines()
    assert first == f"{path}: 5 errors"
    assert others == [f"  {error}" for error in caught.value.errors]


def test_a_single_fault_is_called_an_error_not_errors() -> None:
    with pytest.raises(PlantError, match=r"not_toml\.toml: 1 error\n"):
        load_plant(HERE / "bad" / "not_toml.toml")


def test_a_file_that_is_not_there_is_told_with_the_option_that_names_it(tmp_path: Path) -> None:
    expected = "cannot be read (No such file or directory); give a plant file with --plant"
    assert errors_of(tmp_path / "nothing.toml") == [expected]


def test_a_folder_is_not_a_plant_file(tmp_path: Path) -> None:
    assert errors_of(tmp_path) == [
        "cannot be read (Is a directory); give a plant file with --plant"
    ]


def test_a_base_that_is_not_there_is_told_with_the_file_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "pilot.toml"
    path.write_text('base = "nothing.toml"\n')
    with pytest.raises(PlantError) as caught:
        load_plant(path)
    assert caught.value.path == tmp_path / "nothing.toml"
    assert caught.value.errors == [
        f"cannot be read (No such file or directory); mend base in {path.resolve()}"
    ]


def test_a_file_that_is_not_utf8_is_told_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("# Füller\n".encode("latin-1"))
    assert errors_of(path) == ["is not UTF-8 at byte 3; save it as UTF-8"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load_plant(path) == load_plant(SMALL)


@pytest.mark.parametrize("spelling", ["b.toml", "./b.toml", "../{folder}/b.toml"])
def test_files_that_name_each_other_as_base_are_told_however_they_are_spelt(
    tmp_path: Path, spelling: str
) -> None:
    (tmp_path / "a.toml").write_text(f'base = "{spelling.format(folder=tmp_path.name)}"\n')
    (tmp_path / "b.toml").write_text('base = "a.toml"\n')
    expected = "base: files name each other (a.toml -> b.toml -> a.toml); one of them must not"
    assert errors_of(tmp_path / "a.toml") == [expected]


def test_a_file_can_stand_on_a_file_that_stands_on_another(tmp_path: Path) -> None:
    (tmp_path / "middle.toml").write_text(
        f"base = '{SMALL}'\n[stations.filling]\npositions.count = 8\nequipment.filler.count = 3\n"
    )
    (tmp_path / "top.toml").write_text('base = "middle.toml"\nstations.filling.positions.count = 2')
    filling = load_plant(tmp_path / "top.toml").stations["filling"]
    assert filling.positions is not None
    assert (filling.positions.count, filling.positions.name) == (2, "nozzle")
    assert filling.equipment["filler"].count == 3


def test_none_takes_a_station_a_signal_and_a_limit_of_the_base_away(tmp_path: Path) -> None:
    path = tmp_path / "less.toml"
    path.write_text(
        f"base = '{SMALL}'\n"
        "[stations]\n"
        'winding = "none"\n'
        'filling.signals.vacuum = "none"\n'
        'filling.results.fill_mass.low = "none"\n'
        'filling.title = "none"\n'
    )
    plant = load_plant(path)
    assert list(plant.stations) == ["filling"]
    assert list(plant.stations["filling"].signals) == ["flow"]
    assert plant.stations["filling"].results["fill_mass"].low is None
    assert plant.stations["filling"].title == "none", "a text of the base is replaced"


def test_the_pilot_has_the_stations_signals_and_results_of_the_reference_plant() -> None:
    pilot, reference = load_plant(PILOT), load_plant(REFERENCE)
    assert list(pilot.stations) == list(reference.stations)
    for name, station in pilot.stations.items():
        assert list(station.signals) == list(reference.stations[name].signals)
        assert list(station.results) == list(reference.stations[name].results)
        assert list(station.equipment) == list(reference.stations[name].equipment)
