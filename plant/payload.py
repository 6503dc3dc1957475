"""JSON payloads to frames; the contract is docs/payloads.md.

A message is read whole or not at all: one bad value makes it a dead letter that can be handed
back after mending. One-sample messages take a short way (a look-up of the names in the order
they came); blocks are converted column by column, never value by value.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from plant.errors import Reason, UnreadableError
from plant.frames import ColumnData, Frame, block, floats, sample
from plant.model import Intake, Plant
from plant.tables import Column, ColumnType, Table, required_names
from plant.times import format_time_us, read_time_us
from plant.topics import Route, route

_NUMBERS = frozenset({int, float})
_NUMBERS_OR_NULL = frozenset({int, float, type(None)})
_TEXT_OR_NULL = frozenset({str, type(None)})
_NAME = re.compile(rb'"\s*:')
_KEPT_ROUTES = 65_536
_KEPT_SHAPES = 4_096
#: Ids are part of unique keys, and PostgreSQL indexes no entry above 2,704 bytes.
_TEXT_CHARACTERS = 255


class _Shape(NamedTuple):
    """The names of one payload in their order, checked once, and where `ts` stands."""

    columns: tuple[str, ...]
    ts: int
    only_numbers: bool


class PayloadDecoder:
    """Reads JSON messages of one plant.

    *now_us* gives the present in microseconds since the epoch; a test passes its own.
    """

    def __init__(self, plant: Plant, now_us: Callable[[], int] | None = None) -> None:
        self._plant = plant
        self._intake: Intake = plant.intake
        self._now_us = now_us or (lambda: time.time_ns() // 1000)
        self._ahead_us = int(self._intake.max_ahead_s * 1e6)
        self._lateness_us = int(self._intake.max_lateness_d * 86_400e6)
        self._routes: dict[str, Route] = {}
        self._refused: dict[str, UnreadableError] = {}
        self._shapes: dict[tuple[Table, tuple[str, ...]], _Shape] = {}

    def decode(self, topic: str, payload: bytes) -> list[Frame]:
        """Return the rows of one message; raise `UnreadableError` with the reason."""
        destination = self._routes.get(topic) or self._find_route(topic)
        if len(payload) > self._intake.max_payload_bytes:
            detail = (
                f"payload has {len(payload):,} bytes, the plant model allows "
                f"{self._intake.max_payload_bytes:,} (intake.max_payload_bytes)"
            )
            raise UnreadableError(Reason.TOO_BIG, detail)
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise _not_json(payload, error) from None
        if type(document) is dict:
            frame = self.read(destination, document)
            # Each name takes a colon: as many colons as names, and no name can stand twice.
            if payload.count(b":") != len(document):
                _check_names_differ(payload, len(document))
            return [frame]
        if type(document) is list:
            frames = self._list(destination, document)
            _check_names_differ(payload, sum(map(len, document)))
            return frames
        detail = f"payload is {_name(document)}, not an object or a list of objects"
        raise UnreadableError(Reason.WRONG_SHAPE, detail)

    def _find_route(self, topic: str) -> Route:
        # A topic that is not of the plant comes again, as often as its machine speaks; looking
        # for what it might have meant takes longer than reading a message.
        if refused := self._refused.get(topic):
            raise UnreadableError(refused.reason, refused.detail)
        try:
            found = route(self._plant, topic)
        except UnreadableError as error:
            if len(self._refused) >= _KEPT_SHAPES:
                self._refused.clear()
            self._refused[topic] = error
            raise
        if len(self._routes) >= _KEPT_ROUTES:
            self._routes.clear()
        self._routes[topic] = found
        return found

    def _list(self, destination: Route, document: list[Any]) -> list[Frame]:
        if not document:
            raise UnreadableError(Reason.WRONG_SHAPE, "payload is an empty list")
        frames = []
        for index, item in enumerate(document):
            if type(item) is not dict:
                detail = f"item {index} of the list is {_name(item)}, not an object"
                raise UnreadableError(Reason.WRONG_SHAPE, detail)
            try:
                frames.append(self.read(destination, item))
            except UnreadableError as error:
                detail = f"item {index} of the list: {error.detail}"
                raise UnreadableError(error.reason, detail) from None
        return frames

    def read(self, destination: Route, document: dict[str, Any]) -> Frame:
        """Return the rows of one object of a message; raise `UnreadableError`."""
        table = destination.table
        shape = self._shapes.get((table, tuple(document))) or self._find_shape(table, document)
        if shape.only_numbers:
            values = tuple(document.values())
            ts = values[shape.ts]
            if type(ts) is int and {*map(type, values)} <= _NUMBERS:
                time_us = ts * 1000
                # The rule of `_checked_time`, which says what is wrong where it does not hold.
                if not -self._lateness_us <= time_us - self._now_us() <= self._ahead_us:
                    self._checked_time(time_us)
                numbers = values[: shape.ts] + values[shape.ts + 1 :] if shape.ts else values[1:]
                values = (time_us, destination.equipment) + numbers  # noqa: RUF005  # faster
                return Frame(table, shape.columns, values, 1, is_block=False)
        if any(
            type(value) is list and (name == "ts" or not table.by_name[name].length)
            for name, value in document.items()
        ):
            return self._block(destination, shape, document)
        return self._sample(destination, shape, document)

    def _find_shape(self, table: Table, document: dict[str, Any]) -> _Shape:
        names = tuple(document)
        if "ts" not in document:
            detail = f"payload has no 'ts'; it names {_listed(names) or 'nothing'}"
            raise UnreadableError(Reason.MISSING_FIELD, detail)
        unknown = [n for n in names if n != "ts" and n not in table.payload_names]
        if unknown:
            known = _listed(table.payload_names)
            detail = f"{_listed(unknown)}: not in table {table}, which has {known}"
            raise UnreadableError(Reason.UNKNOWN_SIGNAL, detail)
        missing = [n for n in required_names(table) if n not in document]
        if missing:
            detail = f"payload has no {_listed(missing)}, which each row of {table} needs"
            raise UnreadableError(Reason.MISSING_FIELD, detail)
        if len(names) == 1:
            raise UnreadableError(Reason.MISSING_FIELD, "payload has a 'ts' but no value")
        others = tuple(n for n in names if n != "ts")
        shape = _Shape(
            ("time", "equipment", *others),
            names.index("ts"),
            all(table.by_name[n].type is ColumnType.FLOAT for n in others),
        )
        if len(self._shapes) >= _KEPT_SHAPES:
            self._shapes.clear()
        self._shapes[table, names] = shape
        return shape

    def _sample(self, destination: Route, shape: _Shape, document: dict[str, Any]) -> Frame:
        time_us = self._checked_time(read_time_us(document["ts"]))
        by_name = destination.table.by_name
        values = tuple(_one(by_name[n], document[n]) for n in shape.columns[2:])
        return sample(destination.table, shape.columns, (time_us, destination.equipment, *values))

    def _block(self, destination: Route, shape: _Shape, document: dict[str, Any]) -> Frame:
        """Read a columnar block: what is a list has one entry a row, what is not holds for all."""
        by_name = destination.table.by_name
        lengths = {
            name: len(value)
            for name, value in document.items()
            if type(value) is list and (name == "ts" or not by_name[name].length)
        }
        rows = next(iter(lengths.values()))
        if len(set(lengths.values())) != 1 or rows == 0:
            stated = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
            detail = f"the arrays of a block must have one length above 0, these have {stated}"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        # Rows that differ in no column of the key would replace each other.
        keys = ["ts" if name == "time" else name for name in destination.table.key]
        if not any(name in lengths for name in keys):
            needed = " or ".join(repr(name) for name in keys if name != "equipment")
            detail = f"{_listed(lengths)} is a list, so {needed} must be one, too"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        times = self._times(document["ts"], rows)
        columns: list[ColumnData] = [times, [destination.equipment] * rows]
        for name in shape.columns[2:]:
            column, value = by_name[name], document[name]
            per_row = type(value) is list and (
                not column.length or "ts" in lengths or {*map(type, value)} == {list}
            )
            columns.append(_many(column, value if per_row else [value] * rows, rows))
        return block(destination.table, shape.columns, tuple(columns))

    def _times(self, ts: Any, rows: int) -> npt.NDArray[np.int64]:
        if type(ts) is not list:
            return np.full(rows, self._checked_time(read_time_us(ts)), dtype=np.int64)
        if {*map(type, ts)} == {int}:
            # Far-off integers are met before they could overflow the array's type.
            self._checked_time(min(ts) * 1000)
            self._checked_time(max(ts) * 1000)
            return np.array(ts, dtype=np.int64) * 1000
        times = [read_time_us(item) for item in ts]
        self._checked_time(min(times))
        self._checked_time(max(times))
        return np.array(times, dtype=np.int64)

    def _checked_time(self, time_us: int) -> int:
        ahead_s = (time_us - self._now_us()) / 1e6
        if ahead_s > self._intake.max_ahead_s:
            detail = (
                f"time {format_time_us(time_us)} is {ahead_s:,.0f} s ahead of now; the plant model "
                f"allows {self._intake.max_ahead_s:g} s: check the machine's clock, and that 'ts' "
                "is in milliseconds"
            )
            raise UnreadableError(Reason.TIME_OUTSIDE_WINDOW, detail)
        if -ahead_s > self._intake.max_lateness_d * 86_400:
            detail = (
                f"time {format_time_us(time_us)} is {-ahead_s / 86_400:,.0f} days ago; the plant "
                f"model allows {self._intake.max_lateness_d:g}: is 'ts' in milliseconds?"
            )
            raise UnreadableError(Reason.TIME_OUTSIDE_WINDOW, detail)
        return time_us


def _one(column: Column, value: Any) -> Any:
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


def _many(column: Column, values: Any, rows: int) -> ColumnData:
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
            detail = f"{column.name!r} is {wrong[:80]!r}, not one of {_listed(column.choices)}"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
    elif any("\0" in v for v in values if v is not None):
        detail = f"{column.name!r} has a NUL character, which no database text can hold"
        raise UnreadableError(Reason.WRONG_TYPE, detail)
    return values


def _not_json(payload: bytes, error: orjson.JSONDecodeError) -> UnreadableError:
    try:
        text = payload.decode()
    except UnicodeDecodeError as wrong:
        detail = f"payload is not UTF-8 at byte {wrong.start} (0x{payload[wrong.start]:02x})"
        return UnreadableError(Reason.NOT_UTF8, detail)
    if found := _not_finite(text):
        detail = f"payload holds {found[:40]}, which no number is; send null for a missing value"
        return UnreadableError(Reason.NOT_FINITE, detail)
    if not text.strip():
        return UnreadableError(Reason.BAD_JSON, "payload is empty")
    place = f"line {error.lineno}, column {error.colno}"
    cut = "; it may be cut off" if error.pos >= len(text.rstrip()) else ""
    return UnreadableError(Reason.BAD_JSON, f"payload is not JSON at {place}: {error.msg}{cut}")


def _not_finite(text: str) -> str | None:
    """Return the first NaN, Infinity or too large number of *text*, if it is JSON otherwise."""
    found: list[str] = []

    def number(digits: str) -> float:
        if math.isinf(value := float(digits)):
            found.append(digits)
        return value

    try:
        json.loads(text, parse_constant=found.append, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


def _check_names_differ(payload: bytes, names: int) -> None:
    """Raise if an object of *payload* names something twice; *names* were read of it as rows.

    A parser keeps the last of two values: the other one would be lost without a word.
    """
    if len(_NAME.findall(payload)) == names:
        return

    def check(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                detail = f"{name[:60]!r} stands twice in one object; which value is right?"
                raise UnreadableError(Reason.BAD_JSON, detail)
            seen.add(name)

    try:
        json.loads(payload, object_pairs_hook=check)
    except RecursionError:
        # What was read as rows is flat: the depths belong to a value that another one replaced.
        raise UnreadableError(Reason.BAD_JSON, "a name stands twice in one object") from None


def _wrong_type(column: Column, value: Any, expected: str) -> UnreadableError:
    return UnreadableError(Reason.WRONG_TYPE, f"{column.name!r} is {_name(value)}, not {expected}")


def _name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    name = names.get(type(value), "null" if value is None else "a number")
    return f"{name} ({value[:40]!r})" if isinstance(value, str) else name


def _listed(names: Iterable[str]) -> str:
    names = sorted(names)
    shown = ", ".join(repr(n[:60]) for n in names[:24])
    return shown + (f" and {len(names) - 24} more" if len(names) > 24 else "")
