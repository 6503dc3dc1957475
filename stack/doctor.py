"""What is here, what is wrong with it, and what to do about that."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from stack.broker_check import check_broker
from stack.database_check import check_database
from stack.finding import Finding
from stack.home import PrivateStack, data_folder
from stack.packages import find
from stack.programs import Programs

SYSTEM_MOSQUITTO = Path("/etc/mosquitto/mosquitto.conf")

_ENOUGH_DISK_BYTES = 10 * 10**9
_LEAST_DISK_BYTES = 2 * 10**9


def examine(
    environment: Mapping[str, str], folder: Path | None = None, system: Path = SYSTEM_MOSQUITTO
) -> list[Finding]:
    """Look at everything Jellyroll stands on; change nothing.

    *environment* names the database and the broker; where it does not, the private stack in
    *folder* is looked at, if it runs. *system* is the configuration of the system's own broker.
    """
    place = folder or data_folder()
    programs = find()
    stack = PrivateStack(programs, place) if programs else None
    dsn, broker = environment.get("JELLYROLL_DATABASE"), environment.get("JELLYROLL_BROKER")
    if stack and not dsn and stack.cluster.running:
        dsn = stack.environment()["JELLYROLL_DATABASE"]
    if stack and not broker and stack.broker.running:
        broker = stack.broker.url
    return [
        _python(),
        *_programs(programs, needed=not (dsn and broker)),
        *(check_database(dsn) if dsn else [_absent("database")]),
        *(
            check_broker(broker, _configuration(broker, stack, system))
            if broker
            else [_absent("broker")]
        ),
        _disk(place),
    ]


def _python() -> Finding:
    return Finding(name="python", level="ok", text=f"{platform.python_version()} {sys.executable}")


def _programs(programs: Programs | None, *, needed: bool) -> Iterator[Finding]:
    if programs is None:
        yield Finding(
            name="programs",
            level="warning" if needed else "ok",
            text="no PostgreSQL with TimescaleDB, or no Mosquitto, on this machine",
            advice="Run `jellyroll stack install`, or use docker compose." if needed else "",
        )
        return
    database, broker = programs.database, programs.broker
    text = f"{database.version} with TimescaleDB {database.timescaledb}, {database.origin}"
    yield Finding(name="postgresql", level="ok", text=f"{text}, {database.bin}")
    text = f"{broker.version}, {broker.origin}, {broker.mosquitto}"
    yield Finding(name="mosquitto", level="ok", text=text)


def _absent(name: Literal["database", "broker"]) -> Finding:
    return Finding(
        name=name,
        level="warning",
        text="none named, and no private stack is up",
        advice=f"Set JELLYROLL_{name.upper()}, or run `jellyroll stack up`.",
    )


def _configuration(url: str, stack: PrivateStack | None, system: Path) -> Path | None:
    if stack and stack.broker.running and stack.broker.url == url:
        return stack.broker.configuration
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return system if local and system.exists() else None


def _disk(place: Path) -> Finding:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 1e9:.1f} GB free at {existing}"
    if free >= _ENOUGH_DISK_BYTES:
        return Finding(name="disk", level="ok", text=text)
    return Finding(
        name="disk",
        level="problem" if free < _LEAST_DISK_BYTES else "warning",
        text=text,
        advice="Free some; a full disk stops the database.",
    )
