"""From anomalies to alerts, on a real database."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest

from alerts.acknowledge import acknowledge
from alerts.alert import NotAllowedError
from alerts.anomaly import news
from alerts.correlate import correlate
from alerts.errors import AlertsError
from plant.model import Plant
from storage.connect import Connection, connect
from tests.alerts.support import ONSET, insert_anomaly, setting_of

HERE = ("here",)


def _states(link: Connection) -> list[tuple[str, bool]]:
    return link.execute("SELECT state, closed_at IS NULL FROM alert.alert ORDER BY id").fetchall()


def _history(link: Connection) -> list[str]:
    return [what for (what,) in link.execute("SELECT what FROM alert.event ORDER BY id")]


def _told(link: Connection) -> list[str]:
    rows = link.execute("SELECT event_type FROM alert.delivery ORDER BY event").fetchall()
    return [what for (what,) in rows]


def test_many_anomalies_of_one_cause_are_one_alert_with_all_their_evidence(
    link: Connection, pilot: Plant
) -> None:
    for minute in range(40):
        insert_anomaly(link, time=ONSET + timedelta(minutes=minute), samples=minute)
    for _ in range(20):  # a few at a time, as they would come
        correlate(link, setting_of(pilot, *HERE), limit=2)
    assert _states(link) == [("unacknowledged", True)]
    assert _history(link) == ["opened"] + 39 * ["updated"]
    assert _told(link) == ["alert.opened"]
    row = link.execute("SELECT details->'samples', since FROM alert.alert").fetchone()
    assert row == (39, ONSET)
    samples = link.execute("SELECT detail->'samples' FROM alert.event ORDER BY id").fetchall()
    assert [s for (s,) in samples] == list(range(40))


def test_each_difference_in_the_cause_is_an_alert_of_its_own(
    link: Connection, pilot: Plant
) -> None:
    insert_anomaly(link)
    insert_anomaly(link, position=4)
    insert_anomaly(link, position=None)
    insert_anomaly(link, position=None)
    insert_anomaly(link, direction="high")
    insert_anomaly(link, characteristic="fill_time")
    insert_anomaly(link, equipment="l1-filler-02")
    correlate(link, setting_of(pilot, *HERE))
    assert len(_states(link)) == 6


def test_a_return_leaves_the_alert_open_until_somebody_acknowledges(
    link: Connection, pilot: Plant
) -> None:
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    insert_anomaly(link, state="off")
    correlate(link, setting_of(pilot, *HERE))
    assert _states(link) == [("returned", True)]
    acknowledge(link, 1, "ada", "cleaned the nozzle")
    assert _states(link) == [("normal", False)]
    assert _history(link) == ["opened", "returned", "acknowledged"]
    row = link.execute("SELECT who, why FROM alert.event ORDER BY id DESC LIMIT 1").fetchone()
    assert row == ("ada", "cleaned the nozzle")


def test_an_acknowledged_alert_closes_when_the_process_is_back(
    link: Connection, pilot: Plant
) -> None:
    insert_anomaly(link)
    correlate(link, setting_of(pilot, *HERE))
    acknowledge(link, 1, "ada")
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    correlate(link, setting_of(pilot, *HERE))
    assert _states(link) == [("normal", False)]
    assert _told(link) == ["alert.opened", "alert.returned"]


def test_an_alarm_after_the_return_reopens_the_alert_and_after_the_end_opens_another(
    link: Connection, pilot: Plant
) -> None:
    later = ONSET + timedelta(hours=2)
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    insert_anomaly(link, since=later)
    correlate(link, setting_of(pilot, *HERE))
    assert _states(link) == [("unacknowledged", True)]
    assert _told(link) == ["alert.opened", "alert.returned", "alert.reopened"]
    assert link.execute("SELECT since FROM alert.alert").fetchall() == [(later,)]
    insert_anomaly(link, state="off")
    correlate(link, setting_of(pilot, *HERE))
    acknowledge(link, 1, "ada")
    insert_anomaly(link)
    correlate(link, setting_of(pilot, *HERE))
    assert _states(link) == [("normal", False), ("unacknowledged", True)]


def test_severity_goes_up_and_down_each_time_with_a_webhook(link: Connection, pilot: Plant) -> None:
    for value in (6.36, 6.2, 6.1, 6.31, 6.36):  # 6.31 is too near to the limit of 6.30
        insert_anomaly(link, value=value)
        correlate(link, setting_of(pilot, *HERE))
    changes = link.execute("SELECT detail->'severity' FROM alert.event ORDER BY id").fetchall()
    assert [c for (c,) in changes] == [None, ["low", "high"], None, None, ["high", "low"]]
    assert _told(link) == ["alert.opened", "alert.updated", "alert.updated"]


def test_a_return_without_an_open_alert_changes_nothing(link: Connection, pilot: Plant) -> None:
    insert_anomaly(link, state="off")
    assert correlate(link, setting_of(pilot, *HERE)) == 1
    assert _states(link) == []
    assert not news(link)


def test_numbers_that_are_none_do_not_stop_the_stream(link: Connection, pilot: Plant) -> None:
    odd = {"value": float("nan"), "sd": float("inf"), "statistic": float("-inf")}
    insert_anomaly(link, **odd)
    insert_anomaly(link, **odd, position=4)
    correlate(link, setting_of(pilot, *HERE))
    assert len(_states(link)) == 2
    assert link.execute("SELECT details->'value' FROM alert.alert").fetchall() == [(None,)] * 2


def test_an_anomaly_that_commits_late_is_not_passed_over(
    database: str, link: Connection, pilot: Plant
) -> None:
    with connect(database, application="slow monitor") as slow:
        insert_anomaly(slow, position=1)
        insert_anomaly(link, position=2)  # a later transaction that commits first
        assert not news(link)
        assert correlate(link, setting_of(pilot, *HERE)) == 0
        slow.commit()
    assert correlate(link, setting_of(pilot, *HERE)) == 2
    assert len(_states(link)) == 2


def test_anomalies_of_one_transaction_are_taken_together(link: Connection, pilot: Plant) -> None:
    with link.transaction():
        for position in range(1, 6):
            insert_anomaly(link, position=position)
    insert_anomaly(link, position=6)
    assert correlate(link, setting_of(pilot, *HERE), limit=2) == 5
    assert correlate(link, setting_of(pilot, *HERE), limit=2) == 1


def test_alert_history_delivery_and_position_commit_together_or_not_at_all(
    link: Connection, pilot: Plant
) -> None:
    insert_anomaly(link)
    link.execute("ALTER TABLE alert.delivery ADD CONSTRAINT refused CHECK (false)")
    with pytest.raises(psycopg.errors.CheckViolation):
        correlate(link, setting_of(pilot, *HERE))
    link.execute("ALTER TABLE alert.delivery DROP CONSTRAINT refused")
    counts = "SELECT (SELECT count(*) FROM alert.alert), (SELECT count(*) FROM alert.event)"
    assert link.execute(counts.encode()).fetchone() == (0, 0)
    assert news(link)
    correlate(link, setting_of(pilot, *HERE))
    assert link.execute(counts.encode()).fetchone() == (1, 1)
    assert _told(link) == ["alert.opened"]
    assert not news(link)


def test_two_at_once_make_one_alert_and_take_each_anomaly_once(
    database: str, link: Connection, pilot: Plant
) -> None:
    for number in range(120):
        insert_anomaly(link, position=number % 3 + 1)
    together = threading.Barrier(4)

    def work() -> None:
        with connect(database, application="one of four", autocommit=True) as mine:
            together.wait()
            while news(mine):
                correlate(mine, setting_of(pilot, *HERE), limit=5)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_states(link)) == 3
    assert len(_told(link)) == 3
    taken = link.execute("SELECT (detail->>'anomaly')::bigint FROM alert.event").fetchall()
    assert sorted(number for (number,) in taken) == list(range(1, 121))


def test_the_database_itself_refuses_a_second_open_alert(link: Connection, pilot: Plant) -> None:
    insert_anomaly(link, position=None)
    correlate(link, setting_of(pilot, *HERE))
    with pytest.raises(psycopg.errors.UniqueViolation, match="alert_open_cause"):
        link.execute(
            "INSERT INTO alert.alert (state, severity, line, station, equipment, position,"
            " characteristic, direction, title, since, details) SELECT state, severity, line,"
            " station, equipment, position, characteristic, direction, title, since, details"
            " FROM alert.alert"
        )


@pytest.mark.parametrize(
    "change",
    ["UPDATE alert.event SET who = 'x'", "DELETE FROM alert.event", "TRUNCATE alert.event CASCADE"],
)
def test_history_is_not_rewritten(link: Connection, pilot: Plant, change: str) -> None:
    insert_anomaly(link)
    correlate(link, setting_of(pilot, *HERE))
    with pytest.raises(psycopg.errors.RaiseException, match="history"):
        link.execute(change.encode())


def test_only_an_open_alert_that_nobody_has_can_be_acknowledged(
    link: Connection, pilot: Plant
) -> None:
    with pytest.raises(AlertsError, match="there is no alert 1"):
        acknowledge(link, 1, "ada")
    insert_anomaly(link)
    correlate(link, setting_of(pilot, *HERE))
    acknowledge(link, 1, "ada")
    with pytest.raises(NotAllowedError, match="acknowledged before"):
        acknowledge(link, 1, "bob")
    assert _history(link) == ["opened", "acknowledged"]
