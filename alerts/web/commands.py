"""jellyroll web: the page, its accounts and its tokens."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer
import uvicorn
from psycopg_pool import PoolTimeout

from alerts.errors import AlertsError
from alerts.web import user_commands
from alerts.web.app import create_app, open_pool
from alerts.web.context import Context
from alerts.web.key import VARIABLE, new_key, read_key
from alerts.web.settings import (
    Settings,
    SettingsError,
    is_private,
    parse_grafana,
    parse_listen,
    parse_shifts,
    parse_url,
    read_openid,
    read_shared,
)
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, PlantFile
from storage.connect import connect

_LOG = logging.getLogger("jellyroll.web")

app = typer.Typer(add_completion=False, help="The page: line health, alerts, alarm performance.")
app.add_typer(user_commands.users, name="user")
app.add_typer(user_commands.tokens, name="token")


@app.callback(invoke_without_command=True)
def web(
    asked: typer.Context,
    *,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            envvar="JELLYROLL_DATABASE",
            help="The database: postgresql://user:password@host:port/name.",
        ),
    ] = "",
    plant: PlantFile = DEFAULT_PLANT,
    listen: Annotated[str, typer.Option(help="HOST:PORT; port 0 takes a free one.")] = (
        "127.0.0.1:8080"
    ),
    url: Annotated[
        str, typer.Option(help="The address as people reach it.", show_default="http://HOST:PORT")
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar="JELLYROLL_ALERTS",
            help="alerts.toml, for its shifts, its dashboards and the key of its links.",
            show_default=False,
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            help="A file with the key of signed links, as `alerts run` has it; else that of"
            f" --config, else {VARIABLE}.",
        ),
    ] = None,
    shifts: Annotated[
        str, typer.Option(help="When shifts begin, where --config has none; by the plant's clock.")
    ] = "06:00,14:00,22:00",
    grafana: Annotated[
        str,
        typer.Option(
            envvar="JELLYROLL_GRAFANA_URL",
            help="The Grafana with the boards of Jellyroll, for links; else that of --config.",
        ),
    ] = "",
    is_open: Annotated[
        bool,
        typer.Option("--open", help="Everybody may look without signing in, as on a wall screen."),
    ] = False,
    trust_proxy: Annotated[
        str,
        typer.Option(help="Addresses of proxies that are believed where a request comes from."),
    ] = "127.0.0.1",
    openid_issuer: Annotated[
        str, typer.Option(help="Sign in at this OpenID provider, too: https://….")
    ] = "",
    openid_client: Annotated[str, typer.Option(help="Our name at the provider.")] = "jellyroll",
    openid_secret_file: Annotated[
        Path | None, typer.Option(help="A file with the secret that the provider gave us.")
    ] = None,
    openid_name_claim: Annotated[
        str, typer.Option(help="The claim that is the name of the account.")
    ] = "preferred_username",
) -> None:
    """Serve the page until SIGTERM or Ctrl-C.

    Example: jellyroll web --listen 127.0.0.1:8080 --key-file web.key
    """
    if asked.invoked_subcommand is not None:
        return
    if not database:
        raise typer.BadParameter("give --database, or set JELLYROLL_DATABASE")
    faults: list[str] = []
    with _told(faults):
        host, port = parse_listen(listen)
    with _told(faults):
        public = parse_url(url) if url else ""
    shared = read_shared(config)
    with _told(faults):
        key = read_key(key_file or shared.key_file, os.environ)
    with _told(faults):
        begins = parse_shifts(shifts)
    links = shared.links
    with _told(faults):
        links = links.model_copy(update={"grafana": parse_grafana(grafana)}) if grafana else links
    with _told(faults):
        openid = read_openid(openid_issuer, openid_client, openid_secret_file, openid_name_claim)
    if faults:
        raise SettingsError("\n".join(faults))
    model = load_plant(plant)
    with connect(database, application="jellyroll web", autocommit=True) as connection:
        user_commands.require_schema(connection)
    with _listen(host, port) as listening:
        address = public or f"http://{host}:{listening.getsockname()[1]}"
        settings = Settings(
            url=address,
            key=key or new_key(),
            is_open=is_open,
            shifts=begins,
            calendar=shared.calendar,
            time_zone=shared.time_zone,
            links=links,
            openid=openid,
        )
        if key is None:
            _LOG.warning("without --key-file or %s no signed link can be opened", VARIABLE)
        if not is_private(address):
            _LOG.warning(
                "%s: passwords can be read on the way; put a proxy with TLS before it", address
            )
        with open_pool(database) as pool:
            page = create_app(pool, model, settings)
            # Who asks first for the alarm performance of a month finds it counted.
            threading.Thread(target=_count_a_month, args=(page.state.context,), daemon=True).start()
            _serve(
                uvicorn.Config(
                    page,
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    forwarded_allow_ips=trust_proxy,
                    timeout_graceful_shutdown=5,
                ),
                listening,
                address,
            )


@app.command()
def key() -> None:
    """Print a new key for signed links; nothing is stored.

    Example: (umask 077; jellyroll web key > web.key)
    """
    typer.echo(new_key())


@contextlib.contextmanager
def _told(faults: list[str]) -> Iterator[None]:
    """Keep what is wrong, so that all of it is told at once."""
    try:
        yield
    except AlertsError as error:
        faults.append(str(error))


def _count_a_month(context: Context) -> None:
    with contextlib.suppress(psycopg.Error, PoolTimeout), context.pool.connection() as connection:
        for line in (None, *context.plant.production.lines):
            context.alarm_days.calls(connection, line, 30, datetime.now(UTC))


def _serve(config: uvicorn.Config, listening: socket.socket, address: str) -> None:
    # uvicorn stops at these, and then raises them again for whoever is below: that is us.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    _LOG.info("the page is at %s/", address)
    uvicorn.Server(config).run(sockets=[listening])
    _LOG.info("stopped")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"--listen {host}:{port}: {error.strerror or error}; choose another address"
        ) from error
