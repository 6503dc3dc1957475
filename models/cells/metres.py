"""What the web was when a cell's metres passed: readings of machines that never saw the cell.

An entry of `[cell_quality.metres]` becomes columns of `Cells`: the mean over the cell's own metres
(`metres.loading_c`), that over the metres about them (`metres.loading_c_about`: a gauge's noise is
gone from it, and what lasts is left), and where the entry has a witness its mean among the cells of
the metres about, and of how many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.cells.cells import Floats, Ints, Mask

PREFIX = "metres."
_ABOUT, _WITNESS, _WITNESSES = "_about", "_witness", "_witnesses"
#: Metres to each side that are about a cell: some minutes of a coater, a few per cent of a roll.
ABOUT_M = 100.0


def own(name: str) -> str:
    """Return the column of entry *name* for the cell's own metres."""
    return f"{PREFIX}{name}"


def about(name: str) -> str:
    """Return the column of entry *name* for the metres about the cell's."""
    return f"{PREFIX}{name}{_ABOUT}"


def witness(name: str) -> str:
    """Return the column of the mean of the witness among the cells about."""
    return f"{PREFIX}{name}{_WITNESS}"


def witnesses(name: str) -> str:
    """Return the column that says how many cells are in that mean."""
    return f"{PREFIX}{name}{_WITNESSES}"


def entry_of(column: str) -> str | None:
    """Return the entry that feature *column* is of, None where it is a result of a station."""
    name = column.removeprefix(PREFIX)
    return None if name == column else name.removesuffix(_ABOUT)


class Piece(NamedTuple):
    """Cells that lie close together on one strip: *rows* of a table of cells, in order of metres.

    The metres about them reach from *from_m* to *to_m*.
    """

    rows: Ints
    from_m: float
    to_m: float


def pieces(rows: Ints, middle_m: Floats) -> Iterator[Piece]:
    """Yield the cells *rows* of one strip; *middle_m* has the middle of the metres by row."""
    ordered = rows[np.argsort(middle_m[rows], kind="stable")]
    for part in np.split(ordered, np.flatnonzero(np.diff(middle_m[ordered]) > 2 * ABOUT_M) + 1):
        if len(part):
            first, last = middle_m[part[0]], middle_m[part[-1]]
            yield Piece(part, float(first - ABOUT_M), float(last + ABOUT_M))


def means(at: Floats, values: Floats, low: Floats, high: Floats) -> tuple[Floats, Ints]:
    """Return the mean of *values* at places *at* from each *low* until before *high*.

    And of how many. NaN where there is none. *at* is in order; *values* are finite.
    """
    total = np.append(0.0, np.cumsum(values))
    first, end = np.searchsorted(at, low), np.searchsorted(at, high)
    count = np.maximum(end - first, 0)
    mean = np.full(len(low), np.nan)
    some = count > 0
    mean[some] = (total[end[some]] - total[first[some]]) / count[some]
    return mean, count


class Gauge(NamedTuple):
    """What is usual of entry *name* about good cells and of its witness among them.

    Good metres keep within *limit* of *usual*; *spread* is the witness' of one cell, *wander* that
    of its means among cells about: other things move it, too.
    """

    name: str
    usual: float
    limit: float
    witness: float
    spread: float
    wander: float


#: A witness is heard if so many cells are it, and its answer would be so many standard errors.
_MIN_WITNESSES, _CLEAR = 10, 5.0


def contradicted(
    gauge: Gauge, per: float, reading: Floats, heard: Floats, count: Floats
) -> tuple[Mask, Mask]:
    """Return where the *gauge* is off and its witness is not, and where it is off unconfirmed.

    *reading* are those about the cells, *heard* the means of the witness among *count* cells, which
    moves by *per* with the reading if that is true. The second includes the first: of such a
    reading nothing may follow.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        away = reading - gauge.usual
        expected = per * away
        moved = (heard - gauge.witness) / expected
        error = np.maximum(gauge.spread / np.sqrt(np.maximum(count, 1)), gauge.wander)
        is_off = np.abs(away) > gauge.limit
        is_clear = (count >= _MIN_WITNESSES) & (np.abs(expected) > _CLEAR * error)
        # Nearer to not at all than to what the gauge says.
        denied = is_off & is_clear & (moved < 0.5)
        return denied, is_off & ~(is_clear & ~denied)
