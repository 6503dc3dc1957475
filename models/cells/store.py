"""Verdicts into `analysis.cell_quality`: one row a cell, rewritten when its judgement changes."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from models.cells.verdict import Reason, Verdict
from models.sql import statement
from plant.times import from_us
from storage.connect import Connection

_COLUMNS = "is_new, cell, time, line, recipe, grade, disposition, fault_class, reasons, scores"


def write(connection: Connection, verdicts: Sequence[tuple[Verdict, bool]]) -> int:
    """Write *verdicts* in the caller's transaction; return how many rows changed.

    Where it is False that something came of the cell or its tray, the row is only written if its
    grade, disposition or fault class changed.
    """
    connection.execute(statement("cell_stage"))
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY cell_stage ({_COLUMNS}) FROM STDIN") as copy:
            for verdict, is_new in verdicts:
                copy.write_row(
                    (
                        is_new,
                        verdict.cell,
                        from_us(verdict.time_us),
                        verdict.line,
                        verdict.recipe,
                        verdict.grade,
                        verdict.disposition.value,
                        verdict.fault_class.value,
                        orjson.dumps([_document(r) for r in verdict.reasons]).decode(),
                        orjson.dumps({n: s._asdict() for n, s in verdict.scores.items()}).decode(),
                    )
                )
        # The stage is filled anew for each step; without figures of it the planner guesses badly.
        cursor.execute("ANALYZE cell_stage")
        cursor.execute(statement("cell_upsert"))
        return cursor.rowcount


def _document(reason: Reason) -> dict[str, object]:
    return {**reason._asdict(), "kind": reason.kind.value}
