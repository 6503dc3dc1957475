"""What is said of a cell: its grade, what becomes of it, why, and what kind of fault it is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

REJECT = "reject"


class Disposition(enum.StrEnum):
    """What becomes of a cell, the mildest first."""

    PASS = "pass"  # noqa: S105 -- no password
    DOWNGRADE = "downgrade"
    HOLD = "hold"
    SCRAP = "scrap"


class FaultClass(enum.StrEnum):
    """Whose fault it is."""

    NONE = "none"
    PRODUCT = "product"  #: the cell's alone
    PROCESS = "process"  #: shared by cells of one place or tray
    MEASUREMENT = "measurement"  #: the channel's, the room's: the cell is as good as others


class ReasonKind(enum.StrEnum):
    """Why a cell is not simply passed."""

    SPEC = "spec"  #: outside the limits of the plant file: scrap
    OUTLIER = "outlier"  #: within limits, but unlike its peers: held
    LOT = "lot"  #: it shares an alarm, or the shift of its tray: held
    FORECAST = "forecast"  #: what was measured so far foretells a bad cell: held
    GRADE = "grade"  #: a lower grade than the first
    MEASUREMENT = "measurement"  #: what was read of it is not its own: nothing follows from it


class Reason(NamedTuple):
    """One reason, in numbers and as a sentence; *value*, *expected*, *limit* in *unit*."""

    kind: ReasonKind
    measure: str
    value: float | None
    expected: float | None
    limit: float | None
    unit: str
    text: str


class Score(NamedTuple):
    """A measure at 25 Cel, and its distance *z* from the peers in robust sd if it is known."""

    value: float
    z: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one cell, as of *time_us*, its latest result.

    *grade* is None before the end of the line, *recipe* where the cell is of the first one.
    """

    cell: str
    time_us: int
    line: str
    recipe: str | None
    grade: str | None
    disposition: Disposition
    fault_class: FaultClass
    reasons: tuple[Reason, ...]
    scores: Mapping[str, Score]
