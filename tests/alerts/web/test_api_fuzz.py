"""The API holds what its description says, whatever it is asked."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from alerts.web import token
from alerts.web.role import Role
from storage.connect import Connection
from tests.alerts.web.conftest import StartApp
from tests.alerts.web.support import NOZZLE, open_alert


@pytest.fixture
def described(start_app: StartApp, link: Connection) -> schemathesis.BaseSchema:
    for position in range(1, 5):
        open_alert(link, NOZZLE._replace(position=position))
    new, _ = token.add(link, "fuzz", Role.ENGINEER, 1)
    app = start_app().app
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {new}"})
    return schema


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_every_answer_is_one_that_the_description_names(case: Case) -> None:
    case.call_and_validate()
