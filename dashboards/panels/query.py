"""What a panel says, and the query that it sends."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.panels.sdk import SOURCE, Dataquery


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What every panel says: its words, its unit, what stands there when there is nothing."""

    title: str
    description: str
    unit: str
    no_value: str


@dataclass(frozen=True, slots=True)
class Query(Dataquery):
    """One plain SELECT; a time series needs `time` first and ascending."""

    sql: str
    table: bool = False
    ref: str = "A"

    def to_json(self) -> dict[str, object]:
        """Return the target as the data source reads it."""
        return {
            "refId": self.ref,
            "datasource": SOURCE,
            "format": "table" if self.table else "time_series",
            "rawQuery": True,
            "editorMode": "code",
            "rawSql": self.sql,
        }

    def build(self) -> Query:
        """Return itself: the SDK's panels ask for a builder."""
        return self
