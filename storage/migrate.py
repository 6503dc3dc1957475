"""Bring a database up to the plant model: idempotent, additive, in one transaction.

Only what a refresh of old history makes of rows that were there before comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from plant.model import Plant
from storage import dash, rollup
from storage.connect import Connection, Edition, connect, edition
from storage.indexes import apply_indexes
from storage.schema import apply_tables, mirror_plant
from storage.sql import migrations, statement

#: Two migrations at once wait for each other on this advisory lock.
_LOCK = 0x6A656C6C79


class MigrationError(Exception):
    """The database cannot be brought up to the plant model; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What was found and done."""

    edition: Edition
    changes: tuple[str, ...]


def migrate(dsn: str, plant: Plant, *, passwords: dict[str, str] | None = None) -> Migration:
    """Create or extend everything that *plant* needs in the database at *dsn*.

    *passwords* gives the roles `jellyroll_writer` and `grafana_reader` a log-in; without one
    a role stays without. Raise `MigrationError` if the server lacks TimescaleDB or the right.
    """
    with connect(dsn, application="jellyroll migrate") as connection:
        _create_extension(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = edition(connection)
        changes = _apply_roles(connection, passwords or {})
        changes += _apply_migrations(connection)
        changes += apply_tables(connection, plant)
        changes += apply_indexes(connection, plant)
        mirror_plant(connection, plant)
        changes += rollup.apply(connection, plant, found)
        dash.apply(connection, plant, found)
        connection.execute(statement("grants"))
        connection.commit()
        connection.autocommit = True  # a refresh runs in no transaction but its own
        changes += rollup.fill_history(connection, plant, found)
    return Migration(found, tuple(changes))


def _create_extension(connection: Connection) -> None:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"{error.diag.message_primary}; run the first `jellyroll migrate` as a superuser of"
            " the database"
        ) from error
    except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported) as error:
        raise MigrationError(
            "this PostgreSQL has no TimescaleDB extension; `jellyroll stack up` starts one that has"
        ) from error
    # Creating the extension loads it into the session only after a commit.
    connection.commit()


def _apply_roles(connection: Connection, passwords: dict[str, str]) -> list[str]:
    changes = []
    for role in ("jellyroll_writer", "grafana_reader"):
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            changes.append(f"role {role}")
        if password := passwords.get(role):
            command = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(command.format(sql.Identifier(role), password))
    return changes


def _apply_migrations(connection: Connection) -> list[str]:
    connection.execute(statement("migration_table"))
    done = {name for (name,) in connection.execute("SELECT name FROM jellyroll.migration")}
    changes = []
    for name, text in migrations():
        if name not in done:
            connection.execute(text)
            connection.execute("INSERT INTO jellyroll.migration (name) VALUES (%s)", (name,))
            changes.append(f"migration {name}")
    return changes
