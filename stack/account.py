"""The account that servers run under, and folders that it can reach.

PostgreSQL refuses to run as root. When Jellyroll runs as root, its servers run as the account
`postgres`, or `nobody` where there is none; otherwise as the user who calls.
"""

from __future__ import annotations

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError


@dataclass(frozen=True, kw_only=True)
class Account:
    """The unprivileged account that servers run under when Jellyroll itself runs as root."""

    name: str
    uid: int
    gid: int


def servant() -> Account | None:
    """Return the account for servers; None when not root: they run as the user who calls."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackError(
        "As root, the servers need an account postgres or nobody, and this system has neither.",
        "Run Jellyroll as an ordinary user, or add one of the two accounts.",
    )


def prepare_folder(folder: Path) -> None:
    """Make *folder* for a server, closed to other users.

    Root's stays root's: a server must not be able to replace a file that root writes there.

    Raise `StackError` when it cannot be made, or when the servers' account cannot come as far as
    the folder.
    """
    try:
        make_open_folder(folder)
        if os.geteuid() != 0:
            folder.chmod(0o700)
    except OSError as error:
        raise StackError(
            f"Cannot prepare {folder}: {error}.", "Choose another place with --folder."
        ) from error
    check_reach(folder)


def give_folder(folder: Path) -> None:
    """Make *folder* and give it to the servers' account, closed to all others."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    account = servant()
    if account:
        os.chown(folder, account.uid, account.gid)


def give_file(handle: int) -> None:
    """Give an open file to the servers' account."""
    account = servant()
    if account:
        os.fchown(handle, account.uid, account.gid)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make *folder* and hold it against other processes that do the same; they wait."""
    try:
        make_open_folder(folder)
        handle = (folder / "lock").open("w")
    except OSError as error:
        raise StackError(
            f"Cannot write to {folder}: {error}.", "Free the place, or choose another."
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_open_folder(folder: Path) -> None:
    """Make *folder* and its missing parents.

    Those that root makes are open to the servers' account, whatever the umask.
    """
    for place in reversed([folder, *folder.parents]):
        if not place.exists():
            place.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                place.chmod(0o755)


def check_reach(folder: Path) -> None:
    """Raise `StackError` when root's servers, under their account, cannot step into *folder*."""
    account = servant()
    if account is None:
        return
    for place in (folder, *folder.parents):
        status = place.stat()
        step = (
            0o100
            if status.st_uid == account.uid
            else 0o010
            if status.st_gid == account.gid
            else 0o001
        )
        if not status.st_mode & step:
            raise StackError(
                f"As root, the servers run as {account.name}, which cannot step into {place}.",
                "Choose a folder whose parents are open to all, as under /var/lib or /tmp.",
            )
