"""Picture of a coated roll: the loading of each lane over its metres, as the gauge reads it."""

from __future__ import annotations

import numpy as np
import orjson

from plant.load import PILOT, load_plant
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.material import COATED_MS, LANES, ROLL_M
from simulator.message import Window
from simulator.noise import Floats
from simulator.origin import MS_PER_M, Origin
from simulator.picture import Map, svg
from simulator.samples import rows_of

_ROLL = 2_610
_READ_EACH_MS, _COLUMN_M = 5_000, 25


def roll_map() -> str:
    """Return the picture of a roll of the pilot line, healthy and with F01 on lane 3."""
    plant = load_plant(PILOT)
    line = Line(plant, "l1", 1)
    origin = Origin(plant, "l1", line.pace, "c")
    begin_ms = int(origin.made_ms(np.array([_ROLL * LANES]), COATED_MS)[0])
    fault = parse_fault("F01:lane=3", plant).started(begin_ms)
    nominal = plant.signal("l1-coater-c-01", "loading_a").nominal
    panels = []
    for title, faults in (("healthy", ()), ("with F01 on lane 3, from its beginning", (fault,))):
        deviation = 100 * (_loading(line, begin_ms, faults) / nominal - 1)
        panels.append(
            Map(
                f"{title}: deviation from {nominal:g} mg/cm2, -1 % (blue) to +1 % (red)",
                deviation,
                [f"lane {lane}" for lane in range(1, LANES + 1)],
                -1.0,
                1.0,
                "metres of the roll",
                ROLL_M,
            )
        )
    return svg(f"Loading of roll {_ROLL}, side A of the cathode", panels)


def _loading(line: Line, begin_ms: int, faults: tuple[Fault, ...]) -> Floats:
    """Return the loading of side A, (lanes, columns of 25 m)."""
    window = Window(begin_ms, begin_ms + round(ROLL_M * MS_PER_M), _READ_EACH_MS, faults=faults)
    found: dict[int, list[list[float]]] = {}
    for message in line.messages(window):
        if "/l1-coater-c-01/telemetry" in message.topic:
            for row in rows_of(orjson.loads(message.payload)):
                if row.get("loading_a") is not None:
                    metre = (row["ts"] - begin_ms) / MS_PER_M
                    found.setdefault(int(metre // _COLUMN_M), []).append(row["loading_a"])
    return np.array([np.mean(found[column], axis=0) for column in sorted(found)]).T
