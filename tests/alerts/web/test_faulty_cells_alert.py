"""An alarm about faulty cells of a whole line: one alert, told by webhook and shown on its page."""

from __future__ import annotations

import json

from alerts.correlate import correlate
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import ONSET, insert_anomaly, insert_suspect, setting_of, validate
from tests.alerts.web.support import Browser

WINDER = {
    "factor": "equipment", "value": "l1-winder-01", "station": "winding", "affected": 6,
    "affected_total": 7, "others": 2_100, "others_total": 5_200, "effect": 0.26, "unit": "%",
    "sentence": "l1-winder-01, since 21:40, 6 of 7 faulty cells, +0.26 %",
}  # fmt: skip


def insert_faulty(link: Connection, state: str = "on") -> None:
    insert_anomaly(
        link, state=state, station="", equipment="", position=None,
        characteristic="faulty_cells.k_value", direction="high", value=0.1346, expected=0.0073,
        sd=0.0119, unit="%", samples=5_200, statistic=4.9, limit_value=4.7, model="bernoulli",
        last_points=[["2026-11-22T02:00:00Z", 0.0], ["2026-11-22T03:00:00Z", 0.5]],
    )  # fmt: skip


def test_faulty_cells_of_a_line_are_one_alert_that_names_the_winder(
    technician: Browser, link: Connection, pilot: Plant
) -> None:
    insert_faulty(link)
    insert_suspect(link, **WINDER)
    for cell, disposition in (("BAD", "scrap"), ("GOOD", "pass")):
        link.execute(
            "INSERT INTO analysis.cell_quality"
            " (cell, time, line, disposition, fault_class, reasons, scores)"
            " VALUES (%s, %s, 'l1', %s, 'product', '[]', '{}')",
            (cell, ONSET, disposition),
        )
    correlate(link, setting_of(pilot, "here"))
    ((number, severity, title),) = link.execute("SELECT id, severity, title FROM alert.alert")
    assert severity == "high"
    assert title == "l1: faulty cells by k value, 7 of 5,200, 0.4 would be usual"
    ((message,),) = link.execute("SELECT body FROM alert.delivery").fetchall()
    validate(message)
    told = json.loads(message)["data"]
    assert told["suspects"][0]["sentence"] == WINDER["sentence"]
    assert (told["where"]["line"], told["where"]["equipment"]) == ("l1", None)
    assert told["affected"]["cells"] == 1
    (listed,) = link.execute(told["affected"]["query"]).fetchall()
    assert listed[0] == "BAD"
    assert "metal particles" in told["action"]
    page = technician.get(f"/alerts/{number}").text
    for words in (title, str(WINDER["sentence"]), "bernoulli", "SELECT cell", "1 cells were held"):
        assert words in page, words
    insert_faulty(link, "off")
    correlate(link, setting_of(pilot, "here"))
    rows = link.execute("SELECT body FROM alert.delivery ORDER BY event DESC").fetchall()
    assert json.loads(rows[0][0])["data"]["title"] == f"over: {title}"
    link.execute("DELETE FROM analysis.cell_quality")
