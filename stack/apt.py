"""Debian packages by a private apt: without root, without a change to the system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from stack.errors import StackError
from stack.sources import KEYRING

RELEASE = "trixie"
_TIMEOUT_S = 900.0

# What PostgreSQL and Mosquitto bring along for installation scripts or never touch here; left
# out, half the download is saved. The just-in-time compiler (libllvm, libz3) costs a short query
# more than it gives and is switched off anyway.
_PROGRAM_PACKAGES = (
    "postgresql-17", "postgresql-client-17", "mosquitto",
    "chromium", "fonts-liberation", "fontconfig-config",
)  # fmt: skip
_UNNEEDED = ("libperl", "libllvm", "libz3", "libc-bin", "libc-l10n", "libpam-modules")

_CONFIGURATION = """\
// Hooks of the system's own apt would run on our update, too.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/archives";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


@dataclass(frozen=True, kw_only=True)
class Apt:
    """A private apt in *folder*: own sources, own lists, an empty list of what is installed."""

    folder: Path
    architecture: str

    def prepare(self, mirrors: Sequence[str]) -> None:
        """Fetch the package list from the first of *mirrors* that Debian's key vouches for."""
        for name in ("state", "lists/partial", "cache", "archives/partial", "empty/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        configuration = _CONFIGURATION.format(folder=self.folder, architecture=self.architecture)
        (self.folder / "apt.conf").write_text(configuration, encoding="utf-8")
        failures = []
        for mirror in mirrors:
            options = f"signed-by={KEYRING} target=Packages arch={self.architecture}"
            source = f"deb [{options}] {mirror} {RELEASE} main\n"
            (self.folder / "sources.list").write_text(source, encoding="utf-8")
            try:
                self._run("apt-get", "-q", "update")
            except StackError as error:
                failures.append(str(error).removesuffix(error.advice).rstrip())
            else:
                return
        raise StackError(
            f"No mirror gave the package list of Debian {RELEASE}.\n" + "\n".join(failures),
            "Check that `apt-get update` works here; a proxy belongs in apt's own configuration.",
        )

    def fetch(self, packages: Sequence[str]) -> list[Path]:
        """Download *packages* and the libraries they need; return the archives."""
        # apt leaves out of this list what its archive folder holds already, so it is shown an
        # empty one.
        empty = f"Dir::Cache::archives={self.folder}/empty"
        listed = self._run(
            "apt-get", "-o", empty, "-qq", "-y", "--print-uris", "install", *packages
        )
        files = [line.split()[1] for line in listed.splitlines() if line.startswith("'")]
        needed = {name: file for file in files if _is_needed(name := file.split("_", 1)[0])}
        archives = self.folder / "archives"
        missing = [name for name, file in needed.items() if not (archives / file).exists()]
        if missing:
            self._run("apt-get", "-qq", "download", *missing, cwd=archives)
        return [archives / file for file in needed.values()]

    def _run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        return run([program, "-c", str(self.folder / "apt.conf"), *arguments], cwd=cwd)


def native_architecture() -> str:
    """Return Debian's name of this machine's kind, such as `amd64`.

    Raise `StackError` on a system without apt or without Debian's keys.
    """
    missing = [name for name in ("apt-get", "dpkg") if which(name) is None]
    if missing or not KEYRING.exists():
        lacking = ", ".join(missing) or str(KEYRING)
        raise StackError(
            f"This system lacks {lacking}, and the private servers are Debian packages.",
            "On Ubuntu, install the package debian-archive-keyring. Elsewhere use `docker compose "
            "up`, or install mosquitto and a PostgreSQL with TimescaleDB; they are then used.",
        )
    return run(["dpkg", "--print-architecture"]).strip()


def unpack(archives: Sequence[Path], folder: Path) -> None:
    """Unpack package *archives* into *folder*; nothing of theirs is run."""
    for archive in archives:
        run(["dpkg", "-x", str(archive), str(folder)])


def run(arguments: Sequence[str], *, cwd: Path | None = None, timeout_s: float = _TIMEOUT_S) -> str:
    """Run a program and return what it printed; raise `StackError` with the end of its words."""
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
        )
    except FileNotFoundError as error:
        raise StackError(
            f"There is no program {arguments[0]}.", "Install it, or use `docker compose up`."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StackError(
            f"{' '.join(arguments)} did not end within {timeout_s:.0f} s.",
            "Check the network, then try again.",
        ) from error
    except subprocess.CalledProcessError as error:
        words = "\n".join((error.stdout + error.stderr).strip().splitlines()[-6:])
        raise StackError(
            f"{' '.join(arguments)} failed:\n{words}", "Mend what it says, then try again."
        ) from error
    return done.stdout


def _is_needed(package: str) -> bool:
    if package.startswith(_PROGRAM_PACKAGES):
        return True
    return (
        package.startswith("lib")
        and not package.startswith(_UNNEEDED)
        and not package.endswith("-perl")
    )
