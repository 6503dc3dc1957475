"""`jellyroll cells`: train, screen, grade, show."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import psycopg
import typer
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models import registry
from models.cells import model_store
from models.cells.faulty import FaultyCells
from models.cells.forecast_fit import check
from models.cells.review import Review
from models.cells.standard import CellsError, standards
from models.cells.store import write
from models.cells.training import fit_recipes, read_finished
from models.sql import statement
from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import Connection, connect

app = typer.Typer(
    no_args_is_help=True,
    help="Every cell against its peers: outliers, grades, forecasts.",
    add_completion=False,
)


def _moment(text: str | dt.datetime) -> dt.datetime:
    if isinstance(text, dt.datetime):  # a default comes as it is
        return text
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        problem = f"{text!r} is no day or time, such as 2026-11-22 or 2026-11-22T08:30:00Z"
        raise typer.BadParameter(problem) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


_From = Annotated[
    dt.datetime | None,
    typer.Option("--from", parser=_moment, metavar="TIME", help="A day or a time, UTC."),
]
_To = Annotated[
    dt.datetime | None,
    typer.Option("--to", parser=_moment, metavar="TIME", help="Until then; now if not given."),
]
_Line = Annotated[str | None, typer.Option(help="Only this line of the plant.")]


@app.command()
def train(
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    from_: _From = None,
    to: _To = None,
    candidate: Annotated[
        bool, typer.Option("--candidate", help="Leave it to `jellyroll models promote`.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Learn what is usual among cells, and to foretell the end of the line; check it in time order.

    From the cells that left their trays in the time, 30 days if not given; it becomes the active
    model, which a running monitor takes up. It needs 2,000 cells at the end of the line.
    `jellyroll models` shows it with the others, and brings an older one back.

    Example: jellyroll cells train --from 2026-11-01 --database postgresql://localhost/jellyroll
    """
    known = load_plant(plant)
    first, last = _span(from_, to, dt.timedelta(days=30))
    with _open(database) as connection, threadpool_limits(1):
        finished = read_finished(known, connection, first, last)
        model = fit_recipes(known, finished)
        checks = [
            (recipe, found)
            for recipe, cells in finished.items()
            if recipe in model.forecasters
            for found in check(standards(known)[recipe], cells)
        ]
        count = sum(map(len, finished.values()))
        made = model_store.register(connection, model, (first, last), count, checks)
        if not candidate:
            registry.promote(connection, made.id, "promoted by jellyroll cells train")
        connection.commit()
    if as_json:
        rows = [{"recipe": recipe, **found._asdict()} for recipe, found in checks]
        _print({"id": made.id, "version": made.version, "cells": count, "checks": rows})
        return
    console = Console(highlight=False)
    becomes = "a candidate" if candidate else "active now"
    console.print(f"model {made.id}, version {made.version} from {count} cells, {becomes}")
    table = Table("recipe", "after", "target", "fold", "cells", "coverage", "width", "error",
                  "error of the median", box=None)  # fmt: skip
    for recipe, found in checks:
        table.add_row(
            recipe, found.station, found.target, str(found.fold), str(found.cells),
            f"{found.coverage:.3f}", f"{found.width:.4g}", f"{found.error:.4g}",
            f"{found.error_of_median:.4g}",
        )  # fmt: skip
    console.print(table)


@app.command()
def screen(
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    from_: _From = None,
    to: _To = None,
    line: _Line = None,
    as_json: Json = False,
) -> None:
    """Judge all cells again that left their trays in a time (a day if not given), and write it.

    Example: jellyroll cells screen --from 2026-11-21 --to 2026-11-22 --line l1
    """
    known = load_plant(plant)
    first, last = _span(from_, to, dt.timedelta(days=1))
    lines = _lines(known, line)
    count: Counter[tuple[str, str]] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    changed = 0
    with _open(database) as connection, threadpool_limits(1):
        _, model = model_store.active(connection)
        review = Review(known, connection, model.references, model.forecasters)
        for name in lines:
            for verdicts in review.between(name, first, last):
                changed += write(connection, [(verdict, True) for verdict in verdicts])
                connection.commit()
                count.update((v.disposition.value, v.fault_class.value) for v in verdicts)
                kinds.update((r.kind.value, r.measure) for v in verdicts for r in v.reasons)
    dispositions = [
        {"disposition": d, "fault_class": f, "cells": n} for (d, f), n in sorted(count.items())
    ]
    reasons = [{"kind": k, "measure": m, "cells": n} for (k, m), n in kinds.most_common()]
    if as_json:
        _print(
            {"cells": count.total(), "changed": changed, "verdicts": dispositions,
             "reasons": reasons}
        )  # fmt: skip
        return
    console = Console(highlight=False)
    console.print(f"{count.total()} cells, {changed} verdicts changed")
    console.print(_table(dispositions))
    console.print(_table(reasons))


