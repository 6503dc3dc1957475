"""Find the programs of the stack, or install what is missing.

What the system has is used as it is. What it lacks is unpacked from Debian packages into
`jellyroll/stack` under `$XDG_CACHE_HOME` or `~/.cache`. Root's cache is
`/var/cache/jellyroll/stack` instead: as root the servers run as an unprivileged account, and that
account cannot step into `/root`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stack.account import check_reach, locked
from stack.errors import StackError
from stack.private import Part, private_broker, private_database, unpack_parts
from stack.programs import Broker, Database, Programs
from stack.system import system_broker, system_database


def cache_folder() -> Path:
    """Return where private programs are kept."""
    if os.geteuid() == 0:
        return Path("/var/cache/jellyroll/stack")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jellyroll" / "stack"


def find(folder: Path | None = None) -> Programs | None:
    """Return the programs if all are here, and install nothing; *folder* as in `install`."""
    database, broker = _halves(folder or cache_folder())
    return Programs(database=database, broker=broker) if database and broker else None


def install(folder: Path | None = None, report: Callable[[str], None] = lambda _: None) -> Programs:
    """Return the programs, and unpack first what is missing, into *folder* or the cache.

    *report* is told each step in a few words. Two at once, and an install interrupted before, do
    no harm. Raise `StackError`.
    """
    place = folder or cache_folder()
    programs = find(place)
    if programs:
        return programs
    with locked(place):  # a second install waits here, then finds the work done
        check_reach(place)
        database, broker = _halves(place)
        missing: list[Part] = []
        if database is None:
            missing.append("postgresql")
        if broker is None:
            missing.append("mosquitto")
        if missing:
            unpack_parts(missing, place, report)
    programs = find(place)
    if programs is None:
        raise StackError(
            f"The programs unpacked into {place} cannot be found again.",
            f"Remove {place} and try again.",
        )
    return programs


def _halves(place: Path) -> tuple[Database | None, Broker | None]:
    return system_database() or private_database(place), system_broker() or private_broker(place)
