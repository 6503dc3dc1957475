"""When the suspects of an anomaly are looked at again: at fixed moments of the data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from models.suspects_event import Event
from models.suspects_witness import relations
from plant.model import Plant

#: An alarm of a result is looked at again when it has lasted twice as long, and again, up to this;
#: the first time after half an hour at least.
_LONGEST, _LEAST = timedelta(days=2), timedelta(minutes=30)
#: Cells of the metres that passed a machine may come any time up to this; they are waited for in
#: steps.
_METRES, _STEP = timedelta(days=7), timedelta(hours=6)


def next_look(plant: Plant, event: Event, after: datetime, *, is_ended: bool) -> datetime | None:
    """Return the first moment to look at the suspects of *event* again that is later than *after*.

    An alarm that has ended is only looked at for the sake of witnesses that are still to come.
    """
    if ":" in event.characteristic:
        return None
    if event.characteristic in plant.stations[event.station].results:
        moments = list(_witnesses(plant, event))
        if not is_ended and event.id == event.event:
            moments += _doubling(event)
    else:
        moments = list(_of_metres(plant, event))
    return min((moment for moment in moments if moment > after), default=None)


def _doubling(event: Event) -> Iterator[datetime]:
    step = max(event.time - event.since, _LEAST)
    while step <= _LONGEST:
        yield event.time + step
        step *= 2


def _witnesses(plant: Plant, event: Event) -> Iterator[datetime]:
    """Yield when cells that were off have been measured again further down the line."""
    group = plant.equipment[event.equipment].group
    for one in relations(plant, event.station, group):
        if one.of == (event.characteristic,):
            delays = (plant.stations[name].delay_s for name in (one.by_station, event.station))
            way = timedelta(seconds=next(delays) - next(delays))
            if way > timedelta():
                yield event.time + way + max(event.time - event.since, _LEAST)


def _of_metres(plant: Plant, event: Event) -> Iterator[datetime]:
    group = plant.equipment[event.equipment].group
    signals = {str(part["signal"]).partition("[")[0] for part in event.contributions}
    if any(
        one.is_of_cells and signals & set(one.of) for one in relations(plant, event.station, group)
    ):
        for turn in range(1, _METRES // _STEP + 1):
            yield event.time + turn * _STEP
