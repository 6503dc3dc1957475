"""Shift: a calendar of work on the plant's own clock, and who has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from alerts.alert import Severity
from plant.signals import Part

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            raise ValueError(f'{value!r} is no time of day such as "06:00"') from None
    return value


Clock = Annotated[time, BeforeValidator(_clock)]
SeverityWord = Annotated[Severity, Field(strict=False)]
Names = Annotated[tuple[Word, ...], Field(strict=False)]


class Hours(Part):
    """A time of day on some days of the week, on the wall's clock; it may pass midnight.

    It belongs to the day on which it begins. From 06:00 to 06:00 is the whole day.
    """

    days: Annotated[tuple[Day, ...], Field(strict=False, min_length=1)] = _DAYS
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    def day_at(self, wall: datetime) -> date | None:
        """Return the day on which the hours began that *wall* (naive) is in; None outside them."""
        for day in (wall.date(), wall.date() - timedelta(days=1)):
            if _DAYS[day.weekday()] in self.days:
                begin = datetime.combine(day, self.start)
                if begin <= wall < self._end(day):
                    return day
        return None

    def began(self, wall: datetime) -> datetime | None:
        """Return when (naive) the hours began that *wall* is in; None outside them."""
        day = self.day_at(wall)
        return None if day is None else datetime.combine(day, self.start)

    def ended(self, wall: datetime) -> datetime | None:
        """Return when (naive) such hours last ended before *wall*, within a week; else None."""
        days = (wall.date() - timedelta(days=back) for back in range(9))
        ends = (self._end(day) for day in days if _DAYS[day.weekday()] in self.days)
        return max((end for end in ends if end <= wall), default=None)

    def until(self, wall: datetime) -> datetime | None:
        """Return when (naive) the hours end that *wall* is in; None outside them."""
        day = self.day_at(wall)
        return None if day is None else self._end(day)

    def _end(self, day: date) -> datetime:
        passes_midnight = self.end <= self.start
        return datetime.combine(day + timedelta(days=passes_midnight), self.end)


class Shift(Hours):
    """Hours in which *teams* of people work in turn, each for *turn_days* from *first_day* on."""

    name: Word
    lines: Names = ()
    teams: Annotated[tuple[Names, ...], Field(strict=False, min_length=1)]
    turn_days: int = Field(default=7, ge=1, le=366)
    first_day: date | None = None

    @model_validator(mode="after")
    def _turns_begin(self) -> Self:
        if len(self.teams) > 1 and self.first_day is None:
            raise ValueError(
                "teams take turns, but first_day is missing: the day on which the first begins,"
                " as first_day = 2026-01-05"
            )
        return self

    def team_at(self, at: datetime, zone: ZoneInfo) -> tuple[str, ...]:
        """Return who works at *at* (aware); nobody outside the hours."""
        day = self.day_at(_wall(at, zone))
        if day is None:
            return ()
        turns = (day - self.first_day).days // self.turn_days if self.first_day else 0
        return self.teams[turns % len(self.teams)]


class Quiet(Hours):
    """Hours in which alerts of these *severities* wait."""

    severities: Annotated[tuple[SeverityWord, ...], Field(strict=False, min_length=1)] = (
        Severity.LOW,
        Severity.MEDIUM,
    )

    def ends_at(self, at: datetime, severity: Severity, zone: ZoneInfo) -> datetime | None:
        """Return until when (UTC) an alert of *severity* waits at *at*; None: it does not."""
        end = self.until(_wall(at, zone)) if severity in self.severities else None
        return end and end.replace(tzinfo=zone).astimezone(UTC)


def first_gap(
    shifts: Sequence[Shift], line: str, zone: ZoneInfo, since: datetime
) -> datetime | None:
    """Return the first quarter of an hour of four weeks in which nobody works for *line*."""
    mine = [shift for shift in shifts if not shift.lines or line in shift.lines]
    for quarter in range(4 * 24 * 28):
        at = since + timedelta(minutes=15 * quarter)
        if not any(shift.team_at(at, zone) for shift in mine):
            return at
    return None


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
