"""Every command that the README or a document shows runs as it stands there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plant.model import Plant
from stack.broker import PrivateBroker
from stack.home import create_database
from stack.postgres import PrivateCluster
from storage.migrate import migrate

ROOT = Path(__file__).parents[1]
#: These run until they are told to stop, or for long; so long is enough to see them begin well.
SERVICES = ("ingest", "monitor", "rollup", "simulate", "replay", "record", "web --")
PATIENCE_S = 6.0

#: Commands that another test runs, and which.
ELSEWHERE = {
    'eval "$(jellyroll stack up)"': "tests/stack/test_commands.py",
    "jellyroll demo": "tests/test_demo.py",
    "jellyroll replay database --out tuesday.capture": "tests/simulator/test_recipe.py",
    "jellyroll replay tuesday.capture": "tests/simulator/test_recipe.py",
    "jellyroll ingest --broker 'mqtts": "tests/stack/test_broker_security.py",
    "jellyroll evaluate scenarios": "tests/models/test_scenario.py",
    "jellyroll evaluate": "tests/models/test_station.py",
    "jellyroll alerts": "tests/alerts/test_document.py",
    "jellyroll bench": "tests/bench/test_bench.py",
    "jellyroll cells": "tests/models/cells/test_cells_stage.py",
    "jellyroll dashboards publish": "tests/dashboards/test_remote.py",
    "jellyroll trace roll": "tests/genealogy/test_trace.py",
}

#: Files that commerce gives the US ledger.
BOOKS = {
    "lots.csv": "lot,material,supplier,country,amount,unit,usd_per_unit,received_on\n"
    "nca-1,nca,Good Cathode,US,1000,kg,20,2026-12-01\n",
    "sales.csv": "cell,what,on_date,customer,customer_class\nX,sold,2027-03-01,Grid Co,unrelated\n",
    "calibrations.csv": "equipment,certificate,valid_from,valid_until\n"
    "l1-tester-01,K-1,2026-01-01,2028-01-01\n",
}


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(document: Path) -> Iterator[str]:
    """Every `jellyroll …` in the document's shell blocks, continued lines joined."""
    # Blocks of other languages are matched, too, or their end would be taken for a beginning.
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    for block in (text for language, text in blocks if language in {"", "sh", "bash", "console"}):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ").split("  #")[0].strip()
            command = re.sub(r"\s+(#.*|&)$", "", command)
            if re.match(r"(eval \W+|\(umask 077; )?jellyroll ", command):
                yield re.sub(r"\s+", " ", command)


SHOWN = [(doc.name, command) for doc in documents() for command in commands(doc)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to stand in: the project's files are there, and what is written stays away."""
    folder = tmp_path_factory.mktemp("documents")
    for name in ("plant", "tests", "docs", "dashboards"):
        (folder / name).symlink_to(ROOT / name)
    for name, text in BOOKS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def environment(
    cluster: PrivateCluster, broker: PrivateBroker, pilot: Plant, place: Path
) -> Iterator[dict[str, str]]:
    """A migrated database and a broker with a reader, as the documents assume them."""
    cluster.start()
    for name in ("documents", "quiet"):
        create_database(cluster, name)
        migrate(cluster.dsn(name), pilot)
    values = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "JELLYROLL_DATABASE": cluster.dsn("documents"),
        "JELLYROLL_BROKER": broker.url,
        # What is to catch up once would have much to do after all the histories of the others.
        "QUIET_DATABASE": cluster.dsn("quiet"),
    }
    log = place / "ingest.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "jellyroll", "ingest", "--worker", "7"]
        reader = subprocess.Popen(command, env=values, stderr=output)
    deadline = time.monotonic() + 30
    while "connected" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    yield values
    reader.terminate()
    assert reader.wait(30) == 0


def test_the_documents_show_commands() -> None:
    assert len(SHOWN) > 10


@pytest.mark.parametrize(("document", "command"), SHOWN, ids=[" ".join(s) for s in SHOWN])
def test_a_command_runs_as_it_is_shown(
    document: str, command: str, environment: dict[str, str], place: Path, tmp_path: Path
) -> None:
    for known, test in ELSEWHERE.items():
        if command.startswith(known):
            assert (ROOT / test).exists()
            return
    database = "QUIET_DATABASE" if "--once" in command else "JELLYROLL_DATABASE"
    command = command.replace("postgresql://…", environment[database])
    command = command.replace("--out DIR", f"--out {tmp_path}/out")
    process = subprocess.Popen(
        ["bash", "-c", command if command.startswith("(") else f"exec {command}"],
        cwd=place, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    is_service = "--once" not in command and any(
        f"jellyroll {name}" in command for name in SERVICES
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE_S if is_service else 120)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, f"{document}: {command}\n{output[-2000:]}"
