"""What the simulator reports: one JSON line a second."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import IO

from pydantic import AwareDatetime, BaseModel


class InjectedFault(BaseModel):
    """A fault as the simulator applies it; *on* is not known before the line is live."""

    id: str
    equipment: str
    position: int | None
    on: AwareDatetime | None = None


class SimulatorReport(BaseModel):
    """One line of `jellyroll simulate --json`."""

    phase: str
    time: AwareDatetime
    until: AwareDatetime | None = None
    messages: int = 0
    rows: int = 0
    values: int = 0
    acknowledged: int = 0
    tables: dict[str, int] = {}
    faults: list[InjectedFault] = []


class Simulation:
    """Reads the simulator's reports on a thread of its own; `latest` is the last of them."""

    def __init__(self, output: IO[bytes]) -> None:
        self.latest: SimulatorReport | None = None
        self.live_since: datetime | None = None
        self._error: ValueError | None = None
        self._thread = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._thread.start()

    def _read(self, output: IO[bytes]) -> None:
        for line in output:
            try:
                report = SimulatorReport.model_validate_json(line)
            except ValueError as error:
                self._error = error
                return
            if report.phase != "history" and self.live_since is None:
                self.live_since = datetime.now(UTC)
            self.latest = report

    def check(self) -> None:
        """Raise `ValueError` if the simulator printed something else than reports."""
        if self._error:
            raise self._error

    def finish(self) -> SimulatorReport | None:
        """Wait until the simulator's output has ended; return its last report."""
        self._thread.join()
        return self.latest
