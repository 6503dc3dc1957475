"""Tables: what a message kind of a station becomes in the database.

A station is a table, a signal is a column. The decoder checks payloads against a `Table`, the
schema is generated from it, COPY is packed by it; none of them names a signal itself.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


class Kind(enum.StrEnum):
    """The last level of a topic: what a message speaks of. The value is also the topic word."""

    TELEMETRY = "telemetry"
    CELL = "cell"
    STATE = "state"
    MATERIAL = "material"
    MOUNT = "mount"


class ColumnType(enum.Enum):
    """How a column is kept; the value is its PostgreSQL type."""

    TIME = "timestamptz"
    TEXT = 'text COLLATE "C"'
    FLOAT = "double precision"
    FLOATS = "double precision[]"
    SMALLINT = "smallint"
    BIGINT = "bigint"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    *length* is the number of elements of a FLOATS column (one per position); *choices*, where
    not empty, are the only texts allowed; *required* columns must be in each row.
    """

    name: str
    type: ColumnType
    required: bool = False
    length: int = 0
    choices: tuple[str, ...] = ()
    comment: str = ""


# Compared and hashed by identity: a plant makes each table once, and the decoder looks shapes up
# by it for every message.
@dataclass(frozen=True, eq=False)
class Table:
    """A table that messages fill: `schema.name`, its columns in order, its unique key."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by their name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def payload_names(self) -> frozenset[str]:
        """What a payload may name, besides `ts`: every column but those that ingest fills."""
        return frozenset(self.by_name) - {"time", "equipment", "batch"}

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


#: PackML (ISA-TR88.00.02) states, as they are written in a `state` payload.
PACKML_STATES: tuple[str, ...] = (
    "Stopped", "Starting", "Idle", "Suspended", "Execute", "Stopping", "Aborting", "Aborted",
    "Holding", "Held", "Unholding", "Suspending", "Unsuspending", "Resetting", "Completing",
    "Complete", "Clearing",
)  # fmt: skip

#: What is known of a machine when its PackML state is not: its connection is gone, or it is there
#: and does not say what it does.
STALE, ONLINE = "Stale", "Online"
STATES = (*PACKML_STATES, STALE, ONLINE)

VERDICTS: tuple[str, ...] = ("pass", "fail", "hold")

_TIME = Column("time", ColumnType.TIME, required=True, comment="when it was measured, UTC")
_EQUIPMENT = Column("equipment", ColumnType.TEXT, required=True, comment="plant.equipment.name")
#: The ledger line that brought the row: a follower asks for new rows by it, however late they are.
_BATCH = Column("batch", ColumnType.BIGINT, comment="ingest.batch.id that brought the row")


def telemetry_table(station: str, signals: tuple[Column, ...]) -> Table:
    """Return the table of a station's machine samples."""
    return Table(
        "telemetry", station, (_TIME, _EQUIPMENT, *signals, _BATCH), key=("equipment", "time")
    )


def cell_table(station: str, results: tuple[Column, ...], recipes: tuple[str, ...] = ()) -> Table:
    """Return the table of a station's results, one row per cell and visit."""
    head = (
        _TIME,
        Column("cell", ColumnType.TEXT, required=True, comment="id of the cell"),
        _EQUIPMENT,
        Column("position", ColumnType.SMALLINT, comment="nozzle, lane, channel: from 1"),
        Column("verdict", ColumnType.TEXT, choices=VERDICTS),
        _recipe(recipes),
    )
    return Table("cell", station, (*head, *results, _BATCH), key=("cell", "time"))


def state_table(recipes: tuple[str, ...] = ()) -> Table:
    """Return the table of the states of all machines."""
    columns = (
        _TIME,
        _EQUIPMENT,
        Column("state", ColumnType.TEXT, required=True, choices=STATES),
        Column("reason", ColumnType.TEXT, comment="why, in the machine's words"),
        _recipe(recipes),
        _BATCH,
    )
    return Table("machine", "state", columns, key=("equipment", "time"))


def _recipe(recipes: tuple[str, ...]) -> Column:
    comment = "plant.recipe.name; null for the first recipe"
    return Column("recipe", ColumnType.TEXT, choices=recipes, comment=comment)


GENEALOGY_TABLE = Table(
    "material",
    "genealogy",
    (
        _TIME,
        _EQUIPMENT,
        Column("child", ColumnType.TEXT, required=True, comment="what was made"),
        Column("parent", ColumnType.TEXT, required=True, comment="what it was made from"),
        Column("from_m", ColumnType.FLOAT, comment="first metre of the parent that went in"),
        Column("to_m", ColumnType.FLOAT, comment="last metre of the parent that went in"),
        Column("amount_kg", ColumnType.FLOAT, comment="mass of the parent that went in"),
        _BATCH,
    ),
    key=("child", "parent", "time"),
)

MOUNT_TABLE = Table(
    "material",
    "mount",
    (
        _TIME,
        _EQUIPMENT,
        Column("slot", ColumnType.TEXT, required=True, comment="place or material: unwinder_1"),
        Column("thing", ColumnType.TEXT, required=True, comment="the roll or lot"),
        Column("action", ColumnType.TEXT, choices=("mount", "unmount"), comment="null: mount"),
        _BATCH,
    ),
    key=("equipment", "slot", "time"),
)


def required_names(table: Table) -> Iterator[str]:
    """Yield what each row's payload must name, besides `ts`."""
    return (c.name for c in table.columns if c.required and c.name in table.payload_names)
