"""The page in a real browser: by keyboard, by light and dark, on a phone and on a wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from alerts.web.links import signed_link
from storage.connect import Connection
from tests.alerts.web.browsing import WALL, sign_in
from tests.alerts.web.serving import Serving
from tests.alerts.web.support import KEY, NOZZLE, open_alert

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


def test_eight_lines_fit_on_a_wall_and_one_is_written_large(
    chromium: Browser, serving: Serving, link: Connection
) -> None:
    open_alert(link)
    link.execute(
        "INSERT INTO machine.state (time, equipment, state, reason)"
        " VALUES (now(), 'l1-winder-01', 'Held', 'compressed air too low')"
    )
    wall = chromium.new_page(base_url=serving.url, viewport=WALL)
    wall.goto("/")
    size = "parseFloat(getComputedStyle(document.querySelector('.figures dd')).fontSize)"
    assert wall.evaluate(size) > 40
    wall.evaluate(
        "() => { const lines = document.querySelector('.lines'), one = lines.innerHTML;"
        " lines.className = 'lines many'; lines.innerHTML = one.repeat(8); }"
    )
    assert wall.locator(".line").count() == 8
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert wall.evaluate(FAINT) == []
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
