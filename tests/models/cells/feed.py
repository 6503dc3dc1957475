"""Simulated cells into a database, as ingest would bring them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from plant.frames import block
from plant.model import Plant
from plant.tables import ColumnType, Kind
from storage.connect import connect
from storage.copy import copy_frame
from storage.ledger import Entry, Span, draw_id, write_entry

_ROWS = 4096


def feed(dsn: str, folder: Path, plant: Plant, stations: tuple[str, ...] = ()) -> int:
    """Commit the cells of *folder* (of all *stations* if none is named); return the batches."""
    count = 0
    with connect(dsn, application="test") as connection:
        for (kind, station), table in plant.tables.items():
            if kind is not Kind.CELL or (stations and station not in stations):
                continue
            rows = ds.dataset(folder / str(table), format="parquet").to_table()
            for at in range(0, len(rows), _ROWS):
                piece = rows.slice(at, _ROWS)
                names, values = [], []
                for name in piece.column_names:
                    column = piece[name]
                    if name not in table.by_name or column.null_count == len(piece):
                        continue
                    names.append(name)
                    match table.by_name[name].type:
                        case ColumnType.TIME:
                            values.append(column.cast(pa.int64()).to_numpy())
                        case ColumnType.TEXT:
                            values.append(column.to_pylist())
                        case _:
                            values.append(column.cast(pa.float64()).to_numpy().astype(np.float64))
                frame = block(table, tuple(names), tuple(values))
                batch = draw_id(connection)
                copied = copy_frame(connection, frame, batch)
                span = Span(str(table), frame.rows, copied.from_time, copied.to_time)
                entry = Entry(
                    batch, "test", datetime.now(UTC), 1, frame.rows, copied.values, 0, 0, (span,)
                )
                write_entry(connection, entry)
                connection.commit()
                count += 1
    return count
