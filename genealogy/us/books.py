"""What commerce knows, from CSV files into the ledger: lots, dispositions, calibrations.

A file is taken whole or not at all. A row that says what the ledger says already adds nothing; one
that says otherwise is a correction, a new row. Nothing is changed.
"""

from __future__ import annotations

import csv
import enum
import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from psycopg import sql
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from storage.connect import Connection


class BookError(Exception):
    """A file cannot be taken in; the text lists every error with its line."""


def _or_none(value: object) -> object:
    return None if value == "" else value


#: Digits after the point of an amount or a price, at most.
DECIMALS = 12

Text = Annotated[str, Field(min_length=1, max_length=255)]
MaybeText = Annotated[Text | None, BeforeValidator(_or_none)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LotRow(_Row):
    """A lot of material as its supplier and the buyer know it."""

    lot: Text
    material: Text
    supplier: Text
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    is_prohibited: Annotated[bool | None, BeforeValidator(_or_none)] = None
    certificate: MaybeText = None
    certificate_until: Annotated[date | None, BeforeValidator(_or_none)] = None
    amount: Annotated[Decimal, Field(gt=0, decimal_places=DECIMALS)]
    unit: Text
    usd_per_unit: Annotated[Decimal, Field(ge=0, decimal_places=DECIMALS)]
    received_on: date


class DispositionRow(_Row):
    """What became of a cell."""

    cell: Text
    what: Literal["sold", "returned", "scrapped", "recycled", "stock"]
    on_date: date
    customer: MaybeText = None
    customer_class: Annotated[Literal["unrelated", "related"] | None, BeforeValidator(_or_none)] = (
        None
    )
    invoice: MaybeText = None

    @model_validator(mode="after")
    def _a_sale_has_a_customer(self) -> Self:
        if self.what == "sold" and (self.customer is None or self.customer_class is None):
            raise ValueError("a sold cell needs customer and customer_class")
        return self


class CalibrationRow(_Row):
    """That a channel measures right, from a day to before another."""

    equipment: Text
    position: Annotated[int | None, Field(ge=1), BeforeValidator(_or_none)] = None
    certificate: Text
    valid_from: date
    valid_until: date

    @model_validator(mode="after")
    def _it_ends_after_it_begins(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be after valid_from")
        return self


class _Shape(NamedTuple):
    """How rows of one book are read, and which columns say of what they speak."""

    row: type[_Row]
    key: tuple[str, ...]


class Book(enum.StrEnum):
    """A book of the ledger; the value is its file's and its table's word."""

    LOTS = "lots"
    DISPOSITIONS = "dispositions"
    CALIBRATIONS = "calibrations"


_SHAPES = {
    Book.LOTS: _Shape(LotRow, ("lot",)),
    Book.DISPOSITIONS: _Shape(DispositionRow, ("cell",)),
    Book.CALIBRATIONS: _Shape(CalibrationRow, ("equipment", "position", "certificate")),
}
_TABLES = {
    Book.LOTS: "lot",
    Book.DISPOSITIONS: "disposition",
    Book.CALIBRATIONS: "calibration",
}


class Taken(NamedTuple):
    """What a file came to: rows that were new or corrections, and rows known already."""

    added: int
    known: int


def columns_of(book: Book) -> tuple[str, ...]:
    """Return the columns of a file for *book*, in order."""
    return tuple(_SHAPES[book].row.model_fields)


def take(connection: Connection, book: Book, path: Path, who: str) -> Taken:
    """Add the rows of the CSV file *path* to *book* in the name of *who*.

    The caller commits. Raise `BookError` with all errors of the file.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise BookError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BookError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    rows = list(_rows(book, path, text))
    shape = _SHAPES[book]
    names = tuple(shape.row.model_fields)
    given = {name: _typed(connection, book, name) for name in names}
    statement = sql.SQL(
        "INSERT INTO {table} (who, file_sha256, {columns}) SELECT %(who)s, %(sha256)s, {values}"
        " WHERE NOT EXISTS (SELECT FROM (SELECT * FROM {table} WHERE {same_key} ORDER BY id DESC"
        " LIMIT 1) latest WHERE {same})"
    ).format(
        table=sql.Identifier("ledger", _TABLES[book]),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(given.values()),
        same_key=_equal({name: given[name] for name in shape.key}),
        same=_equal(given),
    )
    origin = {"who": who, "sha256": hashlib.sha256(content).digest()}
    with connection.cursor() as cursor:
        cursor.executemany(statement, [{**origin, **row.model_dump()} for row in rows])
        added = max(cursor.rowcount, 0)
    return Taken(added, len(rows) - added)


def _equal(given: Mapping[str, sql.Composed]) -> sql.Composed:
    """Return the condition that columns have these values, null being one."""
    return sql.SQL(" AND ").join(
        sql.SQL("{} IS NOT DISTINCT FROM {}").format(sql.Identifier(name), value)
        for name, value in given.items()
    )


def _typed(connection: Connection, book: Book, name: str) -> sql.Composed:
    """Return the placeholder of column *name* with its type, which a bare null does not show."""
    row = connection.execute(
        "SELECT data_type FROM information_schema.columns"
        " WHERE table_schema = 'ledger' AND table_name = %s AND column_name = %s",
        (_TABLES[book], name),
    ).fetchone()
    if row is None:
        raise BookError("the database has no ledger; run `jellyroll migrate` first")
    return sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(row[0]))


def _rows(book: Book, path: Path, text: str) -> Iterator[_Row]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    known = columns_of(book)
    missing = [
        name
        for name, field in _SHAPES[book].row.model_fields.items()
        if field.is_required() and name not in (reader.fieldnames or ())
    ]
    unknown = [name for name in reader.fieldnames or () if name not in known]
    if missing or unknown:
        wrong = [f"no column {name}" for name in missing] + [
            f"unknown {name!r}" for name in unknown
        ]
        raise BookError(f"{path}: {'; '.join(wrong)}; the columns are {', '.join(known)}")
    rows, errors = [], []
    for line, entry in enumerate(reader, 2):
        try:
            rows.append(_SHAPES[book].row.model_validate(entry))
        except ValidationError as error:
            errors += [
                f"  line {line}: {'.'.join(map(str, e['loc'])) or 'row'}: {e['msg']}"
                for e in error.errors()
            ]
    if errors:
        raise BookError("\n".join([f"{path}: {len(errors)} errors", *errors]))
    yield from rows
