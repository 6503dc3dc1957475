"""One message to frames, or to a dead letter: nothing else can come out."""

from __future__ import annotations

from datetime import datetime

from ingest.message import Message
from plant.errors import UnreadableError
from plant.frames import Frame
from plant.payload import PayloadDecoder
from storage.deadletter import DeadLetter


def decode(
    decoder: PayloadDecoder, message: Message, received_at: datetime
) -> list[Frame] | DeadLetter:
    """Return the rows of *message*, or the dead letter that says why it has none."""
    topic, payload = message.topic, message.payload
    try:
        return decoder.decode(topic, payload)
    except UnreadableError as error:
        return DeadLetter(
            topic, payload, error.reason, error.detail, received_at, message.duplicate
        )
