"""The benchmark of alerts, at a size that says nothing about speed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from alerts.receiver import Received
from bench.alerts import _match
from stack.programs import Programs

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_every_anomaly_is_told_once(programs: Programs) -> None:
    command = [sys.executable, "-m", "jellyroll", "bench", "alerts", "--rate", "100"]
    done = subprocess.run(
        [*command, "--seconds", "2.5", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["events"], report["lost"], report["twice"]) == (250, 0, 0)
    assert 0 < report["latency_p50_ms"] <= report["latency_p99_ms"] <= report["latency_max_ms"]


def _came(cause: str, after_s: float, number: int) -> Received:
    body = {"data": {"what": {"characteristic": cause}}}
    return Received(f"msg_{number}", body, valid=True, at=NOON + timedelta(seconds=after_s))


def test_what_is_lost_or_twice_is_counted_and_lateness_goes_by_cause() -> None:
    sent = {"a": [NOON, NOON + timedelta(seconds=10)], "b": [NOON]}
    received = [_came("b", 3, 1), _came("a", 1, 2), _came("a", 1, 2)]
    assert _match(sent, received) == ([1.0, 3.0], 1, 1)
