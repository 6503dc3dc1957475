"""Which alerts a list shows: what a reader asks for, as the query of `alerts.query`."""

from __future__ import annotations

import enum
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.alert import Kind, Severity, State
from alerts.query import Filter

#: The largest number that the database has.
LARGEST_ID = 2**63 - 1


class Show(enum.StrEnum):
    """Which part of the alerts."""

    OPEN = "open"
    WAITING = "waiting"
    SUPPRESSED = "suppressed"
    CLOSED = "closed"
    ALL = "all"


_PARTS = {
    Show.OPEN: Filter(is_open=True, is_suppressed=False),
    Show.WAITING: Filter(
        is_open=True, is_suppressed=False, states=(State.UNACKNOWLEDGED, State.RETURNED)
    ),
    Show.SUPPRESSED: Filter(is_open=True, is_suppressed=True),
    Show.CLOSED: Filter(is_open=False),
    Show.ALL: Filter(),
}


#: What the database can keep: no NUL.
KEEPABLE = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=200, pattern=KEEPABLE)]


class Asked(BaseModel):
    """The filters of a list, as they stand in its address; empty ones do not restrict."""

    model_config = ConfigDict(extra="ignore")

    show: Show = Show.OPEN
    line: Text = ""
    station: Text = ""
    equipment: Text = ""
    severity: Severity | None = None
    kind: Kind | None = None
    assignee: Text = ""
    text: Text = ""
    before: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None

    def filter(self) -> Filter:
        """Return the query for them."""
        part = _PARTS[self.show]
        return Filter(
            is_open=part.is_open,
            is_suppressed=part.is_suppressed,
            states=part.states,
            severities=(self.severity,) if self.severity else (),
            kinds=(self.kind,) if self.kind else (),
            line=self.line or None,
            station=self.station or None,
            equipment=self.equipment or None,
            assignee=self.assignee or None,
            text=self.text,
            before=self.before,
        )


AskedQuery = Annotated[Asked, Query()]
