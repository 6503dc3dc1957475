"""The API answers as its description says, whatever it is asked."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import ignored_auth

from alerts.web import api, token
from alerts.web.role import Role
from storage.connect import Connection
from tests.alerts.web.conftest import StartApp
from tests.alerts.web.support import ADDRESS, NOZZLE, open_alert

CALLS = [
    (route.path, method)
    for route in api.router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
#: Of a request, as both the description's library and the client know them.
PARTS = ("method", "url", "headers", "params", "json", "data")


@pytest.mark.parametrize(("path", "method"), CALLS)
def test_every_answer_is_one_that_the_description_names(
    path: str, method: str, start_app: StartApp, link: Connection
) -> None:
    for position in range(1, 5):
        open_alert(link, NOZZLE._replace(position=position))
    bearer, _ = token.add(link, "fuzz", Role.ENGINEER, 1)
    client = start_app()
    description = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    answered = []

    @settings(
        max_examples=20, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=description[path][method].as_strategy())
    def ask(case: Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {bearer}"}
        asked = case.as_transport_kwargs(base_url=ADDRESS, headers=headers)
        answer = client.request(**{name: asked[name] for name in PARTS if name in asked})
        # Whether a token is looked at is test_api's.
        case.validate_response(answer, headers=headers, excluded_checks=[ignored_auth])
        answered.append(answer.status_code)

    ask()
    assert answered
    assert max(answered) < 500
