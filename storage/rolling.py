"""Keep minutes and hours as the rows say, whatever order these come in: one step at a time.

A step is one transaction with one view of the database. It takes new lines of the ledger, works
out again the minutes that they changed before the end of what is kept, moves that end towards now,
and notes its place in the ledger. What is written later, however late its times, is in a line of
the ledger that a later step takes; what was killed in between is done again from the start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg import sql

from plant.model import Plant
from storage.connect import Connection, Edition, edition
from storage.kept import Kept, Late, Part, Window, all_kept, layout
from storage.ledger import LedgerBatch, advance, follow
from storage.rollup import with_known
from storage.rollup_sql import rollups
from storage.sql import statement

FOLLOWER = "rollup"
#: Rows are mostly there so long after their time; later ones change what is kept already.
SETTLED_AFTER = timedelta(seconds=90)
#: Of a long history, so much at a time, that a step remains short.
PIECE = timedelta(hours=6)
#: Minutes that are so close together are worked out in one go with those between them.
_NEAR = timedelta(minutes=5)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]


class RollupError(Exception):
    """The rollups of this database cannot be kept; the text says why and what to do."""


class Progress(NamedTuple):
    """What a step did: batches taken, windows worked out again for late rows, until when."""

    batches: int = 0
    late_windows: int = 0
    until: datetime = _NEVER
    is_behind: bool = False


class _Reach(NamedTuple):
    """Minutes are kept until *old*; the next are from *begun* to *until*, no row is in between.

    *first* is when the rows of each table begin that has any after *old*; None: they go on.
    """

    old: datetime
    begun: datetime
    until: datetime
    first: Mapping[str, datetime] | None = None

    def begun_of(self, tables: Iterable[str]) -> datetime:
        """Return when rows of all these tables begin.

        Of what retention has dropped before, minutes and hours stay as they are.
        """
        if self.first is None:
            return self.begun
        return max(self.begun, *(self.first.get(table, self.until) for table in tables))


class Roller:
    """Keeps the rollups of *plant*; one at a time works on a database, which the caller sees to."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._layout = layout(plant)
        self._kept: tuple[Kept, ...] = ()

    def attach(self, connection: Connection) -> None:
        """Look at the tables of the database; raise `RollupError` if they are of another plant."""
        with connection.transaction():
            self._check(connection)
            own = []
            if edition(connection) is Edition.APACHE:
                own = [with_known(connection, rollup) for rollup in rollups(self._plant)]
        self._kept = tuple(all_kept(self._plant, own))

    def step(self, connection: Connection, now: datetime, *, limit: int = 500) -> Progress:
        """Take up to *limit* batches and at most `PIECE` of time; *connection* is in autocommit."""
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            old = self._check(connection)
            if old == _NEVER:
                # Nothing is kept, so nothing that has committed so far can be late.
                row = connection.execute(statement("roll_begin")).fetchone()
                self._advance(connection, row[0] if row else None)
            batches = follow(connection, FOLLOWER, limit)
            settled = _floor(now - SETTLED_AFTER, _MINUTE)
            reach = self._reach(connection, old, settled)
            until = reach.until
            windows = self._renew(connection, _late(batches, old), reach)
            self._advance(connection, batches[-1].xid if batches else None)
            connection.execute(
                "UPDATE ingest.rolled SET minutes_until = %s, hours_until = %s",
                (until, _floor(until, _HOUR)),
            )
        return Progress(len(batches), windows, until, until < settled or len(batches) == limit)

    def _check(self, connection: Connection) -> datetime:
        """Return until when minutes are kept."""
        row = connection.execute(
            "SELECT nullif(minutes_until, '-infinity'), layout FROM ingest.rolled"
        ).fetchone()
        if row is None or row[1] != self._layout:
            raise RollupError(
                "the database was migrated with another plant file; run `jellyroll migrate` with"
                " this one, or start again with that one"
            )
        found: datetime | None = row[0]
        return found or _NEVER

    def _advance(self, connection: Connection, xid: int | None) -> None:
        """Move on to line *xid* of the ledger, and add up the lines up to there."""
        if xid is not None:
            place = {"follower": FOLLOWER, "last": str(xid)}
            connection.execute(statement("roll_ledger"), place)
            advance(connection, FOLLOWER, xid)

    def _reach(self, connection: Connection, old: datetime, settled: datetime) -> _Reach:
        """Return what is to be kept next: up to *settled*, or a piece where there are rows."""
        if old != _NEVER and settled - old <= PIECE:
            return _Reach(old, old, max(old, settled))
        first: dict[str, datetime] = dict(
            connection.execute(statement("roll_chunks"), (old, old)).fetchall()
        )
        begun = max(old, _floor(min(first.values()), _HOUR)) if first else max(old, settled)
        return _Reach(old, begun, max(begun, min(settled, begun + PIECE)), first)

    def _renew(self, connection: Connection, late: Mapping[str, Late], reach: _Reach) -> int:
        """Work out what *late* changed, and what is new; return how many stretches were late."""
        number = 0
        for kept in self._kept:
            moments = {
                moment
                for table, touched in kept.touched.items()
                if table in late
                for (moment,) in connection.execute(touched(late[table]))
                if moment < reach.old
            }
            spans = _spans(moments)
            number += len(spans)
            begun = reach.begun_of(kept.touched)
            fresh = [(begun, reach.until)] if begun < reach.until else []
            if kept.minutes:
                for span in [*spans, *fresh]:
                    _replace(connection, kept.minutes, kept.own, span)
            # The hour in which minutes ended has not been kept yet.
            hours = [(begun if reach.old == _NEVER else reach.old, reach.until)] if fresh else []
            for span in _hours([*spans, *hours], _floor(reach.until, _HOUR)):
                _replace(connection, kept.hours, kept.own, span)
        return number


def _late(batches: Sequence[LedgerBatch], kept_until: datetime) -> dict[str, Late]:
    """Return, by table, the batches with rows from before *kept_until*."""
    found: dict[str, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    for batch in batches:
        for span in batch.spans:
            if span.from_time < kept_until:
                found[span.table_name].append((batch.id, span.from_time, span.to_time))
    return {
        table: Late(
            [number for number, _, _ in several],
            min(first for _, first, _ in several),
            min(kept_until, max(last for _, _, last in several)),
        )
        for table, several in found.items()
    }


def _spans(moments: Iterable[datetime]) -> list[Span]:
    """Return the stretches that hold these minutes, in order."""
    found: list[Span] = []
    for moment in sorted(moments):
        if found and moment - found[-1][1] <= _NEAR:
            found[-1] = found[-1][0], moment + _MINUTE
        else:
            found.append((moment, moment + _MINUTE))
    return found


def _hours(spans: Iterable[Span], until: datetime) -> list[Span]:
    """Return the whole hours before *until* that *spans* touch, joined where they meet."""
    found: list[Span] = []
    for since, last in sorted(spans):
        begun, ended = _floor(since, _HOUR), min(until, _floor(last + _HOUR - _MINUTE, _HOUR))
        if found and begun <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ended)
        elif begun < ended:
            found.append((begun, ended))
    return found


def _replace(connection: Connection, part: Part, own: sql.Composable, span: Span) -> None:
    window = Window.of(*span)
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE {} AND time >= {} AND time < {}").format(
            part.table, own, *window
        )
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, part.columns))
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM ({}) AS made").format(
            part.table, columns, columns, part.rows(window)
        )
    )


def _floor(time: datetime, step: timedelta) -> datetime:
    origin = datetime(2000, 1, 1, tzinfo=UTC)
    return origin + (time - origin) // step * step
