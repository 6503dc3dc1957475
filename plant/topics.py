"""Topics after ISA-95: `v1/<enterprise>/<site>/<area>/<line>/<equipment>/<kind>`."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from plant.errors import Reason, UnreadableError
from plant.model import Equipment, Plant
from plant.tables import Kind, Table

VERSION = "v1"
GRAMMAR = f"{VERSION}/<enterprise>/<site>/<area>/<line>/<equipment>/<kind>"


class Route(NamedTuple):
    """Where a message goes: the machine it speaks of and the table it fills."""

    equipment: str
    kind: Kind
    table: Table


def topic_of(plant: Plant, equipment: Equipment, kind: Kind) -> str:
    """Return the topic on which *equipment* publishes messages of *kind*."""
    site = plant.site
    return "/".join(
        (VERSION, site.enterprise, site.name, equipment.area, equipment.line, equipment.name, kind)
    )


def topic_filter(plant: Plant) -> str:
    """Return the filter that matches every topic of the plant, and mistyped ones below its site."""
    return f"{VERSION}/{plant.site.enterprise}/{plant.site.name}/#"


def route(plant: Plant, topic: str) -> Route:
    """Return where messages on *topic* go.

    Raise `UnreadableError` (unknown_topic, unknown_equipment) with what was expected.
    """
    levels = topic.split("/")
    if len(levels) != 7 or levels[0] != VERSION:
        raise UnreadableError(Reason.UNKNOWN_TOPIC, f"topic {topic!r} is not {GRAMMAR}")
    name, word = levels[5], levels[6]
    try:
        kind = Kind(word)
    except ValueError:
        kinds = ", ".join(Kind)
        detail = f"topic {topic!r} ends with {word!r}, not with one of {kinds}"
        raise UnreadableError(Reason.UNKNOWN_TOPIC, detail) from None
    machine = plant.equipment.get(name)
    if machine is None:
        detail = f"equipment {name!r} is not in the plant model{_hint(plant, name)}"
        raise UnreadableError(Reason.UNKNOWN_EQUIPMENT, detail)
    expected = topic_of(plant, machine, kind)
    if topic != expected:
        detail = f"{name!r} publishes on {expected!r}, not on {topic!r}"
        raise UnreadableError(Reason.UNKNOWN_TOPIC, detail)
    table = plant.tables.get((kind, machine.station))
    if table is None:
        what = "signals" if kind is Kind.TELEMETRY else "results per cell"
        detail = f"station {machine.station!r} has no {what} in the plant model"
        raise UnreadableError(Reason.UNKNOWN_TOPIC, detail)
    return Route(name, kind, table)


def _hint(plant: Plant, name: str) -> str:
    """Return what *name* may have been meant to be, looking at groups: machines are too many."""
    groups = {
        f"{line}-{group_name}": group.count
        for line in plant.production.lines
        for station in plant.stations.values()
        for group_name, group in station.equipment.items()
    }
    near = difflib.get_close_matches(name.rpartition("-")[0] or name, groups, n=1)
    if not near:
        return ""
    stem, count = near[0], groups[near[0]]
    width = max(2, len(str(count)))
    if count == 1:
        return f"; there is only {stem}-{1:0{width}}"
    return f"; there are {stem}-{1:0{width}} to {stem}-{count:0{width}}"
