"""Every `jellyroll alerts …` that a document shows runs as it stands there, in its order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alerts.correlate import correlate
from alerts.secret import new_secret
from plant.model import Plant
from storage.connect import connect
from tests.alerts.conftest import FORGET
from tests.alerts.support import insert_anomaly, setting_of
from tests.test_documents import SHOWN

ROOT = Path(__file__).parents[2]
COMMANDS = [
    pytest.param(name, command, id=f"{name} {command}")
    for name, command in SHOWN
    if command.startswith("jellyroll alerts ")
]


@pytest.fixture(scope="module")
def place(
    _database: str, pilot: Plant, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A folder with what the documents speak of, and an environment in which alert 17 is open."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "docs").symlink_to(ROOT / "docs")
    (folder / "whsec.txt").write_text(new_secret())
    with connect(_database, application="test", autocommit=True) as connection:
        connection.execute(FORGET.encode())
        connection.execute("SET session_replication_role = origin")
        connection.execute("ALTER TABLE alert.alert ALTER COLUMN id RESTART WITH 17")
        insert_anomaly(connection)
        correlate(connection, setting_of(pilot, "on-call"))
    return (
        folder,
        {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "JELLYROLL_DATABASE": _database,
            "ON_CALL_SECRET": new_secret(),
            "RELAY_SECRET": new_secret(),
            "RELAY_SECRET_BEFORE": new_secret(),
            "ADA_SMS": f"twilio://AC{'0' * 32}:{'1' * 32}@15551234567/15557654321",
            "BEN_MAIL": "mailtos://ben:word@mail.example?to=ben@mail.example",
            "CHANNEL": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#line",
        },
    )


def test_the_documents_show_what_alerts_can_do() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_a_command_runs_as_it_is_shown(
    document: str, command: str, place: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, environment = place
    command = command.replace("postgresql://…", environment["JELLYROLL_DATABASE"])
    # Nothing is to leave this machine.
    command = command.replace("https://on-call.example", "https://on-call.invalid")
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    if " run " in command:  # a service: it works, and ends when it is told to
        deadline = time.monotonic() + 60
        while "sending what is due" not in log.read_text() and process.poll() is None:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, f"{document}: {command}\n{log.read_text()[-2000:]}"
