"""The rows of a CSV file for a book of the ledger: lots, dispositions, calibrations."""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, BinaryIO, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

#: More errors of a file than this are counted, not told.
_MOST_ERRORS = 50


class BookError(Exception):
    """A file cannot be taken in; the text says why, and in which lines."""


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


def columns_of(book: Book) -> tuple[str, ...]:
    """Return the columns of a file for *book*, in order."""
    return tuple(_SHAPES[book].row.model_fields)


def key_of(book: Book) -> dict[str, bool]:
    """Return the columns that say of what a row of *book* speaks, and whether each may be empty."""
    shape = _SHAPES[book]
    return {name: not shape.row.model_fields[name].is_required() for name in shape.key}


def read_rows(book: Book, file: BinaryIO) -> Iterator[tuple[object, ...]]:
    """Yield the rows of *file*, each with the values of `columns_of(book)`.

    Raise `BookError` with the errors of all rows, at the end: what was yielded by then is to be
    thrown away.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.DictReader(text, strict=True)
    errors: list[str] = []
    count = 0
    try:
        _check_header(book, reader)
        for entry in reader:
            try:
                row = _SHAPES[book].row.model_validate(entry)
            except ValidationError as error:
                count += error.error_count()
                if len(errors) < _MOST_ERRORS:
                    errors += [_told(reader.line_num, e["loc"], e["msg"]) for e in error.errors()]
            else:
                if not count:
                    yield tuple(getattr(row, name) for name in columns_of(book))
    except UnicodeDecodeError as error:
        raise BookError(f"not UTF-8 after line {reader.line_num}; save it as UTF-8") from error
    except csv.Error as error:
        raise BookError(f"line {reader.line_num + 1}: {error}; is it CSV with commas?") from error
    finally:
        text.detach()
    if count:
        more = f"  and {count - len(errors)} more"
        told = [f"{count} errors", *errors, *[more] * (count > len(errors))]
        raise BookError("\n".join(told))


def _told(line: int, at: tuple[int | str, ...], message: str) -> str:
    return f"  line {line}: {'.'.join(map(str, at)) or 'row'}: {message}"


def _check_header(book: Book, reader: csv.DictReader[str]) -> None:
    known = columns_of(book)
    names = reader.fieldnames or ()
    wrong = [
        f"no column {name}"
        for name, field in _SHAPES[book].row.model_fields.items()
        if field.is_required() and name not in names
    ] + [f"unknown {name!r}" for name in names if name not in known]
    if wrong:
        raise BookError(f"{'; '.join(wrong)}; the columns are {', '.join(known)}")
