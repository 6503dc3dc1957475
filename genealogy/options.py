"""Options by which commands choose cells."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from genealogy.affected import Choice

_MOMENTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Since = Annotated[
    datetime | None,
    typer.Option("--from", formats=_MOMENTS, help="From then on; UTC, or with zone."),
]
Until = Annotated[datetime | None, typer.Option("--to", formats=_MOMENTS, help="Before then.")]
Metres = Annotated[
    str, typer.Option("--metres", help="Only what took metres in this range, such as 812:840.")
]
Position = Annotated[int | None, typer.Option("--position", min=1, help="Nozzle, lane, channel.")]


def metres_of(text: str) -> tuple[float | None, float | None]:
    """Return the two ends of *text*; raise `typer.BadParameter` if it has none."""
    if not text:
        return None, None
    try:
        first, last = (float(part) for part in text.split(":"))
    except ValueError:
        first, last = 1.0, 0.0
    if not first <= last:
        problem = f"{text!r} is not two numbers as 812:840, the smaller first"
        raise typer.BadParameter(problem, param_hint="--metres")
    return first, last


def aware(moment: datetime | None) -> datetime | None:
    """Return *moment* with a zone: UTC where it has none."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def choice_of(
    *,
    cells: list[str] | None = None,
    thing: str = "",
    metres: str = "",
    equipment: str = "",
    position: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Choice:
    """Return what the options choose; raise `typer.BadParameter` unless it is one kind of thing."""
    if sum(map(bool, (cells, thing, equipment))) != 1:
        raise typer.BadParameter("name cells, or a --roll or --lot, or an --equipment")
    from_m, to_m = metres_of(metres)
    return Choice(
        tuple(cells or ()), thing, from_m, to_m, equipment, position, aware(since), aware(until)
    )


def person(who: str) -> str:
    """Return *who*, or the account that runs this."""
    return who or getpass.getuser()
