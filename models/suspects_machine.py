"""Suspects of an anomaly of a machine's signals: what they did since, and who fed the machine.

Nothing is compared over cells here; none may have been made of what the machine does just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.suspects_earlier import Earlier
from models.suspects_event import Event, Written
from models.suspects_gauge import ask_metres, ask_signals, sensor
from models.suspects_passing import machine_kind, place_name, position_kind
from models.suspects_sentence import sentence, words
from models.suspects_signals import NOISE, Shift, main_position, read_shifts
from models.suspects_witness import Testimony, Verdict, relations, verdict
from plant.model import Equipment, Plant
from storage.connect import Connection

#: What a machine works on came from the machine before it within this time, or is still coming.
_ON_THE_WAY = timedelta(hours=24)
#: A signal whose score is this part of the highest is off, too.
_AS_CLEAR = 0.25


class Found(NamedTuple):
    """Suspects, the likeliest first; *is_final* says that cells have settled whether it is so."""

    suspects: list[Written]
    is_final: bool


def suspects(
    connection: Connection,
    plant: Plant,
    event: Event,
    earlier: Sequence[Earlier],
    until: datetime,
) -> Found:
    """Return who is behind the anomaly: who feeds the machine first, if that was seen to be off.

    It is the gauge if its witnesses say so; cells are witnesses once they have come, by *until*.
    """
    if ":" in event.characteristic:  # stuck or lost: the sensor itself
        own = own_place(plant, event, event.position)
        is_sensor = own._replace(factor="sensor", sentence=f"Sensor: {own.sentence}")
        return Found([is_sensor], is_final=True)
    shifts = read_shifts(connection, plant, event)
    position = event.position or main_position(shifts)
    own = own_place(plant, event, position, shifts)
    testimonies = _testimonies(connection, plant, event, (shifts, position), until)
    said = verdict(testimonies)
    is_final = said is not Verdict.UNKNOWN and any(one.cells for one in testimonies)
    if said is Verdict.GAUGE:
        return Found([sensor(own, testimonies), own], is_final)
    if position is not None:  # what feeds the machine would show at all positions
        return Found([own], is_final)
    return Found([*_feeders(plant, event, earlier, own), own], is_final)


def _testimonies(
    connection: Connection,
    plant: Plant,
    event: Event,
    off: tuple[Sequence[Shift], int | None],
    until: datetime,
) -> list[Testimony]:
    """Return what is said of the signals that are *off*, at a position or at all of them.

    Signals of the machine are asked only where all positions are off: one of them alone is more
    than likely no gauge, which reads them all. Nobody is asked where what has no witness is off.
    """
    shifts, position = off
    there = [shift for shift in shifts if shift.position == position]
    most = max((shift.score for shift in there), default=0.0)
    names = [shift.signal for shift in there if shift.score >= max(_AS_CLEAR * most, NOISE)]
    group = plant.equipment[event.equipment].group
    known = {name for one in relations(plant, event.station, group) for name in one.of}
    if not names or not known.issuperset(names):
        return []
    # A gauge may show in one of its signals first; what has not moved yet says nothing.
    found = [] if position else list(ask_signals(connection, plant, event, known))
    if until > event.time:
        found += ask_metres(connection, plant, event, known, position=position, until=until)
    return found


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
