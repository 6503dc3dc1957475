"""Which tables are of which class of the plant file, and what is dropped and compressed when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from plant.model import Plant
from plant.retention import Kept, Lasting
from plant.stations import Station
from plant.tables import Kind, Table
from storage.connect import Connection, Edition
from storage.rollup_sql import HOUR, MINUTE, Step, rollups, settled_after
from storage.sql import statement

_FAST_HZ = 1.0


class RetentionError(Exception):
    """What is asked for cannot be dropped; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the plant file, and its tables (`schema.name`) in this database."""

    name: str
    rule: Kept | Lasting
    tables: tuple[str, ...]


def class_of(plant: Plant, table: Table) -> str:
    """Return the class of a table that messages fill."""
    if table.schema == Kind.CELL:
        return "results"
    if table.schema != Kind.TELEMETRY:
        return "events"
    station: Station = plant.stations[table.name]
    if all(signal.per_position for signal in station.signals.values()):
        return "curves"
    rate = max(signal.rate_hz for signal in station.signals.values())
    return "fast" if rate > _FAST_HZ else "slow"


def compress_after(plant: Plant, table: Table) -> timedelta:
    """Return the age at which chunks of *table* are compressed (Community edition)."""
    rule = getattr(plant.retention, class_of(plant, table))
    days = rule.compress_after_d if isinstance(rule, Kept) else None
    return settled_after(plant) if days is None else timedelta(days=days)


def classes(connection: Connection, plant: Plant, edition: Edition) -> Iterator[Class]:
    """Yield every class with its tables, as far as these have been migrated."""
    by_class: dict[str, list[str]] = {name: [] for name in type(plant.retention).model_fields}
    for table in dict.fromkeys(plant.tables.values()):
        by_class[class_of(plant, table)].append(str(table))
    known = {name for (name,) in connection.execute(statement("retention_tables"))}
    if edition is Edition.COMMUNITY:
        known |= {name for (name,) in connection.execute(statement("retention_aggregates"))}
    for step, name in ((MINUTE, "minutes"), (HOUR, "hours")):
        by_class[name] += _rolled(plant, step, known)
    by_class["ledger"] += ["ingest.batch", "ingest.batch_span"]
    by_class["dead_letters"].append("ingest.dead_letter")
    for name, tables in by_class.items():
        there = tuple(table for table in tables if table in known)
        yield Class(name, getattr(plant.retention, name), there)


def _rolled(plant: Plant, step: Step, known: set[str]) -> Iterator[str]:
    names = {f"{rollup.table.schema}.{rollup.view(step)}" for rollup in rollups(plant)}
    for table in sorted(known):
        # `filling_1m_kept` on the Apache edition; `filling_1m_v1`, `_v2` on the other.
        if table.rpartition("_")[0] in names:
            yield table
    if step is MINUTE:
        yield from ("cell.visit_1m", "analysis.score_1m")
    else:
        yield from ("cell.visit_1h", "cell.spread_1h")


def apply(connection: Connection, plant: Plant, edition: Edition) -> list[str]:
    """Drop what the plant file lets go; return what was done, a line for each table.

    Of tables in chunks it goes by whole chunks. On the Community edition a policy does that from
    now on; on the Apache edition, and of ledger and dead letters on both, it is done now, so the
    caller repeats it. *connection* is in autocommit. Raise `RetentionError` for samples that are
    not in the minutes and hours yet.
    """
    changes = []
    for one in classes(connection, plant, edition):
        is_deleted_from = one.name in {"ledger", "dead_letters"}
        if one.rule.keep_d is None:
            if edition is Edition.COMMUNITY and not is_deleted_from:
                changes += [t for table in one.tables for t in _without_policy(connection, table)]
            continue
        kept = timedelta(days=one.rule.keep_d)
        if is_deleted_from:
            gone = connection.execute(statement(f"retention_{one.name}"), {"kept": kept}).rowcount
            if gone:
                changes.append(f"{one.name}: {gone:,} rows deleted")
        elif edition is Edition.COMMUNITY:
            changes += [_policy(connection, table, kept) for table in one.tables]
        else:
            if one.name in {"fast", "slow", "curves", "results"}:
                _check_rolled(connection, one, kept)
            for table in one.tables:
                chunks = connection.execute("SELECT drop_chunks(%s, %s)", (table, kept)).rowcount
                if chunks:
                    changes.append(f"{table}: {chunks} chunks dropped")
    return changes


def _policy(connection: Connection, table: str, kept: timedelta) -> str:
    with connection.transaction():
        connection.execute("SELECT remove_retention_policy(%s, if_exists => true)", (table,))
        connection.execute("SELECT add_retention_policy(%s, %s)", (table, kept))
    return f"{table}: a policy keeps {kept.days} days"


def _without_policy(connection: Connection, table: str) -> Iterator[str]:
    """Take away what an earlier plant file let go; yield a line if there was such a policy."""
    before = _policies(connection)
    connection.execute("SELECT remove_retention_policy(%s, if_exists => true)", (table,))
    if _policies(connection) < before:
        yield f"{table}: kept for good, its policy is gone"


def _policies(connection: Connection) -> int:
    return connection.execute(
        "SELECT FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"
    ).rowcount


def _check_rolled(connection: Connection, one: Class, kept: timedelta) -> None:
    """Raise `RetentionError` if anything would go that is not in the minutes and hours yet."""
    row = connection.execute(
        "SELECT EXISTS (SELECT show_chunks(name::regclass, older_than => %(kept)s::interval)"
        " FROM unnest(%(tables)s::text[]) AS name)"
        " AND (SELECT hours_until < now() - %(kept)s FROM ingest.rolled)",
        {"tables": list(one.tables), "kept": kept},
    ).fetchone()
    if row and row[0]:
        raise RetentionError(
            f"class {one.name}: rows older than {kept.days} days are not in the minutes and hours"
            " yet; run `jellyroll rollup`, or once `jellyroll rollup --once`"
        )
