"""The benchmark of traces fills its database, asks every kind of trace, and finds cells."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stack.programs import Programs


@pytest.mark.slow
def test_every_trace_is_asked_and_finds_cells(programs: Programs) -> None:
    command = [sys.executable, "-m", "jellyroll", "bench", "trace", "--cells", "20000"]
    process = subprocess.run(
        [*command, "--rounds", "1", "--json"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)
    assert document["filled"]["rolls"] == 2
    rows = {one["trace"]: one["rows"] for one in document["times"]}
    assert rows["a strip, to a table"] == 2_500
    assert rows["a roll, to the states of all its cells"] == 20_000
    assert rows["a lot, to a table"] == 20_000
    # 28 m are 33 or 35 cells and the two that they begin and end in, on each of eight strips.
    assert 33 <= rows["28 m of a strip, to cells"] <= 38
    assert 8 * 33 <= rows["28 m of a roll, to cells"] <= 8 * 38
    assert all(count > 0 for count in rows.values())
