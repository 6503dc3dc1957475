"""Context: what every request of the page needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from psycopg_pool import ConnectionPool

from alerts.web.alarm_day import AlarmDays
from alerts.web.settings import Settings
from alerts.web.shift import Calendar
from alerts.web.shift_output import ShiftOutput
from plant.model import Plant
from storage.connect import Connection


@dataclass(frozen=True)
class Context:
    """The database, the plant and the settings that the page was started with."""

    pool: ConnectionPool[Connection]
    plant: Plant
    settings: Settings

    @cached_property
    def zone(self) -> ZoneInfo:
        """The plant's clock."""
        return ZoneInfo(self.plant.site.time_zone)

    @cached_property
    def calendar(self) -> Calendar:
        """When shifts are."""
        settings = self.settings
        zone = ZoneInfo(settings.time_zone) if settings.time_zone else self.zone
        return Calendar(zone, settings.shifts, settings.calendar)

    @cached_property
    def shift_output(self) -> ShiftOutput:
        """What was last counted of this shift."""
        return ShiftOutput()

    @cached_property
    def alarm_days(self) -> AlarmDays:
        """What has been counted of the history of alerts."""
        return AlarmDays(self.zone)


def context_of(request: Request) -> Context:
    """Return the context that the application was made with."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


def connection_of(context: Annotated[Context, Depends(context_of)]) -> Iterator[Connection]:
    """Lend a connection in autocommit for one request."""
    with context.pool.connection() as connection:
        yield connection


Here = Annotated[Context, Depends(context_of)]
Database = Annotated[Connection, Depends(connection_of)]
