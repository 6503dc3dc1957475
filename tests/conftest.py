"""Fixtures that every room's tests share; the servers themselves come from fixtures_stack."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from plant.load import PILOT, load_plant
from plant.model import Plant
from stack.home import create_database
from stack.postgres import PrivateCluster
from storage.migrate import migrate

if TYPE_CHECKING:
    from tests.fixtures_stack import NewDatabase

pytest_plugins = ["tests.fixtures_stack"]

#: Tests that ask for one of these prove nothing when they are skipped.
_REAL_SERVICES = {"cluster", "broker", "fresh_database", "migrated_database"}
_NEEDED = "needed a real service"
_skipped = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--test-dsn",
        help="A TimescaleDB of the Community edition: what only that edition runs is tested there,"
        " in a database that is made and dropped.",
    )


@pytest.fixture(scope="session")
def pilot() -> Plant:
    return load_plant(PILOT)


@pytest.fixture(scope="session")
def pilot_template(cluster: PrivateCluster, pilot: Plant) -> str:
    """The name of a database with everything that the pilot plant needs, to be copied.

    Nobody can connect to it, so that no worker of TimescaleDB is in the way of a copy.
    """
    name = "pilot_template"
    create_database(cluster, name)
    migrate(cluster.dsn(name), pilot)
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    return name


@pytest.fixture
def migrated_database(new_database: NewDatabase, pilot_template: str) -> Iterator[str]:
    """The dsn of a new database with everything that the pilot plant needs."""
    with new_database(pilot_template) as dsn:
        yield dsn


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and _REAL_SERVICES & set(getattr(item, "fixturenames", ())):
        report.user_properties.append((_NEEDED, True))
    return report


class Skipped:
    """Counts the skipped tests that needed a real service, of all processes that run tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and (_NEEDED, True) in map(tuple, report.user_properties):
            self._config.stash.setdefault(_skipped, []).append(report.nodeid)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Skipped(config))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a database or broker test that was skipped is a failure."""
    if session.config.stash.get(_skipped, []) and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = config.stash.get(_skipped, [])
    terminalreporter.write_line(f"database and broker tests skipped: {len(skipped)}")
    given = config.getoption("--test-dsn")
    community = (
        "timescale edition by --test-dsn" if given else "Community edition not run: --test-dsn"
    )
    terminalreporter.write_line(f"TimescaleDB: apache edition; {community}")
    for name in skipped:
        terminalreporter.write_line(f"  skipped: {name}", red=True)
