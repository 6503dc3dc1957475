"""What Prometheus reads."""

from __future__ import annotations

from fastapi.testclient import TestClient

from alerts.web import token
from alerts.web.role import Role
from storage.connect import Connection
from tests.alerts.web.conftest import StartApp
from tests.alerts.web.support import Browser, open_alert


def test_metrics_tell_of_open_alerts_and_of_requests_by_route(
    technician: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    technician.get(f"/alerts/{alert.id}")
    technician.client.request("INVENTED", "/nothing")
    bearer, _ = token.add(link, "prometheus", Role.VIEWER, 1)
    text = technician.client.get("/metrics", headers={"Authorization": f"Bearer {bearer}"}).text
    for line in (
        'jellyroll_alerts_open{line="l1",severity="high",state="unacknowledged",suppressed=""} 1.0',
        'jellyroll_web_requests_total{method="GET",route="/alerts/{number}",status="200"} 1.0',
        'jellyroll_web_requests_total{method="other",route="none",status="404"} 1.0',
        'jellyroll_web_request_seconds_count{route="/alerts/{number}"} 1.0',
    ):
        assert line in text, text


def test_metrics_of_a_closed_page_need_a_token(client: TestClient, database: str) -> None:
    assert client.get("/metrics").status_code == 401


def test_metrics_of_an_open_page_need_none(start_app: StartApp) -> None:
    assert start_app(is_open=True).get("/metrics").status_code == 200


def test_the_health_check_asks_the_database(client: TestClient, database: str) -> None:
    assert client.get("/healthz").text == "ok\n"
