"""Findings on the running database."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg.conninfo import conninfo_to_dict

from stack.database_probe import DatabaseAnswer, ask_database
from stack.errors import StackError
from stack.finding import Finding, failure

_EDITIONS = {
    "timescale": "Community edition: continuous aggregates, compression, retention as a policy",
    "apache": "Apache edition: rollups are plain views, nothing is compressed",
}


def check_database(dsn: str) -> Iterator[Finding]:
    """Look at the database at *dsn*: there, TimescaleDB, Jellyroll's tables, durable."""
    try:
        parts = conninfo_to_dict(dsn)
        answer = ask_database(dsn)
    except StackError as error:
        yield failure("database", error)
        return
    except psycopg.Error as error:
        yield Finding(
            name="database",
            level="problem",
            text=f"JELLYROLL_DATABASE is no address of a database: {str(error).strip()}",
            advice="Write it as postgresql://user:password@host:5432/database.",
        )
        return
    # Not the whole address: it holds the password.
    where = f"{parts.get('host', 'local')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    yield Finding(name="database", level="ok", text=f"PostgreSQL {answer.version} at {where}")
    yield _extension(answer)
    yield _schema(migrated=answer.migrated)
    if not answer.durable:
        yield Finding(
            name="durability",
            level="problem",
            text="fsync or synchronous_commit is off: acknowledged messages die with a crash",
            advice="Switch both on.",
        )
    if answer.missing_messages:
        yield Finding(
            name="messages",
            level="warning",
            text=f"{answer.missing_messages:,} messages of {answer.missing_senders:,} senders that"
            " sent in the last day are missing: their numbers were left out",
            advice="SELECT * FROM ingest.gap says which; was the broker killed, or its queue full?",
        )


def _extension(answer: DatabaseAnswer) -> Finding:
    if not answer.timescaledb_available:
        return Finding(
            name="timescaledb",
            level="problem",
            text="the server lacks the TimescaleDB extension",
            advice="Install TimescaleDB there, or run `jellyroll stack up` for a private server.",
        )
    if not answer.timescaledb_loaded:
        return Finding(
            name="timescaledb",
            level="problem",
            text="the extension is there but not loaded",
            advice="Set shared_preload_libraries = 'timescaledb' and restart the server.",
        )
    if answer.timescaledb is None:
        text = "available, not yet created in this database"
    else:
        text = f"{answer.timescaledb}, {_EDITIONS.get(answer.edition or '', 'of unknown edition')}"
    return Finding(name="timescaledb", level="ok", text=text)


def _schema(*, migrated: bool) -> Finding:
    if migrated:
        return Finding(name="schema", level="ok", text="Jellyroll's tables are there")
    return Finding(
        name="schema",
        level="warning",
        text="Jellyroll's tables are not there yet",
        advice="Run `jellyroll migrate`.",
    )
