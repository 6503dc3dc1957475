"""Messages that a machine sends with the wrong time, twice, or late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from plant.model import Equipment, Plant
from plant.tables import Kind
from plant.topics import topic_of
from simulator.faults import Fault
from simulator.faults_severity import off_ms
from simulator.message import Message, Window, dump

Source = Callable[[Window], Iterator[Message]]

_SKEW_MS = 90_000
_LATE_MS = 600_000


def falsified(plant: Plant, source: Source, window: Window) -> Iterator[Message]:
    """Yield the messages of *window* as the faults of the window let them come."""
    for fault in window.faults:
        if fault.on_ms is not None:
            topics = frozenset(_topics(plant, fault.machines[0]))
            match fault.kind.message:
                case "late":
                    source = _late(source, fault, topics)
                case "skew":
                    source = _skewed(source, fault, topics)
                case "duplicate":
                    source = _doubled(source, fault, topics)
                case _:
                    pass
    yield from source(window)


def _topics(plant: Plant, machine: Equipment) -> Iterator[str]:
    for kind in Kind:
        yield topic_of(plant, machine, kind)


def _late(source: Source, fault: Fault, topics: frozenset[str]) -> Source:
    """Hold back what the machine sends while the fault is there."""
    on, off, delay = fault.on_ms or 0, off_ms(fault), round(_LATE_MS * fault.size)

    def messages(window: Window) -> Iterator[Message]:
        yield from (m for m in source(window) if m.topic not in topics)
        start, end = window.from_ms, window.to_ms
        pieces = [
            (start, min(end, on)),
            (max(start, off), end),
            # What is due now is what was made a delay ago.
            (max(start - delay, on), min(end - delay, off)),
        ]
        for at, until in pieces:
            if at < until:
                first = window.is_first and at == start
                piece = replace(window, from_ms=at, to_ms=until, is_first=first)
                yield from (m for m in source(piece) if m.topic in topics)

    return messages


def _skewed(source: Source, fault: Fault, topics: frozenset[str]) -> Source:
    """Set the clock of the machine ahead while the fault is there."""
    skew = round(_SKEW_MS * fault.size)

    def moved(times: Any) -> Any:
        if isinstance(times, list):
            return [moved(time) for time in times]
        return times + skew if _is_on(fault, times) else times

    def messages(window: Window) -> Iterator[Message]:
        for message in source(window):
            if message.topic not in topics:
                yield message
                continue
            document = orjson.loads(message.payload)
            for entry in document if isinstance(document, list) else [document]:
                entry["ts"] = moved(entry["ts"])
            yield message._replace(payload=dump(document))

    return messages


def _doubled(source: Source, fault: Fault, topics: frozenset[str]) -> Source:
    """Send each message twice while the fault is there; the second brings no row of its own."""

    def messages(window: Window) -> Iterator[Message]:
        for message in source(window):
            yield message
            if message.topic in topics and any(_is_on(fault, t) for t in _times(message)):
                yield message._replace(rows=0, values=0)

    return messages


def _times(message: Message) -> Iterator[int]:
    document = orjson.loads(message.payload)
    for entry in document if isinstance(document, list) else [document]:
        yield from entry["ts"] if isinstance(entry["ts"], list) else [entry["ts"]]


def _is_on(fault: Fault, time_ms: int) -> bool:
    return (fault.on_ms or 0) <= time_ms < off_ms(fault)
