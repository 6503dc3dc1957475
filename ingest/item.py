"""One message of a batch and what it was read as."""

from __future__ import annotations

from typing import NamedTuple

from ingest.message import Message
from plant.frames import Frame
from plant.number import Number
from storage.deadletter import DeadLetter


class Item(NamedTuple):
    """A message with its rows, or the letter that says why it has none.

    *note* is a letter beside the rows, not instead; *number* the message's own, if it has one.
    """

    message: Message
    outcome: list[Frame] | DeadLetter
    note: DeadLetter | None = None
    number: Number | None = None
