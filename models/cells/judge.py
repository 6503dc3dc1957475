"""From cells to verdicts: screening, limits, grades and causes put together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.cells.causes import origins, tray_findings
from models.cells.cells import Cells, Floats, Mask, Texts
from models.cells.grading import breaches, grades
from models.cells.reference import Reference
from models.cells.sayings import Sayings
from models.cells.screening import Screened, screen
from models.cells.standard import Standard
from models.cells.verdict import (
    REJECT,
    Disposition,
    FaultClass,
    Reason,
    ReasonKind,
    Score,
    Verdict,
)

#: What becomes of a cell for each kind of reason: the gravest counts.
_CONSEQUENCE = {
    ReasonKind.SPEC: Disposition.SCRAP,
    ReasonKind.OUTLIER: Disposition.HOLD,
    ReasonKind.LOT: Disposition.HOLD,
    ReasonKind.FORECAST: Disposition.HOLD,
    ReasonKind.GRADE: Disposition.DOWNGRADE,
    ReasonKind.MEASUREMENT: Disposition.PASS,
}
_GRAVITY = {disposition: rank for rank, disposition in enumerate(Disposition)}
#: Kinds of reasons of a cell that is bad itself.
_OWN = frozenset({ReasonKind.SPEC, ReasonKind.OUTLIER})

Held = Mapping[str, Sequence[Reason]]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges cells of one line by *standards* and *references*, both by recipe.

    *machines* are the names of the machines, in the order of their numbers in `Cells.places`.
    """

    standards: Mapping[str, Standard]
    references: Mapping[str, Reference]
    machines: Sequence[str]

    def judge(
        self, cells: Cells, held: Held, rows: Mask, odd_rows: Mask | None = None
    ) -> list[Verdict]:
        """Return the verdicts of the cells *rows*, in order; all of *cells* are their peers.

        Of *odd_rows* there are verdicts, too, where they are not in order. *held* are reasons from
        elsewhere to hold a cell: alarms of its lot, its forecast.
        """
        screened = screen(self.standards, cells, self.references)
        verdicts: dict[int, Verdict] = {}
        for recipe, standard in self.standards.items():
            own = cells.recipe == recipe
            if own.any():
                case = _Case(
                    recipe, standard, cells, screened=screened, machines=self.machines, own=own
                )
                asked = own & rows
                if odd_rows is not None:
                    asked |= own & odd_rows & case.odd(held)
                verdicts.update(case.verdicts(held, np.flatnonzero(asked).tolist()))
        return [verdicts[row] for row in sorted(verdicts)]