@app.command()
def grade(
    *,
    database: DatabaseUrl,
    from_: _From = None,
    to: _To = None,
    as_json: Json = False,
) -> None:
    """Count the cells of a time (a day if not given) by grade and by what became of them.

    Example: jellyroll cells grade --from 2026-11-21
    """
    first, last = _span(from_, to, dt.timedelta(days=1))
    with _open(database) as connection:
        rows = connection.cursor(row_factory=dict_row).execute(
            statement("cell_grades"), {"from_time": first, "to_time": last}
        ).fetchall()  # fmt: skip
    if as_json:
        _print({"from": first, "to": last, "grades": rows})
        return
    Console(highlight=False).print(_table(rows) if rows else "no cell was judged in that time")


@app.command()
def show(
    cell: Annotated[str, typer.Argument(help="The cell's id.")],
    *,
    database: DatabaseUrl,
    as_json: Json = False,
) -> None:
    """Show what is said of a cell, and why.

    Example: jellyroll cells show D126326010012345K
    """
    with _open(database) as connection:
        found = connection.cursor(row_factory=dict_row).execute(
            statement("cell_verdict"), {"cell": cell}
        ).fetchone()  # fmt: skip
    if found is None:
        raise CellsError(
            f"nothing is said of cell {cell!r}: check its spelling, upper and lower case count; "
            "`jellyroll monitor` judges cells as they come, `jellyroll cells screen` all of a time"
        )
    if as_json:
        _print(found)
        return
    console = Console(highlight=False)
    console.print(
        f"[bold]{found['cell']}[/bold]  {found['disposition']}, grade {found['grade'] or 'open'}, "
        f"fault: {found['fault_class']}, as of {found['time']:%Y-%m-%d %H:%M:%S}"
    )
    for reason in found["reasons"]:
        console.print(f"  {reason['kind']}: {reason['text']}")
    console.print(
        _table([{"measure": name, **score} for name, score in found["scores"].items()])
        if found["scores"]
        else "  nothing was measured of it yet"
    )


@app.command()
def faulty(
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    as_json: Json = False,
) -> None:
    """Show how many cells have a fault of their own: learning, watching or in alarm, by measure.

    Sum and limit are in faulty cells. A measure of a line begins to watch when its baseline is
    complete; `jellyroll monitor` counts.

    Example: jellyroll cells faulty --json
    """
    known = load_plant(plant)
    needed = FaultyCells(known, next(iter(standards(known).values()))).needed
    with _open(database) as connection:
        rows = connection.cursor(row_factory=dict_row).execute(
            statement("faulty_shown")
        ).fetchall()  # fmt: skip
    if as_json:
        _print({"baseline_cells": needed, "charts": rows})
        return
    console = Console(highlight=False)
    console.print(f"a baseline is {needed:,} cells")
    console.print(_table(rows) if rows else "learning: no cell was counted yet")


@contextmanager
def _open(database: str) -> Iterator[Connection]:
    with connect(database, application="jellyroll cells") as connection:
        try:
            yield connection
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise CellsError(
                f"the database does not fit the plant model ({error.diag.message_primary}):"
                " run `jellyroll migrate`, or name the right --plant"
            ) from error


def _span(
    first: dt.datetime | None, last: dt.datetime | None, usual: dt.timedelta
) -> tuple[dt.datetime, dt.datetime]:
    end = last or dt.datetime.now(dt.UTC)
    begin = first or end - usual
    if begin >= end:
        raise typer.BadParameter(f"{begin:%Y-%m-%d %H:%M} is not before --to", param_hint="--from")
    return begin, end


def _lines(plant: Plant, line: str | None) -> tuple[str, ...]:
    lines = plant.production.lines
    if line is not None and line not in lines:
        raise typer.BadParameter(f"{line!r}: there is {', '.join(lines)}", param_hint="--line")
    return (line,) if line else lines


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*(rows[0] if rows else ("nothing",)), box=None)
    for row in rows:
        table.add_row(*("" if value is None else f"{value}" for value in row.values()))
    return table


def _print(document: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(document))
