"""jellyroll alerts: the service, what there is, who is told, and what people do."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from alerts import life_commands, outbox, query, service
from alerts.address import Network
from alerts.body import json_schema
from alerts.config import Config, config_of, load_config
from alerts.console import (
    AlertNumber,
    Who,
    Why,
    cell,
    opened,
    person,
    show,
)
from alerts.endpoint import parse_endpoints
from alerts.errors import AlertsError
from alerts.explain import explain
from alerts.json_text import to_json
from alerts.secret import VARIABLE, new_secret, read_signer
from alerts.setting import Setting
from alerts.suppress import reason
from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Alerts: one per cause, told by signed webhooks.",
)
ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="JELLYROLL_ALERTS", help="alerts.toml: who is told.", show_default=False
    ),
]


@app.command()
def run(
    database: DatabaseUrl,
    config: ConfigPath = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            help="Instead of --config: where webhooks go, URL or NAME=URL; repeat it for several."
            " Logs and tables show the name only, which is scheme and host where none is given.",
        ),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            help=f"With --endpoint: a file with the secret (whsec_…) that signs; else {VARIABLE}.",
        ),
    ] = None,
    plant: PlantFile = DEFAULT_PLANT,
    *,
    allow_http: Annotated[
        bool,
        typer.Option("--allow-http", help="With --endpoint: http beyond this machine, too."),
    ] = False,
    allow_private: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-private",
            help="With --endpoint: a network that is not public and may be sent to, 10.20.0.0/16.",
        ),
    ] = None,
) -> None:
    """Open alerts from anomalies and tell of them, until SIGTERM or Ctrl-C.

    Example: jellyroll alerts run --config alerts.toml
    """
    model = load_plant(plant)
    if (config is None) == (not endpoint):
        raise AlertsError("give either --config FILE or --endpoint URL: somebody must be told")
    if config is not None:
        who = load_config(config, model, os.environ)
    else:
        signer = read_signer(secret_file, os.environ)
        endpoints = parse_endpoints(endpoint or [], allow_http=allow_http, signers=[signer])
        who = config_of(endpoints, model, [_network(text) for text in allow_private or []])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    service.run(database, model, who, stop)


@app.command("list")
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


@app.command("show")
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


@app.command()
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


@app.command()
def retry(
    database: DatabaseUrl,
    *,
    alert: Annotated[int | None, typer.Option("--alert", help="Of this alert only.")] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="To this one only.")] = None,
    delivery: Annotated[str | None, typer.Option("--delivery", help="msg_… only.")] = None,
    who: Who = "",
    why: Why = "",
) -> None:
    """Try failed deliveries again, for another day, and pending ones at once.

    Example: jellyroll alerts retry --endpoint on-call --why "its secret was wrong"
    """
    with opened(database) as connection:
        count = outbox.try_again(
            connection, person(who), why, alert=alert, endpoint=endpoint, delivery=delivery
        )
    typer.echo(f"{count} failed deliveries are tried again")


@app.command()
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


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="alerts.toml.")], plant: PlantFile = DEFAULT_PLANT
) -> None:
    """Check alerts.toml against the plant, with its secrets; nothing is sent.

    Example: jellyroll alerts check alerts.toml
    """
    model = load_plant(plant)
    config = load_config(file, model, os.environ)
    typer.echo(_summary(config, model))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the webhook's body.

    Example: jellyroll alerts schema > docs/alert-webhook.schema.json
    """
    typer.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())


@app.command()
def secret() -> None:
    """Print a new secret for signing webhooks; nothing is stored.

    Example: (umask 077; jellyroll alerts secret > whsec.txt)
    """
    typer.echo(new_secret())


for command in (
    life_commands.acknowledge,
    life_commands.comment,
    life_commands.assign,
    life_commands.shelve,
    life_commands.unshelve,
    life_commands.resolve,
):
    app.command()(command)
app.add_typer(life_commands.maintenance, name="maintenance")


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise AlertsError(f"--allow-private {text}: {error}") from None


def _summary(config: Config, plant: Plant) -> str:
    counts = {
        "endpoints": len(config.receivers),
        "people": len(config.people),
        "shifts": len(config.shifts),
        "routes": len(config.routes),
    }
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"good: {words}; times are those of {config.zone.key}, site {plant.site.name}"


def _document(story: query.Story) -> dict[str, object]:
    return {
        **story.alert.row(),
        "events": [event._asdict() for event in story.events],
        "deliveries": [told._asdict() for told in story.deliveries],
        "suspects": [suspect._asdict() for suspect in story.suspects],
        "children": [child.id for child in story.children],
        "due": [{"route": r, "step": s, "due_at": at} for r, s, at in story.due],
    }
