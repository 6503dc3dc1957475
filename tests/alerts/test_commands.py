"""The small commands."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from alerts.commands import app
from alerts.correlate import correlate
from alerts.errors import AlertsError
from alerts.secret import signer
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, setting_of


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_lists_show_what_is_open_and_what_waits(
    database: str, link: Connection, pilot: Plant
) -> None:
    at = ("--database", database)
    assert "No open alerts." in _run("list", *at)
    assert "No deliveries." in _run("deliveries", *at)
    insert_anomaly(link)
    correlate(link, setting_of(pilot, "here"))
    assert "nozzle 3" in " ".join(_run("list", *at).split())
    assert "pending" in _run("deliveries", *at)
    (alert,) = json.loads(_run("list", "--json", *at))
    assert (alert["equipment"], alert["position"], alert["severity"]) == ("l1-filler-01", 3, "high")
    (delivery,) = json.loads(_run("deliveries", "--json", *at))
    assert (delivery["endpoint"], delivery["status"], delivery["alert"]) == ("here", "pending", 1)


def test_an_acknowledged_return_leaves_the_list_of_open_alerts(
    database: str, link: Connection, pilot: Plant
) -> None:
    at = ("--database", database)
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    correlate(link, setting_of(pilot, "here"))
    assert "alert 1 is normal now" in _run("acknowledge", "1", "--who", "ada", *at)
    assert json.loads(_run("list", "--json", *at)) == []
    (alert,) = json.loads(_run("list", "--all", "--json", *at))
    assert alert["state"] == "normal"


def test_a_database_without_tables_is_told_with_advice(fresh_database: str) -> None:
    with pytest.raises(AlertsError, match="run `jellyroll migrate`"):
        _run("list", "--database", fresh_database)


def test_a_printed_secret_is_usable() -> None:
    signer(_run("secret").strip())
