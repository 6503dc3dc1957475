"""The main job: one command, real services, a fault found and told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stack.browser import browser
from stack.programs import Programs


def demo(*words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jellyroll", "demo", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def a_screen(folder: Path, opened: str) -> dict[str, str]:
    """The environment of a person with a screen, whose browser is the shell command *opened*."""
    browser = folder / "browser.sh"
    browser.write_text(f"#!/bin/sh\n{opened}\n")
    browser.chmod(0o755)
    return {"DISPLAY": ":0", "BROWSER": f"{browser} %s"}


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def result(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    file, seen = folder / "result.json", folder / "seen"
    screen = a_screen(folder, f"touch {seen}")
    process = demo("--once", "--history", "12h", "--json", str(file), **screen)
    output, errors = process.communicate(timeout=280)
    assert process.returncode == 0, output + errors
    assert not seen.exists(), "no page is opened with --once"
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.mark.slow
def test_a_signed_webhook_names_the_nozzle_that_doses_short(result: dict[str, Any]) -> None:
    assert result["fault"] == "F12:nozzle=3"
    assert result["blamed"] == "l1-filler-01 nozzle 3"
    assert result["webhook_delivered"]
    assert result["signature_valid"]
    assert result["detected_after_s"] > 0
    assert result["edition"] in {"apache", "timescale"}


@pytest.mark.slow
def test_every_row_that_was_published_is_there_once(result: dict[str, Any]) -> None:
    assert result["published"] == result["committed"] > 100_000
    assert result["lost"] == result["twice"] == result["dead_letters"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_that_the_demo_started(
    programs: Programs, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "result.json"
    process = demo("--history", "1h", "--json", str(file))
    deadline = time.monotonic() + 120
    services: list[int] = []
    while len(services) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        services = children_of(process.pid)
    time.sleep(8)
    process.send_signal(number)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)  # an impatient second one
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    assert "Traceback" not in errors
    assert json.loads(file.read_text())["lost"] == 0
    assert [pid for pid in services if Path(f"/proc/{pid}/cmdline").exists()] == []


@pytest.mark.long
def test_where_there_is_a_screen_line_health_is_opened_in_a_browser_when_the_line_is_live(
    programs: Programs, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    chromium = f"{browser()} --headless --no-sandbox --disable-gpu"
    screen = a_screen(tmp_path, f'{chromium} --dump-dom "$1" >{page}.new; mv {page}.new {page}')
    process = demo("--history", "1h", **screen)
    deadline = time.monotonic() + 180
    while not page.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    text = page.read_text()
    assert "<h1>Line health</h1>" in text
    assert text.count('<li class="normal">') >= 10, text


def test_a_plant_file_that_does_not_exist_is_told_at_once() -> None:
    process = demo("--plant", "no-such.toml")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no-such.toml" in errors
    assert "Traceback" not in errors


def test_a_result_file_that_cannot_be_written_is_told_before_the_run() -> None:
    process = demo("--json", "/no/such/folder/result.json")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot be written" in errors
