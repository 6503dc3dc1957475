"""One message to frames, or to a dead letter: nothing else can come out."""

from __future__ import annotations

from datetime import datetime

from ingest.message import Message
from plant.errors import UnreadableError
from plant.frames import Frame
from plant.payload import PayloadDecoder
from plant.sparkplug import SparkplugDecoder
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


def decode_sparkplug(
    decoder: SparkplugDecoder, message: Message, received_at: datetime
) -> tuple[list[Frame] | DeadLetter, DeadLetter | None]:
    """Return what *message* is, and the letter to keep beside its rows, if any."""
    topic, payload = message.topic, message.payload
    try:
        # Sparkplug's data come at QoS 0; at QoS 1 comes what an operator hands back.
        frames, note = decoder.decode(topic, payload, is_live=message.packet_id is None)
    except UnreadableError as error:
        return DeadLetter(topic, payload, error.reason, error.detail, received_at), None
    if note is None:
        return frames, None
    return frames, DeadLetter(topic, payload, note.reason, note.detail, received_at)
