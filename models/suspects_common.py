"""What cells that were judged faulty one by one have in common.

They are few, and of each only whether it is faulty is known. So nobody searches since when a
machine spoils cells: they are those of an event, which has its onset. And the values of a factor
compete among themselves first: three winders are not lost among the thousands of channels that a
cell may have had.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import numpy as np
from psycopg import sql

from models.columns import read_columns
from models.sql import statement
from models.suspects_cells import read_span
from models.suspects_event import Written
from models.suspects_levels import Cells, Factor, Levels
from models.suspects_passing import place_name
from models.suspects_rank import MAX_Q, Name, Suspect, rank
from models.suspects_result import without_repeats
from models.suspects_scene import Scene
from models.suspects_sentence import sentence, words
from models.suspects_stats import benjamini_hochberg, hypergeometric_tail
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from storage.connect import Connection

_PERCENT = 100.0
#: A cell passes all its stations within this time.
_AGE = timedelta(days=60)
#: A machine is likelier beforehand than what it worked on just then, by so much in twice the
#: logarithm: a few cells cannot tell it from the roll that it alone had all the time.
_MACHINE = 4.0


def places_of(
    connection: Connection, plant: Plant, place: tuple[str, str], cells: Collection[str]
) -> list[str]:
    """Return where at a station of a line *cells* were measured, the most frequent places first."""
    table = plant.tables[Kind.CELL, place[1]]
    machines = [machine.name for machine in plant.equipment_at(*place)]
    rows = connection.execute(
        statement("suspect_places").format(table=sql.Identifier(table.schema, table.name)),
        {"cells": list(cells), "machines": machines},
    )
    return [place_name(equipment, position) for equipment, position in rows]


def common_to(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    cells: Collection[str],
    span: tuple[datetime, datetime],
) -> list[Suspect]:
    """Return what *cells* have in common that others have not which were there in *span*, too.

    *place* is a line and one of its stations. *cells* have one kind of fault: what spoils them and
    what measures others wrongly have nothing in common. The effect in the result is the share of
    its cells.
    """
    found = _compare(connection, plant, place, cells, span)
    if found is None:
        return []
    compared, scene = found
    telling = _telling(compared, _since_ever(scene))
    return rank(compared, [factor for factor, q in telling if q <= MAX_Q])


def written(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    cells: Collection[str],
    until: datetime,
) -> list[Written]:
    """Return what *cells* have in common as rows, the likeliest first; they came by *until*.

    They are compared with all that were at the station between the first and the last of them. One
    cause is asked for, so it has half of them at least. Where none of those stands out, it is the
    likeliest value of all, and its sentence says that it may be chance. The effect is by how much
    the share of such cells is higher than among the others, in percent.
    """
    table = plant.tables[Kind.CELL, place[1]]
    span = connection.execute(
        statement("suspect_span").format(table=sql.Identifier(table.schema, table.name)),
        {"cells": list(cells), "from_time": until - _AGE},
    ).fetchone()
    if span is None or span[0] is None:
        return []
    found = _compare(connection, plant, place, cells, (span[0], span[1]))
    if found is None:
        return []
    compared, scene = found
    factors = _since_ever(scene)
    telling = _telling(compared, factors)
    clear = [factor for factor, q in telling if q <= MAX_Q]
    suspects = [
        suspect
        for suspect in rank(compared, clear, bonus=_machines(clear))
        if 2 * suspect.affected >= suspect.affected_total
    ]
    return without_repeats(
        [
            _written(plant, _with_q(one, telling), found, (span[0], until))
            for one in suspects or _likeliest(compared, factors)
        ]
    )


def _compare(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    cells: Collection[str],
    span: tuple[datetime, datetime],
) -> tuple[Cells, Scene] | None:
    """Return who of all cells is among *cells*, and their ways; None if nobody or everybody is."""
    visits = read_span(connection, plant, place, span)
    keys = read_columns(
        connection, statement("suspect_keys"), (("key", ">i8"),), {"cells": list(cells)}
    )
    affected = np.isin(visits.key, keys["key"].astype(np.int64))
    if not affected.any() or affected.all():
        return None
    compared = Cells(None, affected.astype(np.float64), affected)
    return compared, Scene.read(connection, plant, place[0], visits)


def _since_ever(scene: Scene) -> list[Factor]:
    """Return the factors without moments; metres of a roll still begin somewhere."""
    return [f if f.kind == "roll_metres" else f._replace(axis=None) for f in scene.factors]


def _telling(cells: Cells, factors: Sequence[Factor]) -> list[tuple[Factor, float]]:
    """Return each factor with the q of its best value: among its values, then among factors."""
    total, hit = len(cells.affected), int(cells.affected.sum())
    best = []
    for factor in factors:
        tested = Levels.of(factor).tested(cells)
        p = hypergeometric_tail(tested.affected, tested.size, hit, total) * tested.cuts
        best.append(benjamini_hochberg(np.minimum(p, 1.0)).min(initial=1.0))
    return list(zip(factors, benjamini_hochberg(np.array(best)).tolist(), strict=True))


def _with_q(suspect: Suspect, telling: Sequence[tuple[Factor, float]]) -> Suspect:
    name = suspect.name[:2]
    return suspect._replace(q_value=min(q for f, q in telling if (f.kind, f.station) == name))


def _machines(factors: Sequence[Factor]) -> dict[Name, float]:
    """Return how much likelier the machines among *factors* are beforehand."""
    return {
        Name(factor.kind, factor.station, value): _MACHINE
        for factor in factors
        if factor.kind == "equipment"
        for value in factor.values
    }


def _likeliest(cells: Cells, factors: Sequence[Factor]) -> list[Suspect]:
    """Return the value with the highest gain, if any has one."""
    best: tuple[float, Name] | None = None
    for factor in factors:
        levels = Levels.of(factor)
        gains = levels.tested(cells).gain
        at = int(gains.argmax()) if len(gains) else -1
        if at < 0 or gains[at] <= 0.0:
            continue
        gain = float(gains[at]) + (_MACHINE if factor.kind == "equipment" else 0.0)
        if best is None or gain > best[0]:
            best = gain, Name(factor.kind, factor.station, levels.values[at])
    if best is None:
        return []
    # More than any other has: it is to come first.
    return rank(cells, factors, bonus={best[1]: best[0]}, most=1)


def _written(
    plant: Plant,
    suspect: Suspect,
    found: tuple[Cells, Scene],
    span: tuple[datetime, datetime],
) -> Written:
    compared, scene = found
    since = _first_passed(suspect, compared, scene) or span[0]
    evidence = f"{suspect.affected:,} of {suspect.affected_total:,} faulty cells"
    if suspect.name.kind == "roll_metres":
        evidence = f"from {suspect.begin or 0.0:,.0f} m, {evidence}"
    its = suspect.affected + suspect.others
    rest = suspect.affected_total + suspect.others_total - its
    among_others = (suspect.affected_total - suspect.affected) / max(rest, 1)
    effect = _PERCENT * (suspect.affected / its - among_others)
    kind, station, value = suspect.name
    text = sentence(
        plant, words(plant, kind, station, value), since=since, until=span[1], evidence=evidence,
        effect=effect, unit="%",
    )  # fmt: skip
    doubt = ", may be chance" if suspect.q_value > MAX_Q else ""
    return Written(
        kind, value, station, suspect.affected, suspect.affected_total, suspect.others,
        suspect.others_total, suspect.lift, suspect.p_value, suspect.q_value, since, effect, "%",
        f"{text}{doubt}",
    )  # fmt: skip


def _first_passed(suspect: Suspect, cells: Cells, scene: Scene) -> datetime | None:
    """Return when the first faulty cell of *suspect* was there; None if nobody knows."""
    kind, station, value = suspect.name
    for factor in scene.factors:
        if (factor.kind, factor.station) != (kind, station) or kind == "roll_metres":
            continue
        if factor.axis is None or value not in factor.values:
            continue
        times = factor.axis[(factor.code == factor.values.index(value)) & cells.affected]
        if np.isfinite(times).any():
            return from_us(int(np.nanmin(times)))
    return None
