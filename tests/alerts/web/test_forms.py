"""Only forms of this page, for this browser, change anything; looking never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import APIRoute

from alerts.web import act, alert_page, api, line_health_page, performance_page, sign_in_page
from alerts.web.links import signed_link
from alerts.web.settings import Settings
from storage.connect import Connection
from tests.alerts.web.support import ADDRESS, KEY, Browser, form_of, open_alert, state_of

CHANGES = ("acknowledge", "comment", "assign", "shelve", "unshelve", "resolve")
TABLES = ("alert.alert", "alert.event", "web.account", "web.session", "web.token")


WAYS: dict[str, tuple[dict[str, str] | None, dict[str, str]]] = {
    "none": ({}, {}),
    "made up": ({"form": "0" * 64}, {}),
    "no hex": ({"form": "é"}, {}),
    "another origin": (None, {"origin": "https://evil.example"}),
    "opaque origin": (None, {"origin": "null"}),
    "cross-site": (None, {"sec-fetch-site": "cross-site"}),
}


@pytest.mark.parametrize(
    ("change", "way"),
    [*((change, "none") for change in CHANGES), *(("acknowledge", way) for way in WAYS)],
)
def test_a_form_that_is_not_ours_changes_nothing(
    change: str, way: str, technician: Browser, link: Connection
) -> None:
    fields, headers = WAYS[way]
    alert = open_alert(link)
    data = {
        "form": form_of(technician.get("/alerts")), "why": "x", "hours": "1",
        "cause": "true_alarm wear", "assignee": "eve",
    } | (fields or {})  # fmt: skip
    if fields == {}:
        del data["form"]
    answer = technician.client.post(f"/alerts/{alert.id}/{change}", data=data, headers=headers)
    assert answer.status_code == 403
    assert "was not made for you" in answer.text
    assert link.execute("SELECT count(*) FROM alert.event").fetchone() == (1,)


def test_the_form_of_one_session_is_worth_nothing_in_another(
    technician: Browser, stranger: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    other = form_of(stranger.get("/sign-in"))
    answer = technician.client.post(f"/alerts/{alert.id}/acknowledge", data={"form": other})
    assert answer.status_code == 403


def test_a_sign_in_that_another_site_sends_is_refused(stranger: Browser, people: None) -> None:
    answer = stranger.client.post(
        "/sign-in", data={"name": "viewer", "password": "x", "form": "0" * 64}
    )
    assert answer.status_code == 403


def test_looking_at_anything_changes_nothing(technician: Browser, link: Connection) -> None:
    alert = open_alert(link)
    end = datetime.now(UTC) + timedelta(hours=1)
    signed = signed_link(ADDRESS, alert.id, "ada", KEY, end).removeprefix(ADDRESS)
    before = fingerprint(link)
    routers = (line_health_page, alert_page, act, performance_page, sign_in_page, api)
    paths = {
        route.path.replace("{number}", str(alert.id))
        for page in routers
        for route in page.router.routes
        if isinstance(route, APIRoute)
    }
    assert len(paths) > 15
    for path in sorted({*paths, "/metrics", signed, f"{signed}/acknowledge"}):
        for method in ("GET", "HEAD", "OPTIONS"):
            technician.client.request(method, path)
    assert fingerprint(link) == before
    assert state_of(link, alert.id) == "unacknowledged"


def test_a_body_that_is_too_long_is_not_read(technician: Browser) -> None:
    answer = technician.client.post("/alerts/1/comment", data={"why": "x" * 70_000})
    assert answer.status_code == 413
    answer = technician.client.post("/alerts/1/comment", content=iter([b"why=x"]))
    assert answer.status_code == 411


def test_a_key_is_shown_nowhere() -> None:
    assert KEY not in repr(Settings(url=ADDRESS, key=KEY))


def fingerprint(link: Connection) -> list[object]:
    found: list[object] = []
    for table in TABLES:
        query = f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} AS t"
        found.append(link.execute(query.encode()).fetchone())
    return found
