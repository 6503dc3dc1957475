"""The figures of docs/cells.md, from folders that `jellyroll simulate --out --truth` wrote.

    python -m tests.models.cells.figures CLEAN FAULTY...

CLEAN is what the reference is learnt from; the truth of FAULTY is beside it: FAULTY.parquet. Runs
of 14 days: `--history 14d --history-period 1d --no-curves --until-live`, a fault from `@-14d` on;
with `--no-scrap` where a station would take its cells out before the end of the line.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from models.cells.cells import Cells
from models.cells.judge import Judge
from models.cells.screening import learn_recipe
from models.cells.standard import standards
from models.cells.verdict import Disposition
from plant.load import PILOT, load_plant
from plant.model import Plant
from tests.models.cells.parquet import read_cells

_HELD = {Disposition.HOLD, Disposition.SCRAP}


def finished(folder: Path, plant: Plant) -> Cells:
    cells = read_cells(folder, plant)
    return cells.of(np.isfinite(cells.value("end_of_line.capacity")))


def main(clean: Path, faulty: list[Path]) -> None:
    plant = load_plant(PILOT)
    by_recipe = standards(plant)
    recipe, standard = next(iter(by_recipe.items()))
    reference = learn_recipe(standard, finished(clean, plant), tied=True)
    assert reference is not None
    judge = Judge(by_recipe, {recipe: reference}, tuple(plant.equipment))
    for folder in [clean, *faulty]:
        truth = folder.with_suffix(".parquet")
        touched: dict[str, set[str]] = defaultdict(set)
        if truth.exists():
            named = pq.read_table(truth, columns=["fault", "cell"])
            for fault, cell in zip(*(c.to_pylist() for c in named.columns), strict=True):
                if cell:
                    touched[fault].add(cell)
        cells = finished(folder, plant)
        verdicts = judge.judge(cells, {}, np.ones(len(cells), dtype=bool))
        for fault, its in sorted(touched.items()):
            bad = [verdict for verdict in verdicts if verdict.cell in its]
            print(
                folder.name, fault, len(bad), "touched,",
                sum(verdict.disposition in _HELD for verdict in bad), "held or scrapped,",
                dict(Counter(verdict.fault_class.value for verdict in bad)),
            )  # fmt: skip
        good = [v for v in verdicts if not any(v.cell in its for its in touched.values())]
        held = sum(verdict.disposition is Disposition.HOLD for verdict in good)
        print(
            folder.name, len(good), "good cells,", held, "held,",
            f"{1e6 * held / max(1, len(good)):.0f} ppm", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
