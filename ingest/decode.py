"""One message to frames, or to a dead letter: nothing else can come out."""

from __future__ import annotations

from datetime import datetime

from ingest.item import Item
from ingest.message import Message
from plant.errors import UnreadableError
from plant.payload import PayloadDecoder
from plant.sparkplug import SparkplugDecoder
from storage.deadletter import DeadLetter


def decode(decoder: PayloadDecoder, message: Message, received_at: datetime) -> Item:
    """Return what *message* in JSON is."""
    topic, payload = message.topic, message.payload
    try:
        frames = decoder.decode(topic, payload)
    except UnreadableError as error:
        letter = DeadLetter(
            topic, payload, error.reason, error.detail, received_at, message.duplicate
        )
        return Item(message, letter, None, error.number)
    return Item(message, frames, None, frames[0].number)


def decode_sparkplug(decoder: SparkplugDecoder, message: Message, received_at: datetime) -> Item:
    """Return what *message* of Sparkplug is."""
    topic, payload = message.topic, message.payload
    try:
        # Sparkplug's data come at QoS 0; at QoS 1 comes what an operator hands back.
        reading = decoder.decode(topic, payload, is_live=message.packet_id is None)
    except UnreadableError as error:
        letter = DeadLetter(topic, payload, error.reason, error.detail, received_at)
        return Item(message, letter, None, error.number)
    note = reading.note and DeadLetter(
        topic, payload, reading.note.reason, reading.note.detail, received_at
    )
    return Item(message, reading.frames, note, reading.number)
