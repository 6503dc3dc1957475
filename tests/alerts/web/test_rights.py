"""The role of the services is enough for the page; it needs no owner of the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from alerts.web import account, token
from alerts.web.app import create_app
from alerts.web.role import Role
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.web.support import PASSWORD, SETTINGS, Browser, open_alert


def _as_service(connection: Connection) -> None:
    connection.execute("SET ROLE jellyroll_writer")


@pytest.fixture
def service_pool(database: str) -> Iterator[ConnectionPool[Connection]]:
    with ConnectionPool(
        database, kwargs={"autocommit": True}, configure=_as_service, min_size=1, open=True
    ) as pool:
        yield pool


def test_the_role_of_the_services_serves_every_page_and_makes_every_change(
    service_pool: ConnectionPool[Connection], pilot: Plant, link: Connection
) -> None:
    alert = open_alert(link)
    with service_pool.connection() as connection:
        account.add(connection, "ada", Role.TECHNICIAN, PASSWORD)
        account.change(connection, "ada", role=Role.ENGINEER)
        bearer, _ = token.add(connection, "cmms", Role.VIEWER, 1)
    browser = Browser(TestClient(create_app(service_pool, pilot, SETTINGS)))
    assert browser.sign_in("ada", "a wrong password").status_code == 401
    assert browser.sign_in("ada").status_code == 303
    for path in ("/", "/alerts", f"/alerts/{alert.id}", "/performance", "/healthz"):
        assert browser.get(path).status_code == 200, path
    for change, fields in (
        ("acknowledge", {}),
        ("comment", {"why": "x"}),
        ("assign", {"assignee": "ada"}),
        ("shelve", {"hours": "1", "why": "x"}),
        ("unshelve", {}),
        ("resolve", {"cause": "true_alarm wear"}),
    ):
        answer = browser.post(f"/alerts/{alert.id}/{change}", **fields)
        assert answer.status_code == 303, (change, answer.text)
    headers = {"Authorization": f"Bearer {bearer}"}
    for path in ("/api/v1/health", "/api/v1/performance", "/metrics"):
        assert browser.client.get(path, headers=headers).status_code == 200, path
    assert browser.post("/sign-out").status_code == 303
