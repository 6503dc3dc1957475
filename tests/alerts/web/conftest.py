"""Fixtures of the page's tests: the application on the alert tests' database, and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from alerts.web import account
from alerts.web.app import create_app, open_pool
from alerts.web.role import Role
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.web.browsing import chromium, page, serving
from tests.alerts.web.support import PASSWORD, SETTINGS, Browser

__all__ = ["chromium", "page", "serving"]

_FORGET = b"""
DELETE FROM web.account; DELETE FROM web.token; DELETE FROM web.failed_sign_in;
DELETE FROM analysis.chart
"""


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is slow to try on purpose, which tests have no time for."""
    quick = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    monkeypatch.setattr(account, "_HASHER", quick)
    monkeypatch.setattr(account, "_NOBODY", quick.hash("nobody"))


@pytest.fixture
def database(database: str) -> str:
    """The dsn of the alert tests' database, with nobody who may sign in and no chart."""
    with psycopg.connect(database) as connection:
        connection.execute(_FORGET)
    return database


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool[Connection]]:
    with open_pool(database) as pool:
        yield pool


StartApp = Callable[..., TestClient]


@pytest.fixture
def start_app(pool: ConnectionPool[Connection], pilot: Plant) -> Iterator[StartApp]:
    """Start the application with other settings than usual."""
    clients: list[TestClient] = []

    def start(*, plant: Plant = pilot, **changes: object) -> TestClient:
        settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
        client = TestClient(create_app(pool, plant, settings), base_url=settings.url)
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def client(start_app: StartApp) -> TestClient:
    """A client of the application, without a session."""
    return start_app()


@pytest.fixture
def stranger(client: TestClient) -> Browser:
    """A browser of nobody."""
    return Browser(client)


@pytest.fixture
def people(link: Connection) -> None:
    """An account for each role, named after it."""
    for role in Role:
        account.add(link, role, role, PASSWORD)


@pytest.fixture
def browser(start_app: StartApp, people: None) -> Callable[[str], Browser]:
    """Sign somebody in, by the name of their role, and return their browser."""

    def signed_in(name: str) -> Browser:
        visitor = Browser(start_app())
        assert visitor.sign_in(name).status_code == 303
        return visitor

    return signed_in


@pytest.fixture
def technician(browser: Callable[[str], Browser]) -> Browser:
    return browser("technician")
