"""What is published: messages of one length, so that thousands can be stamped at a stroke.

A stream is a table of ready MQTT packets as bytes. Only the time and the packet id differ from
one round to the next; both stand at a fixed place. So the publisher costs next to nothing, and
what is measured is the rest.
"""

from __future__ import annotations

import enum
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import mqtt5
import numpy as np
import numpy.typing as npt
import orjson

from bench.sparkplug import SparkplugPackets, sparkplug_packets
from plant.model import Plant
from plant.tables import ColumnType, Kind, Table
from plant.topics import topic_of

#: Ready packets per stream; the values of its machines come again after so many messages.
PACKETS = 512
_TIME_MS = 1_000_000_000_000  # as many digits as any time until the year 2286
_TIME_DIGITS = 13
_SEED = 20_26


class Case(enum.StrEnum):
    """What is sent."""

    SAMPLE = "a"
    TRAY = "b"
    SPARKPLUG = "c"
    VALUE = "d"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages of one kind of one station, *per_s* of them a second in steady state."""

    station: str
    kind: Kind
    per_s: float
    is_sparkplug: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """A case: its words, its streams, how many messages fill the queue in all.

    None do at QoS 0: the broker keeps no queue of them.
    """

    title: str
    streams: tuple[Stream, ...]
    queued: int

    @property
    def per_s(self) -> float:
        """Messages a second of all streams."""
        return sum(stream.per_s for stream in self.streams)


LOADS: dict[Case, Load] = {
    Case.SAMPLE: Load(
        "one sample of 20 signals a message, JSON",
        (Stream("wide", Kind.TELEMETRY, 35_000),),
        600_000,
    ),
    Case.TRAY: Load(
        "one tray a message: 256 channels of 3 signals, JSON",
        (Stream("tray", Kind.TELEMETRY, 4_000),),
        60_000,
    ),
    Case.SPARKPLUG: Load(
        "one sample of 20 metrics a message, by alias, Sparkplug B",
        (Stream("wide", Kind.TELEMETRY, 15_000, is_sparkplug=True),),
        0,
    ),
    Case.VALUE: Load(
        "one value a message, JSON", (Stream("gauge", Kind.TELEMETRY, 40_000),), 600_000
    ),
    # The rates of the reference line, plant/plant.toml.
    Case.LINE: Load(
        "one line at real rates: 11,000 machine values, 88 cells, 250 trays a second",
        (
            Stream("half", Kind.TELEMETRY, 1_100),
            Stream("wide", Kind.CELL, 88),
            Stream("tray", Kind.TELEMETRY, 250),
        ),
        100_000,
    ),
}


@dataclass(frozen=True, slots=True)
class Packets:
    """Ready packets, one a row; where in each the packet id and the time stand."""

    table: npt.NDArray[np.uint8]
    packet_id: int
    time: int
    births: tuple[bytes, ...] = ()

    def stamped(
        self,
        numbers: npt.NDArray[np.int64],
        ids: npt.NDArray[np.int64],
        times_ms: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.uint8]:
        """Return the packets of messages *numbers*, one a row, with these ids and times."""
        block = self.table[numbers % len(self.table)]
        block[:, self.packet_id] = ids >> 8
        block[:, self.packet_id + 1] = ids & 0xFF
        rest = times_ms.copy()
        for place in range(self.time + _TIME_DIGITS - 1, self.time - 1, -1):
            rest, digit = np.divmod(rest, 10)
            block[:, place] = digit + ord("0")
        return block


def packets(plant: Plant, stream: Stream) -> Packets | SparkplugPackets:
    """Return the ready packets of *stream*, its machines in turn."""
    if stream.is_sparkplug:
        return sparkplug_packets(plant, stream.station)
    table = plant.tables[stream.kind, stream.station]
    machines = plant.equipment_at(plant.production.lines[0], stream.station)
    chance = random.Random(_SEED)  # noqa: S311  # no secret
    written = []
    for number, machine in zip(range(PACKETS), itertools.cycle(machines), strict=False):
        topic = topic_of(plant, machine, stream.kind)
        payload = orjson.dumps({"ts": _TIME_MS, **dict(_values(table, number, chance))})
        packet = mqtt5.PublishPacket(
            topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1
        ).write()
        written.append(packet)
    last = written[-1]
    rows = np.frombuffer(b"".join(written), dtype=np.uint8).reshape(PACKETS, len(last)).copy()
    return Packets(rows, last.index(topic.encode()) + len(topic), last.index(b"%d" % _TIME_MS))


def _values(table: Table, number: int, chance: random.Random) -> Iterator[tuple[str, object]]:
    """Yield what a payload names besides its time; every message has the same length."""
    draw: Callable[[], float] = lambda: round(chance.randint(1_000, 9_999) / 10 + 0.05, 2)  # noqa: E731
    for column in table.columns:
        if column.name not in table.payload_names:
            continue
        if column.type is ColumnType.FLOATS:
            yield column.name, [draw() for _ in range(column.length)]
        elif column.type is ColumnType.FLOAT:
            yield column.name, draw()
        elif column.name == "cell":
            yield column.name, f"CELL{number:012}"
        elif column.choices:
            yield column.name, column.choices[0]


def table_of(plant: Plant, stream: Stream) -> Table:
    """Return the table that *stream* fills."""
    return plant.tables[stream.kind, stream.station]
