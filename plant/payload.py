"""JSON payloads to frames; the contract is docs/payloads.md.

A message is read whole or not at all: one bad value makes it a dead letter that can be handed
back after mending. One-sample messages take a short way (a look-up of the names in the order
they came); blocks are converted column by column, never value by value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from plant.bad_json import check_names_differ, not_json
from plant.errors import Reason, UnreadableError
from plant.frames import ColumnData, Frame, block, sample
from plant.model import Intake, Plant
from plant.tables import ColumnType, Table, required_names
from plant.times import format_time_us, read_time_us
from plant.topics import Route, route
from plant.values import many, one, take_number
from plant.words import listed, name_of

_NUMBERS = frozenset({int, float})
_KEPT_ROUTES = 65_536
_KEPT_SHAPES = 4_096


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
            raise not_json(payload, error) from None
        if type(document) not in {dict, list}:
            detail = f"payload is {name_of(document)}, not an object or a list of objects"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        number = None
        try:
            if type(document) is dict:
                names = len(document)
                if "seq" in document:
                    number = take_number(destination.equipment, document)
                frame = self.read(destination, document)
                # Each name takes a colon: as many colons as names, and no name can stand twice.
                if payload.count(b":") != names:
                    check_names_differ(payload, names)
                return [frame._replace(number=number) if number else frame]
            names = sum(len(item) for item in document if type(item) is dict)
            if document and type(document[0]) is dict and "seq" in document[0]:
                number = take_number(destination.equipment, document[0])
            frames = self._list(destination, document)
            check_names_differ(payload, names)
            return [frames[0]._replace(number=number), *frames[1:]] if number else frames
        except UnreadableError as error:
            error.number = number
            raise

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
                detail = f"item {index} of the list is {name_of(item)}, not an object"
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
            if type(ts) is int and _NUMBERS.issuperset(map(type, values)):
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
            detail = f"payload has no 'ts'; it names {listed(names) or 'nothing'}"
            raise UnreadableError(Reason.MISSING_FIELD, detail)
        unknown = [n for n in names if n != "ts" and n not in table.payload_names]
        if unknown:
            known = listed(table.payload_names)
            detail = f"{listed(unknown)}: not in table {table}, which has {known}"
            raise UnreadableError(Reason.UNKNOWN_SIGNAL, detail)
        missing = [n for n in required_names(table) if n not in document]
        if missing:
            detail = f"payload has no {listed(missing)}, which each row of {table} needs"
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
        values = tuple(one(by_name[n], document[n]) for n in shape.columns[2:])
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
            detail = f"{listed(lengths)} is a list, so {needed} must be one, too"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        times = self._times(document["ts"], rows)
        columns: list[ColumnData] = [times, [destination.equipment] * rows]
        for name in shape.columns[2:]:
            column, value = by_name[name], document[name]
            per_row = type(value) is list and (
                not column.length or "ts" in lengths or {*map(type, value)} == {list}
            )
            columns.append(many(column, value if per_row else [value] * rows, rows))
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
