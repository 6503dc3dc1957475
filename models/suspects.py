"""Suspects: for each anomaly a ranked list of who may be behind it, with the evidence.

An anomaly of a result is compared over cells: what have those that deviate in common that the
others have not, among all machines, positions and material that they met up to there? An anomaly
of a machine's signals names the machine, or the position whose signals have most to do with it.
Either way, what was seen before on the way to it comes first if it reaches the same cells, and a
gauge whose witnesses contradict it is told from the machine that it measures.

The list is that of the moment of the alarm. More cells come, and with them more evidence: it is
looked at again at moments of the data that are fixed beforehand, so that a monitor that was away
does the same. A list that names another first suspect replaces it, and the old one is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from models import suspects_machine
from models.sql import statement
from models.suspects_earlier import Earlier, read_earlier
from models.suspects_event import Event, Written, first_of, read_events, write
from models.suspects_result import Investigation, without_repeats
from models.suspects_schedule import next_look
from plant.model import Plant
from storage.connect import Connection

log = logging.getLogger("jellyroll.models")

#: So many are looked at again in one step: none waits for all of them.
_LOOKS_A_STEP = 8


def write_suspects(connection: Connection, plant: Plant, anomaly_ids: Sequence[int]) -> None:
    """Write the suspects of those anomalies that began, in the caller's transaction."""
    events = read_events(connection, anomaly_ids)
    if not events:
        return
    until = max(event.time for event in events)
    earlier = {
        line: read_earlier(connection, line, until, [event.id for event in events])
        for line in {event.line for event in events}
    }
    investigation = Investigation(connection, plant)
    # The way of the cells is the same for all results of a station: read it once.
    for event in sorted(
        events, key=lambda e: (e.line, list(plant.stations).index(e.station), e.id)
    ):
        before = earlier[event.line]
        found, _ = _suspects(connection, plant, event, (investigation, before), event.time)
        write(connection, event.id, found)
        _schedule(connection, plant, event, event.time, is_ended=False)
        before.append(
            Earlier(
                event.station, event.equipment, event.position, event.since, None,
                found[0].factor, found[0].station, found[0].value, found[0].since,
            )
        )  # fmt: skip


def look_again(connection: Connection, plant: Plant, newest: datetime) -> int:
    """Look at suspects again for which it is time, with data up to *newest*; return how many.

    In the caller's transaction.
    """
    for count in range(_LOOKS_A_STEP):
        due = connection.execute(statement("suspect_due"), {"newest": newest}).fetchone()
        if due is None:
            return count
        anomaly, until, is_ended = due
        (event,) = read_events(connection, [anomaly])
        if event.equipment not in plant.equipment:  # the plant file has it no more
            _forget_look(connection, anomaly)
            continue
        earlier = read_earlier(connection, event.line, until, [anomaly])
        investigation = Investigation(connection, plant)
        found, is_final = _suspects(connection, plant, event, (investigation, earlier), until)
        before = first_of(connection, anomaly)
        if (found[0].factor, found[0].value) != before:
            log.info("suspects of anomaly %d, looked at again: %s", anomaly, found[0].sentence)
            write(connection, anomaly, found)
        if is_final:
            _forget_look(connection, anomaly)
        else:
            _schedule(connection, plant, event, until, is_ended=is_ended)
    return _LOOKS_A_STEP


def _suspects(
    connection: Connection,
    plant: Plant,
    event: Event,
    known: tuple[Investigation, Sequence[Earlier]],
    until: datetime,
) -> tuple[list[Written], bool]:
    """Return the suspects of *event*, one at least, and whether nothing will change them."""
    investigation, earlier = known
    if event.characteristic not in plant.stations[event.station].results:
        return suspects_machine.suspects(connection, plant, event, earlier, until)
    found = investigation.suspects(event, earlier, until)
    # Without cells, or when none of them deviates, there is the place of the alarm.
    own = suspects_machine.own_place(plant, event, event.position)
    return without_repeats(found or [own]), False


def _schedule(
    connection: Connection, plant: Plant, event: Event, after: datetime, *, is_ended: bool
) -> None:
    """Note when the suspects of *event* are to be looked at again, if they are."""
    at = next_look(plant, event, after, is_ended=is_ended)
    if at is None:
        _forget_look(connection, event.id)
    else:
        given = {"anomaly": event.id, "next_at": at}
        connection.execute(statement("suspect_schedule"), given)


def _forget_look(connection: Connection, anomaly: int) -> None:
    connection.execute("DELETE FROM analysis.suspect_look WHERE anomaly = %s", (anomaly,))
