"""What the plant file lets go is dropped, class by class, and nothing that may still change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection, Edition, connect
from storage.ledger import Entry, advance, write_entry
from storage.retention import RetentionError, apply, class_of, classes
from storage.rolling import Roller

NOW = datetime.now(UTC)


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test", autocommit=True) as connection:
        yield connection


def keeping(plant: Plant, **days: float) -> Plant:
    whole = plant.model_dump()
    whole["retention"] = {name: {"keep_d": kept} for name, kept in days.items()}
    return Plant.model_validate(whole)


def rolled(connection: Connection, plant: Plant) -> None:
    roller = Roller(plant)
    roller.attach(connection)
    while roller.step(connection, datetime.now(UTC)).is_behind:
        pass


def old_rows(connection: Connection, days: tuple[int, ...] = (1, 95, 200)) -> None:
    for age in days:
        time = NOW - timedelta(days=age)
        connection.execute(
            "INSERT INTO telemetry.filling (time, equipment) VALUES (%s, 'l1-filler-01')", (time,)
        )
        connection.execute(
            "INSERT INTO telemetry.dry_room (time, equipment) VALUES (%s, 'l1-zone-01')", (time,)
        )
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment) VALUES (%s, 'c', 'l1-filler-01')",
            (time,),
        )


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_each_table_is_of_the_class_of_its_fastest_signal(pilot: Plant) -> None:
    found = {str(table): class_of(pilot, table) for table in pilot.tables.values()}
    assert found["telemetry.filling"] == "fast"
    assert found["telemetry.dry_room"] == "slow"
    assert found["telemetry.formation"] == "curves"
    assert found["cell.formation"] == "results"
    assert found["machine.state"] == found["material.mount"] == "events"


def test_every_class_has_its_tables(connection: Connection, pilot: Plant) -> None:
    found = {one.name: one.tables for one in classes(connection, pilot, Edition.APACHE)}
    assert all(found.values())
    assert {"telemetry.filling_1m_kept", "cell.filling_1m_kept", "cell.visit_1m"} <= set(
        found["minutes"]
    )
    assert {"cell.filling_1h_kept", "cell.spread_1h"} <= set(found["hours"])
    every = [table for tables in found.values() for table in tables]
    assert len(every) == len(set(every))
    assert {str(table) for table in pilot.tables.values()} <= set(every)


def test_a_class_goes_by_its_own_age_and_its_hours_stay(
    connection: Connection, pilot: Plant
) -> None:
    old_rows(connection)
    plant = keeping(pilot, fast=100)
    rolled(connection, plant)
    assert apply(connection, plant, Edition.APACHE) == ["telemetry.filling: 1 chunks dropped"]
    assert count(connection, "telemetry.filling") == 2
    assert count(connection, "telemetry.dry_room") == count(connection, "cell.filling") == 3
    assert count(connection, "telemetry.filling_1h") == 3, "the hour of what went is kept"
    assert apply(connection, plant, Edition.APACHE) == []


def test_late_rows_after_retention_leave_the_hours_of_what_went(
    connection: Connection, pilot: Plant
) -> None:
    old_rows(connection)
    plant = keeping(pilot, fast=100)
    rolled(connection, plant)
    apply(connection, plant, Edition.APACHE)
    connection.execute("UPDATE ingest.rolled SET minutes_until = DEFAULT, hours_until = DEFAULT")
    rolled(connection, plant)
    assert count(connection, "telemetry.filling_1h") == 3


def test_samples_that_are_in_no_hour_yet_are_not_dropped(
    connection: Connection, pilot: Plant
) -> None:
    old_rows(connection)
    with pytest.raises(RetentionError, match=r"class fast: .* run `jellyroll rollup`"):
        apply(connection, keeping(pilot, fast=100), Edition.APACHE)
    assert count(connection, "telemetry.filling") == 3


def test_lines_of_the_ledger_go_when_every_follower_has_read_them(
    connection: Connection, pilot: Plant
) -> None:
    for number in (1, 2, 3):
        write_entry(connection, Entry(number, "w", NOW, 1, 1, 1, 0, 0, ()))
    connection.execute("UPDATE ingest.batch SET committed_at = now() - INTERVAL '200 days'")
    connection.execute(
        "INSERT INTO ingest.dead_letter"
        " (batch, received_at, topic, payload, reason, detail, digest)"
        " SELECT n, now() - n * INTERVAL '200 days', 't', '', 'bad json', '', ''"
        " FROM generate_series(1, 2) AS n"
    )
    plant = keeping(pilot, ledger=100, dead_letters=300)
    assert apply(connection, plant, Edition.APACHE) == ["dead_letters: 1 rows deleted"]
    last = connection.execute("SELECT max(xid)::text FROM ingest.batch").fetchone()
    assert last is not None
    advance(connection, "monitor", int(last[0]))
    # The first came with a letter that is kept still.
    assert apply(connection, plant, Edition.APACHE) == ["ledger: 2 rows deleted"]


def test_the_plant_file_keeps_results_and_hours_for_good(pilot: Plant) -> None:
    assert pilot.retention.results.keep_d is None
    assert pilot.retention.hours.keep_d is None
    assert pilot.retention.fast.keep_d
    assert (Kind.CELL, "filling") in pilot.tables
