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
from tests.dashboards.fill import fill_all


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
        fill_all(connection, now)
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
