"""Console: what the alert commands share: the database, a name, a time, a table."""

from __future__ import annotations

import contextlib
import getpass
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from alerts import record
from alerts.errors import AlertsError
from alerts.json_text import to_json
from storage.connect import Connection, connect

AlertNumber = Annotated[int, typer.Argument(help="Number of the alert.", metavar="ALERT")]
Who = Annotated[str, typer.Option("--who", help="Your name; without it, that of your account.")]
Why = Annotated[str, typer.Option("--why", help="What you found, or will do.")]

_SPAN = re.compile(r"(\d{1,5})\s*(min|h|d)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@contextlib.contextmanager
def opened(database: str) -> Iterator[Connection]:
    """Give a connection to a database that has the tables of alerts; else raise `AlertsError`."""
    with connect(database, application="jellyroll alerts", autocommit=True) as connection:
        record.require_schema(connection)
        yield connection


def person(who: str) -> str:
    """Return *who*, or the name of the account that runs this."""
    return who or getpass.getuser()


def moment(text: str) -> datetime:
    """Read a time: "30min", "8h", "2d" from now on, or RFC 3339 with a zone; or `AlertsError`."""
    if span := _SPAN.fullmatch(text.strip()):
        return datetime.now(UTC) + int(span[1]) * _UNITS[span[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise AlertsError(
            f"{text!r} is no time; give 30min, 8h, 2d, or a time as 2026-11-23T06:00:00+01:00"
        ) from None
    if at.tzinfo is None:
        raise AlertsError(f"{text} has no time zone; add it, as in …T06:00:00+01:00")
    return at


def show(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, nothing: str
) -> None:
    """Print *rows*: all of each as JSON, or their *columns* as a table; *nothing* if none."""
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
        table.add_row(*(cell(row[column]) for column in columns))
    Console(highlight=False, markup=False).print(table)


def cell(value: Any) -> str:
    """Return *value* as a table shows it."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%SZ}" if hasattr(value, "strftime") else str(value)
