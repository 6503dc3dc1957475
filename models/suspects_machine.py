"""Suspects of an anomaly of a machine's signals: what they did since, and who fed the machine.

Nothing is compared over cells here; none may have been made of what the machine does just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from models.suspects_earlier import Earlier
from models.suspects_event import Event, Written
from models.suspects_passing import machine_kind, place_name, position_kind
from models.suspects_sentence import sentence, words
from models.suspects_signals import Shift, main_position, read_shifts
from plant.model import Equipment, Plant
from storage.connect import Connection

#: What a machine works on came from the machine before it within this time, or is still coming.
_ON_THE_WAY = timedelta(hours=24)


def suspects(
    connection: Connection, plant: Plant, event: Event, earlier: Sequence[Earlier]
) -> list[Written]:
    """Return who is behind the anomaly: who feeds the machine first, if that was seen to be off."""
    if ":" in event.characteristic:  # stuck or lost: the sensor itself
        own = own_place(plant, event, event.position)
        return [own._replace(factor="sensor", sentence=f"Sensor: {own.sentence}")]
    shifts = read_shifts(connection, plant, event)
    position = event.position or main_position(shifts)
    own = own_place(plant, event, position, shifts)
    if position is not None:  # what feeds the machine would show at all positions
        return [own]
    return [*_feeders(plant, event, earlier, own), own]


def own_place(
    plant: Plant, event: Event, position: int | None, shifts: Sequence[Shift] = ()
) -> Written:
    """Return the machine of *event*, or a *position* of it, as its own suspect."""
    station = plant.stations[event.station]
    kind = machine_kind(station) if position is None else position_kind(station)
    value = place_name(event.equipment, position)
    effect, unit, signal = event.value - event.expected, event.unit, ""
    there = [shift for shift in shifts if position in {None, shift.position}]
    if there:
        top = max(there, key=lambda shift: shift.score)
        effect, unit, signal = top.after - top.before, top.unit, top.signal
    text = sentence(
        plant, words(plant, kind, event.station, value),
        since=event.since, until=event.time, evidence="", effect=effect, unit=unit, of=signal,
    )  # fmt: skip
    return Written(
        kind, value, event.station, 0, 0, 0, 0, None, None, None, event.since, effect, unit, text
    )


def _feeders(plant: Plant, event: Event, earlier: Sequence[Earlier], own: Written) -> list[Written]:
    """Return the first suspect of the latest anomaly of a machine that feeds this one."""
    machine = plant.equipment[event.equipment]
    feeding = [one for one in earlier if _feeds(plant, one, machine, event)]
    if not feeding:
        return []
    last = max(feeding, key=lambda one: one.since)
    text = sentence(
        plant, words(plant, last.kind, last.suspect_station, last.value),
        since=last.suspect_since, until=event.time, evidence=f"seen at {event.equipment}",
        effect=own.effect, unit=own.unit,
    )  # fmt: skip
    return [
        own._replace(
            factor=last.kind, value=last.value, station=last.suspect_station,
            since=last.suspect_since, sentence=text,
        )
    ]  # fmt: skip


def _feeds(plant: Plant, one: Earlier, machine: Equipment, event: Event) -> bool:
    """Say whether *one* was off, lately, at a machine before *machine* on the same electrode."""
    order = list(plant.stations)
    other = plant.equipment.get(one.equipment)
    if other is None or one.kind == "sensor" or other.area != machine.area:
        return False
    same_electrode = other.group.rpartition("-")[2] == machine.group.rpartition("-")[2]
    before = order.index(other.station) < order.index(machine.station)
    lately = one.since <= event.since and (
        one.ended is None or one.ended >= event.since - _ON_THE_WAY
    )
    no_cells = not plant.stations[machine.station].results
    return same_electrode and before and lately and no_cells
