"""Rollups: `<station>_1m` and `<station>_1h` beside each table of samples and of cell results.

The names are views in both editions, so no query knows which one it runs on. On the Apache edition
they read tables `<station>_1m_kept`, which `jellyroll rollup` keeps, and from where these end the
raw rows. On the Community edition they read continuous aggregates `<station>_1m_v1`, `_v2`: an
aggregate cannot get another column, so signals that come later make a further one.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection, Edition
from storage.kept import kept_rollup, layout
from storage.kept import view as kept_view
from storage.retention import RetentionError, compress_after
from storage.rollup_sql import (
    HOUR,
    STEPS,
    Part,
    Rollup,
    Step,
    compression_statements,
    kept_statements,
    over_parts,
    part_statements,
    refresh_policy,
    renewed_compression_statements,
    rollups,
    settled_after,
    signals_in,
)
from storage.sql import statement
from storage.views import columns_of, replace_view


def apply(connection: Connection, plant: Plant, edition: Edition) -> list[str]:
    """Create or extend the rollups, and on the Community edition their refresh and compression.

    Idempotent; nothing is dropped. Return one line per change, for people. Raise `RetentionError`
    if a policy drops samples so early that late ones could still arrive for what is dropped.
    """
    changes = []
    if edition is Edition.COMMUNITY:
        _check_retention(connection, plant)
        changes += _compress(connection, plant)
    for rollup in rollups(plant):
        for step in STEPS:
            schema, name = rollup.table.schema, rollup.view(step)
            whole = with_known(connection, rollup, step)
            if edition is Edition.COMMUNITY:
                changes += _renew_refresh(connection, whole, step, plant)
                changes += _extend_parts(connection, whole, step, plant)
                query = over_parts(whole, _parts(connection, whole, step))
            else:
                changes += _extend_kept(connection, whole, step)
                query = kept_view([kept_rollup(whole)], step)
            if replace_view(connection, schema, name, query):
                changes.append(f"view {schema}.{name}")
    connection.execute("UPDATE ingest.rolled SET layout = %s", (layout(plant),))
    return changes


def with_known(connection: Connection, rollup: Rollup, step: Step = HOUR) -> Rollup:
    """Return *rollup* with the signals that its view has, in its order, and then the new ones.

    Columns can be added to a view only at its end, and are never taken away.
    """
    known = signals_in(columns_of(connection, rollup.table.schema, rollup.view(step)))
    signals = tuple(dict.fromkeys([*known, *rollup.signals]))
    return Rollup(rollup.table, signals, by_position=rollup.by_position)


def fill_history(connection: Connection, plant: Plant, edition: Edition) -> list[str]:
    """Condense rows that are older than the policies look back, where none has been condensed yet.

    For tables that were filled before they had continuous aggregates: from the first refresh on,
    the rollups would lack those rows. *connection* is in autocommit, `apply` is committed. Return
    one line per aggregate, for people.
    """
    if edition is Edition.APACHE:
        return []
    changes = []
    for rollup in rollups(plant):
        for step in STEPS:
            # Rows older than a later aggregate have no value of its signals.
            name = rollup.part(step, 1)
            window = _history(connection, rollup, name, plant)
            if window is None:
                continue
            view = f"{rollup.table.schema}.{name}"
            refresh = sql.SQL("CALL refresh_continuous_aggregate({}, {}, {})")
            try:
                connection.execute(refresh.format(view, *window))
            except psycopg.errors.LockNotAvailable:
                # Its policy has just begun; some versions refuse a second refresh meanwhile.
                changes.append(f"{view}: still without its history, so migrate once more")
            else:
                changes.append(f"{view}: history from {window[0]:%Y-%m-%d}")
    return changes


def _history(
    connection: Connection, rollup: Rollup, name: str, plant: Plant
) -> tuple[datetime, datetime] | None:
    made = connection.execute(
        "SELECT materialization_hypertable_schema, materialization_hypertable_name"
        " FROM timescaledb_information.continuous_aggregates"
        " WHERE view_schema = %s AND view_name = %s",
        (rollup.table.schema, name),
    ).fetchone()
    assert made, f"{name} has not been created"
    return connection.execute(
        statement("rollup_history").format(
            schema=rollup.table.schema,
            name=rollup.table.name,
            made=sql.Identifier(*made),
            late=settled_after(plant),
        )
    ).fetchone()


def _check_retention(connection: Connection, plant: Plant) -> None:
    shortest = settled_after(plant)
    ours = {str(table) for table in plant.tables.values()}
    for name, kept in _policy_ages(connection, "policy_retention", "drop_after").items():
        if name in ours and kept < shortest:
            # A refresh that reaches back to dropped samples would empty their rollups.
            raise RetentionError(
                f"samples of {name} are dropped after {kept.days} days, but may come"
                f" {plant.intake.max_lateness_d:g} days late; lower intake.max_lateness_d in the"
                f" plant file to {kept.days - 1} at most"
            )


def _compress(connection: Connection, plant: Plant) -> list[str]:
    rows = connection.execute(
        "SELECT format('%s.%s', hypertable_schema, hypertable_name)"
        " FROM timescaledb_information.hypertables WHERE compression_enabled"
    )
    compressed = {name for (name,) in rows}
    ages = _policy_ages(connection, "policy_compression", "compress_after")
    changes = []
    for (kind, _), table in plant.tables.items():
        if kind not in {Kind.TELEMETRY, Kind.CELL}:
            continue
        name, after = str(table), compress_after(plant, table)
        if name not in compressed:
            commands = compression_statements(table, after)
        elif ages.get(name, after) != after:
            commands = renewed_compression_statements(table, after)
        else:
            continue
        for command in commands:
            connection.execute(command)
        changes.append(f"{table}: compressed after {after.days} days")
    return changes


def _renew_refresh(connection: Connection, rollup: Rollup, step: Step, plant: Plant) -> list[str]:
    """Let each refresh that there is reach back as far as late rows may now come."""
    late = settled_after(plant)
    ages = _policy_ages(connection, "policy_refresh_continuous_aggregate", "start_offset")
    changes = []
    for part in _parts(connection, rollup, step):
        name = f"{rollup.table.schema}.{part.name}"
        if ages.get(name, late) != late:
            connection.execute("SELECT remove_continuous_aggregate_policy(%s)", (name,))
            connection.execute(refresh_policy(name, step, plant))
            changes.append(f"{name}: refreshed {late.days} days back")
    return changes


def _policy_ages(connection: Connection, policy: str, setting: str) -> dict[str, timedelta]:
    """Return the age that *setting* gives for each table or aggregate with such a *policy*.

    What an operator has taken the policy from, or set it without an age, is left alone.
    """
    rows = connection.execute(
        statement("rollup_policy_ages"), {"policy": policy, "setting": setting}
    )
    return dict(rows.fetchall())


def _extend_kept(connection: Connection, rollup: Rollup, step: Step) -> list[str]:
    """Create the table behind a view of the Apache edition, or give it what is new."""
    schema, name = rollup.table.schema, rollup.kept(step)
    there = columns_of(connection, schema, name)
    table = sql.Identifier(schema, name)
    if not there:
        for command in kept_statements(rollup, step):
            connection.execute(command)
        return [f"table {schema}.{name}"]
    missing = [column for column in rollup.columns if column not in there]
    for column in missing:
        # So far the new signal had no value in any minute.
        kind = "bigint DEFAULT 0" if column.endswith("_n") else "double precision"
        add = sql.SQL(f"ALTER TABLE {{}} ADD COLUMN {{}} {kind}")
        connection.execute(add.format(table, sql.Identifier(column)))
    return [f"{len(missing)} columns of {schema}.{name}"] if missing else []


def _extend_parts(connection: Connection, rollup: Rollup, step: Step, plant: Plant) -> list[str]:
    """Create the continuous aggregate of the signals that none has yet, if any."""
    parts = _parts(connection, rollup, step)
    held = {signal for part in parts for signal in signals_in(part.columns)}
    missing = [signal for signal in rollup.signals if signal not in held]
    if not missing:
        return []
    version = len(parts) + 1
    for command in part_statements(rollup, missing, step, version, plant):
        connection.execute(command)
    name = f"{rollup.table.schema}.{rollup.part(step, version)}"
    return [f"continuous aggregate {name} of {', '.join(missing)}"]


def _parts(connection: Connection, rollup: Rollup, step: Step) -> list[Part]:
    """Return the continuous aggregates behind a view, oldest first."""
    schema = rollup.table.schema
    rows = connection.execute(
        "SELECT view_name FROM timescaledb_information.continuous_aggregates"
        " WHERE view_schema = %s AND view_name ~ %s"
        " ORDER BY length(view_name), view_name",
        (schema, f"^{re.escape(rollup.view(step))}_v[0-9]+$"),
    )
    return [Part(name, columns_of(connection, schema, name)) for (name,) in rows]
