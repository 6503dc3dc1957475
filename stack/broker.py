"""A private Mosquitto on 127.0.0.1 only, with the configuration that Jellyroll ships.

In its folder: `data` (sessions and queued messages), `mosquitto.conf`, `mosquitto.log`, `port`,
`pid`. As root the broker runs as the account `postgres` or `nobody`, and `data` is given to it.
"""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from stack import account, service
from stack.errors import StackError
from stack.programs import Programs

SHIPPED_CONFIGURATION = Path(__file__).with_name("mosquitto.conf")

_REPLACED = ("listener", "persistence_location", "user")
_START_TIMEOUT_S = 120.0  # it reads its queue from disk first
_STOP_TIMEOUT_S = 120.0  # and writes it there last


class PrivateBroker:
    """One Mosquitto and its data in *folder*.

    Two objects for the same folder speak of the same broker.

    Without *port* a free one is chosen at the first start and kept.
    """

    def __init__(self, programs: Programs, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.configuration = self.folder / "mosquitto.conf"
        self._program = programs.mosquitto
        self._wanted_port = port
        self._data = self.folder / "data"
        self._log = self.folder / "mosquitto.log"

    @property
    def port(self) -> int:
        """Return the port on 127.0.0.1; known after the first start."""
        return service.kept_port(self.folder)

    @property
    def url(self) -> str:
        """Return the broker's address; known after the first start."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Tell whether the broker's process is there."""
        return self._pid() is not None

    def start(self) -> None:
        """Start the broker and return when it takes connections."""
        if self.running:
            return
        account.prepare_folder(self.folder)
        account.check_reach(self._program.parent)
        account.give_folder(self._data)
        port = service.remembered_port(self.folder, self._wanted_port)
        self.configuration.write_text(
            render(SHIPPED_CONFIGURATION.read_text(encoding="utf-8"), port, self._data),
            encoding="utf-8",
        )
        self.configuration.chmod(0o644)
        pid = service.spawn(
            [self._program, "-c", self.configuration], log=self._log, cwd=self.folder
        )
        _write_whole(self.folder / "pid", f"{pid}\n")
        try:
            self._wait_until_ready(pid, port)
        except KeyboardInterrupt:  # no caller knows yet that there is something to stop
            service.send(pid, signal.SIGTERM)
            service.wait_gone(pid, str(self.configuration), _STOP_TIMEOUT_S)
            raise

    def stop(self) -> None:
        """Stop the broker; it writes its sessions and queues to disk first."""
        pid = self._pid()
        if pid is None:
            return
        service.send(pid, signal.SIGTERM)
        if not service.wait_gone(pid, str(self.configuration), _STOP_TIMEOUT_S):
            raise StackError(
                f"Mosquitto (process {pid}) did not stop within {_STOP_TIMEOUT_S:.0f} s.",
                f"See {self._log}.",
            )

    def kill(self) -> None:
        """Kill the broker as a crash would: what it queued since it last saved is lost."""
        pid = self._pid()
        if pid is not None:
            service.send(pid, signal.SIGKILL)
            service.wait_gone(pid, str(self.configuration), 10.0)

    def _wait_until_ready(self, pid: int, port: int) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not _answers(port):
            if not service.alive(pid, str(self.configuration)) or time.monotonic() > deadline:
                raise StackError(
                    f"Mosquitto did not start on port {port}. The end of {self._log}:\n"
                    f"{service.tail(self._log)}",
                    "If the port is taken, end the other program or choose a port.",
                )
            time.sleep(0.02)

    def _pid(self) -> int | None:
        try:
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if service.alive(pid, str(self.configuration)) else None


def render(shipped: str, port: int, data: Path) -> str:
    """Return the *shipped* configuration, listening on 127.0.0.1:*port*, its data in *data*."""
    kept = [
        line
        for line in shipped.splitlines()
        if line.split(None, 1)[:1] not in [[word] for word in _REPLACED]
    ]
    own = [
        "",
        "# --- This private broker",
        "",
        f"listener {port} 127.0.0.1",
        f"persistence_location {data}/",
    ]
    return "\n".join(kept + own) + "\n"


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False


def _write_whole(place: Path, text: str) -> None:
    temporary = place.with_name(place.name + ".new")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(place)
