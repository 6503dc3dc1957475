"""One tap from a message to the alert; a tap on a button takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.alert import State
from alerts.web import account
from alerts.web.links import signed_link
from alerts.web.role import Role
from storage.connect import Connection
from tests.alerts.web.support import ADDRESS, KEY, PASSWORD, Browser, open_alert, state_of


def path(alert: int, person: str = "ada", *, hours: float = 8, key: str = KEY) -> str:
    end = datetime.now(UTC) + timedelta(hours=hours)
    return signed_link(ADDRESS, alert, person, key, end).removeprefix(ADDRESS)


def test_a_recipient_sees_the_alert_and_takes_it_without_signing_in(
    stranger: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    here = path(alert.id)
    page = stranger.get(here)
    assert page.status_code == 200
    assert "Acknowledge as ada" in page.text
    assert "<svg" in page.text
    answer = stranger.post(f"{here}/acknowledge", here, why="on my way")
    assert (answer.status_code, answer.headers["location"]) == (303, here)
    row = link.execute("SELECT acknowledged_by, state FROM alert.alert").fetchone()
    assert row == ("ada", State.ACKNOWLEDGED)
    after = stranger.get(here).text
    assert "ada knows since" in after
    assert "Acknowledge as" not in after


def test_a_link_opens_its_alert_and_nothing_else(stranger: Browser, link: Connection) -> None:
    alert = open_alert(link)
    assert stranger.get(path(alert.id)).status_code == 200
    for elsewhere in ("/", "/alerts", f"/alerts/{alert.id}", "/performance"):
        assert stranger.client.get(elsewhere, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("change", ["comment", "assign", "shelve", "resolve"])
def test_a_link_lets_its_recipient_do_nothing_but_acknowledge(
    change: str, stranger: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    here = path(alert.id)
    assert stranger.post(f"{here}/{change}", here, why="x").status_code == 404
    answer = stranger.post(f"/alerts/{alert.id}/{change}", here, why="x", hours="1", cause="a b")
    assert answer.headers["location"].startswith("/sign-in")
    assert link.execute("SELECT count(*) FROM alert.event").fetchone() == (1,)


@pytest.mark.parametrize(
    ("token", "words"),
    [({"hours": -0.1}, "this link ended"), ({"key": "x" * 40}, "not whole, or not of this page")],
)
def test_a_link_that_is_over_or_false_says_so(
    token: dict[str, object], words: str, stranger: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    here = path(alert.id, **token)  # type: ignore[arg-type]
    page = stranger.get(here)
    assert page.status_code == 410
    assert words in page.text
    answer = stranger.client.post(f"{here}/acknowledge", data={"form": "0" * 64})
    assert answer.status_code in {403, 410}
    assert state_of(link, alert.id) == "unacknowledged"


def test_the_links_of_a_closed_account_are_closed(stranger: Browser, link: Connection) -> None:
    alert = open_alert(link)
    account.add(link, "ada", Role.TECHNICIAN, PASSWORD)
    assert stranger.get(path(alert.id)).status_code == 200
    account.change(link, "ada", disabled=True)
    page = stranger.get(path(alert.id))
    assert page.status_code == 410
    assert "account ada is closed" in page.text


def test_a_link_to_an_alert_that_is_gone_is_not_found(stranger: Browser) -> None:
    assert stranger.get(path(17)).status_code == 404
