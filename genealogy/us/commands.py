"""`jellyroll ledger`: eligible energy and credit of a year, and the books that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import psycopg
import rich.progress
import typer
from rich.console import Console

from genealogy.affected import Choice, cells_of
from genealogy.mounts import catch_up
from genealogy.options import Since, Until, aware, person
from genealogy.us import evidence
from genealogy.us.book_rows import Book, columns_of
from genealogy.us.books import take
from genealogy.us.record import record, year_of
from genealogy.us.render import lot_table, show, show_scrapped
from genealogy.us.report import LedgerError, Report, report
from genealogy.us.rules import SHIPPED, load_rules
from genealogy.us.scrap import scrap
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import Connection, connect

app = typer.Typer(no_args_is_help=True, help="The US production ledger. It informs: no tax advice.")

Year = Annotated[int, typer.Option(min=2023, max=2100, help="Of the sale.")]
Product = Annotated[str | None, typer.Option(help="A recipe.", show_default="all")]
Month = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m"], help="Of the sale, as 2027-03.", show_default="all"),
]
RulesFile = Annotated[
    Path, typer.Option("--rules", help="Law and money, as genealogy/us/rules.toml.", dir_okay=False)
]


@app.callback(invoke_without_command=True)
def ledger(
    context: typer.Context,
    *,
    year: Annotated[
        int | None, typer.Option(min=2023, max=2100, help="Of the sale.", show_default=False)
    ] = None,
    database: DatabaseUrl = "",
    plant: PlantFile = DEFAULT_PLANT,
    rules: RulesFile = SHIPPED,
    pack: Annotated[
        Path | None,
        typer.Option("--evidence", help="Write every cell and lot, with digests, to a new folder."),
    ] = None,
    form: Annotated[
        evidence.Format, typer.Option("--format", help="Of the tables of the evidence.")
    ] = evidence.Format.CSV,
    recorded: Annotated[
        bool,
        typer.Option(
            "--record", help="Keep the figures, and the year's scrap, for the dashboards."
        ),
    ] = False,
    who: Annotated[
        str, typer.Option(help="In whose name.", show_default="the account that runs this")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show eligible energy, credit, what is excluded and why, and the material behind it.

    It informs; it is not tax advice.

    Example: jellyroll ledger --year 2027 --evidence evidence-2027
    """
    if context.invoked_subcommand:
        return
    if not database:
        raise typer.BadParameter("name the database with --database or JELLYROLL_DATABASE")
    if year is None:
        raise typer.BadParameter("give the year of the report with --year")
    with _worked_out(database, plant, rules, year) as (connection, found):
        files = evidence.write(connection, found, rules, pack, form) if pack else []
        if recorded:
            failed = scrap(connection, load_plant(plant), *year_of(year))
            record(connection, found, failed, rules, person(who))
            connection.commit()
    if as_json:
        typer.echo(evidence.as_json(found))
        return
    Console(highlight=False).print(*show(found), sep="\n")
    if files:
        typer.echo(f"{len(files)} files in {pack}; `sha256sum --check MANIFEST` there", err=True)


