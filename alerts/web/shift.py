"""Shift: when the present one began, by the plant's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def shift_began(now: datetime, begins: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return when the shift of *now* began, in UTC; *begins* are times of day in *zone*.

    On the day when clocks change, a shift is an hour shorter or longer, as it is for people.
    """
    today = now.astimezone(zone).date()
    moments = (
        datetime.combine(today - timedelta(days=back), begin, zone).astimezone(UTC)
        for back in (0, 1)
        for begin in begins
    )
    return max(moment for moment in moments if moment <= now)