class _Case:
    """The cells of one recipe: *own* of *cells*."""

    def __init__(
        self,
        recipe: str,
        standard: Standard,
        cells: Cells,
        *,
        screened: Screened,
        machines: Sequence[str],
        own: Mask,
    ) -> None:
        self._recipe = recipe
        self._standard = standard
        self._cells = cells
        self._screened = screened
        self._own = own
        self._say = Sayings(standard, cells, screened, machines)
        self._findings = tray_findings(standard, cells, screened)
        self._trusted = self._without_errors()
        self._reasons: dict[int, list[Reason]] = defaultdict(list)
        self._origins = origins(standard, cells, dict(self._find()))
        self._grades = self._graded()
        self._misread = self._say.misread_rows()
        self._score_lists = self._rounded()

    def odd(self, held: Held) -> Mask:
        """Return which cells are not in order, as far as grades do not tell."""
        found = self._misread | np.isin(self._screened.load, list(self._findings))
        found |= np.array([cell in held for cell in self._cells.cell], dtype=bool)
        found[list(self._reasons)] = True
        return found

    def verdicts(self, held: Held, rows: Sequence[int]) -> Iterator[tuple[int, Verdict]]:
        """Yield the verdict of each of *rows*."""
        latest = self._cells.latest_us
        for row in rows:
            cell = str(self._cells.cell[row])
            reasons = [*self._reasons_of(row), *held.get(cell, ())]
            kinds = {reason.kind for reason in reasons}
            grade = self._grades[row]
            yield (
                row,
                Verdict(
                    cell=cell,
                    time_us=int(latest[row]),
                    line=self._cells.line,
                    recipe=self._recipe or None,
                    grade=REJECT if grade is not None and kinds & _OWN else grade,
                    disposition=max(
                        (_CONSEQUENCE[kind] for kind in kinds),
                        default=Disposition.PASS,
                        key=_GRAVITY.__getitem__,
                    ),
                    fault_class=self._fault_class(row, kinds),
                    reasons=tuple(reasons),
                    scores=self._scores(row),
                ),
            )

    def _without_errors(self) -> dict[str, Floats]:
        """Return the measures without what channels and rooms falsify; NaN what was misread."""
        trusted = dict(self._screened.values)
        for column, name in enumerate(self._screened.names):
            channel = self._screened.channel[:, column]
            error = np.zeros(len(channel))
            told = channel != 0.0
            error[told] = channel[told] * self._screened.scale[told, column]
            for load, finding in self._findings.items():
                if finding.fault_class is FaultClass.MEASUREMENT and name in finding.measures:
                    here = self._screened.load == load
                    error[here] += self._screened.shift[here, column]
            trusted[name] = trusted[name] - error
        for name, doubted in self._screened.doubted.items():
            trusted[name] = np.where(doubted, np.nan, trusted[name])
        return trusted

    def _find(self) -> Iterator[tuple[str, Mask]]:
        """Keep the reasons of cells that are bad themselves; yield those that are alike."""
        for breach in breaches(self._standard, self._cells, self._trusted):
            bad = breach.bad & self._own
            for row in np.flatnonzero(bad).tolist():
                self._reasons[row].append(self._say.breach(breach, row))
            yield f"{breach.name} beyond {breach.limit}", bad
        outlying = self._screened.outlying
        for column, name in enumerate(self._screened.names):
            bad = self._own & outlying[:, column]
            for row in np.flatnonzero(bad).tolist():
                self._reasons[row].append(self._say.outlier(column, row))
            is_high = self._screened.z[:, column] > 0
            yield f"{name} high", bad & is_high
            yield f"{name} low", bad & ~is_high
        bad = self._own & self._screened.combined & ~outlying.any(axis=1)
        for row in np.flatnonzero(bad).tolist():
            self._reasons[row].append(self._say.combined(row))
        yield "together", bad

    def _graded(self) -> Texts:
        result = np.full(len(self._cells), None, dtype=object)
        own = np.flatnonzero(self._own)
        values = {name: trusted[own] for name, trusted in self._trusted.items()}
        middle = {name: self._screened.middle[name][own] for name in values}
        result[own] = grades(self._standard, values, middle)
        return result

    def _reasons_of(self, row: int) -> Iterator[Reason]:
        origin = self._origins[row]
        for reason in self._reasons.get(row, ()):
            yield self._say.with_origin(reason, origin) if origin else reason
        finding = self._findings.get(int(self._screened.load[row]))
        if finding:
            yield from self._say.tray(finding, row)
        if self._misread[row]:
            yield from self._say.misread(row)
        grade = self._grades[row]
        grades_there = self._standard.quality.grades
        if grade == REJECT:
            yield self._say.ungraded()
        elif grade is not None and grade != grades_there[0].name:
            yield self._say.grade(grade, grades_there[0].name)

    def _fault_class(self, row: int, kinds: set[ReasonKind]) -> FaultClass:
        finding = self._findings.get(int(self._screened.load[row]))
        is_process = finding is not None and finding.fault_class is FaultClass.PROCESS
        if is_process or self._origins[row] or ReasonKind.LOT in kinds:
            return FaultClass.PROCESS
        if kinds & {*_OWN, ReasonKind.FORECAST}:
            return FaultClass.PRODUCT
        return FaultClass.MEASUREMENT if ReasonKind.MEASUREMENT in kinds else FaultClass.NONE

    def _rounded(self) -> list[tuple[str, list[float], list[float]]]:
        """Return each measure's values and distances from the peers, as numbers of Python."""
        blank = np.full(len(self._cells), np.nan)
        names = self._screened.names
        return [
            (
                name,
                np.round(values, 6).tolist(),
                np.round(
                    self._screened.z[:, names.index(name)] if name in names else blank, 2
                ).tolist(),
            )
            for name, values in self._screened.values.items()
        ]

    def _scores(self, row: int) -> dict[str, Score]:
        return {
            name: Score(values[row], None if math.isnan(z[row]) else z[row])
            for name, values, z in self._score_lists
            if not math.isnan(values[row])
        }
