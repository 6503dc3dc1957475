"""The shape of the committed boards, so that they load everywhere and read well on a wall."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards import palette

Panel = dict[str, Any]


def test_it_is_the_classic_form_that_loads_from_a_file(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] <= 42
    assert not {"apiVersion", "kind", "id", "version"} & board.keys()
    assert board["uid"] == "jr-line"
    assert board["editable"] is False


def test_it_refreshes_every_half_minute_at_most(board: dict[str, Any]) -> None:
    offered = [board["refresh"], *board["timepicker"]["refresh_intervals"]]
    seconds = {"s": 1, "m": 60}
    assert all(int(text[:-1]) * seconds[text[-1]] >= 30 for text in offered)


def test_panels_have_ids_of_their_own(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(number, int) and number > 0 for number in ids)
    assert len(ids) <= 20


def test_panels_stand_side_by_side_within_24_columns(board: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_every_panel_says_what_it_shows_in_what_unit_and_what_when_there_is_nothing(
    board: dict[str, Any],
) -> None:
    for panel in board["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert panel["description"].endswith((".", "?")), panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["noValue"], panel["title"]


def test_every_query_goes_to_the_chosen_data_source(board: dict[str, Any]) -> None:
    first = board["templating"]["list"][0]
    assert (first["name"], first["type"]) == ("datasource", "datasource")
    chosen = {"type": "grafana-postgresql-datasource", "uid": "${datasource}"}
    assert first["query"] == chosen["type"]
    for panel in board["panels"]:
        assert panel["datasource"] == chosen
        assert [target["datasource"] for target in panel["targets"]]
        assert all(target["datasource"] == chosen for target in panel["targets"])
    others = [*board["templating"]["list"][1:], *board["annotations"]["list"]]
    assert all(other["datasource"] == chosen for other in others)


def test_only_core_panels_are_used(board: dict[str, Any]) -> None:
    assert {panel["type"] for panel in board["panels"]} <= {"stat", "table", "timeseries"}


def test_every_colour_is_of_the_palette(board: dict[str, Any]) -> None:
    text = json.dumps(board)
    found = set(re.findall(r'"(?:color|fixedColor|iconColor)": "([^"]+)"', text))
    assert found
    assert found <= palette.COLOURS


def test_normal_is_not_a_saturated_colour() -> None:
    for colour in (palette.NORMAL, *palette.SERIES, palette.LIMIT, palette.BAND):
        assert len({colour[1:3], colour[3:5], colour[5:7]}) == 1


def test_annotations_are_on_trends_that_exist(board: dict[str, Any]) -> None:
    trends = {panel["id"] for panel in board["panels"] if panel["type"] == "timeseries"}
    for annotation in board["annotations"]["list"]:
        assert annotation["filter"]["ids"]
        assert set(annotation["filter"]["ids"]) <= trends


@pytest.mark.parametrize("name", ["line", "equipment"])
def test_lines_and_machines_can_be_chosen_several_or_all(board: dict[str, Any], name: str) -> None:
    variable = next(v for v in board["templating"]["list"] if v["name"] == name)
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["refresh"] == 1, "read when the dashboard opens, not at each change of time"


def test_no_station_is_hidden_by_grafana_s_limit_of_tiles(board: dict[str, Any]) -> None:
    health = next(panel for panel in board["panels"] if panel["title"] == "Stations")
    options = health["options"]["reduceOptions"]
    assert options["values"] is True
    assert options["limit"] >= 8 * 13, "the reference plant has 8 lines of 13 stations"
