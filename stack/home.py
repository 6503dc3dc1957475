"""The private stack as one thing: where it lives, and database and broker together."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from stack import account
from stack.broker import PrivateBroker
from stack.packages import install
from stack.postgres import PrivateCluster
from stack.programs import Programs

DATABASE = "jellyroll"


def data_folder() -> Path:
    """Return where the private stack keeps its data when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path(
            "/var/lib/jellyroll/stack"
        )  # not /root: the servers' account cannot step in there
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "jellyroll" / "stack"


class PrivateStack:
    """A private database and broker; any command finds them again by their *folder*."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        self.folder = folder
        self.cluster = PrivateCluster(programs, folder / "postgresql")
        self.broker = PrivateBroker(programs, folder / "mosquitto")

    def up(self) -> None:
        """Start both and make the database `jellyroll`; what is done already stays as it is."""
        with account.locked(self.folder):
            self.cluster.start()
            self.broker.start()
            create_database(self.cluster, DATABASE)

    def down(self) -> None:
        """Stop both; data and queued messages stay."""
        self.broker.stop()
        self.cluster.stop()

    def environment(self) -> dict[str, str]:
        """Return the two variables by which every command of Jellyroll finds this stack."""
        return {
            "JELLYROLL_DATABASE": self.cluster.dsn(DATABASE),
            "JELLYROLL_BROKER": self.broker.url,
        }


def bring_up(
    folder: Path | None = None, report: Callable[[str], None] = lambda _: None
) -> PrivateStack:
    """Install what is missing, start the private stack in *folder* or its usual place."""
    stack = PrivateStack(install(report=report), folder or data_folder())
    stack.up()
    return stack


def create_database(cluster: PrivateCluster, name: str) -> None:
    """Create the database *name*, unless it is there."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
