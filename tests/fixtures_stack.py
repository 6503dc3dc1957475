"""Fixtures for tests that need a real TimescaleDB and a real Mosquitto.

Where the servers cannot be had, the tests fail: a skipped test proves nothing.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


@pytest.fixture(scope="module")
def broker(programs: Programs, stack_folder: Path) -> Iterator[PrivateBroker]:
    """A running private broker, new for each file of tests: sessions of one outlive the test."""
    broker = PrivateBroker(programs, stack_folder / f"broker-{secrets.token_hex(4)}")
    broker.start()
    yield broker
    broker.stop()


NewDatabase = Callable[[str], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def new_database(cluster: PrivateCluster) -> NewDatabase:
    """A context manager: gives the dsn of a new copy of the template named, and drops it."""

    @contextmanager
    def made(template: str) -> Iterator[str]:
        name = f"test_{secrets.token_hex(6)}"
        cluster.start()  # a test before this one may have crashed it
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        _execute(cluster, create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield cluster.dsn(name)
        finally:
            cluster.start()
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            _execute(cluster, drop.format(sql.Identifier(name)))

    return made


@pytest.fixture
def fresh_database(new_database: NewDatabase) -> Iterator[str]:
    """The dsn of an empty database of its own, dropped after the test."""
    # Nobody can be connected to template0; the launcher of TimescaleDB looks into template1.
    with new_database("template0") as dsn:
        yield dsn


def _execute(cluster: PrivateCluster, statement: sql.Composed) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(statement)
