"""Mounts and flags are current when somebody asks, or the answer says since when they are not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from genealogy.commands import app
from storage.connect import Connection, connect
from tests.genealogy.test_trace import add_records

MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    """A lot that went into a slurry before it was received, and cells of a strip of that."""
    with connect(migrated_database, application="test") as connection:
        add_records(
            connection,
            [
                ("slurry-1", "lot-1", "l1-mixer-c-01", None, None, 400.0),
                ("lot-1", "delivery-4711", "l1-mixer-c-01", None, None, 20000.0),
                ("roll-1", "slurry-1", "l1-coater-c-01", None, None, 380.0),
                ("strip-1", "roll-1", "l1-slitter-c-01", 0.0, 3000.0, None),
                ("cell-1", "strip-1", "l1-winder-01", 0.0, 0.8, None),
            ],
        )
        yield connection


def enter(connection: Connection, rows: int) -> None:
    """Write the ledger line of the records, of so many *rows* as it says."""
    connection.execute("INSERT INTO ingest.batch (id, worker, received_at, messages)"
                       " VALUES (1, 'test', now(), 1)")  # fmt: skip
    connection.execute(
        "INSERT INTO ingest.batch_span VALUES (1, 'material.genealogy', %s, %s, %s)",
        (rows, MORNING, MORNING + timedelta(hours=1)),
    )
    connection.execute("UPDATE material.genealogy SET batch = 1")
    connection.commit()


def run(*words: str, dsn: str) -> str:
    result = CliRunner().invoke(app, [*words, "--database", dsn])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_cell_shows_what_contradicts_its_material_though_nobody_has_checked(
    connection: Connection, migrated_database: str
) -> None:
    enter(connection, 5)
    output = run("cell-1", dsn=migrated_database)
    assert "used before it was made: lot-1 went into slurry-1" in output
    assert "delivery-4711" in output
    found = orjson.loads(run("flags", "slurry-1", "--json", dsn=migrated_database))
    assert [flag["kind"] for flag in found] == ["used before it was made"]


def test_much_that_is_not_checked_is_told_and_left(
    connection: Connection, migrated_database: str
) -> None:
    enter(connection, 1_000_000)
    output = run("cell-1", dsn=migrated_database)
    assert "are not checked, nor what they mounted: run `jellyroll trace flags`" in output
    assert "used before" not in output
    run("flags", dsn=migrated_database)
    assert "used before" in run("cell-1", dsn=migrated_database)


def test_the_service_tells_a_flag_when_it_comes_and_stops_when_told(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    enter(connection, 5)
    command = [sys.executable, "-m", "jellyroll", "trace", "flags", "--follow"]
    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen(
            [*command, "--database", migrated_database],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    with service:
        assert service.stdout is not None
        assert "used before it was made  slurry-1" in service.stdout.readline()
        service.send_signal(signal.SIGTERM)
    assert service.returncode == 0
    assert (tmp_path / "log").read_text().splitlines()[-1].endswith("stopped")


def test_what_a_module_was_made_of_leads_back_from_the_cell(
    connection: Connection, migrated_database: str
) -> None:
    add_records(connection, [("module-9", "cell-1", "l1-tester-01", None, None, None)])
    connection.commit()
    document = orjson.loads(run("cell", "cell-1", "--json", dsn=migrated_database))
    assert [use["child"] for use in document["made"]] == ["module-9"]
    assert "module-9" in run("cell", "cell-1", dsn=migrated_database)


def test_a_roll_is_written_with_states_and_a_cell_is_drawn(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    connection.commit()
    out, drawn = tmp_path / "cells.csv", tmp_path / "cell.svg"
    run("roll", "roll-1", "--metres", "0:1", "--out", str(out), dsn=migrated_database)
    assert out.read_text().splitlines() == [
        "cell,time,grade,disposition,held_because,commerce,doubts,state",
        "cell-1,,,,,,,not judged",
    ]
    run("cell-1", "--picture", str(drawn), dsn=migrated_database)
    assert "strip-1" in drawn.read_text()
