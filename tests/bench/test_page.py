"""The benchmark of the page asks every page, and finds each answered."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stack.programs import Programs


@pytest.mark.slow
def test_every_page_is_asked_and_answers(programs: Programs) -> None:
    command = [sys.executable, "-m", "jellyroll", "bench", "page", "--alerts", "20"]
    process = subprocess.run(
        [*command, "--history", "300", "--rounds", "1", "--json"],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    times = {one["page"]: one for one in json.loads(process.stdout)}
    assert {"/", "/alerts", "/performance", "/api/v1/alerts"} <= set(times)
    assert all(one["bytes"] > 500 and one["median_ms"] > 0 for one in times.values())
