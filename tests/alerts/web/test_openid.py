"""Sign-in at an OpenID provider that runs beside the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from alerts.web import account
from alerts.web.role import Role
from alerts.web.settings import OpenId
from storage.connect import Connection
from tests.alerts.web.conftest import StartApp
from tests.alerts.web.provider import SECRET, Provider
from tests.alerts.web.support import Browser


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    _provider.claims = {"sub": "4711", "preferred_username": "ada"}
    _provider.lie = {}
    _provider.signs_falsely = False
    return _provider


@pytest.fixture
def visitor(provider: Provider, start_app: StartApp, link: Connection) -> Browser:
    """A browser on a page that knows ada, who has no password."""
    account.add(link, "ada", Role.TECHNICIAN, None)
    openid = OpenId(issuer=provider.issuer, client="jellyroll", secret=SECRET)
    return Browser(start_app(openid=openid))


def through_provider(visitor: Browser, target: str = "/alerts") -> httpx2.Response:
    """Go to the provider and come back, and stand at the answer to that."""
    leave = visitor.client.get(f"/sign-in/openid?next={target}", follow_redirects=False)
    there = httpx2.get(leave.headers["location"])
    back = there.headers["location"].removeprefix("http://testserver")
    return visitor.client.get(back, follow_redirects=False)


def test_the_provider_signs_in_who_has_an_account(visitor: Browser) -> None:
    assert "Sign in at 127.0.0.1" in visitor.get("/sign-in").text
    answer = through_provider(visitor)
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    assert "ada, technician" in visitor.get("/alerts").text
    assert through_provider(visitor, "//evil.example").headers["location"] == "/"


def test_the_flow_has_state_nonce_and_a_challenge(visitor: Browser) -> None:
    leave = visitor.client.get("/sign-in/openid", follow_redirects=False)
    asked = parse_qs(urlsplit(leave.headers["location"]).query)
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert asked["redirect_uri"] == ["http://testserver/sign-in/openid/return"]
    assert asked["code_challenge_method"] == ["S256"]


def test_who_has_no_account_does_not_get_in(visitor: Browser, provider: Provider) -> None:
    provider.claims = {"sub": "1", "preferred_username": "eve"}
    answer = through_provider(visitor)
    assert answer.status_code == 403
    assert "no account eve here" in answer.text
    assert visitor.client.get("/alerts", follow_redirects=False).status_code == 303


def test_an_account_belongs_to_the_person_who_first_used_it(
    visitor: Browser, provider: Provider, link: Connection
) -> None:
    assert through_provider(visitor).status_code == 303
    provider.claims = {"sub": "another person", "preferred_username": "ada"}
    assert through_provider(visitor).status_code == 403
    row = link.execute("SELECT issuer, subject FROM web.account").fetchone()
    assert row == (provider.issuer, "4711")


def test_a_closed_account_does_not_get_in_by_the_provider(
    visitor: Browser, link: Connection
) -> None:
    account.change(link, "ada", disabled=True)
    assert through_provider(visitor).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}],
)
def test_an_identity_that_was_not_made_for_us_now_is_refused(
    lie: dict[str, Any], visitor: Browser, provider: Provider
) -> None:
    provider.lie = lie
    assert through_provider(visitor).status_code == 403


def test_an_identity_signed_by_somebody_else_is_refused(
    visitor: Browser, provider: Provider
) -> None:
    provider.signs_falsely = True
    assert through_provider(visitor).status_code == 403


def test_an_answer_that_was_not_asked_for_is_refused(visitor: Browser) -> None:
    answer = visitor.get("/sign-in/openid/return?code=x&state=y")
    assert answer.status_code == 403


def test_a_provider_that_says_no_name_is_told_by_its_name(
    visitor: Browser, provider: Provider
) -> None:
    provider.claims = {"sub": "4711"}
    answer = through_provider(visitor)
    assert answer.status_code == 403
    assert "does not say your name (preferred_username)" in answer.text
