"""New baselines for the charts of cells, learnt again from recent history, as registered versions.

A chart learns its first baseline by itself and keeps it. After a change that is meant to stay, a
new one is learnt here; the monitor uses it from its promotion on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.baseline import MIN_POINTS, Baseline, learn
from models.chart_store import usual_sd
from models.charted import ChartedTable, arl0_of_lines, charted_tables
from models.charts import ChartKey
from models.registry import NewModel
from models.spc.cusum import Bools, Floats, Ints
from models.station.persist import (
    FORMAT,
    ModelFileError,
    check_content,
    check_format,
    digest,
    read_arrays,
)
from models.train import Trained
from models.train_history import Window, alarmed_spans
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection, connect

#: Points of one chart that a baseline is learnt from at most: the newest.
_MOST_POINTS = 5_000
DETECTOR = "cusum"


class ChartBaseline(NamedTuple):
    """A chart, its baseline, and when its points were."""

    key: ChartKey
    baseline: Baseline
    from_us: int
    to_us: int


class _Times(NamedTuple):
    time_us: Ints
    healthy: Bools


class _Scope(NamedTuple):
    """Charts of one group of machines, to be learnt from *window* for *arl0*."""

    plant: Plant
    charted: ChartedTable
    line: str
    group: str
    window: Window
    arl0: float


def train_baselines(
    dsn: str, plant: Plant, window: Window, *, only: Collection[str] = ()
) -> list[Trained]:
    """Learn baselines of all charts, or of *only* some lines, stations, or groups of machines.

    Nothing is registered.
    """
    tables, _ = charted_tables(plant, MIN_POINTS)
    arl0 = arl0_of_lines(plant, tables)
    done = []
    with connect(dsn, application="jellyroll train", autocommit=True) as connection:
        for charted in tables.values():
            for line in plant.production.lines:
                for group in plant.stations[charted.station].equipment:
                    if only and not {line, charted.station, group} & set(only):
                        continue
                    scope = _Scope(plant, charted, line, group, window, arl0)
                    done.append(_group(connection, scope))
    return done


def to_bytes(baselines: Sequence[ChartBaseline]) -> bytes:
    """Return *baselines* as the content of a model."""
    manifest = {"format": FORMAT, "charts": [list(its.key) for its in baselines]}
    numbers = [[*its.baseline, its.from_us, its.to_us] for its in baselines]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        manifest=np.frombuffer(json.dumps(manifest).encode(), dtype=np.uint8),
        numbers=np.array(numbers, dtype=np.float64),
    )
    return buffer.getvalue()


def from_bytes(content: bytes, sha256: str) -> list[ChartBaseline]:
    """Return the baselines of *content*; raise `ModelFileError` for what must not be used."""
    check_content(content, sha256)
    try:
        arrays = read_arrays(content)
        manifest = json.loads(arrays["manifest"].tobytes())
        check_format(manifest["format"])
        return [
            ChartBaseline(
                ChartKey(machine, position, characteristic, recipe),
                Baseline(int(row[0]), *row[1:-2]),
                int(row[-2]),
                int(row[-1]),
            )
            for (machine, position, characteristic, recipe), row in zip(
                manifest["charts"], arrays["numbers"].tolist(), strict=True
            )
        ]
    except ModelFileError:
        raise
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ModelFileError(f"is no set of baselines ({type(error).__name__}: {error})") from error


def _group(connection: Connection, scope: _Scope) -> Trained:
    plant, charted, line, group, window, _ = scope
    machines = [
        machine.name
        for machine in plant.equipment_at(line, charted.station)
        if machine.group == group
    ]
    alarmed = alarmed_spans(connection, machines)
    recipes = tuple(plant.recipes) or ("",)
    by_recipe: dict[str, list[ChartBaseline]] = {}
    for characteristic in charted.characteristics:
        rows = connection.execute(
            sql.SQL(
                "SELECT equipment, position, coalesce(recipe, %s), array_agg(time ORDER BY time),"
                " array_agg({value} ORDER BY time) FROM {table} WHERE equipment = ANY (%s)"
                " AND time >= %s AND time < %s AND {value} IS NOT NULL GROUP BY 1, 2, 3"
            ).format(
                value=sql.Identifier(characteristic),
                table=sql.Identifier(charted.table.schema, charted.table.name),
            ),
            (recipes[0], machines, *window),
        )
        for machine, position, recipe, times, values in rows:
            key = ChartKey(machine, position, characteristic, recipe)
            chosen = _healthy([to_us(time) for time in times], alarmed.get(machine, []))
            found = _learn(scope, key, chosen, np.array(values, dtype=np.float64))
            if found is not None:
                by_recipe.setdefault(recipe, []).append(found)
    models = [_new(scope, recipe, its) for recipe, its in by_recipe.items()]
    trouble = "" if models else f"no chart has {MIN_POINTS} healthy points"
    return Trained(line, charted.station, group, models, {}, trouble)


def _healthy(time_us: Sequence[int], alarmed: Sequence[tuple[int, int]]) -> _Times:
    """Return *time_us*, and which of them no alarm speaks of."""
    times = np.array(time_us, dtype=np.int64)
    healthy = np.ones(len(times), dtype=np.bool_)
    for since, until in alarmed:
        healthy &= (times < since) | (times > until)
    return _Times(times, healthy)


def _learn(scope: _Scope, key: ChartKey, times: _Times, values: Floats) -> ChartBaseline | None:
    time_us = times.time_us[times.healthy][-_MOST_POINTS:]
    if len(time_us) < MIN_POINTS:
        return None
    points = values[times.healthy][-_MOST_POINTS:]
    baseline = learn(points, usual_sd(scope.plant, key), scope.arl0)
    return ChartBaseline(key, baseline, int(time_us[0]), int(time_us[-1]))


def _new(scope: _Scope, recipe: str, its: Sequence[ChartBaseline]) -> NewModel:
    content = to_bytes(its)
    return NewModel(
        line=scope.line,
        station=scope.charted.station,
        equipment_group=scope.group,
        recipe=recipe,
        kind="results",
        detector=DETECTOR,
        from_time=from_us(min(one.from_us for one in its)),
        to_time=from_us(max(one.to_us for one in its)),
        rows=sum(one.baseline.n for one in its),
        signals=sorted({one.key.characteristic for one in its}),
        expected=[],
        metrics={"charts": len(its), "arl0": scope.arl0},
        content=content,
        sha256=digest(content),
    )
