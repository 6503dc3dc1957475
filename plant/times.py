"""Times of payloads: integer milliseconds since the epoch, or RFC 3339 with a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from plant.errors import Reason, UnreadableError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read_time_us(value: Any) -> int:
    """Return microseconds since the epoch of one `ts`; raise `UnreadableError` (bad_time)."""
    if type(value) is int:
        return value * 1000
    if type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            detail = f"'ts' {value[:40]!r} is not RFC 3339, such as 2026-11-22T08:30:00.250Z"
            raise UnreadableError(Reason.BAD_TIME, detail) from None
        if moment.tzinfo is None:
            detail = f"'ts' {value[:40]!r} has no zone; end it with Z or an offset"
            raise UnreadableError(Reason.BAD_TIME, detail)
        return to_us(moment)
    detail = "'ts' must be whole milliseconds since 1970 or RFC 3339 text with a zone"
    raise UnreadableError(Reason.BAD_TIME, detail)


def to_us(moment: datetime) -> int:
    """Return microseconds since the epoch of an aware *moment*."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(time_us: int) -> datetime:
    """Return the UTC moment *time_us* microseconds after the epoch."""
    return _EPOCH + timedelta(microseconds=time_us)


def format_time_us(time_us: int) -> str:
    """Return *time_us* as text for a person, also where no calendar reaches."""
    try:
        return from_us(time_us).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:
        return f"{time_us // 1000} ms"
