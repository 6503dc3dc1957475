"""Cells read back from the results of all stations, the latest visit of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from psycopg import sql

from models.cells.cells import NOWHERE, POSITIONS, Cells, Ints
from models.cells.standard import CellsError, Standard
from models.columns import EPOCH_SHIFT_US
from models.sql import statement
from plant.model import Plant
from plant.tables import Kind, Table
from storage.connect import Connection

#: Ids of cells are read in so many bytes; a longer one is refused.
ID_BYTES = 64
_COPY_HEAD, _COPY_TRAILER = 11 + 8, 2
#: A cell passes all its stations within so long.
AGE = timedelta(days=60)


class CellReader:
    """Reads cells of *plant*: the results *wanted* (`station.result`) and where they were."""

    def __init__(self, plant: Plant, connection: Connection, standard: Standard) -> None:
        self._plant = plant
        self._connection = connection
        self._stations = standard.with_results
        self._tray = standard.quality.tray
        self.machines = tuple(plant.equipment)
        self._line_of = [machine.line for machine in plant.equipment.values()]
        self._recipes = (*plant.recipes,) or ("",)
        connection.execute("SET jit = off")
        self._machine_keys = self._keys(self.machines)
        self._recipe_keys = self._keys(self._recipes)

    def cells(
        self, ids: Iterable[str], about: tuple[datetime, datetime], wanted: Sequence[str]
    ) -> list[Cells]:
        """Return the cells *ids*, line by line; *about* are times at which they were seen."""
        base = sql.SQL("SELECT unnest({}::text[]) AS cell").format(list(ids))
        return self._read(base, about, wanted)

    def trays(
        self,
        line: str,
        span: tuple[datetime, datetime],
        wanted: Sequence[str],
        machines: Sequence[str] | None = None,
    ) -> Cells | None:
        """Return the cells that left their trays on *line* within *span*, None if none did.

        With *machines*, only those of these tray places.
        """
        own = machines or [m.name for m in self._plant.equipment_at(line, self._tray)]
        base = statement("cell_trays").format(
            table=self._identifier(self._tray),
            machines=list(own),
            from_time=span[0],
            to_time=span[1],
        )
        distinct = sql.SQL("SELECT DISTINCT cell FROM ({}) AS tray").format(base)
        found = [c for c in self._read(distinct, span, wanted) if c.line == line]
        return found[0] if found else None

    def seen(self, line: str, span: tuple[datetime, datetime]) -> tuple[datetime, datetime] | None:
        """Return when the first and the last cell of *span* left their trays, None if none did."""
        row = self._connection.execute(
            sql.SQL(
                "SELECT min(time), max(time) FROM {} WHERE time BETWEEN %s AND %s"
                " AND equipment = ANY (%s)"
            ).format(self._identifier(self._tray)),
            (*span, [m.name for m in self._plant.equipment_at(line, self._tray)]),
        ).fetchone()
        return None if row is None or row[0] is None else (row[0], row[1])

    def touched(
        self, table: Table, batches: Sequence[int], span: tuple[datetime, datetime]
    ) -> set[str]:
        """Return the cells of which *batches* brought rows of *table* within *span*."""
        rows = self._connection.execute(
            statement("cell_touched").format(table=sql.Identifier(table.schema, table.name)),
            {"batches": list(batches), "from_time": span[0], "to_time": span[1]},
        )
        touched = {cell for (cell,) in rows}
        for cell in touched:
            if len(cell.encode()) > ID_BYTES:
                raise CellsError(f"cell {cell!r}: ids of more than {ID_BYTES} bytes are not judged")
        return touched

    def _read(
        self, base: sql.Composed, about: tuple[datetime, datetime], wanted: Sequence[str]
    ) -> list[Cells]:
        columns: list[tuple[str, str]] = [("cell", f"S{ID_BYTES}")]
        selected, joins = [], []
        for station in self._stations:
            names = [full.partition(".")[2] for full in wanted if full.startswith(f"{station}.")]
            joins.append(self._join(station, names, about))
            part = sql.Identifier(station)
            for column, text, kind in (
                ("time", "coalesce({}.time, '2000-01-01Z'::timestamptz)", ">i8"),
                ("machine", "coalesce(hashtextextended({}.equipment, 0), 0)", ">i8"),
                ("position", "coalesce({}.position, 0)::int", ">i4"),
                ("recipe", "coalesce(hashtextextended({}.recipe, 0), 0)", ">i8"),
            ):
                selected.append(sql.SQL(text).format(part))
                columns.append((f"{station}.@{column}", kind))
            for name in names:
                selected.append(
                    sql.SQL("coalesce({}, 'NaN')").format(sql.Identifier(station, name))
                )
                columns.append((f"{station}.{name}", ">f8"))
        command = statement("cell_rows").format(
            width=ID_BYTES,
            base=base,
            columns=sql.SQL(", ").join(selected),
            stations=sql.SQL("\n").join(joins),
        )
        return list(self._by_line(_copied(self._connection, command, columns), wanted))

    def _join(
        self, station: str, names: Sequence[str], about: tuple[datetime, datetime]
    ) -> sql.Composed:
        values = [sql.SQL("r.") + sql.Identifier(name) for name in names]
        return statement("cell_station").format(
            values=sql.SQL(", ").join(values) if values else sql.SQL("1 AS nothing"),
            table=self._identifier(station),
            name=sql.Identifier(station),
            from_time=about[0] - AGE,
            to_time=about[1] + AGE,
        )

    def _by_line(self, rows: npt.NDArray[np.void], wanted: Sequence[str]) -> Iterable[Cells]:
        names = np.char.decode(np.char.rstrip(rows["cell"]), "utf-8").astype(object)
        places, times = {}, {}
        recipe = np.zeros(len(rows), dtype=np.int64)
        for station in self._stations:
            machine = self._index(self._machine_keys, rows[f"{station}.@machine"])
            position = rows[f"{station}.@position"].astype(np.int64)
            places[station] = np.where(machine < 0, NOWHERE, machine * POSITIONS + position)
            times[station] = np.where(
                machine < 0, 0, rows[f"{station}.@time"].astype(np.int64) + EPOCH_SHIFT_US
            )
            told = self._index(self._recipe_keys, rows[f"{station}.@recipe"])
            recipe = np.where(told >= 0, told, recipe)
        # The machine of any station tells the line.
        anywhere = np.max(list(places.values()), axis=0) // POSITIONS
        line = np.array([*self._line_of, ""], dtype=object)[np.where(anywhere < 0, -1, anywhere)]
        values = {name: rows[name].astype(np.float64) for name in wanted}
        recipes = np.array(self._recipes, dtype=object)[recipe]
        whole = Cells("", names, recipes, values, places, times)
        for own in sorted(set(line) - {""}):
            part = whole.of(line == own)
            yield Cells(own, part.cell, part.recipe, part.values, part.places, part.times_us)

    def _keys(self, names: Sequence[str]) -> tuple[Ints, Ints]:
        """Return the database's hashes of *names*, sorted, and whose each is."""
        rows = self._connection.execute(
            "SELECT hashtextextended(name, 0)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS n (name, number) ORDER BY number",
            (list(names),),
        ).fetchall()
        keys = np.array([key for (key,) in rows], dtype=np.int64)
        order = np.argsort(keys)
        return keys[order], order

    @staticmethod
    def _index(known: tuple[Ints, Ints], keys: npt.NDArray[np.void]) -> Ints:
        """Return the index of each key among *known*, -1 where there is none."""
        own = keys.astype(np.int64)
        at = np.minimum(np.searchsorted(known[0], own), len(known[0]) - 1)
        return np.where(known[0][at] == own, known[1][at], -1)

    def _identifier(self, station: str) -> sql.Identifier:
        table = self._plant.tables[Kind.CELL, station]
        return sql.Identifier(table.schema, table.name)


def _copied(
    connection: Connection, command: sql.Composed, columns: Sequence[tuple[str, str]]
) -> npt.NDArray[np.void]:
    """Return what the binary COPY *command* gives; no column is null or of variable length."""
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        data = b"".join(copy)
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, number in columns:
        layout += [(f"{name}@length", ">i4"), (name, number)]
    return np.frombuffer(data[_COPY_HEAD:-_COPY_TRAILER], dtype=np.dtype(layout))
