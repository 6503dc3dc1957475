"""The open segment of a capture: an append-only log that survives a kill at any moment.

Each record is its length, the CRC-32 of its body, and the body; a reader stops at the first record
that is cut off or damaged, which only the last one can be.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import orjson

from simulator.captured import NO_EXTRAS, Captured, Extras

_FRAME = struct.Struct("<II")
#: Time, flags (QoS, 4 for retain), lengths of topic and properties.
_HEAD = struct.Struct("<qBHI")
_RETAIN = 4


def encode(message: Captured) -> bytes:
    """Return the record of *message*."""
    topic = message.topic.encode()
    extras = b"" if message.extras == NO_EXTRAS else _dump(message.extras)
    flags = message.qos | (_RETAIN if message.retain else 0)
    head = _HEAD.pack(message.time_us, flags, len(topic), len(extras))
    body = b"".join((head, topic, extras, message.payload))
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def read_log(path: Path) -> Iterator[Captured]:
    """Yield the messages of the log at *path*, up to what was lost with a kill."""
    with path.open("rb") as file:
        while len(frame := file.read(_FRAME.size)) == _FRAME.size:
            length, check = _FRAME.unpack(frame)
            body = file.read(length)
            if len(body) < length or zlib.crc32(body) != check:
                return
            yield _decode(body)


def _decode(body: bytes) -> Captured:
    time_us, flags, topic_length, extras_length = _HEAD.unpack_from(body)
    at = _HEAD.size + topic_length
    topic = body[_HEAD.size : at].decode()
    extras = _load(body[at : at + extras_length]) if extras_length else NO_EXTRAS
    payload = body[at + extras_length :]
    return Captured(time_us, topic, payload, flags & 3, bool(flags & _RETAIN), extras)


def _dump(extras: Extras) -> bytes:
    correlation = None if extras.correlation is None else extras.correlation.hex()
    return orjson.dumps([*extras[:4], correlation, extras.user])


def _load(text: bytes) -> Extras:
    extras = Extras(*orjson.loads(text))
    correlation = None if extras.correlation is None else bytes.fromhex(str(extras.correlation))
    user = tuple((name, value) for name, value in extras.user)
    return extras._replace(correlation=correlation, user=user)
