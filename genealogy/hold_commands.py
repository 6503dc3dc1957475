"""`jellyroll hold` and `jellyroll release`: cells kept back, each recorded with who and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from genealogy import mounts
from genealogy.affected import cells_of
from genealogy.affected import hold as put_on_hold
from genealogy.affected import release as take_off_hold
from genealogy.options import Metres, Position, Since, Until, choice_of, person
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, PlantFile
from storage.connect import connect

Cells = Annotated[list[str] | None, typer.Argument(help="Their ids.", metavar="[CELL …]")]
Thing = Annotated[str, typer.Option("--roll", "--lot", help="Cells that hold some of it.")]
Machine = Annotated[str, typer.Option("--equipment", help="Cells, or their material, made there.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
Who = Annotated[str, typer.Option("--who", help="In whose name.", show_default="this account")]


def _command(
    record: Callable[..., int], application: str, said: str, text: str
) -> Callable[..., None]:
    """Return the command that chooses cells and lets *record* enter what is done to them."""

    def command(
        cells: Cells = None,
        *,
        reason: Reason,
        thing: Thing = "",
        metres: Metres = "",
        equipment: Machine = "",
        position: Position = None,
        since: Since = None,
        until: Until = None,
        who: Who = "",
        database: DatabaseUrl,
        plant: PlantFile = DEFAULT_PLANT,
    ) -> None:
        choice = choice_of(
            cells=cells, thing=thing, metres=metres, equipment=equipment, position=position,
            since=since, until=until,
        )  # fmt: skip
        model = load_plant(plant)
        with connect(database, application=application) as connection:
            mounts.catch_up(connection)
            chosen = cells_of(connection, model, choice)
            count = record(connection, chosen, person(who), reason)
            connection.commit()
        typer.echo(said.format(count, len(chosen) - count))

    command.__doc__ = text
    return command


hold = _command(
    put_on_hold,
    "jellyroll hold",
    "{:,} put on hold, {:,} were already",
    """Keep cells back until they are released: by id, roll, lot, machine, channel or time.

    Example: jellyroll hold --roll l1-c-roll-000123-4 --metres 812:840 --reason "pinholes in lane 4"
    """,
)
release = _command(
    take_off_hold,
    "jellyroll release",
    "{:,} released, {:,} were not on hold",
    """Undo a hold, chosen as in `jellyroll hold`.

    Example: jellyroll release --roll l1-c-roll-000123-4 --reason "measured again, no pinholes"
    """,
)
