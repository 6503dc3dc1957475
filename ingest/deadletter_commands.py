"""jellyroll deadletters: what could not be read, and giving it back."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import storage.deadletter
from ingest.handback import hand_back
from plant.broker import BrokerAddress
from plant.errors import Reason
from plant.options import BrokerUrl, DatabaseUrl, Json
from storage.connect import connect
from storage.deadletter import Choice, kept, payload_of

app = typer.Typer(no_args_is_help=True, help="Messages that could not be read, kept whole.")

Ids = Annotated[list[int] | None, typer.Argument(help="Their ids.", metavar="ID …")]
OfReason = Annotated[Reason | None, typer.Option("--reason", help="Only letters of this reason.")]
OfTopic = Annotated[
    str, typer.Option("--topic", help="Only of these topics, as 'v1/+/+/+/+/l1-filler-01/#'.")
]
_MOMENTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d"]
Since = Annotated[
    datetime | None,
    typer.Option("--from", formats=_MOMENTS, help="Only received from then on; UTC, or with zone."),
]
Until = Annotated[
    datetime | None, typer.Option("--to", formats=_MOMENTS, help="Only received before.")
]


@app.command("list")
def list_letters(
    *,
    database: DatabaseUrl,
    reason: OfReason = None,
    topic: OfTopic = "",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Show the newest dead letters and why each could not be read.

    Example: jellyroll deadletters list --reason unknown_signal
    """
    with connect(database, application="jellyroll deadletters") as connection:
        choice = Choice((), reason, topic, _aware(since), _aware(until))
        letters = kept(connection, choice, limit)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(each) for each in letters], default=str))
        return
    table = Table("id", "received", "topic", "reason", "why", box=None, header_style="dim")
    for letter in letters:
        table.add_row(
            str(letter.id), f"{letter.received_at:%Y-%m-%d %H:%M:%S}", letter.topic, letter.reason,
            letter.detail,
        )  # fmt: skip
    Console().print(table if letters else "no dead letters", highlight=False)


@app.command()
def show(
    letter: Annotated[int, typer.Argument(help="Its id.", metavar="ID")], database: DatabaseUrl
) -> None:
    """Write the payload of one dead letter to standard output, byte for byte.

    Example: jellyroll deadletters show 17 > payload.json
    """
    with connect(database, application="jellyroll deadletters") as connection:
        payload = payload_of(connection, letter)
    if payload is None:
        typer.echo(f"there is no dead letter {letter}; see `jellyroll deadletters list`", err=True)
        raise typer.Exit(1)
    sys.stdout.buffer.write(payload)


@app.command()
def replay(
    *,
    broker: BrokerUrl,
    database: DatabaseUrl,
    ids: Ids = None,
    reason: OfReason = None,
    topic: OfTopic = "",
    since: Since = None,
    until: Until = None,
) -> None:
    """Give dead letters to the broker again, after the plant model or the machine is mended.

    Name ids, or say which; letters that were handed back already are left out unless named by id.
    A letter stays kept. What was stored meanwhile is not doubled.

    Example: jellyroll deadletters replay --reason unknown_signal
    """
    choice = _chosen(Choice(tuple(ids or ()), reason, topic, _aware(since), _aware(until)))
    with connect(database, application="jellyroll deadletters", autocommit=True) as connection:
        letters = kept(connection, choice)
        if not ids:
            letters = [letter for letter in letters if letter.handed_back_at is None]
        count = sum(1 for _ in hand_back(connection, BrokerAddress.parse(broker), letters[::-1]))
    typer.echo(f"{count} handed back")


@app.command()
def discard(
    *,
    database: DatabaseUrl,
    ids: Ids = None,
    reason: OfReason = None,
    topic: OfTopic = "",
    since: Since = None,
    until: Until = None,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop the payloads of dead letters that nobody will need; they count on in the books.

    Name ids, or say which.

    Example: jellyroll deadletters discard --reason bad_json --to 2026-11-01 --yes
    """
    choice = _chosen(Choice(tuple(ids or ()), reason, topic, _aware(since), _aware(until)))
    with connect(database, application="jellyroll deadletters", autocommit=True) as connection:
        letters = kept(connection, choice)
        if letters and not sure:
            typer.confirm(
                f"Drop the payloads of {len(letters)} dead letters?", abort=True, err=True
            )
        storage.deadletter.discard(connection, [letter.id for letter in letters])
    typer.echo(f"{len(letters)} discarded")


def _chosen(choice: Choice) -> Choice:
    if choice.is_everything:
        raise typer.BadParameter("name ids, or say which with --reason, --topic, --from or --to")
    return choice


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
