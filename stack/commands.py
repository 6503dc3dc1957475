"""The commands `jellyroll stack …` and `jellyroll doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.doctor import examine
from stack.errors import StackError
from stack.finding import Finding
from stack.home import PrivateStack, bring_up, data_folder
from stack.packages import find
from stack.packages import install as install_programs
from stack.programs import Programs

app = typer.Typer(
    no_args_is_help=True,
    help="A private TimescaleDB and Mosquitto on this machine, without Docker.",
)

Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Where data is kept.", show_default=str(data_folder())),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

_STYLES = {"ok": "", "warning": "yellow", "problem": "bold red"}


@app.command()
def install(as_json: AsJson = False) -> None:
    """Fetch PostgreSQL with TimescaleDB and Mosquitto, where this machine lacks them.

    They are unpacked from Debian packages into a cache folder; the system is not changed.

    Example: jellyroll stack install
    """
    with _failing_in_words():
        programs = install_programs(report=_say)
    if as_json:
        typer.echo(json.dumps(_versions(programs)))
        return
    for name, text in _versions(programs).items():
        typer.echo(f"{name}: {text}")


@app.command()
def up(folder: Folder = None, as_json: AsJson = False) -> None:
    """Start the private database and broker in the background, and print where they are.

    What is missing is installed first. Both go on running when this command ends.

    Example: eval "$(jellyroll stack up)"
    """
    with _failing_in_words():
        environment = bring_up(folder, report=_say).environment()
    if as_json:
        typer.echo(json.dumps(environment))
        return
    for name, value in environment.items():
        typer.echo(f"export {name}={value}")


@app.command()
def down(folder: Folder = None) -> None:
    """Stop what `up` started; data and queued messages are kept for the next time.

    Example: jellyroll stack down
    """
    stack = _stack(folder)
    if stack is None or not (stack.cluster.running or stack.broker.running):
        _say("Nothing runs.")
        return
    with _failing_in_words():
        stack.down()
    _say("Stopped.")


@app.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Tell what runs, and where; exit with 3 when not all of it runs.

    Example: jellyroll stack status
    """
    place = folder or data_folder()
    stack = _stack(place)
    database = stack.cluster.port if stack and stack.cluster.running else None
    broker = stack.broker.port if stack and stack.broker.running else None
    if as_json:
        ports = {"folder": str(place), "database_port": database, "broker_port": broker}
        typer.echo(json.dumps(ports))
    else:
        typer.echo(f"folder:   {place}")
        typer.echo(f"database: {_where(database)}")
        typer.echo(f"broker:   {_where(broker)}")
    if database is None or broker is None:
        raise typer.Exit(3)


def doctor(folder: Folder = None, as_json: AsJson = False) -> None:
    """Look at everything Jellyroll stands on, and say what to do; exit with 1 on a problem.

    Example: jellyroll doctor
    """
    with _failing_in_words():
        findings = examine(os.environ, folder)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        Console().print(_table(findings))
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("what", "state", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        text = f"{finding.text}\n{finding.advice}" if finding.advice else finding.text
        table.add_row(finding.name, finding.level, Text(text), style=_STYLES[finding.level])
    return table


def _stack(folder: Path | None) -> PrivateStack | None:
    with _failing_in_words():
        programs = find()
    return PrivateStack(programs, folder or data_folder()) if programs else None


def _versions(programs: Programs) -> dict[str, str]:
    database, broker = programs.database, programs.broker
    return {
        "postgresql": f"{database.version} {database.origin} {database.bin}",
        "timescaledb": database.timescaledb,
        "mosquitto": f"{broker.version} {broker.origin} {broker.mosquitto}",
    }


def _where(port: int | None) -> str:
    return f"127.0.0.1:{port}" if port else "does not run"


def _say(text: str) -> None:
    # To standard error: the output of `up` is meant for `eval`.
    typer.echo(text, err=True)


@contextmanager
def _failing_in_words() -> Iterator[None]:
    try:
        yield
    except StackError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from error
