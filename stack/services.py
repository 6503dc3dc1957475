"""A private stack and Jellyroll's own processes on it, in one folder that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from stack.broker import PrivateBroker
from stack.home import DATABASE, create_database
from stack.packages import install
from stack.postgres import PrivateCluster

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.05


class ServiceDiedError(Exception):
    """A service ended by itself; the text has the end of its log."""


class Service:
    """One `jellyroll …` process, with its log in a file."""

    def __init__(self, name: str, arguments: list[str], folder: Path, *, piped: bool) -> None:
        self.name = name
        self._log_file = folder / f"{name}.log"
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jellyroll", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else log,
                stderr=log,
                # Ctrl-C reaches the caller alone, who then stops the services in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the process has logged."""
        return self._log_file.read_text(errors="replace")

    @property
    def output(self) -> IO[bytes]:
        """What a piped service prints."""
        assert self._process.stdout is not None
        return self._process.stdout

    def check(self) -> None:
        """Raise `ServiceDiedError` if the process has ended with an error."""
        if self._process.poll() not in {None, 0}:
            raise self._died()

    def wait_for(self, words: str) -> None:
        """Wait until the process has logged *words*.

        Raise `ServiceDiedError` if it ends first, or has not come so far within a minute.
        """
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while words not in self.log:
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise self._died()
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Ask the process to end; kill it if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _died(self) -> ServiceDiedError:
        tail = self.log.strip()[-2000:]
        code = self._process.poll()
        what = "does not get ready" if code is None else f"ended with {code}"
        return ServiceDiedError(f"{self.name} {what}:\n{tail}")

    def peak_memory_mb(self) -> float | None:
        """Return the most memory that the process has held, in 10^6 bytes; None if unknown."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return None
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6 if "VmHWM" in lines else None


class Services:
    """A database, a broker, and what runs on them; all of it is gone when the context ends."""

    def __init__(self, folder: Path, cluster: PrivateCluster, broker: PrivateBroker) -> None:
        self._folder = folder
        self._running: list[Service] = []
        self.cluster = cluster
        self.broker = broker
        self.broker_url = broker.url
        create_database(cluster, DATABASE)
        self.database = cluster.dsn(DATABASE)

    def start(self, name: str, *arguments: str, piped: bool = False) -> Service:
        """Start `jellyroll` with *arguments*."""
        service = Service(name, list(arguments), self._folder, piped=piped)
        self._running.append(service)
        return service

    def check(self) -> None:
        """Raise `ServiceDiedError` if any service has died."""
        for service in self._running:
            service.check()

    def write_secret(self, secret: str) -> Path:
        """Keep *secret* in a file that only this user can read."""
        path = self._folder / "webhook-secret"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        return path

    def stop(self) -> None:
        """Stop what was started, the last first."""
        while self._running:
            self._running.pop().stop()


@contextmanager
def services(name: str, report: Callable[[str], None] = lambda _: None) -> Iterator[Services]:
    """Install what is missing, start a private database and broker, stop everything at the end.

    *name* is in the name of their folder; *report* is told what is done.
    """
    programs = install(report=report)
    report("Starting a private TimescaleDB and Mosquitto")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"jellyroll-{name}-")))
        # As root the servers run under another account, which must be able to pass.
        folder.chmod(0o755)
        cluster = PrivateCluster(programs, folder / "cluster")
        cluster.start()
        stack.callback(cluster.stop, "immediate")
        broker = PrivateBroker(programs, folder / "broker")
        broker.start()
        stack.callback(broker.stop)
        running = Services(folder, cluster, broker)
        stack.callback(running.stop)
        yield running
