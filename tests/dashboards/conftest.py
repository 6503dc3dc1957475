"""Queries as Grafana sends them, and a small database to show them to."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dashboards.expand import Variables, View, sent
from dashboards.targets import committed
from plant.model import Plant
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate
from tests.dashboards.fill import fill_other_boards


@pytest.fixture
def render() -> Callable[..., str]:
    """A query as it reaches the database: `render(text, view, variables, panel)`."""

    def rendered(
        text: str, view: View, variables: Variables, panel: dict[str, Any] | None = None
    ) -> str:
        return sent(text, view, variables, panel)

    return rendered


@pytest.fixture(scope="session")
def board() -> dict[str, Any]:
    """The committed board of one station."""
    return next(content for content in committed() if content["uid"] == "jr-station")


@pytest.fixture(scope="session")
def views(now: datetime) -> dict[str, View]:
    """The three zooms that read raw rows, minutes and hours."""
    spans = {
        "15 min": timedelta(minutes=15),
        "24 h": timedelta(hours=24),
        "30 d": timedelta(days=30),
    }
    return {name: View(now - span, now) for name, span in spans.items()}


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def plant_database(cluster: PrivateCluster, pilot: Plant, now: datetime) -> Iterator[str]:
    """The dsn of a migrated database with cells, samples, books, alerts and anomalies in it."""
    name = f"dashboards_{secrets.token_hex(4)}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn = cluster.dsn(name)
    migrate(dsn, pilot, passwords={"grafana_reader": "see all, touch nothing"})
    with connect(dsn, application="test") as connection:
        _fill(connection, now)
    yield dsn
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture(scope="module")
def reader(cluster: PrivateCluster, plant_database: str) -> Iterator[Connection]:
    """A connection as Grafana has it, with the settings of its role."""
    cluster.start()  # a module of tests before this one may have crashed it
    dsn = make_conninfo(plant_database, user="grafana_reader", password="see all, touch nothing")
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def _fill(connection: Connection, now: datetime) -> None:
    # A cell each 5 s for the last two hours, each 3 minutes for the last two days, each hour for
    # the last 90 days, on eight nozzles of which the third doses low.
    for every_s, count in ((5, 1_440), (180, 960), (3_600, 2_160)):
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
            " SELECT %(now)s - make_interval(secs => %(every)s * i),"
            "   'c' || %(every)s || '-' || i, 'l1-filler-01', 1 + i %% 8,"
            "   CASE i %% 50 WHEN 0 THEN 'fail' ELSE 'pass' END,"
            "   6.4 + 0.02 * sin(i) - CASE i %% 8 WHEN 2 THEN 0.38 ELSE 0 END"
            " FROM generate_series(1, %(count)s) AS i",
            {"now": now, "every": every_s, "count": count},
        )
    connection.execute(
        "INSERT INTO cell.welding (time, cell, equipment, weld_current)"
        " SELECT %s - make_interval(secs => 60 * i), 'w' || i, 'l1-welder-01', 900"
        " FROM generate_series(1, 100) AS i",
        (now,),
    )
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum, dose_flow)"
        " SELECT now() - make_interval(secs => i), 'l1-filler-01', 5,"
        "   array_fill(0.05::float8, '{8}')"
        " FROM generate_series(1, 50) AS i"
    )
    connection.execute(
        "INSERT INTO ingest.batch"
        " (id, worker, received_at, committed_at, messages, rows, value_count, dead_letters)"
        " SELECT i, 'w', t, t, 100, 100, 2000, 1 FROM generate_series(1, 500) AS i"
        " CROSS JOIN LATERAL (SELECT %s - make_interval(mins => 10 * i) AS t) AS at",
        (now,),
    )
    connection.execute(
        "INSERT INTO ingest.dead_letter"
        " (batch, received_at, topic, payload, reason, detail, digest)"
        " SELECT id, received_at, 'v1/acme/desoto/x', '{', 'bad json', 'ends early', sha256('x')"
        " FROM ingest.batch WHERE id > 3"
    )
    for state, minutes in (("on", 60), ("off", 30), ("on", 10)):
        connection.execute(
            "INSERT INTO analysis.anomaly (detected_at, state, line, station, equipment, position,"
            " characteristic, direction, since, time, statistic, limit_value, value, expected, sd,"
            " unit, samples, last_points, model)"
            " VALUES (%s, %s, 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', %s, %s,"
            " 9, 5, 6.02, 6.4, 0.025, 'g', 12, '[]', 'cusum-1')",
            (now - timedelta(minutes=minutes), state, now - timedelta(minutes=minutes + 5), now),
        )
    connection.execute(
        "INSERT INTO alert.alert (opened_at, state, severity, line, station, equipment, position,"
        " characteristic, direction, title, since, details) VALUES (%s, 'unacknowledged', 'high',"
        " 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', 'Nozzle 3 doses low', %s, '{}')",
        (now - timedelta(minutes=9), now - timedelta(minutes=15)),
    )
    fill_other_boards(connection, now)
    connection.execute("ANALYZE")
