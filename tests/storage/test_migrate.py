"""Migration: idempotent, additive, with its mirrors and roles."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from plant.load import REFERENCE, load_plant
from plant.model import Plant
from plant.signals import Signal
from storage.connect import Edition, connect
from storage.migrate import migrate
from storage.schema import missing_columns


def extended(plant: Plant) -> Plant:
    """The plant with one more signal and one more result at the filler."""
    station = plant.stations["filling"]
    new = Signal(unit="mbar", nominal=1.0, sd=0.1, rate_hz=1.0, source="A")
    changed = station.model_copy(
        update={
            "signals": {**station.signals, "purge_pressure": new},
            "results": {**station.results, "drip_mass": new.model_copy(update={"rate_hz": 0.0})},
        }
    )
    # Not model_copy: it would take the tables along that the old model has worked out.
    parts = {name: getattr(plant, name) for name in Plant.model_fields}
    return Plant(**{**parts, "stations": {**plant.stations, "filling": changed}})


def test_a_second_migration_finds_nothing_to_do(fresh_database: str, pilot: Plant) -> None:
    first = migrate(fresh_database, pilot)
    assert first.edition is Edition.APACHE
    assert len(first.changes) > 20
    assert migrate(fresh_database, pilot).changes == ()


def test_a_new_signal_is_a_new_column_and_costs_no_row(
    migrated_database: str, pilot: Plant
) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO telemetry.filling (time, equipment, vacuum)"
            " VALUES (now(), 'l1-filler-01', 5)"
        )
        done = migrate(migrated_database, extended(pilot))
        assert "column purge_pressure of telemetry.filling" in done.changes
        assert "column drip_mass of cell.filling" in done.changes
        row = connection.execute("SELECT vacuum, purge_pressure FROM telemetry.filling").fetchone()
        assert row == (5.0, None)


def test_a_signal_that_the_model_no_longer_has_keeps_its_column(
    fresh_database: str, pilot: Plant
) -> None:
    migrate(fresh_database, extended(pilot))
    migrate(fresh_database, pilot)
    with connect(fresh_database, application="test") as connection:
        assert missing_columns(connection, extended(pilot)) == []


def test_an_index_that_carries_more_takes_the_place_of_an_older_one(
    migrated_database: str, pilot: Plant
) -> None:
    covering = "filling_equipment_position_time_covering"
    older = "filling_equipment_position_time_idx"
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute(f"DROP INDEX cell.{covering}")
        connection.execute(f"CREATE INDEX {older} ON cell.filling (equipment, position, time)")
        assert migrate(migrated_database, pilot).changes == (f"index {covering}",)
        found = connection.execute(
            "SELECT indexname FROM pg_indexes"
            " WHERE schemaname = 'cell' AND indexname LIKE 'filling_equipment%'"
        ).fetchall()
    assert found == [(covering,)]


def test_the_reference_plant_fits_too(fresh_database: str) -> None:
    plant = load_plant(REFERENCE)
    migrate(fresh_database, plant)
    with connect(fresh_database, application="test") as connection:
        assert missing_columns(connection, plant) == []
        row = connection.execute(
            "SELECT count(*), count(DISTINCT line) FROM plant.equipment"
        ).fetchone()
        assert row == (len(plant.equipment), 8)


def test_every_table_of_the_plant_is_a_hypertable_with_its_key(
    migrated_database: str, pilot: Plant
) -> None:
    with psycopg.connect(migrated_database) as connection:
        found = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "SELECT hypertable_schema, hypertable_name FROM timescaledb_information.hypertables"
            )
        }
        assert {str(table) for table in pilot.tables.values()} <= found


def test_the_writer_may_write_but_drop_nothing(migrated_database: str) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute("SET ROLE jellyroll_writer")
        connection.execute(
            "INSERT INTO telemetry.filling (time, equipment, vacuum)"
            " VALUES (now(), 'l1-filler-01', 5)"
        )
        for command in ("DROP TABLE telemetry.filling", "DELETE FROM telemetry.filling"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(command)


def test_the_command_tells_what_it_did(fresh_database: str) -> None:
    command = [sys.executable, "-m", "jellyroll", "migrate", "--database", fresh_database]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "+ table cell.filling" in first.stdout
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert second.stdout == "TimescaleDB apache edition: nothing to do\n"


def test_an_unreachable_database_is_a_sentence_and_no_traceback() -> None:
    command = [
        sys.executable,
        "-m",
        "jellyroll",
        "migrate",
        "--database",
        "postgresql://127.0.0.1:9/x",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "jellyroll doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_samples_are_dropped_by_age_and_cells_are_kept(migrated_database: str) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        for days in (1, 200):
            connection.execute(
                "INSERT INTO telemetry.filling (time, equipment, vacuum)"
                " VALUES (now() - make_interval(days => %s), 'l1-filler-01', 5)",
                (days,),
            )
            connection.execute(
                "INSERT INTO cell.filling (time, cell, equipment)"
                " VALUES (now() - make_interval(days => %s), 'C1', 'l1-filler-01')",
                (days,),
            )
        database = ["--database", migrated_database]
        command = [sys.executable, "-m", "jellyroll", "retention", *database]
        early = subprocess.run(command, capture_output=True, text=True, check=False)
        assert early.returncode == 1
        assert "run `jellyroll rollup`" in early.stderr
        subprocess.run(
            [sys.executable, "-m", "jellyroll", "rollup", "--once", *database], check=True
        )
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "telemetry.filling: 1 chunks dropped\n"
        counts = (
            "SELECT (SELECT count(*) FROM telemetry.filling), (SELECT count(*) FROM cell.filling)"
        )
        assert connection.execute(counts).fetchone() == (1, 2)
