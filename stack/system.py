"""The programs that this system has already."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stack.apt import run
from stack.programs import (
    POSTGRES_PROGRAMS,
    Broker,
    Database,
    control_version,
    first_version,
    numbers,
)

_OLDEST_MOSQUITTO = (2, 0)  # 1.x announces none of the limits that ingest looks at


def system_database() -> Database | None:
    """Return the system's PostgreSQL with TimescaleDB: `pg_config`'s one, else the newest."""
    for folder in _postgres_folders():
        control = _shared_folder(folder) / "extension" / "timescaledb.control"
        if control.exists() and all((folder / name).exists() for name in POSTGRES_PROGRAMS):
            version = first_version(run([str(folder / "postgres"), "--version"]))
            return Database(
                bin=folder, version=version, timescaledb=control_version(control), origin="system"
            )
    return None


def system_broker() -> Broker | None:
    """Return the Mosquitto of the system, unless it is too old."""
    found = _which("mosquitto")
    if found is None:
        return None
    # Asked for help, Mosquitto prints its version and exits with 3.
    version = first_version(run(["/bin/sh", "-c", '"$0" -h || true', str(found)]))
    if numbers(version) < _OLDEST_MOSQUITTO:
        return None
    return Broker(
        mosquitto=found,
        mosquitto_pub=_which("mosquitto_pub"),
        mosquitto_sub=_which("mosquitto_sub"),
        mosquitto_passwd=_which("mosquitto_passwd"),
        version=version,
        origin="system",
    )


def _which(name: str) -> Path | None:
    # An ordinary user's PATH often lacks the folders that Debian keeps servers in.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def _postgres_folders() -> Iterator[Path]:
    config = shutil.which("pg_config")
    if config:
        yield Path(run([config, "--bindir"]).strip())
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if path.name.isdigit()]
    for path in sorted(versions, key=lambda path: -int(path.name)):
        yield path / "bin"


def _shared_folder(binaries: Path) -> Path:
    config = binaries / "pg_config"
    if config.exists():
        return Path(run([str(config), "--sharedir"]).strip())
    return (
        Path("/usr/share/postgresql") / binaries.parent.name
    )  # where Debian has it; its pg_config may be missing
