"""From a fault in the simulator to a phone, by the real services and a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from plant.model import Plant
from stack.programs import Programs
from stack.services import Services, services
from storage.connect import connect
from storage.migrate import migrate
from tests.alerts.support import SECRET, Endpoint
from tests.alerts.web.browsing import PHONE, WALL, errors_of
from tests.alerts.web.support import KEY

_CONFIG = """
[links]
page = "{page}"
page_key_file = "web.key"
grafana = "https://grafana.example"

[endpoints.ada-phone]
url = "{ada}"
secret_files = ["whsec.txt"]

[endpoints.lead-phone]
url = "{lead}"
secret_files = ["whsec.txt"]

[people.ada]
endpoints = ["ada-phone"]

[[shifts]]
name  = "all-day"
from  = "00:00"
to    = "00:00"
teams = [["ada"]]

[[routes]]
name     = "all"
to       = ["on-shift"]
escalate = [{{ after_min = {after_min}, to = ["lead-phone"] }}]
"""


@dataclass(frozen=True)
class Scene:
    """How a nozzle and a winder come to fail, and how the minutes to the escalation pass."""

    simulate: tuple[str, ...]
    monitor: tuple[str, ...]
    after_min: float
    waits: bool


#: The line of the last hours at full speed, the fault in the last of them: half a minute in all.
RECENT = Scene(
    ("--history", "4h", "--until-live",
     "--fault", "F12:nozzle=3@-25m", "--fault", "F07@-25m"),
    ("--baseline-points", "300"), after_min=10, waits=False,
)  # fmt: skip
#: As in the demo: the fault begins live, and minutes pass as they do.
LIVE = Scene(
    ("--history", "12h", "--fault", "F12:nozzle=3", "--fault", "F07"),
    (), after_min=2, waits=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(RECENT, id="recent", marks=pytest.mark.slow),
        pytest.param(LIVE, id="live", marks=[pytest.mark.long, pytest.mark.timeout(900)]),
    ],
)
def test_a_fault_is_shown_on_the_wall_and_taken_on_a_phone_and_nobody_further_is_told(
    scene: Scene, chromium: Browser, programs: Programs, pilot: Plant, tmp_path: Path
) -> None:
    with Endpoint() as ada, Endpoint() as lead, services("phone") as running:
        address = start(running, scene, pilot, tmp_path, ada, lead)
        with connect(running.database, application="test", autocommit=True) as database:
            wall = chromium.new_page(base_url=address, viewport=WALL)
            wall_errors = errors_of(wall)
            wall.goto("/")
            filling = wall.locator("#l1-filling")
            expect(filling).not_to_contain_text("alert")
            running.start(
                "simulator",
                "simulate",
                "--broker",
                running.broker_url,
                "--no-stops",
                *scene.simulate,
            )

            nozzle = told(running, ada, _is_the_nozzle)
            winder = told(running, ada, lambda data: data["where"]["station"] == "winding")
            expect(filling).to_contain_text("1 alert, high, 1 to take")
            expect(wall.get_by_text("all-day, since")).to_be_visible()

            phone = chromium.new_context(viewport=PHONE, has_touch=True).new_page()
            phone_errors = errors_of(phone)
            phone.goto(nozzle["links"]["page"])
            expect(phone.get_by_role("heading", level=1)).to_contain_text("l1-filler-01 nozzle 3")
            expect(phone.get_by_role("img")).to_be_visible()
            board = phone.get_by_role("link", name="Dashboard in Grafana")
            assert "/d/jr-station?var-line=l1&var-station=filling" in str(
                board.get_attribute("href")
            )
            phone.get_by_label("What you found or will do").fill("on my way")
            phone.get_by_role("button", name="Acknowledge as ada").tap()
            expect(phone.get_by_text("ada knows since")).to_be_visible()
            expect(phone.get_by_text("on my way")).to_be_visible()
            expect(filling).to_contain_text("1 alert, high, ada has it")

            if not scene.waits:
                database.execute("UPDATE alert.escalation SET due_at = now()")
            told(running, lead, lambda data: data["alert"] == winder["alert"])
            # What the acknowledged one had to tell the next would be on its way by now.
            assert nozzle["alert"] not in {data["alert"] for data in messages(lead)}
            query = "SELECT FROM alert.escalation WHERE alert = %s"
            assert database.execute(query, (nozzle["alert"],)).fetchone() is None
            assert wall_errors == phone_errors == []


def start(
    running: Services, scene: Scene, plant: Plant, folder: Path, ada: Endpoint, lead: Endpoint
) -> str:
    """Start everything but the simulator; return the address of the page."""
    migrate(running.database, plant)
    (folder / "web.key").write_text(KEY)
    (folder / "whsec.txt").write_text(SECRET)
    config = folder / "alerts.toml"

    def write(page: str) -> None:
        text = _CONFIG.format(page=page, ada=ada.url, lead=lead.url, after_min=scene.after_min)
        config.write_text(text)

    write("http://127.0.0.1")
    database = ("--database", running.database)
    web = running.start(
        "web", "web", *database, "--listen", "127.0.0.1:0", "--open", "--config", str(config)
    )
    web.wait_for("the page is at ")
    address = web.log.partition("the page is at ")[2].split()[0].rstrip("/")
    write(address)
    ingest = running.start("ingest", "ingest", *database, "--broker", running.broker_url)
    running.start("monitor", "monitor", *database, *scene.monitor)
    running.start("alerts", "alerts", "run", *database, "--config", str(config))
    ingest.wait_for(" connected; ")
    return address


def told(running: Services, endpoint: Endpoint, which: Callable[[Any], bool]) -> Any:
    """Wait until *endpoint* was told something that fits; return the data of the message."""
    deadline = time.monotonic() + 240
    while not (found := next(filter(which, messages(endpoint)), None)):
        running.check()
        assert time.monotonic() < deadline, [data["title"] for data in messages(endpoint)]
        time.sleep(0.1)
    return found


def messages(endpoint: Endpoint) -> list[Any]:
    return [json.loads(request.body)["data"] for request in endpoint.requests]


def _is_the_nozzle(data: Any) -> bool:
    where = data["where"]
    return bool(where["equipment"] == "l1-filler-01" and where["position"] == 3)
