"""The figures of docs/cells.md on metres: forecasts with and without them, clean and with faults.

    python -m tests.models.cells.metres_figures [DAYS]

A line of `bench/scenarios.toml` runs through the simulator into a database of its own, coater and
calender at a reading a second. A model is learnt from DAYS (4) of it. Then it runs for three days
and a quarter with each fault from the beginning of these on; asked are the cells that were wound in
the last 28 hours, whose metres were coated 48 hours before.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.scenario_feed import HOUR_MS, feed, windows
from bench.scenario_run import PLANT
from bench.scenario_truth import done_by
from models.cells.cells import Cells, Floats
from models.cells.forecast import Forecaster
from models.cells.forecast_fit import check, fit
from models.cells.metres_read import MetresReader
from models.cells.read import CellReader
from models.cells.standard import Standard, standards
from models.cells.training import forecast_features, read_finished
from models.cells.verdict import ReasonKind
from plant.load import load_plant
from plant.model import Plant
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.message import Message, Window
from simulator.operation import Operation
from stack.home import create_database
from stack.packages import install
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate
from tests.models.cells.test_cells_forecast import unformed

SEED = 101
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
FAULTS = ("", "F01:lane={lane}", "F04", "F11", "F18")
FAULT_D, ASKED_H = 3.25, 28
#: Cells that leave their trays so long after the beginning were wound in the run.
_FORMED_H = 25
#: Milliseconds between rows: a machine with more than 32 values in a row has them twice as far.
WEB = {"coating": 500, "calendering": 1000}
ROLL_MS = 3_000_000


class Part:
    """What some machines of a line publish; *whole*: states, material and cells, too."""

    def __init__(self, line: Line, plant: Plant, *stations: str, whole: bool = False) -> None:
        names = {m.name for m in plant.equipment.values() if m.station in stations}
        self._line, self._whole = line, whole
        self._all = line._machines
        self._machines = [m for m in self._all if m._machine.name in names]

    def messages(self, window: Window) -> Iterator[Message]:
        if not self._whole:
            for machine in self._machines:
                yield from machine.messages(window)
            return
        self._line._machines = self._machines
        yield from self._line.messages(window)
        self._line._machines = self._all


def run(connection: Connection, plant: Plant, days: float, *faults: Fault) -> Line:
    """Let the line run for some days from `BEGIN` on, into the database."""
    line = Line(plant, "l1", SEED, Operation(stops=True, scrap=True))
    begin_ms = int(BEGIN.timestamp() * 1000)
    end_ms = begin_ms + round(days * 24 * HOUR_MS)
    most = Part(line, plant, "vacuum_drying", whole=True)
    for window in windows(begin_ms, end_ms, 6 * HOUR_MS, 60_000, *faults, is_first=True):
        feed(connection, plant, most, window)  # type: ignore[arg-type]
    for station, hours in (("coating", 0), ("calendering", 12)):
        web = Part(line, plant, station)
        rolls = connection.execute(
            "SELECT DISTINCT time FROM material.genealogy WHERE equipment LIKE '%coater%'"
        ).fetchall()
        for (time,) in sorted(rolls):
            from_ms = int(time.timestamp() * 1000) + hours * HOUR_MS - 1000
            to_ms = from_ms + ROLL_MS + 2000
            window = Window(from_ms, to_ms, thinned_ms=WEB[station], faults=faults)
            feed(connection, plant, web, window)  # type: ignore[arg-type]
    return line


def asked(connection: Connection, plant: Plant, standard: Standard) -> Cells:
    """The cells of the last hours, as they are before formation."""
    until = BEGIN + timedelta(days=FAULT_D)
    found = connection.execute(
        "SELECT cell FROM cell.sealing WHERE time BETWEEN %s AND %s",
        (until - timedelta(hours=ASKED_H), until),
    ).fetchall()
    reader = CellReader(plant, connection, standard)
    (cells,) = reader.cells([c for (c,) in found], (BEGIN, until), forecast_features(standard))
    return unformed(MetresReader(plant, connection, standard.quality).added(cells))


def distance(forecaster: Forecaster, cells: Cells) -> Floats:
    """How far each cell is from what is usual, as a part of the limits: 1 is held."""
    stage = forecaster.stages[0]
    rows = stage.rows(cells)
    sizes = [np.abs(rows) / stage.limit]
    for model in stage.targets.values():
        apart = np.abs(model.predict(rows).value - model.usual) / (model.spread * model.limit)
        sizes.append(apart[:, None])
    return np.asarray(np.nan_to_num(np.concatenate(sizes, axis=1)).max(axis=1), dtype=np.float64)


def ranked(sizes: Floats, bad: Floats) -> float:
    """The share of pairs of a bad and a good cell in which the bad one is further away."""
    order = np.argsort(np.argsort(sizes)) + 1.0
    many, few = int(bad.sum()), int((~bad.astype(bool)).sum())
    if not many or not few:
        return float("nan")
    return float((order[bad.astype(bool)].sum() - many * (many + 1) / 2) / (many * few))


def main(days: float) -> None:
    plant = load_plant(PLANT)
    standard = next(iter(standards(plant).values()))
    bare = dataclasses.replace(standard, quality=standard.quality.model_copy(update={"metres": {}}))
    with tempfile.TemporaryDirectory(prefix="jellyroll-") as folder, threadpool_limits(1):
        Path(folder).chmod(0o755)
        cluster = PrivateCluster(install(), Path(folder) / "cluster")
        cluster.start()
        try:
            models = learnt(cluster, plant, {"with": standard, "without": bare}, days)
            for name in FAULTS:
                told(cluster, plant, standard, models, name)
        finally:
            cluster.stop("immediate")


def learnt(
    cluster: PrivateCluster, plant: Plant, kinds: dict[str, Standard], days: float
) -> dict[str, Forecaster]:
    with database(cluster, plant, "clean") as connection:
        run(connection, plant, days)
        first = BEGIN + timedelta(hours=_FORMED_H)
        finished = read_finished(plant, connection, first, BEGIN + timedelta(days=days))
        (cells,) = finished.values()
    for kind, standard in kinds.items():
        for found in check(standard, cells):
            print(
                f"{kind:8} {found.station:10} {found.target:9} fold {found.fold} of {found.cells}: "
                f"coverage {found.coverage:.3f} width {found.width:.4g} error {found.error:.4g} "
                f"of the median {found.error_of_median:.4g}", flush=True,
            )  # fmt: skip
    return {kind: fit(standard, cells) for kind, standard in kinds.items()}


def told(
    cluster: PrivateCluster,
    plant: Plant,
    standard: Standard,
    models: dict[str, Forecaster],
    name: str,
) -> None:
    begin_ms = int(BEGIN.timestamp() * 1000)
    with database(cluster, plant, f"fault{name[:3].lower()}") as connection:
        faults = [parse_fault(name.format(lane=3), plant).started(begin_ms)] if name else []
        line = run(connection, plant, FAULT_D, *faults)
        cells = asked(connection, plant, standard)
        end_ms = begin_ms + round(FAULT_D * 24 * HOUR_MS)
        done = [done_by(plant, line, fault, begin_ms, end_ms) for fault in faults]
        touched = {cell for one in done for cell in one.cells}
        bad = np.array([cell in touched for cell in cells.cell])
        for kind, forecaster in models.items():
            reasons = forecaster.reasons(standard, cells)
            held = {
                c for c, its in reasons.items() if any(r.kind is ReasonKind.FORECAST for r in its)
            }
            misread = set(reasons) - held
            print(
                f"{name or 'none':12} {kind:8} {len(cells)} cells, {int(bad.sum())} touched: held "
                f"{len(held & set(cells.cell[bad]))} of them and "
                f"{len(held & set(cells.cell[~bad]))} others, {len(misread)} misread, ranked "
                f"{ranked(distance(forecaster, cells), bad):.3f}", flush=True,
            )  # fmt: skip


def database(cluster: PrivateCluster, plant: Plant, name: str) -> Connection:
    create_database(cluster, name)
    migrate(cluster.dsn(name), plant)
    return connect(cluster.dsn(name), application="figures", autocommit=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4.0)
