"""Server processes that outlive the command that started them, and the account they run under."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

# Below Linux's range for outgoing connections (32768 and up), so that no client socket sits on a
# server's port at the next start.
_PORTS = range(20_000, 32_000)
_POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Account:
    """The unprivileged account that servers run under when Jellyroll itself runs as root."""

    name: str
    uid: int
    gid: int


def servant() -> Account | None:
    """Return the account for servers, or None when not root: then they run as the user who calls.

    PostgreSQL refuses to run as root. The account `postgres` is taken when there is one, else
    `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackError(
        "Running as root, and this system has neither an account postgres nor nobody to run the servers.",
        "Run Jellyroll as an ordinary user, or add one of the two accounts.",
    )


def prepare_folder(folder: Path) -> None:
    """Make *folder* for a server, closed to other users; root's stays root's, so that a server
    can replace no file root writes there.

    Raise `StackError` when it cannot be made, or when the servers' account cannot come as far as
    the folder.
    """
    try:
        make_open_folder(folder)
        if os.geteuid() != 0:
            folder.chmod(0o700)
    except OSError as error:
        raise StackError(
            f"Cannot prepare {folder}: {error}.", "Choose another place with --folder."
        ) from error
    check_reach(folder)


def give_folder(folder: Path) -> None:
    """Make *folder* and give it to the servers' account, closed to all others."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    account = servant()
    if account:
        os.chown(folder, account.uid, account.gid)


def make_open_folder(folder: Path) -> None:
    """Make *folder* and its missing parents; those that root makes are open to the servers'
    account, whatever the umask.
    """
    for place in reversed([folder, *folder.parents]):
        if not place.exists():
            place.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                place.chmod(0o755)


def check_reach(folder: Path) -> None:
    """Raise `StackError` when Jellyroll runs as root and the servers' account cannot step into
    *folder*.
    """
    account = servant()
    if account is None:
        return
    for place in (folder, *folder.parents):
        status = place.stat()
        step = (
            0o100
            if status.st_uid == account.uid
            else 0o010
            if status.st_gid == account.gid
            else 0o001
        )
        if not status.st_mode & step:
            raise StackError(
                f"As root, the servers run as {account.name}, and {account.name} cannot step into {place}.",
                "Choose a folder whose parents are open to all, as under /var/lib or /tmp (not /root).",
            )


def spawn(arguments: Sequence[str | Path], *, log: Path, cwd: Path) -> int:
    """Start a server in a session of its own, as the servers' account, and return its process id;
    output is added to *log*.
    """
    account = servant()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            # Not the caller's environment: LD_LIBRARY_PATH, PGPORT and the like would reach the
            # server.
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    # A dead child stays a zombie until somebody waits for it, and PostgreSQL refuses to start
    # while the process of its old pid file "exists"; in containers process 1 often reaps nothing,
    # so the server stays our child and this thread waits.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    return process.pid


def alive(pid: int, mark: str) -> bool:
    """Tell whether process *pid* runs and carries *mark* in its command line.

    The mark, usually the server's folder, tells our server from a stranger that was given the
    same number after a reboot.
    """
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()  # a zombie's is empty
    except OSError:
        return False


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
    """Return the server's port: *wanted*, else the one of the last time, else a free one; it is
    kept in *folder*/port.

    The port stays the same over restarts, so that an address once handed out stays good.
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


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise StackError("No free port on 127.0.0.1 between 20000 and 32000.", "Name one with `port`.")
