"""The API of programs: by token, as wide as its role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response

from alerts.web import api, token
from alerts.web.role import Role
from storage.connect import Connection
from tests.alerts.web.support import NOZZLE, Browser, open_alert

Ask = Callable[..., Response]


@pytest.fixture
def ask(client: TestClient, link: Connection) -> Ask:
    """Ask the API as a program of some role."""
    tokens = {role: token.add(link, f"{role}-program", role, 1)[0] for role in Role}

    def call(method: str, path: str, role: Role = Role.TECHNICIAN, **options: Any) -> Response:
        headers = {"Authorization": f"Bearer {tokens[role]}"}
        return client.request(method, f"/api/v1{path}", headers=headers, **options)

    return call


def test_a_program_reads_what_the_page_shows(ask: Ask, link: Connection) -> None:
    alert = open_alert(link)
    assert ask("GET", "/caller").json() == {
        "name": "technician-program (token)",
        "role": "technician",
    }
    (line,) = ask("GET", "/health").json()["lines"]
    assert line["open"]["unacknowledged"] == 1
    assert {s["name"] for s in line["stations"]} >= {"filling", "winding"}
    found = ask("GET", "/alerts", params={"station": "filling"}).json()
    assert [a["id"] for a in found["alerts"]] == [alert.id]
    assert found["alerts"][0]["cause"]["position"] == 3
    one = ask("GET", f"/alerts/{alert.id}").json()
    assert one["alert"]["details"]["expected"] == 6.4
    assert [event["what"] for event in one["events"]] == ["opened"]
    assert one["evidence"]["expected"] == 6.4
    assert one["evidence"]["points"]
    assert one["affected"]["count"] == 0
    assert "cell.filling" in one["affected"]["query"].replace('"', "")
    performance = ask("GET", "/performance").json()
    assert performance["top"][0]["alarms"] == 1
    assert performance["per_day"][-1][1] == sum(count for _, count in performance["last_day"]) == 1


def test_a_program_does_what_a_technician_does(ask: Ask, link: Connection) -> None:
    path = f"/alerts/{open_alert(link).id}"
    until = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    for what, body, expected in (
        ("acknowledge", {"why": "work order 77"}, {"state": "acknowledged"}),
        ("comment", {"why": "parts ordered"}, {"state": "acknowledged"}),
        ("assign", {"assignee": "ada"}, {"assignee": "ada"}),
        ("shelve", {"until": until, "why": "waiting"}, {"suppressed": "shelved"}),
        ("unshelve", {}, {"shelved_until": None}),
        ("resolve", {"resolution": "true_alarm", "cause_code": "wear"}, {"state": "normal"}),
    ):
        answer = ask("POST", f"{path}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json() | expected == answer.json()
    whos = link.execute("SELECT DISTINCT who FROM alert.event ORDER BY who").fetchall()
    assert whos == [("jellyroll",), ("technician-program (token)",)]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer jellyroll_x", "Basic YTpi"]
)
def test_without_a_valid_token_nothing_is_said(
    authorization: str, client: TestClient, database: str
) -> None:
    answer = client.get("/api/v1/alerts", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_of_the_page_is_no_token(technician: Browser) -> None:
    assert technician.get("/api/v1/alerts").status_code == 401


def test_a_token_ends_and_can_be_taken_away(client: TestClient, link: Connection) -> None:
    new, ends = token.add(link, "cmms", Role.VIEWER, 7)
    headers = {"Authorization": f"Bearer {new}"}
    assert 6.9 < (ends - datetime.now(UTC)).total_seconds() / 86400 <= 7
    assert client.get("/api/v1/caller", headers=headers).status_code == 200
    link.execute("UPDATE web.token SET expires_at = clock_timestamp() - interval '1 s'")
    assert client.get("/api/v1/caller", headers=headers).status_code == 401
    token.remove(link, "cmms")
    assert link.execute("SELECT count(*) FROM web.token").fetchone() == (0,)
    with pytest.raises(token.TokenError, match="no token 'cmms'"):
        token.remove(link, "cmms")


def test_the_database_does_not_know_the_token(link: Connection) -> None:
    new, _ = token.add(link, "cmms", Role.VIEWER, 7)
    row = link.execute("SELECT t::text FROM web.token t").fetchone()
    assert row
    assert new.encode().hex() not in row[0]
    assert new not in row[0]
    with pytest.raises(token.TokenError, match="already"):
        token.add(link, "cmms", Role.VIEWER, 7)


@pytest.mark.parametrize(
    "what", ["acknowledge", "comment", "assign", "shelve", "unshelve", "resolve"]
)
def test_a_viewers_token_changes_nothing(what: str, ask: Ask, link: Connection) -> None:
    alert = open_alert(link)
    body = {
        "why": "x", "assignee": "a", "until": "2099-01-01T00:00:00Z",
        "resolution": "true_alarm", "cause_code": "wear",
    }  # fmt: skip
    answer = ask("POST", f"/alerts/{alert.id}/{what}", Role.VIEWER, json=body)
    assert answer.status_code == 403
    assert "needs a token of role technician, yours is viewer" in answer.text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/alerts/99/acknowledge", {}, 404),
        ("/alerts/1/acknowledge", {"who": "eve"}, 422),
        ("/alerts/1/comment", {"why": " "}, 422),
        ("/alerts/1/comment", {"why": "a\u0000b"}, 422),
        ("/alerts/1/shelve", {"why": "x", "until": "2026-01-01T00:00:00"}, 422),
        ("/alerts/1/shelve", {"why": "x", "until": "2020-01-01T00:00:00Z"}, 409),
        ("/alerts/1/unshelve", {}, 409),
        ("/alerts/1/resolve", {"resolution": "false_alarm", "cause_code": "wear"}, 409),
        (f"/alerts/{2**63}/acknowledge", {}, 422),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    path: str, body: dict[str, str], status: int, ask: Ask, link: Connection
) -> None:
    open_alert(link)
    answer = ask("POST", path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_long_list_is_read_page_by_page(ask: Ask, link: Connection) -> None:
    for position in range(1, 104):
        open_alert(link, NOZZLE._replace(position=position))
    first = ask("GET", "/alerts").json()
    assert (len(first["alerts"]), first["before"]) == (100, 4)
    rest = ask("GET", "/alerts", params={"before": first["before"]}).json()
    assert [a["id"] for a in rest["alerts"]] == [3, 2, 1]
    assert rest["before"] is None


def test_the_description_has_all_of_the_api_and_nothing_of_the_page(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    served = {route.path for route in api.router.routes if isinstance(route, APIRoute)}
    assert set(described["paths"]) == served
    assert len(served) == 11
    for path in described["paths"].values():
        for call in path.values():
            assert call["security"]
            assert {"401", "403"} <= set(call["responses"])
