"""The page in a real browser: a fault is shown, taken on a phone, and nobody further is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from psycopg_pool import ConnectionPool

from alerts.config import config_of
from alerts.config_file import LinksPart, Route
from alerts.endpoint import parse_endpoints
from alerts.secret import signer
from alerts.web.app import create_app
from alerts.web.links import signed_link
from plant.model import Plant
from stack.browser import browser as find_browser
from stack.errors import StackError
from storage.connect import Connection
from tests.alerts.support import SECRET, Endpoint, StartService, Until, insert_anomaly
from tests.alerts.web.conftest import SETTINGS
from tests.alerts.web.serving import Serving
from tests.alerts.web.support import KEY, NOZZLE, PASSWORD, open_alert

PHONE: ViewportSize = {"width": 390, "height": 844}
WALL: ViewportSize = {"width": 1920, "height": 1080}
ROUTE = {"name": "all", "to": ["ada"], "escalate": [{"after_min": 10, "to": ["lead"]}]}

#: Every piece of text of the page with less contrast to what is behind it than WCAG asks for.
FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (node) => { for (; node; node = node.parentElement) {
    const c = parse(getComputedStyle(node).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !node.checkVisibility() || node.closest("svg, .skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${node.className} "${node.textContent.trim()}" ${contrast}`);
  }
  return faint;
}"""


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
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def sign_in(page: Page, name: str = "technician") -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_text(f"{name}, {name}")).to_be_visible()


def test_a_fault_is_shown_on_the_wall_and_taken_on_a_phone_and_nobody_further_is_told(
    chromium: Browser, page: Page, serving: Serving, pilot: Plant, link: Connection,
    start_service: StartService, until: Until,
) -> None:  # fmt: skip
    with Endpoint() as ada, Endpoint() as lead:
        endpoints = parse_endpoints(
            [f"ada={ada.url}", f"lead={lead.url}"], signers=[signer(SECRET)]
        )
        config = replace(
            config_of(endpoints, pilot),
            people={"grace": ("ada",)},
            routes=(Route.model_validate(ROUTE),),
            links=LinksPart(page=serving.url),
            page_key=KEY,
        )
        start_service(config=config)
        wall = chromium.new_page(base_url=serving.url, viewport=WALL)
        wall.goto("/")
        expect(wall.locator("#l1-filling")).to_contain_text("no data")
        insert_anomaly(link)
        insert_anomaly(link, position=4)
        expect(wall.locator("#l1-filling")).to_contain_text("2 alerts, high, 2 to take")
        told = {json.loads(r.body)["data"]["alert"]: json.loads(r.body) for r in ada.wait(2)}
        page.goto(told[1]["data"]["links"]["page"])
        expect(page.get_by_role("heading", level=1)).to_contain_text("l1-filler-01 nozzle 3")
        page.get_by_label("What you found or will do").fill("on my way")
        page.get_by_role("button", name="Acknowledge as grace").tap()
        expect(page.get_by_text("grace knows since")).to_be_visible()
        expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
        link.execute("UPDATE alert.escalation SET due_at = now()")
        until("SELECT alert FROM alert.event WHERE what = 'escalated'", [(2,)])
        (request,) = lead.wait(1)
        assert json.loads(request.body)["data"]["alert"] == 2
        until("SELECT alert FROM alert.escalation", [])
        expect(wall.locator("#l1-filling")).to_contain_text("2 alerts, high, 1 to take")
        wall.close()


def test_a_technician_signs_in_and_resolves_by_keyboard_alone(page: Page, link: Connection) -> None:
    alert = open_alert(link)
    sign_in(page)
    page.goto(f"/alerts/{alert.id}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_text("Resolve", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("A part was worn")
    page.keyboard.press("Tab")
    page.keyboard.type("cleaned nozzle 3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("true alarm, wear, says technician")).to_be_visible()
    expect(page.get_by_text("cleaned nozzle 3")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_light_and_dark_and_on_a_phone(
    scheme: str, page: Page, link: Connection
) -> None:
    alert = open_alert(link)
    open_alert(link, NOZZLE._replace(station="winding", equipment="l1-winder-01"))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page)
    end = datetime.now(UTC) + timedelta(hours=1)
    by_link = signed_link("", alert.id, "ada", KEY, end)
    for path in ("/", "/alerts", f"/alerts/{alert.id}", "/performance", "/sign-in", by_link):
        page.goto(path)
        assert page.evaluate(FAINT) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(247, 247, 247)", "dark": "rgb(22, 22, 22)"}[scheme]


def test_a_screen_on_the_wall_shows_every_station_without_scrolling_and_keeps_its_place(
    chromium: Browser, serving: Serving, link: Connection
) -> None:
    wall = chromium.new_page(base_url=serving.url, viewport=WALL)
    wall.clock.install()
    wall.goto("/")
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")
    wall.locator("#l1-filling").focus()
    open_alert(link)
    wall.clock.run_for(6_000)
    expect(wall.locator("#l1-filling")).to_contain_text("1 alert, high")
    expect(wall.locator("#l1-filling")).to_be_focused()
    wall.close()


def test_a_screen_on_the_wall_says_when_it_is_old(chromium: Browser, serving: Serving) -> None:
    wall = chromium.new_page(base_url=serving.url, viewport=WALL)
    wall.clock.install()
    wall.goto("/")
    old = wall.get_by_text("No answer from Jellyroll")
    expect(old).to_be_hidden()
    serving.stop()
    for _ in range(6):
        wall.clock.run_for(6_000)
        wall.wait_for_timeout(100)
    expect(old).to_be_visible()
    wall.close()
