"""A migrated database that the tests of a module share; each rolls back what it did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.connect import Connection, connect
from tests.fixtures_stack import NewDatabase


@pytest.fixture(scope="module")
def shared_database(new_database: NewDatabase, pilot_template: str) -> Iterator[str]:
    """The dsn of a migrated database; who commits to it changes it for the tests after."""
    with new_database(pilot_template) as dsn:
        yield dsn


@pytest.fixture
def connection(shared_database: str) -> Iterator[Connection]:
    """A connection to the shared database; what it does is rolled back."""
    connection = connect(shared_database, application="test")
    yield connection
    connection.rollback()
    connection.close()
