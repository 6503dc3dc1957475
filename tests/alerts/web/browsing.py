"""Fixtures and steps of the tests with a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from psycopg_pool import ConnectionPool

from alerts.web.app import create_app
from plant.model import Plant
from stack.browser import browser as find_browser
from stack.errors import StackError
from storage.connect import Connection
from tests.alerts.web.serving import Serving
from tests.alerts.web.support import PASSWORD, SETTINGS

PHONE: ViewportSize = {"width": 390, "height": 844}
WALL: ViewportSize = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        program = find_browser()
    except StackError as error:
        pytest.skip(f"no Chromium: {error}")
    with sync_playwright() as playwright:
        # A screen renews itself every five seconds.
        expect.set_options(timeout=20_000)
        chromium = playwright.chromium.launch(executable_path=program)
        yield chromium
        chromium.close()


@pytest.fixture
def serving(pool: ConnectionPool[Connection], pilot: Plant, people: None) -> Iterator[Serving]:
    """The page on a port, open to look at."""
    with Serving(
        lambda url: create_app(pool, pilot, replace(SETTINGS, url=url, is_open=True))
    ) as serving:
        yield serving


@pytest.fixture
def page(chromium: Browser, serving: Serving) -> Iterator[Page]:
    """A page of a phone; an error in its console fails the test."""
    context = chromium.new_context(base_url=serving.url, viewport=PHONE, has_touch=True)
    page = context.new_page()
    errors = errors_of(page)
    yield page
    context.close()
    assert errors == []


def errors_of(page: Page) -> list[str]:
    """Return a list to which the errors of *page* are added as they come."""
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def sign_in(page: Page, name: str = "technician") -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_text(f"{name}, {name}")).to_be_visible()
