"""The same line, saying each row in a message of its own instead of blocks."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import orjson

from plant.tables import Table
from simulator.line import Line
from simulator.message import Message, Window

_HEADS = frozenset({"ts", "cell", "position", "verdict"})


class Form(enum.StrEnum):
    """How messages hold rows."""

    BLOCKS = "blocks"
    SAMPLES = "samples"
    SPARKPLUG = "sparkplug"


class SampleLine(Line):
    """A line whose messages hold one row each."""

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the rows of *window*, in the order of their blocks."""
        for message in super().messages(window):
            yield from samples(message)


def samples(message: Message) -> Iterator[Message]:
    """Yield *message* as messages of one row each; of one that brings no row none does."""
    if message.rows == 1:
        yield message
        return
    brings = min(message.rows, 1)
    for row in rows_of(orjson.loads(message.payload)):
        values = _count(row, message.table) * brings
        yield Message(message.topic, orjson.dumps(row), message.table, brings, values)


def rows_of(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a payload one by one, each as the payload of a single row has it."""
    for item in document if isinstance(document, list) else [document]:
        if not isinstance(item["ts"], list):
            yield item
            continue
        for at in range(len(item["ts"])):
            # What is no list holds for all rows of a block.
            yield {n: v[at] if isinstance(v, list) else v for n, v in item.items()}


def _count(row: dict[str, Any], table: Table) -> int:
    """Return how many measured numbers *row* has; states and material have none."""
    if table.schema not in {"telemetry", "cell"}:
        return 0
    return sum(_known(value) for name, value in row.items() if name not in _HEADS)


def _known(value: Any) -> int:
    return sum(map(_known, value)) if isinstance(value, list) else value is not None
