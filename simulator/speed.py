"""How much faster than time one line is made on one core: `python -m simulator.speed`.

Made and encoded are all messages of live rates, minute by minute; nothing is sent. Counted is
processor time, so that what else the machine does is left out as well as may be.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT
from simulator.formation import without_curves
from simulator.line import Line
from simulator.message import Window
from simulator.operation import Operation

_FROM_MS = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
_WINDOW_MS = 60_000


def main() -> None:
    """Print for a line with curves and without how many times as fast as time it is."""
    parser = argparse.ArgumentParser(prog="python -m simulator.speed", description=__doc__)
    parser.add_argument("--plant", type=Path, default=DEFAULT_PLANT.with_name("plant.toml"))
    parser.add_argument("--minutes", type=int, default=10, help="of simulated time")
    options = parser.parse_args()
    plant = load_plant(options.plant)
    for name, kind in (("with curves", plant), ("without curves", without_curves(plant))):
        _measure(name, kind, options.minutes)


def _measure(name: str, plant: Plant, minutes: int) -> None:
    line = Line(plant, plant.production.lines[0], 1, Operation(stops=True, scrap=True))
    begun_s = time.process_time()
    # The first minute finds out which cells stand where; later ones know it.
    for _ in line.messages(Window(_FROM_MS - _WINDOW_MS, _FROM_MS, is_first=True)):
        pass
    ready_s = time.process_time()
    messages = values = 0
    for minute in range(minutes):
        from_ms = _FROM_MS + minute * _WINDOW_MS
        for message in line.messages(Window(from_ms, from_ms + _WINDOW_MS)):
            messages += 1
            values += message.values
    seconds = time.process_time() - ready_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {60 * minutes / seconds:.0f} times real time, {values / seconds:,.0f} values and "
        f"{messages / seconds:,.0f} messages a second of one core; first minute "
        f"{ready_s - begun_s:.1f} s; at most {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
