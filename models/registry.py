"""The registry of models: `analysis.model`, versions of what was learnt for one group of machines.

A new version is a candidate; a promotion makes it the active one and retires the one before. All
of it stays: what was active when is told by `analysis.model_event`.
"""

from __future__ import annotations

import getpass
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from models.sql import statement
from storage.connect import Connection

#: What the numbers of a model hang on.
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "skops")
_ORDER = sql.SQL(" ORDER BY line, station, equipment_group, recipe, kind, version")
_BY_ID = sql.SQL(" WHERE id = %s")
_ACTIVE = sql.SQL(
    " WHERE (line, station, equipment_group, recipe, kind) = (%s, %s, %s, %s, %s)"
    " AND state = 'active'"
)
#: Notified when another model becomes the active one.
CHANNEL = "jellyroll_model"


class RegistryError(Exception):
    """What was asked of the registry cannot be done; the text says why and what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A row of the registry, without its content. *recipe* is '' in a plant without recipes.

    *kind* is `signals` (a monitor of telemetry), `results` (baselines of the charts of cells) or
    `cells` (what is usual among cells, and their forecasts), which is of all lines and recipes:
    its *line*, *station*, *equipment_group* and *recipe* are ''.
    """

    id: int
    line: str
    station: str
    equipment_group: str
    recipe: str
    kind: str
    version: int
    detector: str
    state: str
    created_at: datetime
    from_time: datetime
    to_time: datetime
    rows: int
    signals: list[str]
    metrics: dict[str, Any]
    libraries: dict[str, str]
    sha256: str
    bytes: int

    @property
    def subject(self) -> str:
        """What it is a model of, for people."""
        if not self.line:
            return f"{self.kind} of the plant"
        recipe = f", {self.recipe}" if self.recipe else ""
        return f"{self.kind} of {self.line}-{self.equipment_group} ({self.station}{recipe})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """What `register` needs; *expected* are the shares of bins, flat, signal by signal."""

    line: str
    station: str
    equipment_group: str
    recipe: str
    kind: str
    detector: str
    from_time: datetime
    to_time: datetime
    rows: int
    signals: Sequence[str]
    expected: Sequence[float]
    metrics: Mapping[str, Any]
    content: bytes
    sha256: str


def register(connection: Connection, new: NewModel) -> int:
    """Write a candidate, in a transaction; return its id."""
    values = {name: getattr(new, name) for name in NewModel.__dataclass_fields__}
    values |= {
        "signals": list(new.signals),
        "expected": list(new.expected),
        "metrics": Jsonb(dict(new.metrics)),
        "libraries": Jsonb(_libraries()),
    }
    with connection.transaction():
        # Two trainings of one subject at once get different versions, one after the other.
        connection.execute("LOCK TABLE analysis.model IN SHARE ROW EXCLUSIVE MODE")
        row = connection.execute(statement("insert_model"), values).fetchone()
        assert row is not None
        _note(connection, row[0], "trained", "")
    return int(row[0])


def models(connection: Connection, *, everything: bool = False) -> list[Model]:
    """Return candidates and active models, with *everything* the retired ones too."""
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        query = statement("select_models") + _ORDER
        return [
            model
            for model in cursor.execute(query).fetchall()
            if everything or model.state != "retired"
        ]


def find(connection: Connection, number: int) -> Model:
    """Return model *number*; raise `RegistryError` if there is none."""
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        found = cursor.execute(statement("select_models") + _BY_ID, (number,)).fetchone()
    if found is None:
        raise RegistryError(f"there is no model {number}; `jellyroll models list --all` shows all")
    return found


def content(connection: Connection, number: int) -> bytes:
    """Return the bytes of model *number*, not checked."""
    row = connection.execute(
        "SELECT content FROM analysis.model WHERE id = %s", (number,)
    ).fetchone()
    return bytes(row[0]) if row else b""


def history(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return what happened to model *number*, in order."""
    rows = connection.execute(
        "SELECT at, who, what, why FROM analysis.model_event WHERE model = %s ORDER BY id",
        (number,),
    )
    return [{"at": at, "who": who, "what": what, "why": why} for at, who, what, why in rows]


def promote(connection: Connection, number: int, why: str = "") -> Model | None:
    """Make model *number* the active one of its subject; return the one that it retires, if any.

    Runs in a transaction of its own. Raise `RegistryError` if it is active already.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE analysis.model IN SHARE ROW EXCLUSIVE MODE")
        chosen = find(connection, number)
        if chosen.state == "active":
            raise RegistryError(f"model {number} is the active one already")
        before = _active(connection, chosen)
        if before:
            _set(connection, before.id, "retired", why)
        _set(connection, number, "active", why)
        connection.execute(f"NOTIFY {CHANNEL}")
    return before


def rollback(connection: Connection, number: int, why: str = "") -> Model:
    """Let the model that was active before *number* be so again; return it.

    Raise `RegistryError` if *number* is not active or was the first.
    """
    chosen = find(connection, number)
    if chosen.state != "active":
        raise RegistryError(f"model {number} is {chosen.state}; only an active one is rolled back")
    row = connection.execute(statement("previous_model"), {"model": number}).fetchone()
    if row is None:
        raise RegistryError(f"no model of the {chosen.subject} was active before {number}")
    promote(connection, row[0], why or f"rollback of {number}")
    return find(connection, row[0])


def _active(connection: Connection, like: Model) -> Model | None:
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        return cursor.execute(
            statement("select_models") + _ACTIVE,
            (like.line, like.station, like.equipment_group, like.recipe, like.kind),
        ).fetchone()


def _set(connection: Connection, number: int, state: str, why: str) -> None:
    connection.execute("UPDATE analysis.model SET state = %s WHERE id = %s", (state, number))
    _note(connection, number, "promoted" if state == "active" else "retired", why)


def _note(connection: Connection, number: int, what: str, why: str) -> None:
    connection.execute(
        "INSERT INTO analysis.model_event (model, who, what, why) VALUES (%s, %s, %s, %s)",
        (number, _who(), what, why),
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        return "unknown"


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
