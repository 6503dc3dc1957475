"""What machines say that they do: PackML states (ISA-TR88.00.02), a station's taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from alerts.suppress import NOT_PRODUCING
from alerts.web.sql import statement
from storage.connect import Connection


class MachineState(NamedTuple):
    """What one machine last said; *since* it first said so, *reason* empty where it gave none."""

    line: str
    station: str
    equipment: str
    state: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class StateGroup:
    """The machines of one place that are in one state, the last of them *since* then.

    *reason* is that of the last of them.
    """

    state: str
    machines: int
    since: datetime
    reason: str

    @property
    def stands(self) -> bool:
        """Tell whether these machines make nothing."""
        return self.state in NOT_PRODUCING


def read_states(connection: Connection) -> list[MachineState]:
    """Return the state of every machine that has said one within 30 days."""
    with connection.cursor(row_factory=class_row(MachineState)) as cursor:
        return cursor.execute(statement("health_states")).fetchall()


def grouped(machines: Sequence[MachineState]) -> tuple[StateGroup, ...]:
    """Return *machines* by state, the state of most machines first."""
    by_state: dict[str, list[MachineState]] = {}
    for machine in machines:
        by_state.setdefault(machine.state, []).append(machine)
    groups = []
    for state, members in by_state.items():
        last = max(members, key=lambda machine: machine.since)
        groups.append(StateGroup(state, len(members), last.since, last.reason))
    return tuple(sorted(groups, key=lambda group: -group.machines))
