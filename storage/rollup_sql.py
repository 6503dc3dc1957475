"""What a rollup is, and its SQL; nothing here speaks to a database.

A rollup row holds, for one machine (and position, for cells) and one minute or hour: `rows`, for
cells also `failed`, and per scalar signal `<signal>_n`, `_sum`, `_sum2` (sum of squares), `_min`
and `_max`. The mean of any coarser bucket is `sum(x_sum) / sum(x_n)`, never a mean of means.

Array signals (one value per position) are left out: unnesting a tray of 256 channels costs more
than all the rest. Cell results keep their position up to `POSITIONS_KEPT` positions; beyond it a
channel sees so few cells an hour that a row for each would save nothing, and position is NULL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from psycopg import sql

from plant.model import Plant
from plant.tables import ColumnType, Kind, Table
from storage.sql import statement

POSITIONS_KEPT = 64

#: Measure of a signal: its type, how from the raw value, how from the same measure of a finer step.
_MEASURES = {
    "n": ("bigint", "count({value})", "sum({measure})::bigint"),
    "sum": ("double precision", "sum({value})", "sum({measure})"),
    "sum2": ("double precision", "sum({value} * {value})", "sum({measure})"),
    "min": ("double precision", "min({value})", "min({measure})"),
    "max": ("double precision", "max({value})", "max({measure})"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A bucket width; on the Community edition refreshed *every* so often up to *open* ago.

    *chunk* is how much time one chunk of the Apache edition's table holds.
    """

    suffix: str
    width: str
    open: str
    every: str
    chunk: str


MINUTE = Step("1m", "1 minute", open="2 minutes", every="5 minutes", chunk="7 days")
HOUR = Step("1h", "1 hour", open="1 hour", every="30 minutes", chunk="90 days")
STEPS = (MINUTE, HOUR)


@dataclass(frozen=True, slots=True)
class Rollup:
    """What is kept of *table*; *by_position*: a row for each position of a machine."""

    table: Table
    signals: tuple[str, ...]
    by_position: bool

    @property
    def of_cells(self) -> bool:
        """Whether the rows are cells: they have a position and a verdict."""
        return self.table.schema == Kind.CELL

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns beside time that a row stands for."""
        return ("equipment", "position") if self.by_position else ("equipment",)

    def view(self, step: Step) -> str:
        """Return the name of the view, in the schema of its table."""
        return f"{self.table.name}_{step.suffix}"

    def part(self, step: Step, version: int) -> str:
        """Return the name of continuous aggregate *version* behind the view."""
        return f"{self.view(step)}_v{version}"

    def kept(self, step: Step) -> str:
        """Return the name of the table that is behind the view on the Apache edition."""
        return f"{self.view(step)}_kept"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of view and table, in order."""
        keys = ("time", "equipment", *(("position",) if self.of_cells else ()))
        measures = (f"{signal}_{suffix}" for signal in self.signals for suffix in _MEASURES)
        return (*keys, *_row_names(self), *measures)


@dataclass(frozen=True, slots=True)
class Part:
    """A continuous aggregate behind a view: its name and its columns."""

    name: str
    columns: tuple[str, ...]


def rollups(plant: Plant) -> Iterator[Rollup]:
    """Yield the rollup of each table that has scalar signals."""
    for (kind, name), table in plant.tables.items():
        if kind not in {Kind.TELEMETRY, Kind.CELL}:
            continue
        signals = tuple(c.name for c in table.columns if c.type is ColumnType.FLOAT)
        positions = plant.stations[name].positions
        few = positions is not None and positions.count <= POSITIONS_KEPT
        if signals:
            yield Rollup(table, signals, by_position=kind is Kind.CELL and few)


def signals_in(columns: Sequence[str]) -> list[str]:
    """Return the signals that a rollup with these *columns* has, in order."""
    return [column.removesuffix("_sum2") for column in columns if column.endswith("_sum2")]


def settled_after(plant: Plant) -> timedelta:
    """Return the age from which no late row can arrive any more, with a day to spare."""
    return timedelta(days=plant.intake.max_lateness_d + 1)


