"""What is mounted where and when: the events of `material.mount` as intervals.

The intervals are brought up to the ledger when somebody asks, in the asker's own transaction.
"""

from __future__ import annotations

from genealogy.sql import statement
from storage.connect import Connection
from storage.ledger import advance, follow

FOLLOWER = "mounts"
#: Batches of one pass.
AT_ONCE = 500
#: Held by who brings mounts or checks up, to the end of the transaction.
_LOCK = 0x6A656C6C7B


def wait_for_turn(connection: Connection) -> None:
    """Return when nobody else is about to bring mounts or checks up; they wait until the commit."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def catch_up(connection: Connection) -> int:
    """Take the mounts that came since the last call into `material.mounted`; return how many.

    A late event changes the intervals around it, and only those. An unmount of what is not there
    is flagged. Writes; the caller commits.
    """
    wait_for_turn(connection)
    taken = 0
    while batches := follow(connection, FOLLOWER, AT_ONCE):
        rows = sum(s.rows for b in batches for s in b.spans if s.table_name == "material.mount")
        if rows:
            ids = [batch.id for batch in batches]
            connection.execute(statement("clear_mounted"), {"batches": ids})
            connection.execute(statement("flag_mounts"), {"batches": ids})
            connection.execute(statement("insert_mounted"), {"batches": ids})
        advance(connection, FOLLOWER, batches[-1].xid)
        taken += rows
    return taken
