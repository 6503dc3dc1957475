"""Rows of a table back to messages as docs/payloads.md has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from plant.times import from_us
from simulator.captured import Captured
from simulator.message import MOST_ROWS, MOST_VALUES


# Compared and hashed by identity: there is one of each, and every row looks its own up.
@dataclass(frozen=True, eq=False)
class Sheet:
    """Rows with one topic: *names* as payloads have them, without `ts`."""

    topic: str
    names: tuple[str, ...]


class Row(NamedTuple):
    """One row: when it was, and its values in the order of the names of its sheet."""

    time_us: int
    sheet: Sheet
    values: tuple[Any, ...]


def messages(rows: Iterable[Row], window_us: int) -> Iterator[Captured]:
    """Yield *rows*, which are in order of time, as messages in the order of their time.

    The rows of a sheet within a window, counted from the epoch, are one message, due at its last
    row; with a *window_us* of 0 each moment is a message.
    """
    held: dict[Sheet, list[Row]] = {}
    window = None
    for row in rows:
        now = row.time_us // window_us if window_us else row.time_us
        if now != window:
            yield from _flush(held)
            held, window = {}, now
        held.setdefault(row.sheet, []).append(row)
    yield from _flush(held)


def _flush(held: dict[Sheet, list[Row]]) -> list[Captured]:
    made = [message for sheet, rows in held.items() for message in _pieces(sheet, rows)]
    return sorted(made, key=lambda message: message.time_us)


def _pieces(sheet: Sheet, rows: list[Row]) -> Iterator[Captured]:
    width = sum(len(v) if isinstance(v, list) else 1 for v in rows[0].values)
    most = max(1, min(MOST_ROWS, MOST_VALUES // width))
    for at in range(0, len(rows), most):
        piece = rows[at : at + most]
        payload = orjson.dumps(_document(sheet, piece))
        yield Captured(piece[-1].time_us, sheet.topic, payload, rows=len(piece))


def _document(sheet: Sheet, rows: list[Row]) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {
        name: list(column)
        for name, column in zip(
            sheet.names, zip(*(r.values for r in rows), strict=True), strict=True
        )
    }
    # What was never measured is left out; but a payload needs one value besides its time.
    known = {n: c for n, c in columns.items() if any(value is not None for value in c)}
    document = {"ts": stamps_of([row.time_us for row in rows])} | (known or columns)
    if len(rows) == 1:
        return {name: column[0] for name, column in document.items()}
    return document


def stamps_of(times_us: list[int]) -> list[Any]:
    """Return times as payloads have them: milliseconds, or text where that would lose some."""
    if any(time_us % 1000 for time_us in times_us):
        return [from_us(time_us).isoformat() for time_us in times_us]
    return [time_us // 1000 for time_us in times_us]
