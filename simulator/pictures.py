"""The pictures of docs/simulator.md and docs/faults.md: `python -m simulator.pictures docs`."""

from __future__ import annotations

import argparse
from pathlib import Path

from simulator.faults_picture import f01, f12
from simulator.picture_formation import formation, real
from simulator.picture_web import roll_map

_DATA = Path(__file__).parents[1] / "tests" / "data"


def main() -> None:
    """Write the pictures to a folder."""
    parser = argparse.ArgumentParser(prog="python -m simulator.pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--first-charge", type=Path, default=_DATA / "novonix_first_charge.csv",
        help="a cycler's file of the beginning of a real formation",
    )  # fmt: skip
    parser.add_argument(
        "--cycle", type=Path, default=_DATA / "maccor_cycle.csv",
        help="a cycler's file of a real discharge and charge",
    )  # fmt: skip
    options = parser.parse_args()
    pictures = {
        "fault-f01": f01(),
        "fault-f12": f12(),
        "formation": formation(),
        "formation-real": real(options.first_charge, options.cycle),
        "coating-roll": roll_map(),
    }
    for name, text in pictures.items():
        (options.folder / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
