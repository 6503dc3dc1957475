"""A Sparkplug device: its metrics as rows of the machine that it is.

The birth prepares a table from alias and name to column; of a data message each metric is then
one look-up and one number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from plant.errors import Reason, UnreadableError
from plant.frames import Frame
from plant.model import Equipment, Plant
from plant.number import Number
from plant.payload import PayloadDecoder
from plant.sparkplug_metrics import Binding, Bindings, Note, bind, targets
from plant.sparkplug_rows import ABSENT, RowMaker
from plant.sparkplug_short import ShortWay
from plant.sparkplug_value import check_finite, is_good
from plant.tables import ONLINE, STALE, ColumnType, Kind
from plant.times import format_time_us
from plant.topics import Route

#: Stands for a metric that no birth has declared.
_UNDECLARED: Any = object()
#: Stands for a value that is not to be stored.
_TRANSIENT: Any = object()


class Window(NamedTuple):
    """The times that the plant model allows now, in milliseconds since the epoch."""

    from_ms: int
    to_ms: int
    now_ms: int

    def holds(self, time_ms: int) -> bool:
        """Whether *time_ms* may be stored."""
        return self.from_ms <= time_ms <= self.to_ms


class Reading(NamedTuple):
    """The rows of one message, and what is to be kept of it beside them."""

    frames: list[Frame]
    note: Note | None = None
    number: Number | None = None


@dataclass(slots=True)
class _Event:
    """Values of one time that are a cell's results or the machine's state."""

    kind: Kind
    values: dict[str, Any]
    is_historical: bool


@dataclass(slots=True)
class _Gathered:
    rows: dict[int, list[list[Any]]] = field(default_factory=dict)
    events: dict[tuple[Kind, int], _Event] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def note(self) -> Note | None:
        if not self.bad:
            return None
        names = ", ".join(map(repr, self.bad[:24]))
        return Note(Reason.BAD_QUALITY, f"the quality of {names} is not good; null is kept")


class Device:
    """A machine behind an edge node, or an edge node that is none (*equipment* is None)."""

    def __init__(self, plant: Plant, payloads: PayloadDecoder, equipment: Equipment | None) -> None:
        self.is_born = False
        #: Whether the last that was written of the machine's state is not that it is stale.
        self.is_online = False
        self._equipment = equipment
        self._payloads = payloads
        self._targets = targets(plant, equipment)
        self._routes = {
            kind: Route(equipment.name, kind, table)
            for kind in Kind
            if equipment and (table := plant.tables.get((kind, equipment.station)))
        }
        samples = self._routes.get(Kind.TELEMETRY)
        self._maker = RowMaker(samples.table) if samples else None
        self._bindings: Bindings = {}
        self._short: ShortWay | None = None
        self._bad: set[str] = set()
        self._state: str | None = None

    def read_birth(self, metrics: Iterable[Any], time_ms: int, window: Window) -> Reading:
        """Take the declarations of a birth; return its samples, and its state if that is news.

        A birth is no event: results in it are those of a cell that is long gone. A value from
        before the window is still the value, and just not stored; null tells nothing here.
        """
        bindings, note = bind(self._targets, metrics)
        self._bindings = bindings
        self._short = ShortWay(bindings, self._maker.empty) if self._maker else None
        self._bad.clear()
        self.is_born = True
        if self._equipment is None:
            return Reading([])
        gathered = self._gather(metrics, time_ms)
        frames = self._frames(
            {
                moment_ms: [row for row in rows if any(v is not ABSENT for v in row)]
                for moment_ms, rows in gathered.rows.items()
                if window.holds(moment_ms)
            }
        )
        values = {"state": ONLINE}
        for event in gathered.events.values():
            if event.kind is Kind.STATE and event.values.get("state"):
                values = event.values
        if values["state"] != self._state or not self.is_online:
            moment_ms = time_ms if window.holds(time_ms) else window.now_ms
            frames.append(self._event(Kind.STATE, moment_ms, values))
            self._state, self.is_online = values["state"], True
        return Reading(frames, note or gathered.note())

    def read(self, metrics: Sequence[Any], time_ms: int, window: Window) -> Reading:
        """Return the rows of a data message; *time_ms* is the time of metrics that have none."""
        if self._short and not self._bad and (found := self._short.row(metrics)):
            moment_ms = found[0] or time_ms
            if not window.holds(moment_ms):
                raise _outside(moment_ms, window)
            return Reading(self._frames({moment_ms: [found[1]]}))
        gathered = self._gather(metrics, time_ms)
        for moment_ms in gathered.rows:
            if not window.holds(moment_ms):
                raise _outside(moment_ms, window)
        frames = self._frames(gathered.rows)
        for (kind, moment_ms), event in gathered.events.items():
            if kind is Kind.STATE:
                event.values.setdefault("state", self._state)
            frames.append(self._event(kind, moment_ms, event.values))
            if kind is Kind.STATE and not event.is_historical:
                self._state = event.values["state"]
        return Reading(frames, gathered.note())

    def go_stale(self, time_ms: int, why: str) -> list[Frame]:
        """Forget that the device is born; return the row that says so, if it was online."""
        self.is_born = False
        if not self.is_online:
            return []
        self.is_online = False
        return [self._event(Kind.STATE, time_ms, {"state": STALE, "reason": why})]

    def _event(self, kind: Kind, time_ms: int, values: dict[str, Any]) -> Frame:
        return self._payloads.read(self._routes[kind], {"ts": time_ms, **values})

    def _frames(self, rows: dict[int, list[list[Any]]]) -> list[Frame]:
        if not (self._maker and self._equipment):
            return []
        name, frame = self._equipment.name, self._maker.frame
        return [frame(name, time_ms, row) for time_ms, same in rows.items() for row in same]

    def _gather(self, metrics: Iterable[Any], default_ms: int) -> _Gathered:
        """Sort the values of *metrics* by time; raise if one was never declared or is wrong."""
        gathered = _Gathered()
        bindings, rows, bad, maker = self._bindings, gathered.rows, self._bad, self._maker
        row: list[Any] = []
        row_ms = -1
        for metric in metrics:
            binding = bindings.get(metric.alias or _key(metric), _UNDECLARED)
            if binding is None:
                continue
            if binding is _UNDECLARED:
                raise _undeclared(metric)
            if (
                metric.WhichOneof("value") == binding.plain_field
                and not (metric.is_null or metric.is_transient or bad)
                and not metric.HasField("properties")
            ):
                value = binding.read(metric)
                # Only NaN and the infinities are not nothing when taken from themselves.
                if value - value:
                    check_finite(binding.name, value)
            else:
                value = self._look_at(metric, binding, gathered)
                if value is _TRANSIENT:
                    continue
            time_ms = metric.timestamp or default_ms
            if binding.kind is not Kind.TELEMETRY or maker is None:
                _put(gathered, metric, binding, time_ms, value)
                continue
            if time_ms != row_ms or row[binding.place] is not ABSENT:
                row, row_ms = maker.row(rows, time_ms, binding.place), time_ms
            row[binding.place] = value
        return gathered

    def _look_at(self, metric: Any, binding: Binding, gathered: _Gathered) -> Any:
        """Return the value of a metric that is not just a number, or not just now."""
        if metric.is_transient:
            return _TRANSIENT
        absent = ABSENT if binding.kind is Kind.TELEMETRY else None
        if not is_good(metric):
            if binding.name not in self._bad:
                self._bad.add(binding.name)
                gathered.bad.append(binding.name)
            return absent
        self._bad.discard(binding.name)
        given = metric.WhichOneof("value")
        if metric.is_null or given is None:
            return absent
        if given != binding.field:
            detail = f"{binding.name!r} comes as {given}, its birth declared {binding.field}"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
        value = binding.read(metric)
        check_finite(binding.name, value)
        if binding.column.type is ColumnType.FLOATS and binding.kind is Kind.TELEMETRY:
            return _array(binding, value)
        return value


def _key(metric: Any) -> int | str:
    """Return what a metric without an alias, or with alias 0, is known by."""
    name: str = metric.name
    return name or 0


def _put(gathered: _Gathered, metric: Any, binding: Binding, time_ms: int, value: Any) -> None:
    key = binding.kind, time_ms
    event = gathered.events.get(key)
    if event is None:
        event = gathered.events[key] = _Event(binding.kind, {}, metric.is_historical)
    if binding.column.name in event.values:
        detail = f"{binding.name!r} stands twice for one time; which value is right?"
        raise UnreadableError(Reason.WRONG_SHAPE, detail)
    event.values[binding.column.name] = value


def _array(binding: Binding, values: list[float]) -> Any:
    length = binding.column.length
    if len(values) != length:
        detail = f"{binding.name!r} has {len(values)} values, one per position makes {length}"
        raise UnreadableError(Reason.WRONG_SHAPE, detail)
    return np.array(values, dtype=np.float64)


def _undeclared(metric: Any) -> UnreadableError:
    what = f"metric {metric.name[:60]!r}" if metric.name else f"alias {metric.alias}"
    detail = f"{what} is in no birth certificate of this device; a rebirth is asked for"
    return UnreadableError(Reason.UNKNOWN_ALIAS, detail)


def _outside(time_ms: int, window: Window) -> UnreadableError:
    way = "ahead of" if time_ms > window.now_ms else "behind"
    detail = (
        f"time {format_time_us(time_ms * 1000)} is {abs(time_ms - window.now_ms) / 1000:,.0f} s "
        f"{way} now, more than the plant model allows: check the edge node's clock"
    )
    return UnreadableError(Reason.TIME_OUTSIDE_WINDOW, detail)
