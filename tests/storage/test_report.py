"""What `jellyroll storage report` says of a database of known growth."""

from __future__ import annotations

import json
import os

import psycopg
import pytest
from typer.testing import CliRunner

from plant.model import Plant
from storage.commands import app
from storage.connect import connect
from storage.report import Growing, days_until, report

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


def test_growth_is_what_came_over_the_time_in_which_it_came(filled: str, pilot: Plant) -> None:
    with connect(filled, application="test") as connection:
        found = report(connection, pilot, free_bytes=10_000_000_000)
    (filling,) = [table for table in found.tables if table.table == "telemetry.filling"]
    assert filling.chunks in {_DAYS, _DAYS + 1}
    assert filling.bytes_per_day == pytest.approx(filling.bytes / _DAYS, rel=0.01)
    assert found.bytes > filling.bytes > 1_000_000
    assert found.bytes_per_day == pytest.approx(
        sum(table.bytes_per_day or 0 for table in found.tables)
    )
    # Samples of filling are let go after 120 days: by then they are far from filling the disk.
    assert found.is_enough


def test_a_database_of_a_moment_has_no_growth_and_no_days_left(
    migrated_database: str, pilot: Plant
) -> None:
    with connect(migrated_database, application="test") as connection:
        found = report(connection, pilot, free_bytes=1)
    assert not any(table.bytes_per_day for table in found.tables)
    assert found.days_left is None
    assert not found.is_enough


def test_the_free_room_is_that_of_the_server_s_disk_where_it_is_this_machine_s(
    filled: str, pilot: Plant
) -> None:
    with connect(filled, application="test") as connection:
        found = report(connection, pilot)
    if os.geteuid() == 0:  # others may not look into the server's folder
        assert found.free_bytes
        assert found.days_left or found.is_enough


def test_the_command_tells_people_and_machines(filled: str) -> None:
    arguments = ["report", "--database", filled, "--free-gb", "10"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "telemetry.filling" in done.output
    assert "edition" in done.output
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert told["free_bytes"] == 10_000_000_000
    assert told["tables"][0].keys() >= {"table", "kept_as", "chunks", "bytes", "compression"}
    fast = next(one for one in told["classes"] if one["name"] == "fast")
    assert (fast["keep_d"], fast["bytes"] > 1_000_000) == (120, True)


def planned(plant: Plant, **classes: dict[str, float]) -> Plant:
    whole = plant.model_dump()
    whole["retention"] = classes
    return Plant.model_validate(whole)


def test_a_class_comes_to_what_it_grows_in_the_days_it_is_kept(filled: str, pilot: Plant) -> None:
    plant = planned(pilot, fast={"keep_d": 100, "size_gb": 1e-3}, slow={"size_gb": 1})
    with connect(filled, application="test") as connection:
        found = {one.name: one for one in report(connection, plant, free_bytes=1).classes}
    fast = found["fast"]
    assert fast.bytes_at_end == pytest.approx(100 * fast.bytes_per_day)
    assert fast.is_over_plan
    assert found["results"].bytes_at_end is None
    assert not found["slow"].is_over_plan


@pytest.mark.parametrize(
    ("free", "growing", "days"),
    [
        (100, [(10, None)], 10),
        (100, [(10, 50), (5, None)], 10),  # 5 days of 15, then 5 days of 5
        (100, [(10, 50), (5, 49)], None),
        (100, [(10, 50), (5, 50)], 10),
        (100, [(0, None)], None),
    ],
)
def test_the_disk_is_full_when_all_have_grown_by_what_is_free(
    free: float, growing: list[tuple[float, float | None]], days: float | None
) -> None:
    assert days_until(free, [Growing(*one) for one in growing]) == days