@app.command()
def cells(
    *,
    year: Year,
    reason: Annotated[
        str | None, typer.Option(help="As in the report, or 'eligible'.", show_default="all")
    ] = None,
    product: Product = None,
    month: Month = None,
    lot: Annotated[str, typer.Option(help="That hold some of this lot.", show_default="all")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    rules: RulesFile = SHIPPED,
    as_json: Json = False,
) -> None:
    """Open a number of the report: the cells behind it.

    Example: jellyroll ledger cells --year 2027 --reason "channel without a valid calibration"
    """
    chosen = {"reason": reason, "product": product, "month": _first_day(month)}
    with _worked_out(database, plant, rules, year) as (connection, _):
        holders = cells_of(connection, load_plant(plant), Choice(thing=lot)) if lot else None
        opened = evidence.cells(connection, {**chosen, "cells": holders}, limit)
    if as_json:
        rows = [dict(zip(opened.columns, row, strict=True)) for row in opened.rows]
        typer.echo(orjson.dumps(rows, default=str))
        return
    typer.echo("\t".join(opened.columns))
    for row in opened.rows:
        typer.echo("\t".join("" if value is None else str(value) for value in row))
    typer.echo(f"{opened.found:,} cells, {opened.kwh:,.3f} kWh", err=True)


@app.command()
def lots(
    *,
    year: Year,
    product: Product = None,
    month: Month = None,
    material: Annotated[str | None, typer.Option(show_default="all")] = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    rules: RulesFile = SHIPPED,
    as_json: Json = False,
) -> None:
    """Open a cost or a ratio of the report: the lots behind it, first those that exclude most.

    Example: jellyroll ledger lots --year 2027 --month 2027-03 --material nca
    """
    first = _first_day(month)
    with _worked_out(database, plant, rules, year) as (_, found):
        chosen = [
            lot
            for lot in found.lots
            if product in {None, lot.product}
            and first in {None, lot.month}
            and material in {None, lot.material}
        ]
    if as_json:
        typer.echo(orjson.dumps([asdict(lot) for lot in chosen], default=str))
    else:
        Console(highlight=False).print(lot_table(chosen))


@app.command("scrap")
def show_scrap(
    *,
    since: Since = None,
    until: Until = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    as_json: Json = False,
) -> None:
    """Show scrap by station, cause and material, its value, and what went to recycling.

    Without --from and --to of the last 24 hours.

    Example: jellyroll ledger scrap --from 2026-11-01 --to 2026-12-01
    """
    end = aware(until) or datetime.now(UTC)
    begin = aware(since) or end - timedelta(days=1)
    with connect(database, application="jellyroll ledger") as connection:
        catch_up(connection)
        connection.commit()
        found = scrap(connection, load_plant(plant), begin, end)
    if as_json:
        typer.echo(evidence.as_json(found))
    else:
        Console(highlight=False).print(*show_scrapped(found), sep="\n")


@app.command("import")
def import_book(
    book: Annotated[Book, typer.Argument(help="Which book the file is for.")],
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", dir_okay=False)],
    *,
    who: Annotated[
        str, typer.Option(help="In whose name.", show_default="the account that runs this")
    ] = "",
    database: DatabaseUrl,
) -> None:
    """Add a CSV file to the ledger: new rows, and corrections of what it says otherwise.

    The file is taken whole or not at all; what the ledger says already adds nothing. `jellyroll
    ledger columns` says what each file must have.

    Example: jellyroll ledger import lots lots.csv --who "A. Buyer"
    """

    def opened(path: Path) -> AbstractContextManager[BinaryIO]:
        bar = Console(stderr=True)
        return rich.progress.open(path, "rb", description=path.name, console=bar, transient=True)

    with connect(database, application="jellyroll ledger") as connection:
        taken = take(connection, book, file, person(who), opened)
        connection.commit()
    typer.echo(f"{taken.added} rows added, {taken.known} known already")


@app.command()
def columns() -> None:
    """Show the columns of each file that can be imported.

    Example: jellyroll ledger columns
    """
    for book in Book:
        typer.echo(f"{book}: {','.join(columns_of(book))}")


@contextmanager
def _worked_out(
    database: str, plant: Path, rules: Path, year: int
) -> Iterator[tuple[Connection, Report]]:
    with connect(database, application="jellyroll ledger") as connection:
        try:
            catch_up(connection)
            connection.commit()
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield connection, report(connection, load_plant(plant), load_rules(rules), year)
        except psycopg.errors.UndefinedTable as error:
            raise LedgerError(
                f"the database does not fit ({error.diag.message_primary}): run `jellyroll migrate`"
            ) from error
        finally:
            connection.rollback()


def _first_day(month: datetime | None) -> date | None:
    return month.date() if month else None
