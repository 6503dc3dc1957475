"""What can be replayed: captures, cyclers' exports, tables, ranges of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from plant.model import Plant
from plant.times import to_us
from simulator.capture import Capture
from simulator.captured import Captured
from simulator.cycler import read_recording
from simulator.history import History
from simulator.replay import find_seat, messages
from simulator.table import TableFile
from simulator.table_mapping import load_mapping
from storage.connect import Connection

#: 256 channels of 3 signals make 4 kB a row: a block stays far below a payload's limit.
_ROWS_PER_BLOCK = 100
_S = 1_000_000


@dataclass(frozen=True)
class Source:
    """Something to replay, from *first_us* to *last_us* (microseconds since the epoch).

    *messages* of a speed yields it from the beginning, in order, whenever it is called: the
    faster, the larger the blocks that rows are put into. *is_dated* is False where nothing says
    when it was. *about* is what a report tells of it.
    """

    kind: str
    first_us: int
    last_us: int
    messages: Callable[[float], Iterator[Captured]]
    is_dated: bool = True
    about: dict[str, Any] = field(default_factory=dict)


def capture_source(path: Path, from_us: int | None, to_us: int | None) -> Source:
    """Return the capture at *path*, what arrived in [*from_us*, *to_us*) of it."""
    capture = Capture(path)
    span = capture.span()
    first_us = span.first_us if from_us is None else max(span.first_us, from_us)
    last_us = span.last_us if to_us is None else min(span.last_us, to_us)
    return Source("capture", first_us, last_us, lambda _: capture.messages(from_us, to_us))


def cycler_source(path: Path, plant: Plant, equipment: str | None, channel: int) -> Source:
    """Return the cycler's export at *path* as *channel* of tray *equipment*."""
    recording = read_recording(path, ZoneInfo(plant.site.time_zone))
    seat = find_seat(plant, equipment, channel)
    first_us = to_us(recording.started) if recording.started else 0
    about = {
        "format": recording.source,
        "cell": recording.cell,
        "equipment": seat.equipment,
        "channel": seat.channel,
        "topic": seat.topic,
        "samples": len(recording),
        "moved": recording.moved,
    }

    def made(speed: float) -> Iterator[Captured]:
        return messages(recording, seat, first_us, 1 if speed else _ROWS_PER_BLOCK)

    last_us = first_us + recording.duration_us
    return Source("cycler", first_us, last_us, made, recording.started is not None, about)


def table_source(path: Path, mapping: Path, plant: Plant) -> Source:
    """Return the CSV or Parquet table at *path*, read as the file *mapping* says."""
    table = TableFile(path, load_mapping(mapping, plant), plant)

    def made(speed: float) -> Iterator[Captured]:
        return table.messages(0 if speed == 1 else _window_us(speed))

    return Source("table", table.first_us, table.last_us, made)


def database_source(
    connection: Connection, plant: Plant, line: str | None, from_us: int, to_us: int
) -> Source:
    """Return what the machines of *line* published in [*from_us*, *to_us*)."""
    history = History(connection, plant, line, from_us, to_us)

    def made(speed: float) -> Iterator[Captured]:
        return history.messages(_window_us(speed))

    return Source("database", history.first_us, history.last_us, made)


def _window_us(speed: float) -> int:
    """Return the time that one message covers: a second as it is sent, a minute at most."""
    return round(min(60.0, max(1.0, speed)) * _S) if speed else 60 * _S
