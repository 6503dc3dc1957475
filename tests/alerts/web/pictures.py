"""Pictures of the page for docs/, taken with a real browser: `make pictures`.

Line health and the alert are those of the demo, alarm performance is that of a made-up month.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench.page import Load, fill
from plant.load import PILOT, load_plant
from stack.browser import browser
from stack.services import services
from storage.connect import connect
from storage.migrate import migrate

DOCS = Path(__file__).parents[3] / "docs"
PHONE: ViewportSize = {"width": 390, "height": 844}
WALL: ViewportSize = {"width": 1920, "height": 1080}
_PATIENCE_S = 900.0


def main() -> None:
    """Take all pictures anew."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(report=print))
        with demo() as (address, password):
            wall = chromium.new_page(base_url=address, viewport=WALL)
            wall.goto("/")
            found = wall.locator("#l1-filling").get_by_text(re.compile("1 alert"))
            found.wait_for(timeout=1000 * _PATIENCE_S)
            take(wall, "web-line-health")
            phone = chromium.new_page(
                base_url=address, viewport=PHONE, device_scale_factor=2, color_scheme="dark"
            )
            phone.goto("/sign-in?next=/alerts")
            phone.get_by_label("Name").fill("technician")
            phone.get_by_label("Password").fill(password)
            phone.keyboard.press("Enter")
            phone.get_by_role("link", name=re.compile("nozzle 3")).click()
            phone.get_by_role("button", name="Acknowledge").wait_for()
            take(phone, "web-alert-phone")
        with month() as address:
            page = chromium.new_page(base_url=address, viewport={"width": 1000, "height": 1100})
            page.goto("/performance")
            take(page, "web-performance")
        chromium.close()


def take(page: Page, name: str) -> None:
    """Write what is on the screen to docs/."""
    page.screenshot(path=DOCS / f"{name}.png")
    print(f"docs/{name}.png")


@contextlib.contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Run the demo; give the address of its page, and the technician's password."""
    command = [sys.executable, "-m", "jellyroll", "demo", "--history", "12h"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = next(line for line in process.stderr if line.startswith("Line health: "))
        try:
            yield line.split()[2].rstrip("/"), line.split()[-1]
        finally:
            process.send_signal(signal.SIGINT)
            process.stderr.read()


@contextlib.contextmanager
def month() -> Iterator[str]:
    """Serve the page on a month of alerts; give its address."""
    with services("pictures") as running:
        plant = load_plant(PILOT)
        migrate(running.database, plant)
        with connect(running.database, application="pictures") as connection:
            fill(connection, plant, Load(open=6, history=3500, rounds=0, plant=PILOT))
        web = running.start(
            "web", "web", "--database", running.database, "--listen", "127.0.0.1:0", "--open"
        )
        web.wait_for("the page is at ")
        time.sleep(1)
        yield web.log.partition("the page is at ")[2].split()[0].rstrip("/")


if __name__ == "__main__":
    main()
