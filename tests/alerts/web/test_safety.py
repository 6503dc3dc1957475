"""What every answer carries, and what no page has in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from storage.connect import Connection
from tests.alerts.web.support import Browser, open_alert

PATHS = ("/", "/alerts", "/alerts/1", "/performance", "/nothing", "/alerts/99", "/alerts/x",
         "/static/style.css", "/api/v1/alerts", "/metrics")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_what_the_page_does_not_need(
    path: str, technician: Browser, link: Connection
) -> None:
    open_alert(link)
    headers = technician.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


class Markup(HTMLParser):
    """Collects what a policy without inline code would break, and controls without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.faults += [
            f"{tag} {name}" for name in named if name == "style" or name.startswith("on")
        ]
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.faults.append("inline script")
        if tag == "style":
            self.faults.append("inline style")
        if (
            tag in {"input", "select", "textarea"}
            and named.get("type") != "hidden"
            and "label" not in self._inside
        ):
            self.faults.append(f"{tag} {named.get('name')} without label")
        if tag not in {"input", "meta", "link"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts/1", "/performance", "/sign-in", "/no"])
def test_a_page_has_nothing_inline_and_every_field_has_a_label(
    path: str, technician: Browser, link: Connection
) -> None:
    open_alert(link)
    found = Markup()
    page = technician.get(path).text
    found.feed(page)
    assert found.faults == []
    assert page.count("<h1") == 1
    assert '<html lang="en">' in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_what_people_write_is_shown_as_text(technician: Browser, link: Connection) -> None:
    alert = open_alert(link)
    evil = "<script>alert(1)</script>\"'"
    assert technician.post(f"/alerts/{alert.id}/comment", why=evil).status_code == 303
    page = technician.get(f"/alerts/{alert.id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
