from __future__ import annotations

import signal
from pathlib import Path

from stack.service import alive, send, spawn, wait_gone


def test_a_process_counts_as_alive_from_the_moment_it_is_started(stack_folder: Path) -> None:
    for _ in range(50):
        pid = spawn(["/bin/sleep", "61.25"], log=stack_folder / "sleep.log", cwd=stack_folder)
        known = alive(pid, "61.25")
        send(pid, signal.SIGKILL)
        assert known
        assert wait_gone(pid, "61.25", 10.0)
