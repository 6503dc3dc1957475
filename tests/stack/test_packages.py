from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path

import pytest

import stack.packages
from stack import private
from stack.errors import StackError
from stack.packages import find, install
from stack.programs import Broker, Database, Programs
from stack.system import system_broker


@pytest.fixture
def bare_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has neither server, whatever this machine has."""
    monkeypatch.setattr(stack.packages, "system_database", lambda: None)
    monkeypatch.setattr(stack.packages, "system_broker", lambda: None)


def test_the_programs_run(programs: Programs) -> None:
    for name in ("postgres", "initdb", "pg_ctl", "psql"):
        done = subprocess.run([programs.postgres_bin / name, "--version"], check=True)
        assert done.returncode == 0
    assert programs.mosquitto.exists()
    assert programs.broker.version >= "2.0"
    assert programs.database.timescaledb != "unknown"


def test_a_second_install_costs_nothing(programs: Programs) -> None:
    steps: list[str] = []
    started = time.monotonic()
    assert install(report=steps.append) == programs
    assert time.monotonic() - started < 0.5
    assert steps == []


@pytest.mark.slow
def test_two_installs_at_once_unpack_once_and_both_succeed(
    bare_system: None, stack_folder: Path
) -> None:
    place = stack_folder / "cache"
    (place / "unpacking-killed").mkdir(parents=True)
    steps: list[str] = []
    found: list[Programs] = []
    threads = [
        threading.Thread(target=lambda: found.append(install(place, steps.append)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert sum(step.startswith("Unpacking postgresql") for step in steps) == 1
    assert not list(place.glob("unpacking-*"))
    assert found[0].database.origin == found[0].broker.origin == "private"


def test_an_interrupted_install_is_not_found(bare_system: None, tmp_path: Path) -> None:
    for part in ("postgresql", "mosquitto"):
        (tmp_path / f"trixie-{part}").mkdir()
    assert find(tmp_path) is None
    (tmp_path / "trixie-mosquitto/jellyroll.json").write_text('{"server": "2.')
    assert find(tmp_path) is None


def test_only_the_missing_half_is_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = Database(bin=Path("/usr/bin"), version="16.1", timescaledb="2.17", origin="system")
    monkeypatch.setattr(stack.packages, "system_database", lambda: system)
    monkeypatch.setattr(stack.packages, "system_broker", lambda: None)
    asked: list[str] = []

    def unpack(parts: list[private.Part], place: Path, report: object) -> None:
        asked.extend(parts)
        (place / "trixie-mosquitto").mkdir()
        (place / "trixie-mosquitto/jellyroll.json").write_text(json.dumps({"server": "2.0.21"}))

    monkeypatch.setattr(stack.packages, "unpack_parts", unpack)
    monkeypatch.setattr(stack.packages, "check_reach", lambda _: None)
    found = install(tmp_path)
    assert asked == ["mosquitto"]
    assert (found.database, found.broker.version) == (system, "2.0.21")


def test_the_systems_broker_is_used_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\necho 'mosquitto version 2.0.18'; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = system_broker()
    assert isinstance(found, Broker)
    assert (found.mosquitto, found.version, found.origin) == (program, "2.0.18", "system")
    assert found.mosquitto_pub is None


def test_a_broker_too_old_for_mqtt_5_limits_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\necho 'mosquitto version 1.6.12'; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_broker() is None


def test_a_place_that_cannot_be_written_is_an_error_in_words(
    bare_system: None, tmp_path: Path
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(StackError, match="Cannot write"):
        install(occupied / "stack")


def test_a_mirror_without_debian_is_an_error_in_words(
    bare_system: None, stack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stack_folder / "cache-without-mirror"
    monkeypatch.setenv("JELLYROLL_DEBIAN_MIRROR", f"file:{stack_folder}/nothing")
    with pytest.raises(StackError, match="apt-get update"):
        install(place)
    assert [path.name for path in place.iterdir()] == ["lock"]
