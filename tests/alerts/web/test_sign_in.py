"""Who gets in, and how."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.errors import AlertsError
from alerts.web import account, session, throttle
from alerts.web.role import Role
from alerts.web.sign_in_page import local
from storage.connect import Connection
from tests.alerts.web.conftest import StartApp
from tests.alerts.web.support import PASSWORD, Browser

PAGES = ("/", "/alerts", "/alerts/1", "/performance")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_asked_to_sign_in_and_then_comes_to_the_page(
    path: str, stranger: Browser, people: None
) -> None:
    answer = stranger.client.get(f"{path}?line=l1", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}%3Fline%3Dl1"
    assert stranger.sign_in("viewer", next=path).headers["location"] == path


@pytest.mark.parametrize("path", ["/", "/alerts", "/performance"])
def test_on_an_open_page_anybody_may_look_and_nobody_may_act(
    path: str, start_app: StartApp
) -> None:
    visitor = Browser(start_app(is_open=True))
    assert visitor.get(path).status_code == 200
    answer = visitor.post("/alerts/1/acknowledge", "/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    stranger: Browser, people: None
) -> None:
    wrong = stranger.sign_in("viewer", "not the password")
    unknown = stranger.sign_in("nobody at all", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not fit" in wrong.text
    assert "do not fit" in unknown.text
    assert stranger.client.get("/alerts", follow_redirects=False).status_code == 303


def test_many_wrong_passwords_close_an_account_for_a_while_even_to_the_right_one(
    stranger: Browser, people: None, link: Connection
) -> None:
    for _ in range(throttle.PER_ACCOUNT):
        assert stranger.sign_in("viewer", "not the password").status_code == 401
    refused = stranger.sign_in("viewer")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(throttle.WINDOW_S)
    assert stranger.sign_in("technician").status_code == 303
    link.execute("UPDATE web.failed_sign_in SET at = at - interval '16 minutes'")
    assert stranger.sign_in("viewer").status_code == 303


def test_one_address_may_not_try_one_password_on_everybody(
    stranger: Browser, link: Connection, people: None
) -> None:
    for number in range(throttle.PER_ADDRESS):
        throttle.failed(link, f"name {number}", "testclient")
    assert stranger.sign_in("viewer").status_code == 429


def test_the_right_password_forgives_the_wrong_ones(stranger: Browser, people: None) -> None:
    for _ in range(throttle.PER_ACCOUNT - 1):
        stranger.sign_in("viewer", "not the password")
    assert stranger.sign_in("viewer").status_code == 303
    assert stranger.sign_in("viewer", "not the password").status_code == 401


def test_who_signs_out_is_out_and_an_old_cookie_opens_nothing(technician: Browser) -> None:
    cookie = technician.client.cookies["jellyroll-session"]
    assert technician.post("/sign-out").headers["location"] == "/sign-in"
    technician.client.cookies.set("jellyroll-session", cookie)
    assert technician.client.get("/alerts", follow_redirects=False).status_code == 303


def test_a_session_ends_with_its_time(technician: Browser, link: Connection) -> None:
    link.execute("UPDATE web.session SET expires_at = clock_timestamp() - interval '1 s'")
    assert technician.client.get("/alerts", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"role": Role.VIEWER}, {"password": "another long password"}]
)
def test_a_change_of_an_account_ends_its_sessions(
    change: dict[str, object], technician: Browser, link: Connection
) -> None:
    account.change(link, "technician", **change)  # type: ignore[arg-type]
    assert technician.client.get("/alerts", follow_redirects=False).status_code == 303


def test_a_closed_account_cannot_sign_in(stranger: Browser, people: None, link: Connection) -> None:
    account.change(link, "viewer", disabled=True)
    assert stranger.sign_in("viewer").status_code == 401
    account.change(link, "viewer", disabled=False)
    assert stranger.sign_in("viewer").status_code == 303


def test_the_database_has_neither_passwords_nor_cookies(
    technician: Browser, link: Connection
) -> None:
    row = link.execute("SELECT a::text || s::text FROM web.account a, web.session s").fetchone()
    assert row
    assert PASSWORD not in row[0]
    assert "$argon2id$" in row[0]
    cookie = technician.client.cookies["jellyroll-session"]
    assert cookie not in row[0]
    assert session.find(link, cookie)


def test_cookies_are_closed_to_scripts_and_by_https_sent_by_https_only(
    start_app: StartApp, people: None
) -> None:
    visitor = Browser(start_app(url="https://page.example"))
    answer = visitor.sign_in("viewer")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-jellyroll-session=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert visitor.get("/alerts").status_code == 200


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:x", "/a\nb"],
)
def test_sign_in_leads_to_no_other_host(target: str) -> None:
    assert local(target) == "/"


@pytest.mark.parametrize("name", ["", " ada", "ada ", "jellyroll", "x" * 101, "a\0b"])
def test_a_name_that_cannot_be_told_apart_is_refused(name: str, link: Connection) -> None:
    with pytest.raises(AlertsError):
        account.add(link, name, Role.VIEWER, PASSWORD)


def test_a_short_password_and_a_name_that_is_taken_are_refused(
    link: Connection, people: None
) -> None:
    with pytest.raises(account.AccountError, match="12 to 256 characters, this one 5"):
        account.add(link, "ada", Role.VIEWER, "short")
    with pytest.raises(account.AccountError, match="already"):
        account.add(link, "viewer", Role.VIEWER, PASSWORD)


def test_a_role_shows_only_what_it_may_do(browser: Callable[[str], Browser]) -> None:
    assert browser("viewer").get("/alerts").status_code == 200
