"""Models of cells in `analysis.cell_model`: each training is a version, one is active."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.metadata import version

from psycopg.types.json import Jsonb

from models.cells.forecast_fit import Check
from models.cells.model import CellModel, dump, load
from storage.connect import Connection


def active(connection: Connection) -> tuple[int, CellModel]:
    """Return version and model that are active; 0 and an empty one where nothing was trained.

    Raise `CellsError` if what is kept is not what was written.
    """
    row = connection.execute(
        "SELECT version, content, sha256 FROM analysis.cell_model WHERE state = 'active'"
    ).fetchone()
    return (0, CellModel()) if row is None else (row[0], load(row[1], row[2]))


def active_version(connection: Connection) -> int:
    """Return the version that is active, 0 for none."""
    row = connection.execute(
        "SELECT version FROM analysis.cell_model WHERE state = 'active'"
    ).fetchone()
    return 0 if row is None else int(row[0])


def activate(
    connection: Connection,
    model: CellModel,
    span: tuple[dt.datetime, dt.datetime],
    cells: int,
    checks: Sequence[Check],
) -> int:
    """Write *model* as the active one, retire the one before, and return its version.

    In the caller's transaction. *span* and *cells* are what it was trained on.
    """
    content, digest = dump(model)
    connection.execute("UPDATE analysis.cell_model SET state = 'retired' WHERE state = 'active'")
    row = connection.execute(
        "INSERT INTO analysis.cell_model"
        " (state, from_time, to_time, cells, metrics, libraries, sha256, content)"
        " VALUES ('active', %s, %s, %s, %s, %s, %s, %s) RETURNING version",
        (
            *span,
            cells,
            Jsonb([check._asdict() for check in checks]),
            Jsonb({name: version(name) for name in ("numpy", "scikit-learn")}),
            digest,
            content,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])
