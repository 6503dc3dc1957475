"""jellyroll alerts: run, list, deliveries, acknowledge, secret."""

from __future__ import annotations

import getpass
import os
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from alerts import acknowledge as acknowledgement
from alerts import outbox, record, service
from alerts.endpoint import parse_endpoints
from alerts.message import to_json
from alerts.secret import VARIABLE, new_secret, read_signer
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import Connection, connect

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Alerts: one per cause, told by signed webhooks.",
)


@app.command()
def run(
    database: DatabaseUrl,
    endpoint: Annotated[
        list[str],
        typer.Option(
            "--endpoint",
            help="Where webhooks go: URL or NAME=URL; repeat it for several. Logs and tables show"
            " the name only, which is scheme and host where none is given.",
        ),
    ],
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            help=f"A file with the secret (whsec_…) that signs webhooks; else {VARIABLE}.",
        ),
    ] = None,
    plant: PlantFile = DEFAULT_PLANT,
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Send over http beyond this machine, too.")
    ] = False,
) -> None:
    """Open alerts from anomalies and send their webhooks, until SIGTERM or Ctrl-C.

    Example: jellyroll alerts run --endpoint https://on-call.example/hook --secret-file whsec.txt
    """
    endpoints = parse_endpoints(endpoint, allow_http=allow_http)
    signer = read_signer(secret_file, os.environ)
    model = load_plant(plant)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    service.run(database, model, endpoints, signer, stop)


@app.command("list")
def list_alerts(
    database: DatabaseUrl,
    every: Annotated[bool, typer.Option("--all", help="Closed alerts, too.")] = False,
    as_json: Json = False,
) -> None:
    """List open alerts, newest first.

    Example: jellyroll alerts list --json
    """
    with _open(database) as connection:
        rows = record.list_alerts(connection, closed=every)
    columns = ("id", "state", "severity", "opened_at", "title")
    _show(rows, columns, as_json=as_json, nothing="No alerts." if every else "No open alerts.")


@app.command()
def deliveries(database: DatabaseUrl, as_json: Json = False) -> None:
    """List the last 200 webhooks, those still pending first.

    Example: jellyroll alerts deliveries
    """
    with _open(database) as connection:
        rows = outbox.list_deliveries(connection)
    columns = (
        "alert", "event_type", "endpoint", "status", "attempts", "next_attempt_at", "last_error",
    )  # fmt: skip
    for row in rows:
        if row["status"] != "pending":
            row["next_attempt_at"] = None
    _show(rows, columns, as_json=as_json, nothing="No deliveries.")


@app.command()
def acknowledge(
    alert: Annotated[int, typer.Argument(help="Number of the alert.")],
    database: DatabaseUrl,
    who: Annotated[
        str, typer.Option("--who", help="Your name; without it, that of your account.")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="What you found or will do.")] = "",
) -> None:
    """Say that you know of an alert; one that has returned to normal is closed by it.

    Example: jellyroll alerts acknowledge 17 --who ada --why "nozzle 3 is being cleaned"
    """
    with _open(database) as connection:
        taken = acknowledgement.acknowledge(connection, alert, who or getpass.getuser(), why)
    typer.echo(f"alert {taken.id} is {taken.state} now: {taken.title}")


@app.command()
def secret() -> None:
    """Print a new secret for signing webhooks; nothing is stored.

    Example: (umask 077; jellyroll alerts secret > whsec.txt)
    """
    typer.echo(new_secret())


def _open(database: str) -> Connection:
    connection = connect(database, application="jellyroll alerts", autocommit=True)
    try:
        record.require_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _show(
    rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool, nothing: str
) -> None:
    if as_json:
        typer.echo(to_json(rows).decode())
        return
    if not rows:
        typer.echo(nothing)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(highlight=False, markup=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%SZ}" if hasattr(value, "strftime") else str(value)