def over_raw(
    rollup: Rollup,
    step: Step,
    since: sql.Composable | None = None,
    until: sql.Composable | None = None,
) -> sql.Composed:
    """Return the rows of a rollup as the raw rows give them, of a window if there is one."""
    measures = _all_measures(rollup, raw=True)
    return _grouped(rollup, measures, step, rollup.table.name, where=_between(since, until))


def over_kept(rollup: Rollup, since: sql.Composable, until: sql.Composable) -> sql.Composed:
    """Return the hours of a window as the minutes give them that are kept (Apache edition)."""
    measures = _all_measures(rollup, raw=False)
    return _grouped(rollup, measures, HOUR, rollup.kept(MINUTE), where=_between(since, until))


def over_parts(rollup: Rollup, parts: Sequence[Part]) -> sql.Composable:
    """Return the query of the view on the Community edition, over its continuous aggregates.

    A signal that came later is in a part of its own; there, the other columns are NULL, and
    `max` finds the one value among the parts.
    """
    keys = ["time", "equipment", *(["position"] if rollup.of_cells else [])]
    values = [(name, "bigint") for name in _row_names(rollup)]
    for signal in rollup.signals:
        values += [(f"{signal}_{suffix}", kind) for suffix, (kind, *_) in _MEASURES.items()]
    selects = []
    for number, part in enumerate(parts):
        columns = [
            _identifier_or_null(key, "smallint", present=key in part.columns) for key in keys
        ]
        columns += [
            _identifier_or_null(
                name, kind, present=name in part.columns and not _in_earlier(name, parts[:number])
            )
            for name, kind in values
        ]
        source = sql.Identifier(rollup.table.schema, part.name)
        selects.append(sql.SQL("SELECT {} FROM {}").format(_list(columns), source))
    if len(selects) == 1:
        return selects[0]
    found = [sql.SQL("max({0}) AS {0}").format(sql.Identifier(name)) for name, _ in values]
    key_list = _list([sql.Identifier(key) for key in keys])
    return sql.SQL("SELECT {keys}, {found} FROM ({parts}) AS part GROUP BY {keys}").format(
        keys=key_list, found=_list(found), parts=sql.SQL(" UNION ALL ").join(selects)
    )


def part_query(rollup: Rollup, signals: Sequence[str], step: Step, version: int) -> sql.Composed:
    """Return the query of continuous aggregate *version*, which holds *signals*.

    The hour stands on the minute of the same version.
    """
    raw = step is MINUTE
    measures = [*_row_measures(rollup, raw=raw), *_signal_measures(signals, raw=raw)]
    source = rollup.table.name if raw else rollup.part(MINUTE, version)
    return _grouped(rollup, measures, step, source)


def part_statements(
    rollup: Rollup, signals: Sequence[str], step: Step, version: int, plant: Plant
) -> list[sql.Composed]:
    """Return the statements that make continuous aggregate *version* and keep it fresh."""
    name = rollup.part(step, version)
    return [
        statement("rollup_aggregate").format(
            name=sql.Identifier(rollup.table.schema, name),
            query=part_query(rollup, signals, step, version),
        ),
        refresh_policy(f"{rollup.table.schema}.{name}", step, plant),
    ]


def refresh_policy(name: str, step: Step, plant: Plant) -> sql.Composed:
    """Return the statement that keeps continuous aggregate *name* (`schema.name`) fresh."""
    return statement("rollup_refresh_policy").format(
        name=name, late=settled_after(plant), open=step.open, every=step.every
    )


def kept_statements(rollup: Rollup, step: Step) -> list[sql.Composed]:
    """Return the statements that make the table behind a view of the Apache edition."""
    name = f"{rollup.table.schema}.{rollup.kept(step)}"
    table = sql.Identifier(rollup.table.schema, rollup.kept(step))
    columns = _list([sql.Identifier(column) for column in rollup.columns])
    return [
        sql.SQL("CREATE TABLE {} AS SELECT {} FROM ({}) AS live WITH NO DATA").format(
            table, columns, over_raw(rollup, step)
        ),
        sql.SQL(
            "SELECT create_hypertable({}, by_range('time', INTERVAL {}),"
            " create_default_indexes => false)"
        ).format(name, step.chunk),
        sql.SQL("CREATE INDEX ON {} (equipment, time)").format(table),
        sql.SQL("CREATE INDEX ON {} (time)").format(table),
        sql.SQL("GRANT SELECT, INSERT, DELETE ON {} TO jellyroll_writer").format(table),
    ]


