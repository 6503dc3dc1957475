"""Fixtures that every room's tests share; the servers themselves come from fixtures_stack."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from plant.load import PILOT, load_plant
from plant.model import Plant
from storage.migrate import migrate

pytest_plugins = ["tests.fixtures_stack"]

#: Tests that ask for one of these prove nothing when they are skipped.
_REAL_SERVICES = {"cluster", "broker", "fresh_database", "migrated_database"}
_skipped = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def pilot() -> Plant:
    return load_plant(PILOT)


@pytest.fixture
def migrated_database(fresh_database: str, pilot: Plant) -> str:
    """The dsn of a new database with everything that the pilot plant needs."""
    migrate(fresh_database, pilot)
    return fresh_database


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and _REAL_SERVICES & set(getattr(item, "fixturenames", ())):
        item.config.stash.setdefault(_skipped, []).append(item.nodeid)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a database or broker test that was skipped is a failure."""
    if session.config.stash.get(_skipped, []) and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = config.stash.get(_skipped, [])
    terminalreporter.write_line(f"database and broker tests skipped: {len(skipped)}")
    for name in skipped:
        terminalreporter.write_line(f"  skipped: {name}", red=True)
