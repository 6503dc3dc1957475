"""Rows of fixed width out of a binary COPY, as one NumPy record array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from psycopg import sql

from storage.connect import Connection

#: PostgreSQL counts microseconds from 2000-01-01.
EPOCH_SHIFT_US = 946_684_800_000_000
_HEAD_BYTES = 11 + 8
_TRAILER_BYTES = 2


def read_columns(
    connection: Connection, command: sql.Composed, columns: Sequence[tuple[str, str]]
) -> npt.NDArray[np.void]:
    """Return what `COPY (...) TO STDOUT (FORMAT BINARY)` gives: records with *columns* by name.

    A column is its name and NumPy's type in network order (`>i8`, `>f8`); none may be null or of
    variable length. Times come as PostgreSQL has them: add `EPOCH_SHIFT_US`.
    """
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        data = b"".join(copy)
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, number in columns:
        layout += [(f"{name}_length", ">i4"), (name, number)]
    return np.frombuffer(data[_HEAD_BYTES:-_TRAILER_BYTES], dtype=np.dtype(layout))
