"""jellyroll dashboards."""

from __future__ import annotations

import json
import os
import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboards.expand import View, duration_ms
from dashboards.picture import picture
from dashboards.targets import committed
from dashboards.timing import MOST_BOARD_MS, MOST_MS, Whole, timings, wholes
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import connect

GrafanaUrl = Annotated[
    str, typer.Option(envvar="JELLYROLL_GRAFANA_URL", help="Such as http://127.0.0.1:3000.")
]

Until = Annotated[
    datetime | None, typer.Option(help="The end of all time ranges, UTC; default: now.")
]

app = typer.Typer(no_args_is_help=True, help="Grafana dashboards as code.")


@app.command()
def build(plant: PlantFile = DEFAULT_PLANT) -> None:
    """Write the dashboards and the provisioning files that Grafana loads.

    Example: jellyroll dashboards build
    """
    changed = _publish().build(load_plant(plant))
    for path in changed:
        typer.echo(f"+ {_shown(path)}")
    typer.echo(f"{len(changed)} files written" if changed else "nothing to do")


@app.command()
def check(plant: PlantFile = DEFAULT_PLANT) -> None:
    """Tell whether the files are what `build` would write; exit code 1 if not.

    Example: jellyroll dashboards check
    """
    changed = _publish().stale(load_plant(plant))
    for path in changed:
        typer.echo(f"not current: {_shown(path)}", err=True)
    if changed:
        typer.echo("Run `jellyroll dashboards build` and commit what it writes.", err=True)
        raise typer.Exit(1)
    typer.echo("all files are current")


@app.command("publish")
def publish_boards(
    *,
    grafana: GrafanaUrl,
    token: Annotated[
        str, typer.Option(envvar="JELLYROLL_GRAFANA_TOKEN", help="Of a service account.")
    ],
    database_host: Annotated[
        str | None,
        typer.Option(envvar="JELLYROLL_GRAFANA_DATABASE_HOST", help="HOST:PORT, for Grafana."),
    ] = None,
    database_name: Annotated[
        str, typer.Option(envvar="JELLYROLL_GRAFANA_DATABASE_NAME")
    ] = "jellyroll",
    sslmode: Annotated[
        str, typer.Option(envvar="JELLYROLL_GRAFANA_DATABASE_SSLMODE")
    ] = "verify-full",
    web: Annotated[
        str | None, typer.Option(help="Where `jellyroll web` is, for the links to alerts.")
    ] = None,
) -> None:
    """Bring a running Grafana (11 to 13) up to the boards: folder, data source, dashboards.

    It may be run again at any time. A board that a person has saved there stays as it is. The data
    source is made if it is not there, which needs --database-host and JELLYROLL_GRAFANA_PASSWORD.

    Example: jellyroll dashboards publish --grafana https://grafana.plant --token "$TOKEN"
    """
    remote = _remote()
    source = None
    if database_host:
        password = os.environ.get("JELLYROLL_GRAFANA_PASSWORD", "")
        source = remote.Source(database_host, database_name, password, sslmode)
    try:
        for line in remote.publish(grafana, token, committed(), source=source, web=web):
            typer.echo(line)
    except remote.PublishError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command("open")
def open_overview(grafana: GrafanaUrl) -> None:
    """Open the plant overview of a running Grafana in the browser, as for a wall.

    Example: jellyroll dashboards open --grafana http://127.0.0.1:3000
    """
    address = f"{grafana.rstrip('/')}/d/jr-overview?kiosk&theme=light&refresh=30s"
    typer.echo(address)
    webbrowser.open(address)


@app.command("time")
def time_queries(
    database: DatabaseUrl,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Send every query of every board as Grafana would, and tell how long each board takes.

    At 15 min, 24 h and 30 d, with one, several and all of each choice, and with quotes in it. The
    exit code is 1 if Grafana could not show what comes back. DATABASE is best `grafana_reader`'s.

    Example: jellyroll dashboards time --database postgresql://grafana_reader@localhost/jellyroll
    """
    end = (until or datetime.now(UTC)).replace(tzinfo=UTC, microsecond=0)
    with connect(database, application="jellyroll dashboards time") as connection:
        connection.autocommit = True
        # As Grafana's role sees it, whoever asks.
        connection.execute("SET search_path = dash, public")
        found = list(timings(connection, committed(), end))
    if as_json:
        typer.echo(json.dumps([timing._asdict() for timing in found]))
    else:
        _print_wholes(wholes(found))
    faults = [timing for timing in found if timing.fault]
    for timing in faults:
        typer.echo(
            f"{timing.board}, {timing.target}, {timing.span}, {timing.choice}: {timing.fault}",
            err=True,
        )
    if faults:
        raise typer.Exit(1)


@app.command("picture")
def draw(
    folder: Annotated[Path, typer.Argument(help="Where the SVG files go.")],
    database: DatabaseUrl,
    until: Until = None,
    choose: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What to choose: station=filling."),
    ] = None,
) -> None:
    """Draw every board as SVG from the same queries, for where no Grafana is at hand.

    Example: jellyroll dashboards picture docs --database postgresql://localhost/jellyroll
    """
    end = (until or datetime.now(UTC)).replace(tzinfo=UTC, microsecond=0)
    choices = dict(_choice(text) for text in choose or [])
    folder.mkdir(parents=True, exist_ok=True)
    with connect(database, application="jellyroll dashboards picture") as connection:
        connection.autocommit = True
        connection.execute("SET search_path = dash, public")
        for board in committed():
            length = duration_ms(board["time"]["from"].removeprefix("now-"))
            view = View(end - timedelta(milliseconds=length), end)
            path = folder / f"dashboard-{board['uid'].removeprefix('jr-')}.svg"
            path.write_text(picture(connection, board, view, choices), encoding="utf-8")
            typer.echo(f"+ {_shown(path)}")


def _choice(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE, such as station=filling")
    return name, value


def _print_wholes(found: list[Whole]) -> None:
    table = Table("board", "zoom", "queries", "p95 ms", "whole ms", "slowest query", box=None)
    for whole in found:
        over = whole.p95_ms > MOST_MS or whole.whole_ms > MOST_BOARD_MS
        table.add_row(
            whole.board,
            whole.span,
            str(whole.queries),
            f"{whole.p95_ms:.0f}",
            f"{whole.whole_ms:.0f}",
            whole.slowest,
            style="bold" if over else None,
        )
    Console(width=150).print(table)


def _remote() -> ModuleType:
    """Return dashboards.remote; without its library, say how to get it and exit with code 2."""
    try:
        from dashboards import remote  # noqa: PLC0415 - only one command needs the library
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("grafana_client"):
            raise
        typer.echo(
            "Publishing needs the Grafana client: pip install 'jellyroll[grafana]'.", err=True
        )
        raise typer.Exit(2) from error
    return remote


def _publish() -> ModuleType:
    """Return dashboards.publish; without its library, say how to get it and exit with code 2."""
    try:
        from dashboards import publish  # noqa: PLC0415 - only these commands need the library
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("grafana_foundation_sdk"):
            raise
        typer.echo(
            "Building dashboards needs the Grafana Foundation SDK: pip install"
            " 'jellyroll[dashboards]'. Grafana itself only needs the files that are there already.",
            err=True,
        )
        raise typer.Exit(2) from error
    return publish


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
