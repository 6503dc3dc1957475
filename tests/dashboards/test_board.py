"""The shape of the committed boards, so that they load everywhere and read well on a wall."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards import palette
from dashboards.boards import boards
from dashboards.panels import Panel as PanelOfBoard
from dashboards.targets import committed
from plant.model import Plant

Panel = dict[str, Any]
BOARDS = {content["uid"]: content for content in committed()}


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each committed board."""
    return BOARDS[request.param]


def test_the_ten_boards_are_there_with_a_title_each() -> None:
    assert set(BOARDS) == {
        f"jr-{name}"
        for name in ("overview", "line", "station", "formation", "cell", "roll", "utilities",
                     "us", "models", "pipeline")
    }  # fmt: skip
    assert len({content["title"] for content in BOARDS.values()}) == len(BOARDS)


def test_it_is_the_classic_form_that_loads_from_a_file(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] <= 42
    assert not {"apiVersion", "kind", "id", "version"} & board.keys()
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
    queried = [v for v in board["templating"]["list"] if v["type"] == "query"]
    others = [*queried, *board["annotations"]["list"]]
    assert all(other["datasource"] == chosen for other in others)


def test_only_core_panels_are_used(board: dict[str, Any]) -> None:
    core = {"stat", "table", "timeseries", "state-timeline", "barchart"}
    assert {panel["type"] for panel in board["panels"]} <= core


def test_every_colour_is_of_the_palette(board: dict[str, Any]) -> None:
    text = json.dumps(board)
    found = set(re.findall(r'"(?:color|fixedColor|iconColor)": "([^"]+)"', text))
    assert found <= palette.COLOURS


def test_normal_is_not_a_saturated_colour() -> None:
    for colour in (palette.NORMAL, *palette.SERIES, palette.LIMIT, palette.BAND):
        assert len({colour[1:3], colour[3:5], colour[5:7]}) == 1


def test_annotations_are_on_trends_that_exist(board: dict[str, Any]) -> None:
    trends = {panel["id"] for panel in board["panels"] if panel["type"] == "timeseries"}
    for annotation in board["annotations"]["list"]:
        assert annotation["filter"]["ids"]
        assert set(annotation["filter"]["ids"]) <= trends


def test_choices_are_read_when_the_board_opens_not_at_each_change_of_time(
    board: dict[str, Any],
) -> None:
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            assert variable["refresh"] == 1
            assert variable["multi"] == variable["includeAll"]


def test_every_choice_is_used_and_every_use_can_be_chosen(board: dict[str, Any]) -> None:
    names = {variable["name"] for variable in board["templating"]["list"]}
    content = {key: value for key, value in board.items() if key != "uid"}
    used = set(re.findall(r"\$\{(\w+)(?::\w+)?\}", json.dumps(content)))
    builtin = {name for name in used if name.startswith("__")}
    assert used - builtin == names


def test_links_lead_to_boards_and_choices_that_exist(board: dict[str, Any]) -> None:
    urls = re.findall(r'"url": "([^"]+)"', json.dumps(board))
    assert any(url == "/d/jr-overview" for url in urls), "back to the overview"
    assert any(url.startswith("${web}/alerts") for url in urls), "to the alerts"
    for url in urls:
        if found := re.match(r"/d/([\w-]+)", url):
            choices = {v["name"] for v in BOARDS[found[1]]["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", url)) <= choices


def test_one_gets_from_the_overview_to_a_cell() -> None:
    leads = {
        uid: set(re.findall(r"/d/(jr-\w+)\?", json.dumps(content)))
        for uid, content in BOARDS.items()
    }
    assert "jr-line" in leads["jr-overview"]
    assert "jr-station" in leads["jr-line"]
    assert "jr-cell" in leads["jr-formation"] & leads["jr-roll"]
    assert "jr-roll" in leads["jr-cell"]


def test_no_tile_is_hidden_by_grafana_s_limit_of_tiles() -> None:
    for uid, title in (("jr-line", "Stations"), ("jr-overview", "Lines")):
        panel = next(p for p in BOARDS[uid]["panels"] if p["title"] == title)
        options = panel["options"]["reduceOptions"]
        assert options["values"] is True
        assert options["limit"] >= 8 * 13, "the reference plant has 8 lines of 13 stations"


def test_a_new_signal_of_the_dry_room_has_a_panel_by_itself(pilot: Plant) -> None:
    whole = pilot.model_dump()
    signals = whole["stations"]["dry_room"]["signals"]
    signals["hydrogen"] = signals["dew_point"] | {"title": "Hydrogen", "unit": "10*-6"}
    titles = {
        panel.title
        for board in boards(Plant.model_validate(whole))
        for panel in board.panels or []
        if isinstance(panel, PanelOfBoard)
    }
    assert "Hydrogen" in titles


def test_zones_with_another_limit_of_the_dew_point_have_a_panel_of_their_own() -> None:
    panels = {panel["title"]: panel for panel in BOARDS["jr-utilities"]["panels"]}
    for title, group, limit in (
        ("Dew point: zone", "'zone'", -40), ("Dew point: filling-zone", "'filling-zone'", -50),
    ):  # fmt: skip
        panel = panels[title]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == limit
        assert f"equipment_group IN ({group})" in panel["targets"][0]["rawSql"]
    assert "Room temperature" in panels, "which has one limit for all"


def test_a_plant_without_formation_has_no_board_of_it(pilot: Plant) -> None:
    whole = pilot.model_dump()
    whole["cell_quality"], whole["recipes"] = None, {}
    del whole["stations"]["formation"]
    uids = {board.uid for board in boards(Plant.model_validate(whole))}
    assert uids == BOARDS.keys() - {"jr-formation", "jr-cell"}
