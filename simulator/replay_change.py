"""Messages in another time and under another line's name, so that a twin stands beside a line.

Only what JSON payloads after docs/payloads.md say is changed; anything else (Sparkplug, text, what
is no JSON) passes byte by byte.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from simulator.captured import Captured

#: What a payload calls by its id: a twin needs ids of its own, for they are keys.
_IDS = ("cell", "child", "parent", "thing")


class Rename(NamedTuple):
    """Line *old* becomes line *new*."""

    old: str
    new: str

    @classmethod
    def parse(cls, text: str) -> Rename:
        """Read `l1=l2`; raise `ValueError`."""
        old, _, new = text.partition("=")
        if not old or not new or set("/+#=") & {*old, *new}:
            raise ValueError(f"{text!r} must look like l1=l2: the line's name, and its new one")
        return cls(old, new)

    def topic(self, topic: str) -> str:
        """Return *topic* with each level that is the line's, or begins with its name and `-`."""
        return "/".join(map(self._name, topic.split("/")))

    def of_id(self, text: str) -> str:
        """Return the twin of an id: `l1-roll-7` is `l2-roll-7`, any other gets `l2-` before it."""
        renamed = self._name(text)
        return renamed if renamed != text else f"{self.new}-{text}"

    def _name(self, text: str) -> str:
        if text == self.old or text.startswith(f"{self.old}-"):
            return self.new + text[len(self.old) :]
        return text


class Change:
    """Moves messages by *shift_ms* and renames what *rename* says.

    *untimed* counts the messages whose time could not be moved.
    """

    def __init__(self, shift_ms: int = 0, rename: Rename | None = None) -> None:
        self.shift_ms = shift_ms
        self.rename = rename
        self.untimed = 0

    def __call__(self, message: Captured) -> Captured:
        """Return *message* as it is to be sent; its own time is moved, too."""
        if not self.shift_ms and self.rename is None:
            return message
        topic = self.rename.topic(message.topic) if self.rename else message.topic
        payload = self._payload(message.payload)
        time_us = message.time_us + 1000 * self.shift_ms
        return message._replace(time_us=time_us, topic=topic, payload=payload)

    def _payload(self, payload: bytes) -> bytes:
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError:
            document = None
        objects = document if isinstance(document, list) else [document]
        is_timed = False
        for item in objects:
            if isinstance(item, dict):
                is_timed |= self._change(item)
        if self.shift_ms and not is_timed:
            self.untimed += 1
        return orjson.dumps(document) if document is not None else payload

    def _change(self, item: dict[str, Any]) -> bool:
        """Change one object of a payload; return whether it has a time."""
        if self.rename is not None:
            for name in _IDS:
                if name in item:
                    item[name] = _each(item[name], self._id)
        if "ts" not in item or not self.shift_ms:
            return "ts" in item
        item["ts"] = _each(item["ts"], self._time)
        return True

    def _id(self, value: Any) -> Any:
        return self.rename.of_id(value) if self.rename and isinstance(value, str) else value

    def _time(self, value: Any) -> Any:
        if type(value) is int:
            return value + self.shift_ms
        if isinstance(value, str):
            try:
                moved = datetime.fromisoformat(value) + timedelta(milliseconds=self.shift_ms)
            except (ValueError, OverflowError):
                return value
            return moved.isoformat()
        return value


def _each(value: Any, change: Any) -> Any:
    return [change(entry) for entry in value] if isinstance(value, list) else change(value)
