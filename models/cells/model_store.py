"""Models of cells in the registry: one subject, of all lines and recipes together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from models import registry
from models.cells.forecast_fit import Check
from models.cells.model import CellModel, dump, load
from storage.connect import Connection

KIND = "cells"
_FIGURES = ("coverage", "width", "error", "error_of_median")


def active(connection: Connection) -> tuple[int, CellModel]:
    """Return version and model that are active; 0 and an empty one where nothing was trained.

    Raise `CellsError` if what is kept is not what was written.
    """
    row = connection.execute(
        "SELECT version, content, sha256 FROM analysis.model WHERE state = 'active' AND kind = %s",
        (KIND,),
    ).fetchone()
    return (0, CellModel()) if row is None else (row[0], load(row[1], row[2]))


def active_version(connection: Connection) -> int:
    """Return the version that is active, 0 for none."""
    row = connection.execute(
        "SELECT version FROM analysis.model WHERE state = 'active' AND kind = %s", (KIND,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def register(
    connection: Connection,
    model: CellModel,
    span: tuple[dt.datetime, dt.datetime],
    cells: int,
    checks: Sequence[tuple[str, Check]],
) -> registry.Model:
    """Write *model* as a candidate and return its row.

    *span* and *cells* are what it was trained on, *checks* how each recipe's forecasts did.
    """
    content, digest = dump(model)
    features = {f for its in model.forecasters.values() for s in its.stages for f in s.features}
    number = registry.register(
        connection,
        registry.NewModel(
            line="", station="", equipment_group="", recipe="", kind=KIND, detector="peers",
            from_time=span[0], to_time=span[1], rows=cells, signals=sorted(features), expected=(),
            metrics=_metrics(checks), content=content, sha256=digest,
        ),
    )  # fmt: skip
    return registry.find(connection, number)


def _metrics(checks: Sequence[tuple[str, Check]]) -> dict[str, dict[str, float]]:
    """Return by recipe, station and target the mean figures of all folds."""
    folds: dict[str, list[Check]] = defaultdict(list)
    for recipe, check in checks:
        folds[" ".join(filter(None, (recipe, check.station, check.target)))].append(check)
    return {
        name: {figure: float(np.mean([getattr(c, figure) for c in its])) for figure in _FIGURES}
        for name, its in folds.items()
    }
