"""Ask a running database what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from stack.errors import StackError

_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class DatabaseAnswer:
    """What a database says of itself; *timescaledb* is the version created in it, or None."""

    version: str
    timescaledb: str | None
    timescaledb_available: bool
    timescaledb_loaded: bool
    edition: str | None
    migrated: bool
    durable: bool
    missing_messages: int
    missing_senders: int


def ask_database(dsn: str) -> DatabaseAnswer:
    """Connect to *dsn* and look around, changing nothing; raise `StackError` if that fails."""
    try:
        with psycopg.connect(dsn, connect_timeout=int(_TIMEOUT_S)) as connection:
            return _look_around(connection)
    except psycopg.Error as error:
        raise StackError(
            f"The database does not answer: {str(error).strip()}.",
            "Start it, or mend JELLYROLL_DATABASE.",
        ) from error


def _look_around(connection: psycopg.Connection[Any]) -> DatabaseAnswer:
    found = connection.execute(
        """
        SELECT current_setting('server_version'),
               (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
               EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb'),
               current_setting('timescaledb.license', true),
               -- the preloaded part defines this one; it is there before the extension is created
               current_setting('timescaledb.disable_load', true) IS NOT NULL,
               EXISTS (SELECT FROM pg_namespace WHERE nspname = 'ingest'),
               current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'
        """
    ).fetchone()
    if found is None:
        raise StackError("The database gave no answer.", "Try again.")
    version, extension, available, edition, loaded, migrated, durable = found
    missing, senders = _missing(connection)
    return DatabaseAnswer(
        version=str(version).split()[0],
        timescaledb=extension,
        timescaledb_available=available,
        timescaledb_loaded=loaded,
        edition=edition,
        migrated=migrated,
        durable=durable,
        missing_messages=missing,
        missing_senders=senders,
    )


def _missing(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Return how many numbered messages have not come in a day, and of how many senders."""
    there = connection.execute("SELECT to_regclass('ingest.gap') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return 0, 0
    found = connection.execute(
        "SELECT coalesce(sum(messages), 0)::bigint, count(DISTINCT source) FROM ingest.gap"
        " WHERE last_at > now() - interval '1 day'"
    ).fetchone()
    return found or (0, 0)
