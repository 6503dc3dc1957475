"""jellyroll alerts: the service, what there is, who is told, and what people do."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import ValidationError

from alerts import life_commands, outbox, read_commands, service
from alerts.address import Network
from alerts.body import json_schema
from alerts.config import Config, config_of
from alerts.config_file import ON_SHIFT, LinksPart
from alerts.config_read import load_config
from alerts.console import (
    Who,
    Why,
    opened,
    person,
)
from alerts.endpoint import parse_endpoints
from alerts.errors import AlertsError
from alerts.secret import VARIABLE, new_secret, read_signer
from alerts.shift import first_gap
from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, PlantFile
from plant.stopping import aside

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
    page: Annotated[
        str,
        typer.Option(
            envvar="JELLYROLL_WEB_URL",
            help="With --endpoint: where people reach `jellyroll web`, for links.",
        ),
    ] = "",
    grafana: Annotated[
        str,
        typer.Option(
            envvar="JELLYROLL_GRAFANA_URL",
            help="With --endpoint: the Grafana with the boards of Jellyroll, for links.",
        ),
    ] = "",
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
        networks = [_network(text) for text in allow_private or []]
        who = config_of(endpoints, model, networks, _links(page, grafana))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, aside(stop.set))
    service.run(database, model, who, stop)


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
def check(
    file: Annotated[Path, typer.Argument(help="alerts.toml.")], plant: PlantFile = DEFAULT_PLANT
) -> None:
    """Check alerts.toml against the plant, with its secrets; nothing is sent.

    Example: jellyroll alerts check alerts.toml
    """
    model = load_plant(plant)
    config = load_config(file, model, os.environ)
    typer.echo(_summary(config, model))
    for line in _gaps(config, model):
        typer.echo(line)


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


app.command("list")(read_commands.list_alerts)
app.command("show")(read_commands.show_alert)
for command in (
    read_commands.deliveries,
    read_commands.route,
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


def _links(page: str, grafana: str) -> LinksPart:
    try:
        return LinksPart(page=page or None, grafana=grafana or None)
    except ValidationError as error:
        words = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AlertsError(f"--{words}") from None


def _gaps(config: Config, plant: Plant) -> Iterator[str]:
    """Yield the lines for which the shifts leave a time to nobody."""
    named = {name for route in config.routes for name in route.names()}
    for line in plant.production.lines if ON_SHIFT in named else ():
        gap = first_gap(config.shifts, line, config.zone, datetime.now(UTC))
        if gap is not None:
            when = f"{gap.astimezone(config.zone):%a %Y-%m-%d %H:%M}"
            yield f"note: {line} has nobody on shift at {when}; {ON_SHIFT} tells nobody then"


def _summary(config: Config, plant: Plant) -> str:
    counts = {
        "endpoints": len(config.receivers),
        "people": len(config.people),
        "shifts": len(config.shifts),
        "routes": len(config.routes),
    }
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"good: {words}; times are those of {config.zone.key}, site {plant.site.name}"
