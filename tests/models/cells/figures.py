"""The figures of docs/cells.md, from folders that `jellyroll simulate --out --truth` wrote.

    python -m tests.models.cells.figures CLEAN FAULTY...

CLEAN is what the reference is learnt from; the truth of FAULTY is beside it: FAULTY.parquet. Runs
of 14 days: `--history 14d --history-period 1d --no-curves --until-live`, a fault from `@-14d` on;
with `--no-scrap` where a station would take its cells out before the end of the line. Of good
cells that are held it is said why, and between which shares the true one is (Poisson, 95 %).
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import stats  # type: ignore[import-untyped]

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
    for name, low, high in zip(reference.measures, reference.low, reference.high, strict=True):
        print(f"{name}: good cells keep within {low:.2f} and {high:.2f} sd of their peers")
    print(f"together: within {reference.distance_limit:.2f}", flush=True)
    judge = Judge(by_recipe, {recipe: reference}, tuple(plant.equipment))
    unseen, held_unseen = 0, 0
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
        held = [verdict for verdict in good if verdict.disposition is Disposition.HOLD]
        why = Counter(f"{v.reasons[0].kind} {v.reasons[0].measure}" for v in held)
        print(folder.name, len(good), "good cells,", ppm(len(held), len(good)), dict(why),
              flush=True)  # fmt: skip
        if folder is not clean:
            unseen, held_unseen = unseen + len(good), held_unseen + len(held)
    print("all but those learnt from:", unseen, "good cells,", ppm(held_unseen, unseen))


def ppm(held: int, cells: int) -> str:
    low, high = stats.chi2.ppf([0.025, 0.975], [2 * held, 2 * held + 2]) / 2
    million = 1e6 / max(1, cells)
    return (
        f"{held} held, {held * million:.0f} ppm "
        f"({np.nan_to_num(low) * million:.0f} to {high * million:.0f})"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
