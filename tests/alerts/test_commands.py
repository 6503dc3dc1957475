"""The small commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from alerts.commands import app
from alerts.config_read import ConfigError
from alerts.console import moment
from alerts.correlate import correlate
from alerts.errors import AlertsError
from alerts.secret import new_secret, signer
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import ONSET, insert_anomaly, insert_suspect, setting_of


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


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "give either --config FILE or --endpoint URL"),
        (("--endpoint", "https://a.example", "--config", "x.toml"), "give either --config FILE"),
        (("--config", "missing.toml"), "missing.toml: 1 error\n  cannot be read"),
    ],
)
def test_what_cannot_run_says_why(
    database: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], error: str
) -> None:
    monkeypatch.delenv("JELLYROLL_ALERTS", raising=False)
    with pytest.raises((AlertsError, ConfigError), match=error):
        _run("run", "--database", database, *arguments)


def test_a_network_that_is_none_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JELLYROLL_WEBHOOK_SECRET", new_secret())
    with pytest.raises(AlertsError, match="has host bits"):
        _run(
            "run", "--database", database, "--endpoint", "https://a.example",
            "--allow-private", "10.0.0.1/8",
        )  # fmt: skip


def test_one_alert_is_shown_with_its_history_and_who_was_told(
    database: str, link: Connection, pilot: Plant
) -> None:
    at = ("--database", database)
    insert_anomaly(link)
    insert_suspect(link, factor="position", value="l1-filler-01:3")
    correlate(link, setting_of(pilot, "on-call"))
    _run("comment", "1", "--why", "salt at the tip", "--who", "ada", *at)
    text = " ".join(_run("show", "1", *at).split())
    for words in ("Block the nozzle", "61 of 64 cells", "salt at the tip", "on-call", "pending"):
        assert words in text
    shown = json.loads(_run("show", "1", "--json", *at))
    assert [event["what"] for event in shown["events"]] == ["opened", "commented"]
    assert shown["suspects"][0]["value"] == "l1-filler-01:3"
    assert shown["details"]["affected"]["cells"] == 0
    query = shown["details"]["affected"]["query"]
    link.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position)"
        " VALUES (%s, 'A', 'l1-filler-01', 3), (%s, 'B', 'l1-filler-01', 4)",
        (ONSET, ONSET),
    )
    assert [cell for cell, _ in link.execute(query.encode())] == ["A"]


def test_a_cause_says_whether_the_alarm_was_true(
    database: str, link: Connection, pilot: Plant
) -> None:
    at = ("--database", database)
    insert_anomaly(link)
    correlate(link, setting_of(pilot, "here"))
    with pytest.raises(AlertsError, match="'bad luck' is no cause; choose one of: true_alarm"):
        _run("resolve", "1", "--cause", "bad luck", *at)
    _run("resolve", "1", "--cause", "sensor", "--who", "ada", *at)
    (alert,) = json.loads(_run("list", "--all", "--json", *at))
    assert (alert["state"], alert["resolution"]) == ("normal", "false_alarm")


@pytest.mark.parametrize(
    ("text", "hours"), [("30min", 0.5), ("8h", 8), ("2d", 48), ("2026-11-23T06:00:00+01:00", None)]
)
def test_times_are_read_as_people_write_them(text: str, hours: float | None) -> None:
    at = moment(text)
    expected = datetime(2026, 11, 23, 5, tzinfo=UTC)
    if hours is not None:
        expected = datetime.now(UTC) + timedelta(hours=hours)
    assert abs(at - expected) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["soon", "8", "2026-11-23T06:00:00", "-3h"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AlertsError, match="no time"):
        moment(text)
