"""What only the Community edition runs, wherever such a server is given by `--test-dsn`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dashboards.targets import committed
from dashboards.timing import timings
from plant.model import Plant
from storage.connect import Connection, Edition, connect, edition
from storage.migrate import migrate
from storage.report import report
from storage.retention import apply
from storage.rolling import Roller


@pytest.fixture
def community(request: pytest.FixtureRequest) -> Iterator[str]:
    """The dsn of a new database on the Community server."""
    server = request.config.getoption("--test-dsn")
    if not server:
        pytest.skip("needs --test-dsn, a TimescaleDB of the Community edition")
    name = f"jellyroll_test_{secrets.token_hex(4)}"
    database = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def filled(connection: Connection) -> None:
    """Insert a cell a minute for three days, all from filling to ageing, and samples beside."""
    for station, columns, values in (
        ("filling", "verdict, fill_mass", "'pass', 6.4 + 0.01 * sin(i)"),
        ("formation", "first_cycle_efficiency", "0.88 + 0.001 * sin(i)"),
        ("ageing", "ocv1, ocv2, ocv_hours", "3.6, 3.6 - 0.0001 * (i % 7), 168"),
    ):
        connection.execute(
            f"INSERT INTO cell.{station} (time, cell, equipment, position, {columns})"
            f" SELECT now() - make_interval(mins => i), 'c' || i, min(e.name), 1 + i % 8, {values}"
            " FROM generate_series(1, 4320) AS i, plant.equipment AS e"
            f" WHERE e.station = '{station}' GROUP BY i"
        )
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum)"
        " SELECT now() - make_interval(secs => 10 * i), 'l1-filler-01', 5 + sin(i)"
        " FROM generate_series(1, 25920) AS i"
    )


def refreshed(connection: Connection, table: str) -> None:
    for step in ("1m", "1h"):
        connection.execute(f"CALL refresh_continuous_aggregate('{table}_{step}_v1', NULL, now())")


def sums(connection: Connection, query: str) -> tuple[object, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


RAW = "SELECT count(*)::int, sum(fill_mass), min(fill_mass), max(fill_mass) FROM cell.filling"
ROLLED = (
    "SELECT sum(rows)::int, sum(fill_mass_sum), min(fill_mass_min), max(fill_mass_max)"
    " FROM cell.filling_{}"
)


def test_rollups_give_what_the_raw_rows_give_late_ones_too(community: str, pilot: Plant) -> None:
    assert migrate(community, pilot).edition is Edition.COMMUNITY
    assert migrate(community, pilot).changes == ()
    with connect(community, application="test", autocommit=True) as connection:
        assert edition(connection) is Edition.COMMUNITY
        filled(connection)
        for _ in range(2):
            refreshed(connection, "cell.filling")
            for step in ("1m", "1h"):
                assert sums(connection, ROLLED.format(step)) == pytest.approx(sums(connection, RAW))
            # The second time round: a row two days late, and one that has just come.
            connection.execute(
                "INSERT INTO cell.filling (time, cell, equipment, position, fill_mass)"
                " VALUES (now() - INTERVAL '2 days', 'late', 'l1-filler-01', 3, 6.1),"
                " (now(), 'new', 'l1-filler-01', 3, 6.2)"
            )


def test_what_no_aggregate_can_hold_is_kept_by_the_service(community: str, pilot: Plant) -> None:
    migrate(community, pilot)
    with connect(community, application="test", autocommit=True) as connection:
        filled(connection)
        roller = Roller(pilot)
        roller.attach(connection)
        while roller.step(connection, datetime.now(UTC)).is_behind:
            pass
        kept = sums(connection, "SELECT sum(cells)::int, sum(new)::int FROM cell.visit_1h")
        shown = sums(connection, "SELECT sum(cells)::int, sum(new)::int FROM dash.output_1h")
        assert kept[0] != shown[0] == shown[1] == 3 * 4320
        trays = "SELECT sum(n)::int FROM dash.spread_1h WHERE factor = 'tray'"
        assert sums(connection, trays) == (4320,)
        assert not connection.execute("SELECT to_regclass('cell.filling_1h_kept')").fetchone()[0]  # type: ignore[index]


def test_classes_are_compressed_and_let_go_by_policies(community: str, pilot: Plant) -> None:
    whole = pilot.model_dump()
    whole["retention"] = {
        "fast": {"keep_d": 120, "compress_after_d": 95}, "minutes": {"keep_d": 400},
    }  # fmt: skip
    plant = Plant.model_validate(whole)
    migrate(community, plant)
    with connect(community, application="test", autocommit=True) as connection:
        filled(connection)
        refreshed(connection, "telemetry.filling")
        changes = apply(connection, plant, Edition.COMMUNITY)
        assert "telemetry.filling: a policy keeps 120 days" in changes
        assert "telemetry.filling_1m_v1: a policy keeps 400 days" in changes
        assert "cell.visit_1m: a policy keeps 400 days" in changes
        assert not any("_1h" in change or "cell.filling:" in change for change in changes)
        assert apply(connection, plant, Edition.COMMUNITY) == changes
        ages = connection.execute(
            "SELECT proc_name, config ->> 'drop_after', config ->> 'compress_after'"
            " FROM timescaledb_information.jobs WHERE hypertable_schema = 'telemetry'"
            " AND hypertable_name = 'filling' AND proc_name ~ 'retention|compression' ORDER BY 1"
        ).fetchall()
        assert ages == [
            ("policy_compression", None, "95 days"), ("policy_retention", "120 days", None),
        ]  # fmt: skip
        apply(connection, Plant.model_validate({**whole, "retention": {}}), Edition.COMMUNITY)
        policies = "SELECT FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"
        assert connection.execute(policies).rowcount == 0
        connection.execute("SELECT compress_chunk(c) FROM show_chunks('telemetry.filling') AS c")
        found = report(connection, plant, free_bytes=10**12)
    assert found.edition is Edition.COMMUNITY
    fast = next(one for one in found.classes if one.name == "fast")
    assert (fast.compression or 0) > 2
    minutes = next(table for table in found.tables if table.table == "telemetry.filling_1m_v1")
    assert (minutes.kept_as, minutes.chunks > 0) == ("minutes", True)


def test_every_query_of_every_board_runs(community: str, pilot: Plant) -> None:
    migrate(community, pilot)
    with connect(community, application="test", autocommit=True) as connection:
        filled(connection)
        connection.execute("SET search_path = dash, public")
        found = list(timings(connection, committed(), datetime.now(UTC)))
    assert {timing.fault for timing in found} == {""}
