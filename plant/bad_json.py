"""What is wrong with a payload that is not JSON, or that names a thing twice."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from plant.errors import Reason, UnreadableError

_NAME = re.compile(rb'"\s*:')


def not_json(payload: bytes, error: orjson.JSONDecodeError) -> UnreadableError:
    """Return what to say of *payload*, which orjson refused with *error*."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as wrong:
        detail = f"payload is not UTF-8 at byte {wrong.start} (0x{payload[wrong.start]:02x})"
        return UnreadableError(Reason.NOT_UTF8, detail)
    if found := _not_finite(text):
        detail = f"payload holds {found[:40]}, which no number is; send null for a missing value"
        return UnreadableError(Reason.NOT_FINITE, detail)
    if not text.strip():
        return UnreadableError(Reason.BAD_JSON, "payload is empty")
    place = f"line {error.lineno}, column {error.colno}"
    cut = "; it may be cut off" if error.pos >= len(text.rstrip()) else ""
    return UnreadableError(Reason.BAD_JSON, f"payload is not JSON at {place}: {error.msg}{cut}")


def _not_finite(text: str) -> str | None:
    """Return the first NaN, Infinity or too large number of *text*, if it is JSON otherwise."""
    found: list[str] = []

    def number(digits: str) -> float:
        if math.isinf(value := float(digits)):
            found.append(digits)
        return value

    try:
        json.loads(text, parse_constant=found.append, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


def check_names_differ(payload: bytes, names: int) -> None:
    """Raise if an object of *payload* names something twice; *names* were read of it as rows.

    A parser keeps the last of two values: the other one would be lost without a word.
    """
    if len(_NAME.findall(payload)) == names:
        return

    def check(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                detail = f"{name[:60]!r} stands twice in one object; which value is right?"
                raise UnreadableError(Reason.BAD_JSON, detail)
            seen.add(name)

    try:
        json.loads(payload, object_pairs_hook=check)
    except RecursionError:
        # What was read as rows is flat: the depths belong to a value that another one replaced.
        raise UnreadableError(Reason.BAD_JSON, "a name stands twice in one object") from None
