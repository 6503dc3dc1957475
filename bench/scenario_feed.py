"""A simulated line straight into a database: as through ingest, without a broker in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from plant.errors import UnreadableError
from plant.frames import Frame, merge
from plant.model import Intake, Plant
from plant.payload import PayloadDecoder
from plant.tables import Table
from simulator.faults import Fault
from simulator.line import Line
from simulator.message import Message, Window
from storage.connect import Connection
from storage.copy import copy_frame
from storage.ledger import Entry, Span, draw_id, write_entry

HOUR_MS = 3_600_000
#: Simulated time may be any: nothing is late or ahead here.
_ANY_TIME = Intake(max_lateness_d=1e6, max_ahead_s=1e9, max_payload_bytes=1 << 40)


def windows(
    from_ms: int, to_ms: int, step_ms: int, period_ms: int, *faults: Fault, is_first: bool = False
) -> Iterator[Window]:
    """Yield windows of *step_ms*; machines sample once in *period_ms* in all of them."""
    for at in range(from_ms, to_ms, step_ms):
        first = is_first and at == from_ms
        yield Window(at, min(at + step_ms, to_ms), period_ms, first, tuple(faults))


def feed(connection: Connection, plant: Plant, line: Line, window: Window) -> None:
    """Commit what *line* makes in *window*, as one batch of the ledger."""
    decoder = PayloadDecoder(plant.model_copy(update={"intake": _ANY_TIME}))
    with connection.transaction():
        batch = draw_id(connection)
        rows = values = 0
        spans: dict[Table, list[Span]] = defaultdict(list)
        for frame in _frames(decoder, line.messages(window)):
            copied = copy_frame(connection, frame, batch)
            spans[frame.table].append(
                Span(str(frame.table), len(copied.changed), copied.from_time, copied.to_time)
            )
            rows += len(copied.changed)
            values += copied.values
        write_entry(
            connection,
            Entry(
                batch, "scenario", datetime.now(UTC), 1, rows, values, 0, 0,
                tuple(map(_widest, spans.values())),
            ),
        )  # fmt: skip


def _frames(decoder: PayloadDecoder, messages: Iterable[Message]) -> Iterator[Frame]:
    """Yield the rows of *messages*, one frame for each table and set of columns."""
    alike: dict[tuple[Table, tuple[str, ...]], list[Frame]] = defaultdict(list)
    for message in messages:
        try:
            frames = decoder.decode(message.topic, message.payload)
        except UnreadableError:
            continue  # a fault has spoilt it: ingest would have kept it as a dead letter
        for frame in frames:
            alike[frame.table, frame.columns].append(frame)
    yield from map(merge, alike.values())


def _widest(spans: list[Span]) -> Span:
    return Span(
        spans[0].table_name,
        sum(span.rows for span in spans),
        min(span.from_time for span in spans),
        max(span.to_time for span in spans),
    )
