"""What there is and who would be told, as commands."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts import query
from alerts.config_read import load_config
from alerts.console import (
    AlertNumber,
    cell,
    opened,
    show,
)
from alerts.explain import explain
from alerts.json_text import to_json
from alerts.setting import Setting
from alerts.suppress import reason
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile


def list_alerts(
    database: DatabaseUrl,
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed alerts, too.")] = False,
    line: Annotated[str | None, typer.Option("--line", help="Of this line.")] = None,
    station: Annotated[str | None, typer.Option("--station", help="Of this station.")] = None,
    severity: Annotated[
        list[str] | None, typer.Option("--severity", help="low, medium, high; repeat it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=query.MAX_LIMIT)] = 100,
    as_json: Json = False,
) -> None:
    """List alerts, newest first.

    Example: jellyroll alerts list --severity high --json
    """
    which = query.Filter(
        is_open=None if every else True,
        line=line,
        station=station,
        severities=tuple(severity or ()),
    )
    with opened(database) as connection:
        rows = [alert.row() for alert in query.list_alerts(connection, which, limit)]
    columns = ("id", "state", "severity", "suppressed", "assignee", "opened_at", "title")
    show(rows, columns, as_json=as_json, nothing="No alerts." if every else "No open alerts.")


def show_alert(alert: AlertNumber, database: DatabaseUrl, as_json: Json = False) -> None:
    """Show one alert: its evidence, its history, and who was told.

    Example: jellyroll alerts show 17
    """
    with opened(database) as connection:
        story = query.story(connection, alert)
    if as_json:
        typer.echo(to_json(_document(story)).decode())
        return
    one = story.alert
    typer.echo(f"alert {one.id}: {one.title}\n{one.state}, {one.severity}, since {cell(one.since)}")
    if action := one.details.get("action"):
        typer.echo(f"what to do: {action}")
    for suspect in story.suspects:
        typer.echo(f"suspect {suspect.rank}: {suspect.sentence}")
    affected = one.details.get("affected") or {}
    if affected.get("query"):
        typer.echo(f"{affected['cells']} cells: {affected['query']}")
    events = [event._asdict() for event in story.events]
    show(events, ("at", "who", "what", "why"), as_json=False, nothing="")
    told = [delivery._asdict() for delivery in story.deliveries]
    columns = ("endpoint", "event_type", "status", "attempts", "last_error")
    show(told, columns, as_json=False, nothing="Nobody was told.")


def deliveries(
    database: DatabaseUrl,
    alert: Annotated[int | None, typer.Option("--alert", help="Of this alert only.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="pending, delivered or failed only.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the last 200 deliveries, those still pending first.

    Example: jellyroll alerts deliveries --status failed
    """
    with opened(database) as connection:
        found = query.list_deliveries(connection, alert=alert, status=status)
    rows = [told._asdict() for told in found]
    for row in rows:
        if row["status"] != "pending":
            row["next_attempt_at"] = None
    columns = (
        "id", "alert", "event_type", "endpoint", "status", "attempts", "next_attempt_at",
        "last_error",
    )  # fmt: skip
    show(rows, columns, as_json=as_json, nothing="No deliveries.")


def route(
    alert: Annotated[int, typer.Option("--explain", help="Number of the alert.", metavar="ALERT")],
    database: DatabaseUrl,
    config: Annotated[
        Path, typer.Option("--config", envvar="JELLYROLL_ALERTS", help="alerts.toml.")
    ],
    plant: PlantFile = DEFAULT_PLANT,
) -> None:
    """Say who would be told of an alert if it opened now, and why.

    Example: jellyroll alerts route --explain 17 --config alerts.toml
    """
    model = load_plant(plant)
    setting = Setting(model, load_config(config, model, os.environ))
    with opened(database) as connection:
        found = query.story(connection, alert).alert
        suppressed = reason(connection, setting, found)
    for line in explain(setting, found, datetime.now(UTC), suppressed):
        typer.echo(line)


def _document(story: query.Story) -> dict[str, object]:
    return {
        **story.alert.row(),
        "events": [event._asdict() for event in story.events],
        "deliveries": [told._asdict() for told in story.deliveries],
        "suspects": [suspect._asdict() for suspect in story.suspects],
        "children": [child.id for child in story.children],
        "due": [{"route": r, "step": s, "due_at": at} for r, s, at in story.due],
    }