def compression_statements(table: Table, after: timedelta) -> list[sql.Composed]:
    """Return the statements that compress chunks older than *after*, no late row's.

    So ingest never writes to a compressed chunk, which is slow and has a limit on its size.
    """
    order = ["time DESC", *(column for column in table.key if column not in {"time", "equipment"})]
    return [
        statement("rollup_compress").format(
            table=sql.Identifier(table.schema, table.name), order=", ".join(order)
        ),
        _compression_policy(table, after),
    ]


def renewed_compression_statements(table: Table, after: timedelta) -> list[sql.Composed]:
    """Return the statements that move compression to where late rows now end.

    Chunks that they can reach again are taken apart first, which for a long history takes a while.
    """
    name = str(table)
    return [
        sql.SQL("SELECT remove_compression_policy({})").format(name),
        statement("rollup_decompress").format(schema=table.schema, name=table.name, after=after),
        _compression_policy(table, after),
    ]


def _compression_policy(table: Table, after: timedelta) -> sql.Composed:
    return statement("rollup_compress_policy").format(table=str(table), after=after)


_NO_POSITION = sql.SQL("NULL::smallint AS position")
_NO_WINDOW = sql.SQL("")


def _grouped(
    rollup: Rollup,
    measures: Sequence[sql.Composable],
    step: Step,
    source: str,
    *,
    where: sql.Composable = _NO_WINDOW,
) -> sql.Composed:
    return statement("rollup_select").format(
        width=step.width,
        keys=_list([sql.Identifier(key) for key in rollup.keys]),
        measures=_list(measures),
        source=sql.Identifier(rollup.table.schema, source),
        where=where,
    )


def _between(since: sql.Composable | None, until: sql.Composable | None) -> sql.Composable:
    if since is None or until is None:
        return _NO_WINDOW
    return sql.SQL("WHERE time >= {} AND time < {}").format(since, until)


def _all_measures(rollup: Rollup, *, raw: bool) -> list[sql.Composable]:
    measures = [*_row_measures(rollup, raw=raw), *_signal_measures(rollup.signals, raw=raw)]
    if rollup.of_cells and not rollup.by_position:
        measures.insert(0, _NO_POSITION)
    return measures


def _row_names(rollup: Rollup) -> tuple[str, ...]:
    return ("rows", "failed") if rollup.of_cells else ("rows",)


def _row_measures(rollup: Rollup, *, raw: bool) -> list[sql.Composable]:
    if not raw:
        return [sql.SQL(f"sum({name})::bigint AS {name}") for name in _row_names(rollup)]
    failed = [sql.SQL("count(*) FILTER (WHERE verdict = 'fail') AS failed")]
    return [sql.SQL("count(*) AS rows"), *(failed if rollup.of_cells else [])]


def _signal_measures(signals: Sequence[str], *, raw: bool) -> list[sql.Composable]:
    return [
        sql.SQL(f"{from_raw if raw else from_finer} AS {{measure}}").format(
            value=sql.Identifier(signal), measure=sql.Identifier(f"{signal}_{suffix}")
        )
        for signal in signals
        for suffix, (_, from_raw, from_finer) in _MEASURES.items()
    ]


def _in_earlier(name: str, parts: Sequence[Part]) -> bool:
    return any(name in part.columns for part in parts)


def _identifier_or_null(name: str, kind: str, *, present: bool) -> sql.Composable:
    if present:
        return sql.Identifier(name)
    return sql.SQL(f"NULL::{kind} AS {{}}").format(sql.Identifier(name))


def _list(items: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(items)
