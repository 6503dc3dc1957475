"""Rules of Grafana Alerting for what our own alerts cannot tell: that data, or we, stand still.

Alerts of the process are Jellyroll's alone, or each fault would page twice. A rule is a time series
of one value now, reduced and compared: the form that Grafana 11 to 13 all evaluate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.panels import Board
from dashboards.sql import query

GROUP = "jellyroll-watchdog"
#: Change it to what fits the disk: SQL cannot see how large that is.
DATABASE_BYTES = 400e9


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires when the query's value is above *limit* for *lasting*; *board* and *panel* show it."""

    uid: str
    title: str
    sql: str
    limit: float
    lasting: str
    severity: str
    summary: str
    board: str
    panel: str


RULES = (
    Rule(
        "jr-data-stale", "Line data is stale", "watch_stale", 120, "2m", "critical",
        "Line {{ $labels.metric }} sent nothing for {{ $values.B }} s",
        "jr-overview", "Data age",
    ),
    Rule(
        "jr-ingest-still", "Ingest stores nothing", "watch_ingest", 300, "2m", "critical",
        "Nothing was stored for {{ $values.B }} s",
        "jr-pipeline", "Since the last commit",
    ),
    Rule(
        "jr-follower-lag", "A service lags behind ingest", "watch_followers", 300, "5m", "warning",
        "{{ $labels.metric }} is {{ $values.B }} s behind",
        "jr-pipeline", "Who follows the ledger",
    ),
    Rule(
        "jr-dead-letters", "Messages cannot be read", "watch_dead_letters", 100, "5m", "warning",
        "{{ $values.B }} dead letters in 10 minutes",
        "jr-pipeline", "Dead letters by reason",
    ),
    Rule(
        "jr-disk", "The database is large", "watch_disk", DATABASE_BYTES, "15m", "warning",
        "The database takes {{ $values.B }} bytes",
        "jr-pipeline", "Database",
    ),
)  # fmt: skip


def rules_file(boards: Sequence[Board], source_uid: str) -> dict[str, object]:
    """Return the content of Grafana's alerting file; raise `KeyError` if a rule's panel is gone."""
    panels = {
        (board.uid, panel.title): panel.id_val for board in boards for panel in board.panels or []
    }
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": 1,
                "name": GROUP,
                "folder": "Jellyroll",
                "interval": "60s",
                "rules": [
                    _rule(rule, panels[rule.board, rule.panel], source_uid) for rule in RULES
                ],
            }
        ],
    }


def _rule(rule: Rule, panel: object, source_uid: str) -> dict[str, object]:
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "C",
        "for": rule.lasting,
        # No line at all, or a database that does not answer, is what these rules are there for.
        "noDataState": "Alerting" if rule.severity == "critical" else "OK",
        "execErrState": "Error",
        "dashboardUid": rule.board,
        "panelId": panel,
        "annotations": {"summary": rule.summary},
        "labels": {"severity": rule.severity},
        "data": list(_steps(rule, source_uid)),
    }


def _steps(rule: Rule, source_uid: str) -> Iterator[dict[str, object]]:
    span = {"from": 600, "to": 0}
    yield {
        "refId": "A",
        "relativeTimeRange": span,
        "datasourceUid": source_uid,
        "model": {
            "refId": "A",
            "format": "time_series",
            "rawQuery": True,
            "editorMode": "code",
            "intervalMs": 60_000,
            "maxDataPoints": 600,
            "rawSql": query(rule.sql),
        },
    }
    expression = {"type": "__expr__", "uid": "__expr__"}
    for ref, model in (
        ("B", {"type": "reduce", "expression": "A", "reducer": "last"}),
        (
            "C",
            {
                "type": "threshold",
                "expression": "B",
                "conditions": [{"evaluator": {"type": "gt", "params": [rule.limit]}}],
            },
        ),
    ):
        yield {
            "refId": ref,
            "relativeTimeRange": span,
            "datasourceUid": "__expr__",
            "model": {"refId": ref, "datasource": expression, **model},
        }


def text_of_rules(boards: Sequence[Board], source_uid: str) -> str:
    """Return the file as JSON, which is YAML too and needs no library to be written."""
    return json.dumps(rules_file(boards, source_uid), indent=2, ensure_ascii=False) + "\n"
