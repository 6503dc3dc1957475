"""Values of a payload to what a column keeps, column by column."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from plant.errors import Reason, UnreadableError
from plant.frames import ColumnData, floats
from plant.number import Number
from plant.tables import Column, ColumnType
from plant.words import listed, name_of

_NUMBERS = frozenset({int, float})
_NUMBERS_OR_NULL = frozenset({int, float, type(None)})
_TEXT_OR_NULL = frozenset({str, type(None)})
#: Ids are part of unique keys, and PostgreSQL indexes no entry above 2,704 bytes.
_TEXT_CHARACTERS = 255
#: Up to here every whole number is one in JavaScript and in a PLC's double, too.
_MOST_EXACT = 2**53


def take_number(source: str, document: dict[str, Any]) -> Number:
    """Take `seq`, and `run` where it has one, out of *document*, a message of *source*."""
    seq, run = document.pop("seq"), document.pop("run", 0)
    for name, value in (("seq", seq), ("run", run)):
        if type(value) is not int or not 0 <= value <= _MOST_EXACT:
            given = value if type(value) in _NUMBERS else name_of(value)
            detail = f"{name!r} must be a whole number from 0 to 2^53, not {given}"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
    return Number(source, run, seq)


def one(column: Column, value: Any) -> Any:
    """Return *value* as column *column* keeps it, or raise with the column's name."""
    match column.type:
        case ColumnType.TEXT:
            return _texts(column, [value])[0]
        case ColumnType.FLOATS:
            return _arrays(column, [value])[0]
        case ColumnType.FLOAT if type(value) in _NUMBERS:
            return float(value)
        case _:
            return float(_numbers(column, [value])[0])


def many(column: Column, values: Any, rows: int) -> ColumnData:
    """Return *values*, one a row, as column *column* keeps them."""
    match column.type:
        case ColumnType.TEXT:
            return _texts(column, values)
        case ColumnType.FLOATS:
            if len(values) != rows:
                detail = f"{column.name!r} has {len(values)} rows, 'ts' has {rows}"
                raise UnreadableError(Reason.WRONG_SHAPE, detail)
            return _arrays(column, values)
        case _:
            return _numbers(column, values)


def _numbers(column: Column, values: Iterable[Any]) -> npt.NDArray[np.float64]:
    """Return *values* as float64; null becomes NaN. JSON itself has no NaN and no infinity."""
    values = list(values)
    types = {*map(type, values)}
    if not types <= _NUMBERS_OR_NULL:
        wrong = next(v for v in values if type(v) not in _NUMBERS_OR_NULL)
        raise _wrong_type(column, wrong, "a number")
    array = floats(values) if types <= _NUMBERS else np.array(values, dtype=np.float64)
    if column.type is ColumnType.SMALLINT:
        known = array[~np.isnan(array)]
        if ((known < 1) | (known > 32_767) | (known != np.floor(known))).any():
            detail = f"{column.name!r} must be a whole number from 1 to 32767"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
    return array


def _arrays(column: Column, values: list[Any]) -> npt.NDArray[np.float64]:
    """Return (rows, column.length) float64; null instead of a row's list is a row of NaN."""
    values = [[None] * column.length if value is None else value for value in values]
    for value in values:
        if type(value) is not list:
            raise _wrong_type(column, value, f"a list of {column.length} numbers")
        if len(value) != column.length:
            expected = f"one per position makes {column.length}"
            detail = f"{column.name!r} has {len(value)} values, {expected}"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
    flat = _numbers(column, itertools.chain.from_iterable(values))
    return flat.reshape(len(values), column.length)


def _texts(column: Column, values: list[Any]) -> list[str | None]:
    if not {*map(type, values)} <= _TEXT_OR_NULL:
        wrong = next(v for v in values if type(v) not in _TEXT_OR_NULL)
        raise _wrong_type(column, wrong, "text")
    if column.required and (None in values or "" in values):
        detail = f"{column.name!r} is empty; each row needs one"
        raise UnreadableError(Reason.MISSING_FIELD, detail)
    longest = max((len(v) for v in values if v is not None), default=0)
    if longest > _TEXT_CHARACTERS:
        detail = f"{column.name!r} has {longest:,} characters, at most {_TEXT_CHARACTERS} are kept"
        raise UnreadableError(Reason.TOO_BIG, detail)
    if column.choices:
        wrong = next((v for v in values if v is not None and v not in column.choices), None)
        if wrong is not None:
            detail = f"{column.name!r} is {wrong[:80]!r}, not one of {listed(column.choices)}"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
    elif any("\0" in v for v in values if v is not None):
        detail = f"{column.name!r} has a NUL character, which no database text can hold"
        raise UnreadableError(Reason.WRONG_TYPE, detail)
    return values


def _wrong_type(column: Column, value: Any, expected: str) -> UnreadableError:
    return UnreadableError(
        Reason.WRONG_TYPE, f"{column.name!r} is {name_of(value)}, not {expected}"
    )
