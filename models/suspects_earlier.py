"""Anomalies seen before, on the cells' way: each one is a claim on the cells that it reached.

So a drift of the coater, seen on its gauge, is also the first suspect of what the filler and the
testers see of the same cells days later, and alerts can put all of it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from models.sql import statement
from models.suspects_levels import Bools, Factor
from models.suspects_passing import Passing, mask_of
from models.suspects_rank import Claim, Name
from plant.model import Equipment, Plant
from plant.times import to_us
from storage.connect import Connection

#: An anomaly on the way is rare: that much better is the claim beforehand.
BONUS = 24.0
#: From the slurry to the end of line and the alarm there.
_MEMORY = timedelta(days=30)
#: The onset of an anomaly is an estimate.
_SLACK_US = 600e6


class Earlier(NamedTuple):
    """An anomaly that was seen before, and its first suspect; *ended* None while it lasts."""

    station: str
    equipment: str
    position: int | None
    since: datetime
    ended: datetime | None
    kind: str
    suspect_station: str
    value: str
    suspect_since: datetime


def read_earlier(
    connection: Connection, line: str, until: datetime, but: Sequence[int]
) -> list[Earlier]:
    """Return what was seen on *line* in the last weeks, but for the anomalies *but*."""
    given = {"line": line, "from_time": until - _MEMORY, "to_time": until, "but": list(but)}
    return [Earlier(*row) for row in connection.execute(statement("suspect_earlier"), given)]


def claims(
    plant: Plant,
    station: str,
    earlier: Sequence[Earlier],
    passings: Sequence[Passing],
    factors: Sequence[Factor],
) -> tuple[dict[Name, float], list[Claim]]:
    """Return the bonus of each suspect of *earlier* on the way to *station*, and claims.

    A claim is for what is no factor of the cells, as nobody records who was there.
    """
    order = list(plant.stations)
    known = {(factor.kind, factor.station) for factor in factors}
    bonus: dict[Name, float] = {}
    found = []
    for one in earlier:
        if one.station not in order or one.equipment not in plant.equipment:
            continue
        # What a sensor says wrongly is no cause of anything.
        if order.index(one.station) > order.index(station) or one.kind == "sensor":
            continue
        name = Name(one.kind, one.suspect_station, one.value)
        bonus[name] = BONUS
        if name[:2] in known:
            continue
        ended_us = np.inf if one.ended is None else float(to_us(one.ended))
        span_us = to_us(one.since) - _SLACK_US, ended_us
        mask = _reached(plant, plant.equipment[one.equipment], one.position, span_us, passings)
        if mask is not None:
            found.append(Claim(name, mask, float(to_us(one.suspect_since))))
    return bonus, found


def _reached(
    plant: Plant,
    machine: Equipment,
    position: int | None,
    span_us: tuple[float, float],
    passings: Sequence[Passing],
) -> Bools | None:
    """Return the cells that passed *machine* while it was off; None if nobody can know.

    Where passing is not recorded (a calender, the air of a room), all cells that can have been
    there then: it was between the stations before and behind it that are.
    """
    for passing in passings:
        if machine.name in passing.machines:
            return mask_of(passing, machine.name, position, span_us)
    order = list(plant.stations)
    own = plant.stations[machine.station]
    inside = [
        p for p in passings
        if plant.stations[p.station].area == own.area and plant.stations[p.station].results
    ]  # fmt: skip
    if inside and not own.results:
        before, behind = inside[0], inside[-1]  # it is around them
    else:
        electrode = machine.group.rpartition("-")[2]
        at = order.index(machine.station)
        path = [p for p in passings if p.electrode in {electrode, ""}]
        path.sort(key=lambda p: order.index(p.station))
        behind_it = [p for p in path if order.index(p.station) > at]
        before_it = [p for p in path if order.index(p.station) < at]
        if not behind_it or not before_it:
            return None
        before, behind = before_it[-1], behind_it[0]
    with np.errstate(invalid="ignore"):
        mask: Bools = (before.time_us <= span_us[1]) & (behind.time_us >= span_us[0])
    return mask
