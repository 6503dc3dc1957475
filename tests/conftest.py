"""Fixtures that every room's tests share; the servers themselves come from fixtures_stack."""

from __future__ import annotations

import pytest

from plant.load import PILOT, load_plant
from plant.model import Plant
from storage.migrate import migrate

pytest_plugins = ["tests.fixtures_stack"]


@pytest.fixture(scope="session")
def pilot() -> Plant:
    return load_plant(PILOT)


@pytest.fixture
def migrated_database(fresh_database: str, pilot: Plant) -> str:
    """The dsn of a new database with everything that the pilot plant needs."""
    migrate(fresh_database, pilot)
    return fresh_database
