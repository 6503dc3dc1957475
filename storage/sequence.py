"""The numbers of messages by sender, and what is missing between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from plant.number import Number
from storage.connect import Connection
from storage.sql import statement


def note(connection: Connection, numbers: Iterable[Number]) -> dict[str, int]:
    """Enter *numbers* as seen; return how many are missing now, by sender of one of them.

    Entering a number twice changes nothing. Senders are taken in one order, so that two workers
    do not wait for each other in a circle.
    """
    by_run: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number in numbers:
        by_run[number.source, number.run].append(number.seq)
    if not by_run:
        return {}
    rows = [
        {"source": source, "run": run, "seen": _ranges(by_run[source, run])}
        for source, run in sorted(by_run)
    ]
    missing: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.executemany(statement("upsert_sequence"), rows, returning=True)
        while True:
            # Of a sender that has begun a new run the last one counts.
            missing.update(cursor.fetchall())
            if not cursor.nextset():
                return missing


def _ranges(seqs: list[int]) -> Multirange[int]:
    """Return *seqs* as the few ranges that they mostly are."""
    ordered = np.unique(seqs)
    cuts = np.flatnonzero(np.diff(ordered) != 1) + 1
    return Multirange(Range(int(piece[0]), int(piece[-1]) + 1) for piece in np.split(ordered, cuts))
