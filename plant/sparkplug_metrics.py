"""Which metric is which column: what a birth declares, matched with the tables of a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from plant.errors import Reason
from plant.model import Equipment, Plant
from plant.sparkplug_rows import sample_columns
from plant.sparkplug_value import READERS, fits
from plant.tables import Column, Kind

#: A metric has the name of its column, with this before it. A signal has none: the names of
#: columns have no slash, so a signal cannot be taken for anything else.
PREFIXES = {Kind.TELEMETRY: "", Kind.CELL: "cell/", Kind.STATE: "machine/"}
_CELL_ID = "cell/id"
#: What edge nodes and devices declare about themselves; no signal of a machine.
_OWN_NAMES = (
    "bdSeq",
    "Node Control/",
    "Device Control/",
    "Node Info/",
    "Device Info/",
    "Properties/",
)


class Note(NamedTuple):
    """What is to be kept of a message that was read, and why."""

    reason: Reason
    detail: str


class Binding(NamedTuple):
    """Where the value of a metric goes, and how it is read.

    *place* is that among the `sample_columns` of a telemetry table. *plain_field*
    is *field* where the value is a number that needs no second look, else what no field is called.
    """

    name: str
    kind: Kind
    column: Column
    place: int
    field: str
    plain_field: str
    read: Callable[[Any], Any]


#: By alias and by name; None is a metric that is declared and has no column.
Bindings = Mapping[int | str, Binding | None]


class _Target(NamedTuple):
    kind: Kind
    column: Column
    place: int


def targets(plant: Plant, equipment: Equipment | None) -> dict[str, _Target]:
    """Return what the metrics of *equipment* may be called, and the column of each."""
    found: dict[str, _Target] = {}
    for kind, prefix in PREFIXES.items():
        table = plant.tables.get((kind, equipment.station)) if equipment else None
        columns = sample_columns(table) if table else []
        for index, column in enumerate(columns):
            name = _CELL_ID if kind is Kind.CELL and column.name == "cell" else prefix + column.name
            found[name] = _Target(kind, column, index)
    return found


def bind(known: dict[str, _Target], metrics: Iterable[Any]) -> tuple[Bindings, Note | None]:
    """Return the table of a birth's *metrics*, and a note if it declares what is not *known*.

    A node that is no machine knows no names, and what it says of itself is nobody's loss.
    """
    bindings: dict[int | str, Binding | None] = {}
    unknown: list[str] = []
    wrong: list[str] = []
    for metric in metrics:
        name, datatype = metric.name, metric.datatype
        target, binding = known.get(name), None
        if target is None:
            if not name.startswith(_OWN_NAMES):
                unknown.append(repr(name[:60]))
        elif fits(datatype, target.column.type, is_cell=target.kind is Kind.CELL):
            reader = READERS[datatype]
            is_plain = reader.is_plain and target.kind is Kind.TELEMETRY
            plain_field = reader.field if is_plain else "-"
            binding = Binding(name, *target, reader.field, plain_field, reader.read)
        else:
            wrong.append(f"{name!r} (datatype {datatype})")
        bindings[name] = binding
        if metric.HasField("alias"):
            bindings[metric.alias] = binding
    parts = [f"the plant model has no {_listed(unknown)}"] if unknown else []
    parts += [f"the datatype does not fit {_listed(wrong)}"] if wrong else []
    if not (parts and known):
        return bindings, None
    return bindings, Note(Reason.UNMAPPED, f"{'; '.join(parts)}: values of these are not kept")


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:24])
    return shown + (f" and {len(names) - 24} more" if len(names) > 24 else "")
