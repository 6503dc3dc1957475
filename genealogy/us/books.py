"""What commerce knows, from CSV files into the ledger: lots, dispositions, calibrations.

A file is taken whole or not at all. A row that says what the ledger says already adds nothing; one
that says otherwise is a correction, a new row. Nothing is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psycopg
from psycopg import sql

from genealogy.sql import statement
from genealogy.us.book_rows import Book, BookError, columns_of, key_of, read_rows
from storage.connect import Connection

_TABLES = {
    Book.LOTS: "lot",
    Book.DISPOSITIONS: "disposition",
    Book.CALIBRATIONS: "calibration",
}


class Taken(NamedTuple):
    """What a file came to: rows that were new or corrections, and rows known already."""

    added: int
    known: int


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def take(
    connection: Connection,
    book: Book,
    path: Path,
    who: str,
    opened: Callable[[Path], AbstractContextManager[BinaryIO]] = _opened,
) -> Taken:
    """Add the rows of the CSV file *path* to *book* in the name of *who*.

    *opened* opens it, so that its progress can be shown. The caller commits. Raise `BookError` with
    the errors of the file, of which nothing is taken then.
    """
    table = sql.Identifier("ledger", _TABLES[book])
    columns = sql.SQL(", ").join(map(sql.Identifier, columns_of(book)))
    key = key_of(book)
    same_key = sql.SQL(" AND ").join(
        # An index serves `=` alone.
        sql.SQL(
            "book.{0} IS NOT DISTINCT FROM given.{0}" if may_be_empty else "book.{0} = given.{0}"
        ).format(sql.Identifier(name))
        for name, may_be_empty in key.items()
    )
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").digest()
        with opened(path) as file, connection.transaction():
            rows = _copy(connection, book, file, table, columns)
    except OSError as error:
        raise BookError(f"{path}: cannot be read ({error.strerror})") from error
    except BookError as error:
        raise BookError(f"{path}: {error}") from None
    except psycopg.errors.UndefinedTable as error:
        raise BookError("the database has no ledger; run `jellyroll migrate` first") from error
    command = statement("us_take").format(
        table=table,
        columns=columns,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        same_key=same_key,
    )
    added = connection.execute(command, {"who": who, "sha256": sha256}).rowcount
    connection.execute("DROP TABLE taken")
    return Taken(added, rows - added)


def _copy(
    connection: Connection,
    book: Book,
    file: BinaryIO,
    table: sql.Identifier,
    columns: sql.Composed,
) -> int:
    """Copy the rows of *file* into the temporary table `taken`; return how many there are."""
    connection.execute(
        sql.SQL("CREATE TEMP TABLE taken AS SELECT 0::bigint AS line, {} FROM {} LIMIT 0").format(
            columns, table
        )
    )
    line = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY taken (line, {}) FROM STDIN").format(columns)) as copy,
    ):
        for line, row in enumerate(read_rows(book, file), 1):
            copy.write_row((line, *row))
    connection.execute("ANALYZE taken")
    return line
