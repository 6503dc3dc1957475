"""The watch-dog rules that Grafana evaluates: whole, and their queries give a value now."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import yaml

from dashboards import publish
from dashboards.expand import View, sent
from dashboards.names import SOURCE_UID
from dashboards.sql import query
from dashboards.targets import committed
from dashboards.watchdog import RULES
from storage.connect import Connection

FILE = publish.HERE / "provisioning/alerting/jellyroll.yaml"


@pytest.fixture(scope="module")
def group() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    (found,) = content["groups"]
    return dict(found)


def test_each_rule_shows_a_panel_and_asks_a_data_source_that_are_there(
    group: dict[str, Any],
) -> None:
    panels = {(b["uid"], p["id"]): p["title"] for b in committed() for p in b["panels"]}
    assert len({rule["uid"] for rule in group["rules"]}) == len(RULES)
    for rule, wanted in zip(group["rules"], RULES, strict=True):
        assert panels[rule["dashboardUid"], rule["panelId"]] == wanted.panel
        refs = [step["refId"] for step in rule["data"]]
        assert refs == ["A", "B", "C"]
        assert rule["condition"] == "C"
        sources = [step["datasourceUid"] for step in rule["data"]]
        assert sources == [SOURCE_UID, "__expr__", "__expr__"]


def test_the_tree_of_policies_of_an_organisation_is_left_alone() -> None:
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert set(content) == {"apiVersion", "groups"}


def test_each_rule_has_a_value_now(
    reader: Connection, views: dict[str, View], group: dict[str, Any]
) -> None:
    values = {}
    for rule in group["rules"]:
        text = sent(rule["data"][0]["model"]["rawSql"], views["15 min"], {})
        cursor = reader.execute(text.encode())
        names = [column.name for column in cursor.description or ()]
        assert (names[0], names[-1]) == ("time", "value")
        rows = cursor.fetchall()
        assert rows, rule["uid"]
        values[rule["uid"]] = max(row[-1] for row in rows)
    assert values["jr-disk"] > 1e6
    assert values["jr-follower-lag"] > 300, "the monitor of the small database stands still"


def test_a_line_that_never_sent_anything_is_stale(migrated_database: str) -> None:
    sql = next(rule for rule in RULES if rule.uid == "jr-data-stale")
    with psycopg.connect(migrated_database) as connection:
        rows = connection.execute(query(sql.sql).encode()).fetchall()
    assert [row[1:] for row in rows] == [("l1", 3600)]
