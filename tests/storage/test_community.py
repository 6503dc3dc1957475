"""What only the Community edition runs, wherever such a server is given by `--test-dsn`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from plant.model import Plant
from storage.connect import Edition, connect, edition
from storage.migrate import migrate
from storage.report import report


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


def test_rollups_give_what_the_raw_rows_give(community: str, pilot: Plant) -> None:
    assert migrate(community, pilot).edition is Edition.COMMUNITY
    assert migrate(community, pilot).changes == ()
    with connect(community, application="test", autocommit=True) as connection:
        assert edition(connection) is Edition.COMMUNITY
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
            " SELECT now() - make_interval(mins => i), 'c' || i, 'l1-filler-01', 1 + i % 8, 'pass',"
            "   6.4 + 0.01 * sin(i) FROM generate_series(1, 3000) AS i"
        )
        for step in ("1m", "1h"):
            connection.execute(
                f"CALL refresh_continuous_aggregate('cell.filling_{step}_v1', NULL, now())"
            )
        hours = connection.execute(
            "SELECT sum(rows)::int, sum(fill_mass_sum), min(fill_mass_min), max(fill_mass_max)"
            " FROM cell.filling_1h"
        ).fetchone()
        raw = connection.execute(
            "SELECT count(*)::int, sum(fill_mass), min(fill_mass), max(fill_mass) FROM cell.filling"
        ).fetchone()
        assert hours == pytest.approx(raw)
        assert report(connection, pilot, free_bytes=1).edition is Edition.COMMUNITY
