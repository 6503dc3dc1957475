"""Server processes that outlive the command that started them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stack.account import servant
from stack.errors import StackError

# Below Linux's range for outgoing connections (32768 and up), so that no client socket sits on a
# server's port at the next start.
_PORTS = range(20_000, 32_000)
_POLL_S = 0.02
# Not the caller's environment: LD_LIBRARY_PATH, PGPORT and the like would reach the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


def spawn(arguments: Sequence[str | Path], *, log: Path, cwd: Path) -> int:
    """Start a server in a session of its own, under the servers' account; return its process id.

    What it prints is added to *log*.
    """
    account = servant()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    # For a moment after exec a process has an empty command line, and `alive` would take it for
    # dead.
    while process.poll() is None and not _command_line(process.pid):
        time.sleep(0.001)
    # A dead child stays a zombie until somebody waits for it, and PostgreSQL refuses to start
    # while the process of its old pid file "exists"; in containers process 1 often reaps nothing,
    # so the server stays our child and this thread waits.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    return process.pid


def run_once(arguments: Sequence[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end under the servers' account; its output is kept, its failure not."""
    account = servant()
    return subprocess.run(
        arguments,
        cwd=cwd,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def alive(pid: int, mark: str) -> bool:
    """Tell whether process *pid* runs and carries *mark* in its command line.

    The mark, usually the server's folder, tells our server from a stranger that was given the
    same number after a reboot.
    """
    return mark.encode() in _command_line(pid)


def children(pid: int) -> list[int]:
    """Return the process ids of the direct children of *pid*."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_gone(pid: int, mark: str, timeout_s: float) -> bool:
    """Wait until the process is gone; False when it still runs after *timeout_s*."""
    deadline = time.monotonic() + timeout_s
    while alive(pid, mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def remembered_port(folder: Path, wanted: int | None) -> int:
    """Return the server's port: *wanted*, else that of the last time, else a free one.

    It is kept in *folder*/port, so that an address once handed out stays good over restarts.
    """
    place = folder / "port"
    port = wanted if wanted is not None else kept_port(folder) if place.exists() else _free_port()
    place.write_text(f"{port}\n", encoding="ascii")
    return port


def kept_port(folder: Path) -> int:
    """Return the port of the last start; raise `StackError` when there was none."""
    try:
        return int((folder / "port").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StackError(f"No port is known for {folder}.", "Start it first.") from error


def tail(log: Path, lines: int = 12) -> str:
    """Return the last *lines* of a log, or a word that there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()  # a zombie's is empty
    except OSError:
        return b""


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise StackError("No free port on 127.0.0.1 between 20000 and 32000.", "Name one with `port`.")
