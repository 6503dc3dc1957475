"""What `jellyroll storage report` says of a database of known growth."""

from __future__ import annotations

import json
import os

import psycopg
import pytest
from typer.testing import CliRunner

from storage.commands import app
from storage.connect import connect
from storage.report import report

_DAYS = 4


@pytest.fixture
def filled(migrated_database: str) -> str:
    """The dsn of a database that has had a sample a second for four days."""
    with psycopg.connect(migrated_database) as connection:
        connection.execute(
            "INSERT INTO telemetry.filling (time, equipment, vacuum)"
            " SELECT now() - make_interval(secs => 10 * i), 'l1-filler-01', 5"
            " FROM generate_series(0, %s) AS i",
            (_DAYS * 8_640,),
        )
        connection.execute(
            "INSERT INTO ingest.batch (id, worker, received_at, committed_at, messages)"
            " VALUES (1, 'w', now(), now() - make_interval(days => %s), 1)",
            (_DAYS,),
        )
    return migrated_database


def test_growth_is_what_came_over_the_time_in_which_it_came(filled: str) -> None:
    with connect(filled, application="test") as connection:
        found = report(connection, free_bytes=10_000_000_000)
    (filling,) = [table for table in found.tables if table.table == "telemetry.filling"]
    assert filling.chunks in {_DAYS, _DAYS + 1}
    assert filling.bytes_per_day == pytest.approx(filling.bytes / _DAYS, rel=0.01)
    assert found.bytes > filling.bytes > 1_000_000
    assert found.bytes_per_day == pytest.approx(
        sum(table.bytes_per_day or 0 for table in found.tables)
    )
    assert found.days_left == pytest.approx(10_000_000_000 / found.bytes_per_day)


def test_a_database_of_a_moment_has_no_growth_and_no_days_left(migrated_database: str) -> None:
    with connect(migrated_database, application="test") as connection:
        found = report(connection, free_bytes=1)
    assert found.tables == ()
    assert found.days_left is None


def test_the_free_room_is_that_of_the_server_s_disk_where_it_is_this_machine_s(filled: str) -> None:
    with connect(filled, application="test") as connection:
        found = report(connection)
    if os.geteuid() == 0:  # others may not look into the server's folder
        assert found.free_bytes
        assert found.days_left


def test_the_command_tells_people_and_machines(filled: str) -> None:
    arguments = ["report", "--database", filled, "--free-gb", "10"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "telemetry.filling" in done.output
    assert "edition" in done.output
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert told["free_bytes"] == 10_000_000_000
    assert {"table", "chunks", "bytes", "bytes_per_day", "compression"} == told["tables"][0].keys()
