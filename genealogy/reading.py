"""Questions to the records of material: of one moment, and with what came before it checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer

from genealogy.current import bring_up_a_little
from plant.model import Plant
from storage.connect import Connection, connect


class TraceError(Exception):
    """Nothing can be traced; the text says why and what to do."""


@contextmanager
def reading(database: str, plant: Plant) -> Iterator[Connection]:
    """Yield a connection on which all is read as of one moment.

    Mounts and flags are brought up before, if little is missing; else a line on standard error
    says since when they are not. Raise `TraceError` if the database was never migrated.
    """
    with connect(database, application="jellyroll trace") as connection:
        try:
            if since := bring_up_a_little(connection, plant):
                typer.echo(
                    f"records that came since {since:%Y-%m-%d %H:%M} UTC are not checked, nor what"
                    " they mounted: run `jellyroll trace flags`",
                    err=True,
                )
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
        except psycopg.errors.UndefinedTable as error:
            raise TraceError(
                f"the database does not fit the plant model ({error.diag.message_primary}):"
                " run `jellyroll migrate`, or name the right --plant"
            ) from error
