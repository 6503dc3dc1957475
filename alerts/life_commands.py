"""What people do to alerts, as commands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from alerts import acknowledge as acknowledgement
from alerts import comment as comments
from alerts import maintenance as work
from alerts import resolve as resolution
from alerts import shelve as shelf
from alerts.alert import Alert
from alerts.console import AlertNumber, Who, Why, moment, opened, person, show
from alerts.errors import AlertsError
from alerts.resolve import CAUSE_CODES, Resolution
from plant.options import DatabaseUrl, Json

maintenance = typer.Typer(
    no_args_is_help=True, help="Times of work on a place: its alerts wait until they are over."
)


def acknowledge(alert: AlertNumber, database: DatabaseUrl, who: Who = "", why: Why = "") -> None:
    """Say that you know of an alert; one that has returned to normal is closed by it.

    Example: jellyroll alerts acknowledge 17 --who ada --why "nozzle 3 is being cleaned"
    """
    with opened(database) as connection:
        _say(acknowledgement.acknowledge(connection, alert, person(who), why))


def comment(alert: AlertNumber, database: DatabaseUrl, why: Why, who: Who = "") -> None:
    """Add a text to the history of an alert.

    Example: jellyroll alerts comment 17 --why "the nozzle was clogged by salt"
    """
    with opened(database) as connection:
        _say(comments.comment(connection, alert, person(who), why))


def assign(
    alert: AlertNumber,
    database: DatabaseUrl,
    to: Annotated[str, typer.Option("--to", help="Who looks after it; empty: nobody.")],
    who: Who = "",
    why: Why = "",
) -> None:
    """Say who looks after an alert; that is no acknowledgement.

    Example: jellyroll alerts assign 17 --to ben
    """
    with opened(database) as connection:
        _say(comments.assign(connection, alert, person(who), why, assignee=to or None))


def shelve(
    alert: AlertNumber,
    database: DatabaseUrl,
    until: Annotated[
        str, typer.Option("--until", help="30min, 8h, 2d from now, or a time with its zone.")
    ],
    why: Why,
    who: Who = "",
) -> None:
    """Put an alert aside until a time: nobody is told of its cause till then.

    Example: jellyroll alerts shelve 17 --until 8h --why "new nozzles come in the morning"
    """
    with opened(database) as connection:
        _say(shelf.shelve(connection, alert, person(who), why, until=moment(until)))


def unshelve(alert: AlertNumber, database: DatabaseUrl, who: Who = "", why: Why = "") -> None:
    """Take an alert off the shelf before its time.

    Example: jellyroll alerts unshelve 17
    """
    with opened(database) as connection:
        _say(shelf.unshelve(connection, alert, person(who), why))


_CODES = "; ".join(f"{kind}: {', '.join(codes)}" for kind, codes in CAUSE_CODES.items())


def resolve(
    alert: AlertNumber,
    database: DatabaseUrl,
    cause: Annotated[str, typer.Option("--cause", help=f"What it was. {_CODES}.")],
    who: Who = "",
    why: Why = "",
) -> None:
    """Say what an alert was, and close it. Whether it was a true alarm follows from the cause.

    Example: jellyroll alerts resolve 17 --cause wear --why "nozzle 3 replaced"
    """
    kind = next((kind for kind, codes in CAUSE_CODES.items() if cause in codes), None)
    if kind is None:
        raise AlertsError(f"{cause!r} is no cause; choose one of: {_CODES}")
    with opened(database) as connection:
        resolved = resolution.resolve(
            connection, alert, person(who), why, resolution=Resolution(kind), cause_code=cause
        )
    _say(resolved)


@maintenance.command("plan")
def plan_maintenance(
    database: DatabaseUrl,
    *,
    line: Annotated[str, typer.Option("--line", help="The line.")],
    until: Annotated[
        str, typer.Option("--until", help="30min, 8h, 2d from now, or a time with its zone.")
    ],
    why: Why,
    station: Annotated[str, typer.Option("--station", help="Only this station of it.")] = "",
    equipment: Annotated[str, typer.Option("--equipment", help="Only this machine.")] = "",
    begin: Annotated[
        str, typer.Option("--from", help="A time; without it, now.", show_default=False)
    ] = "",
    who: Who = "",
) -> None:
    """Plan work on a line, a station of it or a machine.

    Example: jellyroll alerts maintenance plan --line l1 --until 4h --why "nozzles"
    """
    with opened(database) as connection:
        planned = work.plan_maintenance(
            connection, person(who), why,
            line=line, station=station, equipment=equipment,
            from_time=moment(begin) if begin else datetime.now(UTC), to_time=moment(until),
        )  # fmt: skip
    typer.echo(f"maintenance {planned.id} of {planned.place} until {planned.to_time:%F %H:%MZ}")


@maintenance.command("end")
def end_maintenance(
    number: Annotated[int, typer.Argument(help="Number of the maintenance.")],
    database: DatabaseUrl,
    who: Who = "",
    why: Why = "",
) -> None:
    """End work now, or call it off.

    Example: jellyroll alerts maintenance end 3
    """
    with opened(database) as connection:
        ended = work.end_maintenance(connection, number, person(who), why)
    typer.echo(f"maintenance {ended.id} of {ended.place} is over")


@maintenance.command("list")
def list_maintenance(
    database: DatabaseUrl,
    over: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False,
    as_json: Json = False,
) -> None:
    """List work that goes on or is to come.

    Example: jellyroll alerts maintenance list
    """
    with opened(database) as connection:
        rows = [
            asdict(one) | {"place": one.place}
            for one in work.list_maintenance(connection, over=over)
        ]
    columns = ("id", "place", "from_time", "to_time", "ended_at", "who", "why")
    show(rows, columns, as_json=as_json, nothing="No maintenance.")


def _say(alert: Alert) -> None:
    shelved = f", shelved until {alert.shelved_until:%F %H:%MZ}" if alert.shelved_until else ""
    typer.echo(f"alert {alert.id} is {alert.state}{shelved} now: {alert.title}")
