from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from stack.broker import PrivateBroker
from stack.broker_check import check_broker
from stack.database_check import check_database
from stack.doctor import examine
from stack.finding import Finding
from stack.postgres import PrivateCluster


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_a_good_stack_has_no_problem(
    broker: PrivateBroker, fresh_database: str, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE SCHEMA ingest")
    environment = {"JELLYROLL_DATABASE": fresh_database, "JELLYROLL_BROKER": broker.url}
    findings = examine(environment, tmp_path, broker.configuration)
    # Tests before this one may have left sessions in the broker that all of them share.
    assert [f for f in findings if f.level != "ok" and f.name != "sessions"] == []
    found = by_name(findings)
    assert "edition" in found["timescaledb"].text
    assert "16 min" in found["queue"].text
    assert "2.0" in found["broker"].text


def test_the_password_is_never_printed(cluster: PrivateCluster, tmp_path: Path) -> None:
    findings = examine({"JELLYROLL_DATABASE": cluster.dsn()}, tmp_path)
    password = cluster.dsn().split(":")[2].split("@")[0]
    assert password not in repr(findings)


def test_mosquittos_defaults_are_a_problem_with_words_on_the_loss(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    bad = tmp_path / "mosquitto.conf"
    bad.write_text("listener 1883\nallow_anonymous true\nmessage_size_limit 100000\n")
    found = by_name(list(check_broker(broker.url, bad)))
    assert found["queue"].level == "problem"
    assert "1,000 messages" in found["queue"].text
    assert "0.7 s" in found["queue"].text
    assert "dropped without a word" in found["queue"].text
    assert found["persistence"].level == "problem"
    assert found["access"].level == "warning"
    assert found["payload size"].level == "warning"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("max_queued_messages 0", "warning"),  # fills the memory
        ("max_queued_messages 400000", "warning"),  # five minutes
        ("max_queued_messages 2000000", "ok"),
        ("max_queued_messages 2000000\nmax_queued_bytes 1000000", "problem"),
    ],
)
def test_the_queue_is_judged_by_the_outage_it_bridges(
    broker: PrivateBroker, tmp_path: Path, text: str, level: str
) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(f"persistence true\n{text}\n")
    assert by_name(list(check_broker(broker.url, path)))["queue"].level == level


def test_a_queue_that_cannot_be_seen_is_a_warning(broker: PrivateBroker) -> None:
    assert by_name(list(check_broker(broker.url, None)))["queue"].level == "warning"


@pytest.mark.parametrize("url", ["mqtt://127.0.0.1:1", "http://127.0.0.1", "nonsense"])
def test_a_broker_that_is_not_there_is_a_problem(url: str) -> None:
    (found,) = check_broker(url, None)
    assert (found.level, bool(found.advice)) == ("problem", True)


@pytest.mark.parametrize("dsn", ["postgresql://jellyroll@127.0.0.1:1/jellyroll", "no dsn at all"])
def test_a_database_that_is_not_there_is_a_problem(dsn: str) -> None:
    (found,) = check_database(dsn)
    assert (found.level, bool(found.advice)) == ("problem", True)


def test_an_empty_database_lacks_only_the_tables(fresh_database: str) -> None:
    found = by_name(list(check_database(fresh_database)))
    assert found["schema"].level == "warning"
    assert "jellyroll migrate" in found["schema"].advice
    assert found["timescaledb"].level == "ok"


def test_commits_that_are_not_on_disk_are_a_problem(fresh_database: str) -> None:
    with psycopg.connect(fresh_database) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format("
            "'ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$"
        )
    assert by_name(list(check_database(fresh_database)))["durability"].level == "problem"


def test_nothing_named_and_nothing_up_is_a_warning_that_says_what_to_run(tmp_path: Path) -> None:
    found = by_name(examine({}, tmp_path))
    assert found["database"].level == found["broker"].level == "warning"
    assert "jellyroll stack up" in found["broker"].advice
