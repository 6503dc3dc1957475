"""Shift: which one it is on a line and when it began, by the plant's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.shift import Shift


class ShiftNow(NamedTuple):
    """The present shift; between shifts its *name* is empty, and it *began* when the last ended."""

    name: str
    began: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """When shifts are: *shifts* of alerts.toml, or on a line that has none *begins* every day.

    All are by the clock of *zone*.
    """

    zone: ZoneInfo
    begins: tuple[time, ...]
    shifts: tuple[Shift, ...] = ()

    def shift_of(self, line: str, now: datetime) -> ShiftNow:
        """Return the shift of *line* at *now*; of several, the one that began last."""
        mine = [shift for shift in self.shifts if not shift.lines or line in shift.lines]
        wall = now.astimezone(self.zone).replace(tzinfo=None)
        on = [(began, shift.name) for shift in mine if (began := shift.began(wall))]
        if on:
            began, name = max(on)
            return ShiftNow(name, self._moment(began))
        ends = [ended for shift in mine if (ended := shift.ended(wall))]
        if ends:
            return ShiftNow("", self._moment(max(ends)))
        return ShiftNow("", shift_began(now, self.begins, self.zone))

    @property
    def words(self) -> str:
        """Where the shifts come from, for people."""
        if self.shifts:
            return "shifts of alerts.toml"
        return f"shifts from {', '.join(f'{begin:%H:%M}' for begin in self.begins)}"

    def _moment(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self.zone).astimezone(UTC)


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
