"""Suspects of an anomaly of a machine's signals: by the shares of signals, and who fed it.

Nothing is compared over cells here; none may have been made of what the machine does just now.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from models.sql import statement
from models.suspects_earlier import Earlier
from models.suspects_event import Event, Written
from models.suspects_passing import machine_kind, place_name, position_kind
from models.suspects_sentence import sentence, words
from plant.model import Plant
from storage.connect import Connection

#: A position is to blame if it has this part of all shares, and any other less than half of its.
_MAIN_SHARE = 0.5
#: What a machine works on has been in it for at most so long.
_AT_WORK = timedelta(hours=6)
_SLACK = timedelta(minutes=10)
_SIGNAL = re.compile(r"(?P<name>\w+)(?:\[(?P<position>\d+)\])?")


def suspects(
    connection: Connection, plant: Plant, event: Event, earlier: Sequence[Earlier]
) -> list[Written]:
    """Return who is behind the anomaly: who fed the machine first, if that was seen to be off."""
    position = event.position or _position(event)
    own = own_place(plant, event, position)
    if ":" in event.characteristic:  # stuck or lost: the sensor itself
        return [own._replace(factor="sensor", sentence=f"Sensor: {own.sentence}")]
    if position is not None:  # what feeds the machine would show at all positions
        return [own]
    return [*_feeders(connection, plant, event, earlier, own), own]


def _position(event: Event) -> int | None:
    """Return the position whose signals have most to do with it, None if it is none alone."""
    shares: dict[int | None, float] = defaultdict(float)
    for part in event.contributions:
        match = _SIGNAL.fullmatch(part["signal"])
        if match:
            position = match["position"]
            shares[None if position is None else int(position)] += float(part["share"])
    if not shares:
        return None
    first, *others = sorted(shares, key=lambda at: -shares[at])
    is_main = shares[first] >= _MAIN_SHARE * sum(shares.values())
    if not is_main or any(2 * shares[other] >= shares[first] for other in others):
        return None
    return first


def own_place(plant: Plant, event: Event, position: int | None) -> Written:
    """Return the machine of *event*, or a *position* of it, as its own suspect."""
    station = plant.stations[event.station]
    kind = machine_kind(station) if position is None else position_kind(station)
    value = place_name(event.equipment, position)
    top = _top(event, position)
    effect, unit, signal = event.value - event.expected, event.unit, ""
    if top is not None:
        effect, unit = top["value"] - top["expected"], top["unit"]
        signal = top["signal"].partition("[")[0]
    text = sentence(
        plant, words(plant, kind, event.station, value),
        since=event.since, until=event.time, evidence="", effect=effect, unit=unit, of=signal,
    )  # fmt: skip
    return Written(
        kind, value, event.station, 0, 0, 0, 0, None, None, None, event.since, effect, unit, text
    )


def _top(event: Event, position: int | None) -> dict[str, Any] | None:
    """Return the largest contribution, of *position* if one is to blame."""
    ending = "" if position is None else f"[{position}]"
    parts = [dict(p) for p in event.contributions if p["signal"].endswith(ending)]
    return max(parts, key=lambda part: float(part["share"]), default=None)


def _feeders(
    connection: Connection, plant: Plant, event: Event, earlier: Sequence[Earlier], own: Written
) -> list[Written]:
    """Return the first suspects of what was off where the machine's material came from, then."""
    rows = connection.execute(
        statement("suspect_fed"),
        {
            "equipment": event.equipment,
            "from_time": event.since - _AT_WORK,
            "to_time": event.time,
        },
    ).fetchall()
    found: dict[tuple[str, str], Written] = {}
    for one in earlier:
        for equipment, time in rows:
            is_before = one.equipment == equipment and one.since - _AT_WORK <= time + _SLACK
            if not is_before or (one.ended is not None and time > one.ended + _SLACK):
                continue
            text = sentence(
                plant, words(plant, one.kind, one.suspect_station, one.value),
                since=one.suspect_since, until=event.time, evidence="", effect=own.effect,
                unit=own.unit,
            )  # fmt: skip
            found[one.kind, one.value] = own._replace(
                factor=one.kind, value=one.value, station=one.suspect_station,
                since=one.suspect_since, sentence=text,
            )  # fmt: skip
    return list(found.values())
