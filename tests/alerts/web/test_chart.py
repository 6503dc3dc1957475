"""Charts as SVG: what stands where."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from alerts.web.bar_chart import bar_chart
from alerts.web.evidence_chart import Evidence, evidence_chart

ONSET = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Chicago")


def evidence(**changes: object) -> Evidence:
    points = [
        (ONSET + timedelta(minutes=i), 6.4 + (0.01 if i % 2 else -0.01) - (0.4 if i >= 0 else 0))
        for i in range(-10, 10)
    ]
    values: dict[str, object] = {
        "title": "l1-filler-01 nozzle 3", "points": points, "since": ONSET,
        "until": ONSET + timedelta(minutes=9), "expected": 6.4, "sd": 0.01, "ucum": "g",
        "low": 6.3, "high": 6.5,
    }  # fmt: skip
    return Evidence(**{**values, **changes})  # type: ignore[arg-type]


def draw(**changes: object) -> ET.Element:
    return ET.fromstring(evidence_chart(evidence(**changes), ZONE))


def one(svg: ET.Element, kind: str) -> ET.Element:
    (found,) = [e for e in svg.iter() if e.get("class") == kind and e.tag != "circle"]
    return found


def test_the_points_before_the_onset_lie_in_the_baseline_and_those_after_it_below() -> None:
    svg = draw()
    band = one(svg, "baseline")
    top = float(band.attrib["y"])
    bottom = top + float(band.attrib["height"])
    heights = [float(pair.split(",")[1]) for pair in one(svg, "value").attrib["points"].split()]
    assert all(top < y < bottom for y in heights[:10])
    assert all(y > bottom for y in heights[10:])  # SVG counts downwards


def test_the_affected_span_begins_at_the_onset_and_ends_where_the_process_came_back() -> None:
    svg = draw()
    xs = [float(pair.split(",")[0]) for pair in one(svg, "value").attrib["points"].split()]
    span = one(svg, "span")
    left = float(span.attrib["x"])
    assert left == pytest.approx(xs[10])
    assert left + float(span.attrib["width"]) == pytest.approx(xs[19], abs=0.1)


def test_limits_and_centre_are_named_with_their_values() -> None:
    words = " ".join(draw().itertext())
    for text in ("upper limit 6.50", "lower limit 6.30", "centre 6.40", "affected", "g"):
        assert text in words


def test_times_are_those_of_the_plants_clock() -> None:
    assert "21:00" in " ".join(draw().itertext())  # 3:00 UTC


def test_a_limit_that_is_far_away_does_not_press_the_rest_flat() -> None:
    assert "upper limit" not in " ".join(draw(high=1000.0).itertext())


def test_a_chart_says_what_it_shows_to_who_does_not_see_it() -> None:
    svg = draw()
    assert svg.get("role") == "img"
    name = svg.get("aria-label") or ""
    assert "l1-filler-01 nozzle 3" in name
    assert "expected 6.40 g, mean since the onset 6.00 g" in name


@pytest.mark.parametrize(
    "changes",
    [
        {"points": []},
        {"points": [(ONSET, 1.0)], "until": ONSET},
        {"points": [(ONSET, math.nan), (ONSET + timedelta(seconds=1), 2.0)]},
        {"expected": math.nan, "sd": math.nan},
        {"sd": 0.0, "expected": 6.4, "points": [(ONSET, 6.4), (ONSET, 6.4)]},
        {"title": "<script>&\"'", "ucum": "mg/cm2"},
        {"points": [(ONSET + timedelta(minutes=m), 1e9 + m) for m in range(9)], "expected": 1e9},
    ],
)
def test_odd_evidence_gives_a_whole_picture(changes: dict[str, object]) -> None:
    text = evidence_chart(evidence(**changes), ZONE)
    ET.fromstring(text)
    assert "nan" not in text.lower()
    assert "<script" not in text


def test_bars_are_as_high_as_their_counts_and_empty_ones_keep_their_place() -> None:
    svg = ET.fromstring(bar_chart("Alerts", [("a", 2), ("b", 0), ("c", 1)], [("4", 4)]))
    bars = [e for e in svg.iter() if e.get("class") == "bar"]
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights == [heights[2] * 2, 0, pytest.approx(40)]
    lefts = [float(bar.attrib["x"]) for bar in bars]
    assert lefts[1] - lefts[0] == pytest.approx(lefts[2] - lefts[1], abs=0.2)
