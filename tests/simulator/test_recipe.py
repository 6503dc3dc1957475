"""The recipe of docs/replay.md: a model on last Tuesday's data, with today's limits."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jellyroll import app
from plant.model import Plant
from simulator.capture import Capture
from simulator.capture_writer import CaptureWriter
from simulator.captured import Captured
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Window
from stack.broker import PrivateBroker
from stack.home import create_database
from stack.postgres import PrivateCluster
from stack.programs import Programs
from storage.connect import connect
from storage.migrate import migrate
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).with_name("small.toml")
DEADLINE_S = 40.0
LIMITS = (
    "SELECT equipment, position, characteristic, version, n, mean, sd, k, h"
    " FROM analysis.control_limit ORDER BY 1, 2, 3, 4"
)


def recipe() -> str:
    """Return the section of the document."""
    text = (ROOT / "docs" / "replay.md").read_text()
    (section,) = re.findall(r"## A new model on.*?(?=\n## )", text, re.DOTALL)
    return str(section)


def block(language: str, beginning: str) -> str:
    """Return the one block of the recipe that begins so."""
    blocks = re.findall(rf"```{language}\n(.*?)```", recipe(), re.DOTALL)
    (found,) = [text for text in blocks if text.startswith(beginning)]
    return str(found)


def last_tuesday() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=(today.weekday() - 1) % 7 or 7)


@pytest.fixture
def brokers(programs: Programs, stack_folder: Path) -> Iterator[list[PrivateBroker]]:
    """Two brokers without the sessions that other tests left."""
    brokers = [
        PrivateBroker(programs, stack_folder / f"broker-{secrets.token_hex(4)}") for _ in range(2)
    ]
    for broker in brokers:
        broker.start()
    yield brokers
    for broker in brokers:
        broker.stop()


@contextlib.contextmanager
def ingest(environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jellyroll", "ingest"], cwd=ROOT, env=environment, stderr=output
        )
    wait_until(lambda: "connected" in log.read_text())
    yield
    process.terminate()
    assert process.wait(DEADLINE_S) == 0


def run(script: str, environment: dict[str, str], folder: Path) -> None:
    """Run *script* in *folder*: one plain command of ours right here, anything else by bash."""
    words = shlex.split(script)
    if words[0] == "jellyroll" and len(script.splitlines()) == 1 and "$" not in script:
        with contextlib.chdir(folder):
            called = CliRunner().invoke(app, words[1:], env=environment)
        assert called.exit_code == 0, f"{script}\n{called.output}{called.exception!r}"
        return
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"


def stored(database: str, messages: int) -> bool:
    with connect(database, application="test") as connection:
        row = connection.execute(
            "SELECT coalesce(sum(messages), 0), coalesce(sum(dead_letters), 0) FROM ingest.batch"
        ).fetchone()
    assert row is not None
    assert row[1] == 0
    return int(row[0]) >= messages


def days(plant: Plant, folder: Path) -> int:
    """Capture Monday's last 45 minutes, and Tuesday's first ten, the second half with a fault."""
    line = Line(plant, "l1", 1)
    tuesday_ms = round(1000 * last_tuesday().timestamp())
    fault = parse_fault("F12:nozzle=3", plant).started(tuesday_ms + 300_000)
    windows = [
        Window(tuesday_ms - 2_700_000, tuesday_ms, 600_000, is_first=True),
        Window(tuesday_ms, tuesday_ms + 300_000, 600_000),
        Window(tuesday_ms + 300_000, tuesday_ms + 600_000, 600_000, faults=(fault,)),
    ]
    with CaptureWriter(folder) as writer:
        for window in windows:
            arrived_us = 1000 * window.to_ms
            writer.write([Captured(arrived_us, m.topic, m.payload) for m in line.messages(window)])
    return Capture(folder).span().messages


def test_last_tuesday_is_judged_again_with_todays_limits(
    cluster: PrivateCluster,
    programs: Programs,
    brokers: list[PrivateBroker],
    fresh_database: str,
    small: Plant,
    tmp_path: Path,
) -> None:
    create_database(cluster, "trial")
    trial = cluster.dsn("trial")
    here = Path(sys.executable).parent
    common = {
        **{k: v for k, v in os.environ.items() if not k.startswith("JELLYROLL_")},
        "PATH": f"{here}:{programs.postgres_bin}:{os.environ['PATH']}",
        "JELLYROLL_PLANT": str(SMALL),
    }
    plant_shell, trial_shell = (
        {**common, "JELLYROLL_DATABASE": dsn, "JELLYROLL_BROKER": broker.url}
        for dsn, broker in zip((fresh_database, trial), brokers, strict=True)
    )
    trial_shell["PLANT_DATABASE"] = fresh_database

    migrate(fresh_database, small)
    messages = days(small, tmp_path / "days.capture")
    with ingest(plant_shell, tmp_path / "plant.log"):
        run("jellyroll replay days.capture --speed 0", plant_shell, tmp_path)
        wait_until(lambda: stored(fresh_database, messages))
    run("jellyroll monitor --once --baseline-points 300", plant_shell, tmp_path)

    run(block("sh", "jellyroll replay database"), plant_shell, tmp_path)
    tuesday = Capture(tmp_path / "tuesday.capture").span()
    assert tuesday.first_us >= round(1e6 * last_tuesday().timestamp())
    assert block("sh", "export PLANT_DATABASE").endswith("jellyroll migrate\n")
    run("jellyroll migrate", trial_shell, tmp_path)
    with ingest(trial_shell, tmp_path / "trial.log"):
        run(block("sh", "jellyroll replay tuesday"), trial_shell, tmp_path)
        wait_until(lambda: stored(trial, tuesday.messages))
    run(block("bash", "psql"), trial_shell, tmp_path)
    run(block("sh", "jellyroll monitor --once"), trial_shell, tmp_path)

    with connect(fresh_database, application="test") as connection:
        limits = connection.execute(LIMITS).fetchall()
    with connect(trial, application="test") as connection:
        assert connection.execute(LIMITS).fetchall() == limits
        found = connection.execute(block("sql", "SELECT since")).fetchall()
    means = {(row[0], row[1], row[2]): row[5] for row in limits}
    assert len(means) > 20
    _, *first = next(row for row in found if row[3] == "fill_mass")
    assert first[:4] == ["l1-filler-01", 3, "fill_mass", "low"]
    assert first[5] == means["l1-filler-01", 3, "fill_mass"]
