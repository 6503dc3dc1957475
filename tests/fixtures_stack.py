"""Fixtures for tests that need a real TimescaleDB and a real Mosquitto.

Where the servers cannot be had, the tests fail: a skipped test proves nothing.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from stack.broker import PrivateBroker
from stack.packages import install
from stack.postgres import PrivateCluster
from stack.programs import Programs


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The servers' programs; the first run on a machine installs them."""
    return install()


@pytest.fixture(scope="session")
def stack_folder() -> Iterator[Path]:
    """A folder for servers. Not pytest's tmp_path: root's is closed to the servers' account."""
    with tempfile.TemporaryDirectory(prefix="jellyroll-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def cluster(programs: Programs, stack_folder: Path) -> Iterator[PrivateCluster]:
    """A running private cluster, as durable as a real one, so that tests may crash it."""
    cluster = PrivateCluster(programs, stack_folder / "cluster")
    cluster.start()
    yield cluster
    cluster.stop("immediate")


@pytest.fixture(scope="session")
def broker(programs: Programs, stack_folder: Path) -> Iterator[PrivateBroker]:
    """A running private broker. Its sessions are shared: name client ids after the test."""
    broker = PrivateBroker(programs, stack_folder / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def fresh_database(cluster: PrivateCluster) -> Iterator[str]:
    """The dsn of an empty database of its own, dropped after the test."""
    name = f"test_{secrets.token_hex(6)}"
    cluster.start()  # a test before this one may have crashed it
    _execute(cluster, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield cluster.dsn(name)
    cluster.start()
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    _execute(cluster, drop.format(sql.Identifier(name)))


def _execute(cluster: PrivateCluster, statement: sql.Composed) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(statement)
