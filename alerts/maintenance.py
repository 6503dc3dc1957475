"""Maintenance: times in which a place is worked on, and nobody is told of its alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from alerts import record
from alerts.alert import Happened, NotAllowedError
from alerts.change import check_words
from alerts.errors import AlertsError
from alerts.sql import statement
from storage.connect import Connection

LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A time of work on a line, on a *station* of it or on one *equipment* (empty: all).

    *ended_at* is when a person ended it before *to_time*, or called it off. *who* planned it.
    """

    id: int
    line: str
    station: str
    equipment: str
    from_time: datetime
    to_time: datetime
    ended_at: datetime | None
    who: str
    why: str

    @property
    def place(self) -> str:
        """Where, for people."""
        return self.equipment or " ".join(filter(None, (self.line, self.station)))

    def is_on(self, at: datetime) -> bool:
        """Tell whether the work goes on at *at*."""
        return self.from_time <= at < self.to_time and self.ended_at is None


def plan_maintenance(
    connection: Connection,
    who: str,
    why: str,
    *,
    line: str,
    station: str = "",
    equipment: str = "",
    from_time: datetime,
    to_time: datetime,
) -> Maintenance:
    """Write down a time of work and return it; alerts of its place wait until it is over.

    Raise `AlertsError` when there is no such place in the plant of the database, no reason, or
    no usable time.
    """
    check_words(who, why)
    if not why.strip():
        raise AlertsError("maintenance needs a reason (--why): others will ask why it was quiet")
    if from_time.tzinfo is None or to_time.tzinfo is None:
        raise AlertsError("times of maintenance need a time zone, as in …T06:00+01:00")
    if not from_time < to_time:
        raise AlertsError("the maintenance ends before it begins; mend its times")
    if to_time <= datetime.now(UTC):
        raise AlertsError("the maintenance is over already; give a time in the future for its end")
    if to_time - from_time > LONGEST:
        raise AlertsError(f"maintenance lasts at most {LONGEST.days} days; plan a shorter one")
    where = {"line": line, "station": station, "equipment": equipment}
    with connection.transaction():
        if connection.execute(statement("place_known"), where).fetchone() is None:
            place = " ".join(filter(None, where.values()))
            raise AlertsError(f"the plant has no {place}; `jellyroll migrate` writes what it has")
        row = connection.execute(
            statement("maintenance_insert"), {**where, "from_time": from_time, "to_time": to_time}
        ).fetchone()
        assert row is not None
        detail = {**where, "from": from_time, "to": to_time}
        record.add_event(
            connection, None, Happened.MAINTENANCE_PLANNED,
            who=who, why=why, detail=detail, maintenance=row[0],
        )  # fmt: skip
    return Maintenance(
        id=row[0], **where, from_time=from_time, to_time=to_time, ended_at=None, who=who, why=why
    )


def end_maintenance(connection: Connection, number: int, who: str, why: str = "") -> Maintenance:
    """End the work now, or call off what has not begun; return it as it then is.

    Raise `AlertsError` when there is none of that number, `NotAllowedError` when it is over.
    """
    check_words(who, why)
    with connection.transaction():
        found = connection.execute(
            "SELECT to_time <= clock_timestamp() OR ended_at IS NOT NULL FROM alert.maintenance"
            " WHERE id = %s FOR UPDATE",
            (number,),
        ).fetchone()
        if found is None:
            raise AlertsError(f"there is no maintenance {number}; list what there is")
        if found[0]:
            raise NotAllowedError("the maintenance is over")
        connection.execute(
            "UPDATE alert.maintenance SET ended_at = clock_timestamp() WHERE id = %s", (number,)
        )
        record.add_event(
            connection, None, Happened.MAINTENANCE_ENDED, who=who, why=why, maintenance=number
        )
    return next(m for m in list_maintenance(connection, over=True) if m.id == number)


def list_maintenance(connection: Connection, *, over: bool = False) -> list[Maintenance]:
    """Return the times of work that go on or are to come, latest end first.

    With *over* also those that are over; the last 200 in all.
    """
    with connection.cursor(row_factory=class_row(Maintenance)) as cursor:
        return cursor.execute(statement("maintenance_list"), {"over": over}).fetchall()
