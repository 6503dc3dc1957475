"""Pages that renew themselves, in a real browser: what is new comes, what is typed stays."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from alerts.acknowledge import acknowledge
from alerts.comment import comment
from storage.connect import Connection
from tests.alerts.web.browsing import WALL, sign_in
from tests.alerts.web.serving import Serving
from tests.alerts.web.support import NOZZLE, open_alert


def renew(page: Page) -> None:
    """Let the time pass until the page has asked for itself anew."""
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.clock.run_for(6_000)


def test_a_new_alert_comes_into_the_list_and_what_is_typed_into_the_filter_stays(
    page: Page, link: Connection
) -> None:
    page.clock.install()
    page.goto("/alerts")
    expect(page.get_by_text("No alerts like that.")).to_be_visible()
    page.get_by_label("Title has").press_sequentially("nozz")
    open_alert(link)
    renew(page)
    expect(page.get_by_role("link", name="nozzle 3")).to_be_visible()
    expect(page.get_by_label("Title has")).to_have_value("nozz")
    expect(page.get_by_label("Title has")).to_be_focused()


def test_an_open_alert_page_follows_and_a_half_written_comment_stays(
    page: Page, link: Connection
) -> None:
    alert = open_alert(link)
    sign_in(page)
    page.clock.install()
    page.goto(f"/alerts/{alert.id}")
    page.get_by_text("The same as a table").click()
    page.get_by_text("Comment", exact=True).first.click()
    words = page.locator("#comment textarea")
    words.press_sequentially("the nozzle is")
    acknowledge(link, alert.id, "ben", "I am there")
    comment(link, alert.id, "ben", "salt at the tip")
    renew(page)
    expect(page.get_by_text("ben knows since")).to_be_visible()
    expect(page.get_by_text("salt at the tip")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(page.locator("#points")).to_have_attribute("open", "")
    expect(words).to_be_focused()
    words.press_sequentially(" clogged")
    expect(words).to_have_value("the nozzle is clogged")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("the nozzle is clogged")).to_be_visible()


def test_an_answer_half_written_stays_although_somebody_else_was_faster(
    page: Page, link: Connection
) -> None:
    alert = open_alert(link)
    sign_in(page)
    page.clock.install()
    page.goto(f"/alerts/{alert.id}")
    words = page.get_by_label("What you found or will do")
    words.press_sequentially("looking")
    acknowledge(link, alert.id, "ben")
    renew(page)
    expect(page.get_by_text("ben knows since")).to_be_visible()
    expect(words).to_have_value("looking")


def test_what_is_selected_to_be_copied_stays_selected(page: Page, link: Connection) -> None:
    alert = open_alert(link)
    link.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
        " VALUES (now() - interval '1 min', 'C1', 'l1-filler-01', 3, 'pass', 6.0)"
    )
    page.clock.install()
    page.goto(f"/alerts/{alert.id}")
    page.get_by_text("The first of them").click()
    page.locator("pre").select_text()
    chosen = page.evaluate("getSelection().toString()")
    assert "l1-filler-01" in chosen
    comment(link, alert.id, "ben", "salt at the tip")
    renew(page)
    expect(page.get_by_text("salt at the tip")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == chosen


def test_a_page_after_a_refusal_renews_itself_from_the_alert(
    chromium: Browser, serving: Serving, link: Connection
) -> None:
    alert = open_alert(link)
    page = chromium.new_page(base_url=serving.url)
    sign_in(page)
    page.clock.install()
    page.goto(f"/alerts/{alert.id}")
    acknowledge(link, alert.id, "ben")
    page.get_by_label("What you found or will do").fill("the scale drifts")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Not changed")).to_contain_text("the scale drifts")
    comment(link, alert.id, "ben", "salt at the tip")
    renew(page)
    expect(page.get_by_text("salt at the tip")).to_be_visible()
    expect(page.get_by_text("No answer from Jellyroll")).to_be_hidden()
    page.close()


def test_the_wall_follows_machines_that_stand(
    chromium: Browser, serving: Serving, link: Connection
) -> None:
    def says(state: str, reason: str | None) -> None:
        link.execute(
            "INSERT INTO machine.state (time, equipment, state, reason)"
            " VALUES (now(), 'l1-winder-01', %s, %s)",
            (state, reason),
        )

    says("Execute", None)
    wall = chromium.new_page(base_url=serving.url, viewport=WALL)
    wall.clock.install()
    wall.goto("/")
    expect(wall.locator(".state")).to_contain_text("Execute since")
    says("Held", "separator torn")
    renew(wall)
    expect(wall.locator(".state")).to_contain_text("Held since")
    expect(wall.locator("#l1-winding")).to_contain_text("Held for 0 s, separator torn")
    open_alert(link, NOZZLE)
    renew(wall)
    expect(wall.locator("#l1-filling")).to_contain_text("1 alert, high")
    wall.close()
