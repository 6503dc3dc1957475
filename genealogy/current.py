"""Mounts and checks, brought up to what ingest has stored: with each question, or by a service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from genealogy import checks, mounts
from genealogy.sql import statement
from plant.model import Plant
from storage.connect import Connection, connect
from storage.standby import serve

log = logging.getLogger("jellyroll.genealogy")

#: A question waits for so much to be taken in, a fraction of a second's work; more is left.
_FEW_BATCHES, _FEW_ROWS = 2_000, 20_000
_LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class _Pending:
    is_little: bool
    since: datetime | None


def bring_up(connection: Connection, plant: Plant) -> int:
    """Take all that came into mounts and flags; return how many flags are new. Commits."""
    mounts.catch_up(connection)
    new = checks.catch_up(connection, plant)
    connection.commit()
    return new


def bring_up_a_little(connection: Connection, plant: Plant) -> datetime | None:
    """Take what came into mounts and flags if it is little. Commits.

    Return when the first that is left came; None if nothing is. Who may only read, takes nothing.
    """
    pending = {
        "followers": [mounts.FOLLOWER, checks.FOLLOWER],
        "tables": ["material.mount", *checks.tables(plant)],
        "limit": _FEW_BATCHES,
        "rows": _FEW_ROWS,
    }
    with connection.cursor(row_factory=class_row(_Pending)) as cursor:
        (left,) = cursor.execute(statement("pending"), pending).fetchall()
    connection.commit()
    if left.since is None or not left.is_little:
        return left.since
    try:
        bring_up(connection, plant)
    except psycopg.errors.InsufficientPrivilege:
        connection.rollback()
        return left.since
    return None


def follow(
    database: str,
    plant: Plant,
    stop: threading.Event,
    tell: Callable[[Sequence[checks.Flag]], None],
) -> None:
    """Bring *database* up every other second until *stop*, and *tell* the flags that are new.

    A database that goes away is waited for.
    """

    def work(connection: Connection) -> None:
        log.info("following %s", connection.info.dbname)
        while not stop.is_set():
            if new := bring_up(connection, plant):
                tell(checks.flags_of(connection, None, new))
                connection.commit()
            stop.wait(_LOOK_S)

    serve(lambda: connect(database, application="jellyroll trace"), work, stop)
    log.info("stopped")
