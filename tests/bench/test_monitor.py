"""The benchmark of the monitor, on the pilot line for half a minute."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from plant.load import PILOT
from stack.programs import Programs


@pytest.mark.long
def test_all_that_is_fed_is_scored_and_faults_are_found(programs: Programs) -> None:
    command = [sys.executable, "-m", "jellyroll", "bench", "monitor", "--plant", str(PILOT)]
    done = subprocess.run(
        [*command, "--seconds", "50", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {"date", "machine", "cores_monitor", "peak_memory_mb", "t2_rows_per_s"} <= set(report)
    assert report["results_scored"] == report["results_fed"] > 6_200 * 30
    assert report["anomalies"] > 0
    assert 0 < report["latency_p50_s"] <= report["latency_p99_s"] <= report["latency_max_s"]
