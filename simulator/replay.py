"""A cycler's recording as messages of one channel of a tray, and when ingest takes a replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from plant.model import Equipment, Plant
from plant.tables import Kind
from plant.times import format_time_us
from plant.topics import topic_of
from simulator.captured import Captured
from simulator.recording import Recording
from simulator.replay_rows import stamps_of

_DAY_US = 86_400_000_000
#: What a recording can fill: signal of the tray, column of the recording, unit of the column.
_FILLS = (
    ("voltage", "voltage_v", "V"),
    ("current", "current_a", "A"),
    ("temperature", "temperature_cel", "Cel"),
)


class ReplayError(Exception):
    """The plant has no place or no time for the recording; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Channel *channel* (from 1) of a tray of *channels*, and the topic the tray publishes on.

    *signals* are those of the tray's signals that a recording can fill.
    """

    equipment: str
    channel: int
    channels: int
    topic: str
    signals: tuple[str, ...]


def find_seat(plant: Plant, equipment: str | None, channel: int) -> Seat:
    """Return the channel of tray *equipment*, of the plant's first tray if that is None.

    Raise `ReplayError` if there is no such tray or channel, or if it measures in other units.
    """
    tray = _tray(plant, equipment)
    station = plant.stations[tray.station]
    positions = station.positions
    if positions is None or not 1 <= channel <= positions.count:
        count = positions.count if positions else 0
        raise ReplayError(f"{tray.name} has channels 1 to {count}, there is no channel {channel}")
    signals = []
    for name, _, unit in _FILLS:
        signal = station.signals.get(name)
        if signal is None or not signal.per_position:
            continue
        if signal.unit != unit:
            raise ReplayError(
                f"{tray.station}.{name} is in {signal.unit} in the plant model, recordings are in"
                f" {unit}: replay to a tray that measures in {unit}"
            )
        signals.append(name)
    topic = topic_of(plant, tray, Kind.TELEMETRY)
    return Seat(tray.name, channel, positions.count, topic, tuple(signals))


def _tray(plant: Plant, equipment: str | None) -> Equipment:
    stations = [
        name
        for name, station in plant.stations.items()
        if "voltage" in station.signals and station.signals["voltage"].per_position
    ]
    trays = [e for e in plant.equipment.values() if e.station in stations]
    if not trays:
        raise ReplayError("no station of the plant model has a per_position signal 'voltage'")
    if equipment is None:
        return trays[0]
    for tray in trays:
        if tray.name == equipment:
            return tray
    raise ReplayError(
        f"{equipment!r} is not a tray with a voltage per channel; the plant has {trays[0].name} to"
        f" {trays[-1].name}"
    )


def check_window(plant: Plant, first_us: int, last_us: int, speed: float, now_us: int) -> None:
    """Raise `ReplayError` if ingest would refuse a replay of times from *first_us* to *last_us*.

    It is sent from *now_us* on at *speed* times its own rhythm, all at once if that is 0.
    """
    sending_us = round((last_us - first_us) / speed) if speed else 0
    ahead_us = max(first_us - now_us, last_us - now_us - sending_us)
    late_us = max(now_us - first_us, now_us + sending_us - last_us)
    if ahead_us > plant.intake.max_ahead_s * 1e6:
        raise ReplayError(
            f"from {format_time_us(first_us)} on the replay would run {ahead_us / 1e6:,.0f} s"
            f" ahead of the clock, the plant allows {plant.intake.max_ahead_s:g} s"
            " (intake.max_ahead_s): choose an earlier --shift-to"
        )
    if late_us > plant.intake.max_lateness_d * _DAY_US:
        raise ReplayError(
            f"from {format_time_us(first_us)} on the replay would be {late_us / _DAY_US:,.0f}"
            f" days late, the plant allows {plant.intake.max_lateness_d:g}"
            " (intake.max_lateness_d): choose a later --shift-to, such as now"
        )


def messages(
    recording: Recording, seat: Seat, start_us: int, rows_per_message: int
) -> Iterator[Captured]:
    """Yield *recording*, its first sample at *start_us* (since the epoch), as messages of *seat*.

    With one row a message the payload is one sample, otherwise a block, due at its last row. All
    other channels are null; a quantity that was not measured is left out.
    """
    times_us = start_us + recording.time_us - recording.time_us[0]
    stamps = stamps_of(times_us.tolist())
    columns: dict[str, npt.NDArray[np.float64]] = {
        name: getattr(recording, column)
        for name, column, _ in _FILLS
        if name in seat.signals and (name != "temperature" or recording.has_temperature)
    }
    before, after = [None] * (seat.channel - 1), [None] * (seat.channels - seat.channel)
    for first in range(0, len(recording), rows_per_message):
        rows = slice(first, first + rows_per_message)
        # NaN, a temperature that is missing here and there, becomes null in JSON.
        document: dict[str, Any] = {"ts": stamps[rows]} | {
            name: [[*before, value, *after] for value in column[rows].tolist()]
            for name, column in columns.items()
        }
        count = len(document["ts"])
        if rows_per_message == 1:
            document = {name: values[0] for name, values in document.items()}
        due_us = int(times_us[first + count - 1])
        yield Captured(due_us, seat.topic, orjson.dumps(document), rows=count)
