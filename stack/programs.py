"""The programs of the stack: two halves, each the system's own or a private one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Origin = Literal["system", "private"]

POSTGRES_PROGRAMS = ("postgres", "initdb", "pg_ctl", "psql")


@dataclass(frozen=True, kw_only=True)
class Database:
    """A PostgreSQL with TimescaleDB beside it; *bin* holds postgres, initdb, pg_ctl and psql."""

    bin: Path
    version: str
    timescaledb: str
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A Mosquitto and, where they are there, its helpers."""

    mosquitto: Path
    mosquitto_pub: Path | None
    mosquitto_sub: Path | None
    mosquitto_passwd: Path | None
    version: str
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Everything the private stack runs."""

    database: Database
    broker: Broker

    @property
    def postgres_bin(self) -> Path:
        """Return the folder that holds postgres, initdb, pg_ctl and psql."""
        return self.database.bin

    @property
    def mosquitto(self) -> Path:
        """Return the Mosquitto server."""
        return self.broker.mosquitto


def first_version(text: str) -> str:
    """Return the first version in a text such as `mosquitto version 2.0.21`; "0" without one."""
    match = re.search(r"\d+(\.\d+)+", text)
    return match[0] if match else "0"


def numbers(version: str) -> tuple[int, ...]:
    """Return a dotted version as numbers, to compare."""
    return tuple(int(word) for word in re.findall(r"\d+", version))


def control_version(control: Path) -> str:
    """Return the version that an extension's control file installs."""
    match = re.search(r"default_version\s*=\s*'([^']+)'", control.read_text(encoding="utf-8"))
    return match[1] if match else "unknown"
