from __future__ import annotations

import signal
from pathlib import Path

import pytest

import stack.broker
from stack.broker import PrivateBroker
from stack.postgres import PrivateCluster
from stack.programs import Programs
from stack.service import alive, send, spawn, wait_gone


def test_a_process_counts_as_alive_from_the_moment_it_is_started(stack_folder: Path) -> None:
    for _ in range(50):
        pid = spawn(["/bin/sleep", "61.25"], log=stack_folder / "sleep.log", cwd=stack_folder)
        known = alive(pid, "61.25")
        send(pid, signal.SIGKILL)
        assert known
        assert wait_gone(pid, "61.25", 10.0)


def test_an_interrupted_start_leaves_no_database(
    programs: Programs, stack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = PrivateCluster(programs, stack_folder / "interrupted-cluster", durable=False)
    monkeypatch.setattr(cluster, "_is_ready", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        cluster.start()
    assert _processes(cluster.folder) == []


def test_an_interrupted_start_leaves_no_broker(
    programs: Programs, stack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = PrivateBroker(programs, stack_folder / "interrupted-broker")
    monkeypatch.setattr(stack.broker, "_answers", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        broker.start()
    assert _processes(broker.folder) == []


def _interrupt(_: int) -> bool:
    raise KeyboardInterrupt


def _processes(folder: Path) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if alive(pid, str(folder))]
