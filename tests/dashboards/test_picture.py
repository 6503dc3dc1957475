"""Pictures of boards for documents: every panel in its place, with what its queries gave."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dashboards.expand import View
from dashboards.picture import picture
from dashboards.targets import committed
from storage.connect import Connection

BOARDS = {content["uid"]: content for content in committed()}


@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_of_a_board_is_in_its_picture(
    reader: Connection, views: dict[str, View], uid: str
) -> None:
    drawn = ET.fromstring(picture(reader, BOARDS[uid], views["24 h"], {"cell": "D1"}))
    words = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    for panel in BOARDS[uid]["panels"]:
        title = panel["title"]
        assert title in words or "$" in title or title[:10] in str(words)


def test_an_empty_panel_says_what_grafana_would_say(
    reader: Connection, views: dict[str, Any]
) -> None:
    text = picture(reader, BOARDS["jr-roll"], views["24 h"], {"roll": "no such roll"})
    assert "No sample of this roll is stored" in text


def test_alerts_and_curves_are_drawn(reader: Connection, views: dict[str, Any]) -> None:
    text = picture(reader, BOARDS["jr-overview"], views["24 h"], {})
    assert "Nozzle 3" in text
    assert "#d9541e" in text, "the line's tile has the colour of an alert"
    assert "<polyline" in picture(reader, BOARDS["jr-pipeline"], views["24 h"], {})


def test_an_excursion_is_a_violet_region_on_the_trends_it_is_of(
    reader: Connection, views: dict[str, Any]
) -> None:
    choices = {"station": "filling", "characteristic": "fill_mass"}
    text = picture(reader, BOARDS["jr-station"], views["24 h"], choices)
    # Two of them, on three trends.
    assert text.count('fill="#8f5fbf" fill-opacity') == 6
    choices["characteristic"] = "mass_after"
    assert 'fill="#8f5fbf"' not in picture(reader, BOARDS["jr-station"], views["24 h"], choices)
