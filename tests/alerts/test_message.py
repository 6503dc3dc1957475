"""What a webhook says."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Alert, Kind, Severity, State
from alerts.anomaly import Anomaly
from alerts.body import EventType
from alerts.config import config_of
from alerts.config_file import LinksPart
from alerts.evidence import action
from alerts.message import body
from alerts.read_on import links_of
from alerts.subject import title
from plant.model import Plant
from tests.alerts.support import ONSET, anomaly_row

LINKS = LinksPart(
    page="https://jellyroll.example",
    dashboard="https://grafana.example/d/jr-line?var-line={line}&from={from_ms}&to={to_ms}",
)
SUSPECT = {
    "rank": 1, "factor": "position", "value": "l1-filler-01:3", "station": "filling",
    "affected": 61, "affected_total": 64, "others": 2, "others_total": 420, "lift": 7.3,
    "p_value": 1e-30, "q_value": 1e-28, "since": ONSET, "effect": -0.38, "unit": "g",
    "sentence": "61 of 64 deviating cells are of l1-filler-01 nozzle 3, but 2 of 420 others",
}  # fmt: skip


def _body(plant: Plant, tells: EventType = "alert.opened", **changes: Any) -> Any:
    anomaly = Anomaly(**anomaly_row(**changes))
    alert = Alert(
        id=17,
        kind=Kind.PROCESS,
        cause=anomaly.cause,
        state=State.UNACKNOWLEDGED,
        severity=Severity.HIGH,
        title=title(plant, anomaly),
        since=anomaly.since,
        opened_at=ONSET,
        updated_at=ONSET,
        details={
            **anomaly.evidence(),
            "suspects": [SUSPECT],
            "affected": {"cells": 12, "query": "SELECT cell, time FROM ..."},
            "action": action(plant, anomaly.station, anomaly.equipment, anomaly.characteristic),
        },
    )
    config = replace(config_of([], plant), links=LINKS)
    return json.loads(body(plant, links_of(config, plant, alert, None, ONSET), alert, tells, ONSET))


def test_the_message_names_the_nozzle_and_how_far_it_is_off(pilot: Plant) -> None:
    message = _body(pilot)
    assert message["type"] == "alert.opened"
    assert message["timestamp"] == "2026-11-22T03:00:00Z"
    assert message["version"] == 1
    data = message["data"]
    assert data["title"] == (
        "l1-filler-01 nozzle 3: fill mass 6.02 g, expected 6.40 g (\N{MINUS SIGN}6.0 %)"
    )
    assert (data["alert"], data["state"], data["severity"]) == (17, "unacknowledged", "high")
    assert data["where"] == {
        "enterprise": pilot.site.enterprise,
        "site": pilot.site.name,
        "line": "l1",
        "station": "filling",
        "station_title": pilot.stations["filling"].title,
        "equipment": "l1-filler-01",
        "position": 3,
        "position_name": "nozzle",
    }
    assert data["what"]["unit"] == "g"
    assert (data["what"]["value"], data["what"]["expected"]) == (6.016, 6.4)
    assert data["what"]["size_sd"] == pytest.approx(-15.36)
    assert (data["what"]["low_limit"], data["what"]["high_limit"]) == (6.3, 6.5)
    assert (data["evidence"]["statistic"], data["evidence"]["limit"]) == (9.2, 8.05)
    assert data["evidence"]["samples"] == 12
    assert data["evidence"]["last_points"][-1] == ["2026-11-22T03:04:00Z", 6.02]


def test_the_return_says_so(pilot: Plant) -> None:
    message = _body(pilot, "alert.returned")
    assert message["type"] == "alert.returned"
    assert message["data"]["title"] == "l1-filler-01 nozzle 3: fill mass is back to normal"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"position": None, "value": 6.72, "direction": "high"},
            "l1-filler-01: fill mass 6.72 g, expected 6.40 g (+5.0 %)",
        ),
        (
            {"characteristic": "electrolyte_temperature_mean", "position": None, "unit": "Cel",
             "value": 32.04, "expected": 30.0, "sd": 0.4},
            "l1-filler-01: electrolyte temperature mean 32.0 °C, expected 30.0 °C (+2.0 °C)",
        ),
        (
            {"position": None, "unit": "mV", "value": 3.0, "expected": 0.0, "sd": 1.0},
            "l1-filler-01: fill mass 3 mV, expected 0 mV (+3 mV)",
        ),
        (
            {"position": None, "unit": "1", "value": 3.5, "expected": 5.0, "sd": 0.2},
            "l1-filler-01: fill mass 3.5, expected 5.0 (\N{MINUS SIGN}30.0 %)",
        ),
        (
            {"position": None, "unit": "Pa.m3/s", "value": 4e-8, "expected": 1e-8, "sd": 5e-9},
            "l1-filler-01: fill mass 4.0000 Pa m³/s, expected 1.0000 Pa m³/s (+300.0 %)".replace(
                ".0000", ".00e\N{MINUS SIGN}08"
            ),
        ),
        (
            {"position": None, "characteristic": "lost:tank_pressure", "value": math.nan},
            "l1-filler-01: sensor of tank pressure gives no value",
        ),
        (
            {"characteristic": "stuck:dose_pressure", "unit": "kPa", "value": 201.0, "sd": 2.0},
            "l1-filler-01 nozzle 3: sensor of dose pressure stuck at 201 kPa",
        ),
        (
            {"position": None, "characteristic": "multivariate", "unit": "1", "contributions": [
                {"signal": "dose_flow[3]", "share": 0.6, "value": -0.0451, "expected": 0.05,
                 "unit": "L/min"},
            ]},
            "l1-filler-01: pattern of signals off, most of all dose flow[3] -0.0451 L/min,"
            " expected 0.05 L/min".replace(" -", " \N{MINUS SIGN}"),
        ),
        (
            {"position": None, "value": math.nan},
            "l1-filler-01: fill mass unknown g, expected 6.40 g",
        ),
    ],
)  # fmt: skip
def test_the_title_is_written_for_people(
    pilot: Plant, changes: dict[str, Any], expected: str
) -> None:
    assert title(pilot, Anomaly(**anomaly_row(**changes))) == expected


def test_what_the_plant_model_does_not_know_is_told_all_the_same(pilot: Plant) -> None:
    message = _body(
        pilot, line="l9", station="gluing", equipment="l9-gluer-01", characteristic="bond"
    )
    assert message["data"]["title"].startswith("l9-gluer-01 position 3: bond 6.02 g")
    assert message["data"]["where"]["station_title"] is None
    assert message["data"]["what"]["high_limit"] is None


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_no_number_however_odd_makes_the_body_unreadable(pilot: Plant, odd: float) -> None:
    for name in ("statistic", "limit_value", "value", "expected", "sd"):
        changes: dict[str, Any] = {name: odd}
        text = json.dumps(_body(pilot, **changes), allow_nan=False)
        assert "fill mass" in text


def test_the_documented_body_has_the_fields_of_a_real_one(pilot: Plant) -> None:
    text = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(inner) for name, inner in value.items()}
        return type(value).__name__

    assert shape(json.loads(example)) == shape(_body(pilot))
