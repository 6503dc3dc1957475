"""A private PostgreSQL cluster with TimescaleDB, on 127.0.0.1 only.

In its folder: `data` (the cluster), `password` (readable to its owner only), `port`,
`jellyroll.conf`, `postgres.log`. As root the server runs as the account `postgres`, or `nobody`
where there is none, and `data` is given to it.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from stack import account, service
from stack.errors import StackError
from stack.programs import Programs, numbers
from stack.settings import settings

USER = "jellyroll"
_START_TIMEOUT_S = 300.0  # after a crash the server first replays its log, up to max_wal_size of it
_STOP_TIMEOUT_S = 120.0
_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class PrivateCluster:
    """One PostgreSQL server and its data in *folder*.

    Two objects for the same folder speak of the same server. Without *port* a free one is chosen
    at the first start and kept. `durable=False` makes commits faster and loses data in a crash:
    for tests that crash nothing.
    """

    def __init__(
        self, programs: Programs, folder: Path, port: int | None = None, *, durable: bool = True
    ) -> None:
        self.folder = folder.absolute()
        self._programs = programs.database
        self._wanted_port = port
        self._durable = durable
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"

    @property
    def port(self) -> int:
        """Return the port on 127.0.0.1; known after the first start."""
        return service.kept_port(self.folder)

    @property
    def running(self) -> bool:
        """Tell whether the server process is there."""
        return self._pid() is not None

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of *database*, with user and password; known after the first start."""
        place = f"127.0.0.1:{self.port}/{quote(database, safe='')}"
        return f"postgresql://{USER}:{self._password()}@{place}"

    def start(self) -> None:
        """Start the server, making the cluster if need be; return when it takes connections."""
        if self.running:
            return
        # PostgreSQL refuses when the process of an old pid file "exists": a stranger that was given
        # the number after a reboot, or a zombie in a container whose process 1 reaps nothing. If
        # any process of the old server is left, the new one meets its shared memory and refuses.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        account.prepare_folder(self.folder)
        account.check_reach(self._programs.bin)
        if not (self._data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        port = service.remembered_port(self.folder, self._wanted_port)
        self._write_settings(port)
        pid = service.spawn(
            [self._programs.bin / "postgres", "-D", self._data], log=self._log, cwd=self.folder
        )
        try:
            self._wait_until_ready(pid, port)
        except KeyboardInterrupt:  # no caller knows yet that there is something to stop
            self._kill(pid)  # nothing softer is sure to be heard before the server is up
            raise

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server and return when it is gone; *mode* as in pg_ctl."""
        pid = self._pid()
        if pid is None:
            return
        service.send(pid, _STOP_SIGNALS[mode])
        if not service.wait_gone(pid, str(self._data), _STOP_TIMEOUT_S):
            raise StackError(
                f"PostgreSQL (process {pid}) did not stop within {_STOP_TIMEOUT_S:.0f} s.",
                f"See {self._log}.",
            )

    def kill(self) -> None:
        """Kill the server as a crash would, and return when none of its processes is left.

        Only the postmaster is killed. The others leave when they notice, and before they have, a
        new start is refused.
        """
        pid = self._pid()
        if pid is not None:
            self._kill(pid)

    def _kill(self, pid: int) -> None:
        others = service.children(pid)
        service.send(pid, signal.SIGKILL)
        service.wait_gone(pid, str(self._data), 10.0)
        for other in others:
            if not service.wait_gone(other, "postgres", 10.0):
                service.send(other, signal.SIGKILL)
                service.wait_gone(other, "postgres", 10.0)

    def _wait_until_ready(self, pid: int, port: int) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._is_ready(pid):
            if not service.alive(pid, str(self._data)):
                raise StackError(
                    f"PostgreSQL did not start on port {port}. The end of {self._log}:\n"
                    f"{service.tail(self._log)}",
                    "If the port is taken, end the other program or choose a port.",
                )
            if time.monotonic() > deadline:
                raise StackError(
                    f"PostgreSQL takes no connections after {_START_TIMEOUT_S:.0f} s. "
                    f"The end of {self._log}:\n{service.tail(self._log)}",
                    "It may still be replaying its log; wait, then try again.",
                )
            time.sleep(0.02)

    def _pid(self) -> int | None:
        lines = self._pid_lines()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        return pid if pid is not None and service.alive(pid, str(self._data)) else None

    def _is_ready(self, pid: int) -> bool:
        # Line 8 is the server's own word on its state; pg_ctl waits for the same.
        lines = self._pid_lines()
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _pid_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _password(self) -> str:
        try:
            return (self.folder / "password").read_text(encoding="ascii").strip()
        except OSError as error:
            raise StackError(
                f"No password in {self.folder}: {error}.",
                "Start the cluster first, as the user who made it.",
            ) from error

    def _create(self) -> None:
        # Made beside and moved in place when it is whole: an interrupted initdb leaves nothing that
        # looks like a cluster.
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        account.give_folder(unfinished)
        password = self.folder / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
        with tempfile.NamedTemporaryFile(
            dir=self.folder, prefix="password-"
        ) as copy:  # for initdb, which reads it as the account
            copy.write(password.read_bytes())
            copy.flush()
            account.give_file(copy.fileno())
            arguments = [
                *(
                    str(self._programs.bin / "initdb"),
                    "--pgdata",
                    str(unfinished),
                    "--username",
                    USER,
                    "--pwfile",
                    copy.name,
                ),
                *(
                    "--auth",
                    "scram-sha-256",
                    "--encoding",
                    "UTF8",
                    "--locale",
                    "C",
                    "--no-instructions",
                ),
                *(() if self._durable else ("--no-sync",)),
            ]
            done = service.run_once(arguments, cwd=self.folder)
        if done.returncode != 0:
            raise StackError(
                f"initdb failed in {self.folder}:\n{(done.stdout + done.stderr)[-2000:]}",
                "Mend what it says, then try again.",
            )
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude '../jellyroll.conf'\n")
        unfinished.rename(self._data)

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        have = str(numbers(self._programs.version)[0])
        if made_by != have:
            raise StackError(
                f"{self._data} is of PostgreSQL {made_by}; the programs are PostgreSQL {have}.",
                "Choose another folder, or install the programs of that version.",
            )

    def _write_settings(self, port: int) -> None:
        # Only Debian's own build is known to have lz4.
        lz4 = self._programs.origin == "private"
        place = self.folder / "jellyroll.conf"
        place.write_text(settings(port, durable=self._durable, lz4=lz4), encoding="utf-8")
        place.chmod(0o644)
