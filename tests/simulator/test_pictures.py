from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from simulator import pictures
from simulator.picture import BLUE, RED, Map, Panel, Series, svg
from simulator.picture_formation import real
from simulator.recording import CyclerError

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ET.Element:
    return ET.fromstring(text)


def colours(picture: ET.Element) -> dict[str, str]:
    return {p.attrib["stroke"]: p.attrib["d"] for p in picture.iter(f"{SVG}path")}


def test_points_stand_where_their_values_say() -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 5.0, 3.0])
    line = Series(x, y, BLUE, is_line=True)
    found = colours(drawn(svg("t", [Panel("p", [line, Series(x[:1], y[:1], RED)], "hours")])))
    path = np.array([p.split() for p in found[BLUE][1:].split("L")], dtype=float)
    assert np.allclose(np.diff(path[:, 0]), 315)
    high, low = path[1, 1], path[0, 1]
    assert low - high == 150
    assert path[2, 1] == pytest.approx((low + high) / 2)
    assert found[RED].count("h0") == 1


def test_a_map_has_a_field_for_each_value_in_the_colour_of_its_size() -> None:
    values = np.array([[-2.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
    panel = Map("t", values, ["lane 1", "lane 2"], -1.0, 1.0, "metres", 75.0)
    found = {name: d.count("M") for name, d in colours(drawn(svg("t", [panel]))).items()}
    counts = [count for count in found.values() if count]
    assert counts == [1, 4, 1]


def test_the_command_draws_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pictures", str(tmp_path)])
    pictures.main()
    names = {"fault-f01", "fault-f12", "formation", "formation-real", "coating-roll"}
    assert {path.stem for path in tmp_path.iterdir()} == names
    for path in tmp_path.iterdir():
        assert len(list(drawn(path.read_text()).iter(f"{SVG}path"))) > 3


def test_a_file_that_is_no_cyclers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("when,what\n1,2\n")
    with pytest.raises(CyclerError, match="neither a Novonix export"):
        real(file, file)
