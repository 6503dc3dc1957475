"""Watch: a machine from which nothing comes any more is an alert of its own.

What counts is when rows arrive, not the time in them: a backlog that is being read is no loss, and
a clock that is wrong none either. A machine that says that it does not produce may be silent; one
that never said anything is not missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from alerts import life, record
from alerts.alert import Cause, Kind, Severity
from alerts.life import Alarm
from alerts.setting import Setting
from alerts.sql import statement
from alerts.suppress import NOT_PRODUCING
from plant.model import Plant
from plant.tables import Kind as TableKind
from storage.connect import Connection

#: A machine is missed after so many of its sampling periods, or the time in the rules if longer.
_PERIODS = 5
#: From so many parts of a place on, what befalls most of them befell the place.
_A_PLACE = 2

_ACTION = (
    "Look whether the machine runs and reaches the broker: its power, its network, its gateway;"
    " `jellyroll doctor` looks at the broker and ingest."
)


class Seen(NamedTuple):
    """What is known of a machine: when its last row came, and for how long (s) it may be silent."""

    equipment: str
    seen_at: datetime
    silence_s: float
    is_lost: bool


class Place(NamedTuple):
    """A machine, a station of a line (no equipment), a line (no station), or all (no line)."""

    line: str
    station: str
    equipment: str


def watch(connection: Connection, setting: Setting) -> None:
    """Look at every machine, and let the alerts of lost signals open and return.

    *connection* is in autocommit, so that no long transaction holds anybody back. The first
    service does it as long as its connection lasts; for others it is nothing.
    """
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended('jellyroll alerts watch', 0))"
    ).fetchone()
    if row and row[0]:
        _look(connection, setting)
        _raise(connection, setting, lost_places(setting.plant, _seen(connection, setting)))


def lost_places(plant: Plant, seen: Iterable[Seen]) -> dict[Place, datetime]:
    """Return the widest places from which nothing comes, with when it last did.

    A place is lost as a whole when more than half of what it has is: that is one cause, and the
    rest of it is on its way there or has another connection.
    """
    machines = {s.equipment: s for s in seen}
    by_station: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for name, one in machines.items():
        machine = plant.equipment[name]
        by_station[machine.line, machine.station].append(one)
    whole = {
        place: since
        for place, members in by_station.items()
        if (since := _whole(members)) is not None
    }
    lines: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for place in by_station:
        lines[place[0]].append(place)
    dark = {
        line: min(whole[place] for place in places if place in whole)
        for line, places in lines.items()
        if len(places) >= _A_PLACE and 2 * sum(p in whole for p in places) > len(places)
    }
    if len(lines) >= _A_PLACE and 2 * len(dark) > len(lines):
        return {Place("", "", ""): min(dark.values())}
    result = {Place(line, "", ""): since for line, since in dark.items()}
    for (line, station), since in whole.items():
        if line not in dark:
            alone = by_station[line, station]
            only = alone[0].equipment if len(alone) == 1 else ""
            result[Place(line, station, only)] = since
    for name, one in machines.items():
        machine = plant.equipment[name]
        place = (machine.line, machine.station)
        if one.is_lost and machine.line not in dark and place not in whole:
            result[Place(machine.line, machine.station, name)] = one.seen_at
    return result


def _whole(members: list[Seen]) -> datetime | None:
    lost = [member.seen_at for member in members if member.is_lost]
    return min(lost) if lost and 2 * len(lost) > len(members) else None


def _look(connection: Connection, setting: Setting) -> None:
    """Note for each machine when its newest row was first seen."""
    exempt = setting.config.rules.signal_lost_except
    for (kind, station), table in setting.plant.tables.items():
        if kind is not TableKind.TELEMETRY or station in exempt:
            continue
        query = statement("watch_look").format(
            table=sql.Identifier(table.schema, table.name), station=station
        )
        connection.execute(query)


def _seen(connection: Connection, setting: Setting) -> list[Seen]:
    """Return the machines that should be heard of: seen before, and not stopped."""
    plant = setting.plant
    least_s = setting.config.rules.signal_lost_after_s
    periods = _periods_s(plant)
    rows = connection.execute(statement("watch_seen"), {"silent": list(NOT_PRODUCING)}).fetchall()
    result = []
    for equipment, seen_at, silence_s in rows:
        machine = plant.equipment.get(equipment)
        if machine is None or machine.station in setting.config.rules.signal_lost_except:
            continue  # of an older plant file, or an older alerts.toml
        patience_s = max(least_s, _PERIODS * periods.get(machine.station, 0.0))
        result.append(Seen(equipment, seen_at, silence_s, silence_s > patience_s))
    return result


def _periods_s(plant: Plant) -> dict[str, float]:
    """Return the shortest sampling period of each station."""
    return {
        name: 1 / max(signal.rate_hz for signal in station.signals.values())
        for name, station in plant.stations.items()
        if station.signals
    }


def _raise(connection: Connection, setting: Setting, lost: Mapping[Place, datetime]) -> None:
    # Of each open alert, whether it has come back or is about to.
    open_now: dict[Place, bool] = {
        Place(*row[:3]): row[3]
        for row in connection.execute(statement("watch_open"), {"kind": Kind.SIGNAL_LOST})
    }
    for place, since in lost.items():
        if open_now.get(place, True):
            with connection.transaction():
                life.alarm(connection, setting, _alarm(setting.plant, place, since))
    back_for_s = setting.config.rules.signal_back_for_s
    for place in open_now:
        # A machine of a place that is lost as a whole has not come back.
        if place in lost or any(_holds(wide, place) for wide in lost):
            continue
        with connection.transaction():
            alert = record.find_open(connection, _cause(place), Kind.SIGNAL_LOST)
            if alert is not None:
                life.back(connection, setting, alert, stay_s=back_for_s)


def _alarm(plant: Plant, place: Place, since: datetime) -> Alarm:
    name = place.equipment or " ".join(filter(None, (place.line, place.station)))
    where = name or f"all lines of {plant.site.name}"
    wide = not place.equipment
    return Alarm(
        kind=Kind.SIGNAL_LOST,
        cause=_cause(place),
        severity=Severity.HIGH if wide else Severity.MEDIUM,
        title=f"{where}: signal lost, nothing came since {since:%H:%M:%S}Z",
        since=since,
        details={"action": _ACTION},
    )


def _cause(place: Place) -> Cause:
    return Cause(place.line, place.station, place.equipment, None, "signal", "")


def _holds(wide: Place, place: Place) -> bool:
    """Tell whether *place* is a part of *wide*."""
    return wide != place and all(w in {"", p} for w, p in zip(wide, place, strict=True))
