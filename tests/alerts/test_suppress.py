"""Of what somebody put aside, expects or knows already, nobody is told until it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.acknowledge import acknowledge
from alerts.config_file import Rules
from alerts.correlate import correlate
from alerts.escalate import escalate
from alerts.life import return_due
from alerts.maintenance import end_maintenance, plan_maintenance
from alerts.query import Filter, list_alerts, story
from alerts.setting import Setting
from alerts.shelve import shelve, unshelve
from alerts.suppress import release
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, insert_suspect, setting_of


@pytest.fixture
def setting(pilot: Plant) -> Setting:
    return setting_of(pilot, "here")


def told(link: Connection) -> list[tuple[int, str]]:
    return link.execute("SELECT alert, event_type FROM alert.delivery ORDER BY event").fetchall()


def suppressed(link: Connection) -> list[str | None]:
    return [alert.suppressed for alert in reversed(list_alerts(link))]


def later(hours: float = 1) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def say(link: Connection, state: str, equipment: str = "l1-filler-01") -> None:
    link.execute(
        "INSERT INTO machine.state (time, equipment, state) VALUES (clock_timestamp(), %s, %s)",
        (equipment, state),
    )


def test_a_cause_stays_shelved_when_its_alert_closes_and_opens_again(
    link: Connection, setting: Setting
) -> None:
    insert_anomaly(link)
    correlate(link, setting)
    shelve(link, 1, "ada", "known", until=later())
    acknowledge(link, 1, "ada")
    insert_anomaly(link, state="off")
    insert_anomaly(link)
    correlate(link, setting)
    assert suppressed(link)[1] == "shelved"
    assert told(link) == [(1, "alert.opened")]
    unshelve(link, 2, "ada")
    link.execute("UPDATE alert.alert SET shelved_until = NULL WHERE id = 1")
    assert release(link, setting) == 1
    assert told(link)[-1] == (2, "alert.opened")


def test_a_shelf_that_expires_tells_what_is_still_open(link: Connection, setting: Setting) -> None:
    insert_anomaly(link)
    correlate(link, setting)
    shelve(link, 1, "ada", "known", until=later())
    assert release(link, setting) == 0
    link.execute("UPDATE alert.alert SET shelved_until = now() - interval '1 s'")
    assert release(link, setting) == 1
    assert told(link) == [(1, "alert.opened"), (1, "alert.repeated")]
    assert suppressed(link) == [None]
    assert [e.what for e in story(link, 1).events] == ["opened", "shelved", "released"]


@pytest.mark.parametrize("place", [{}, {"station": "filling"}, {"equipment": "l1-filler-01"}])
def test_alerts_of_a_place_wait_until_its_maintenance_is_over(
    link: Connection, setting: Setting, place: dict[str, str]
) -> None:
    plan_maintenance(
        link, "ada", "nozzles", line="l1", from_time=later(-1), to_time=later(), **place
    )
    insert_anomaly(link)
    correlate(link, setting)
    assert (suppressed(link), told(link)) == (["maintenance"], [])
    end_maintenance(link, 1, "ada")
    release(link, setting)
    assert (suppressed(link), told(link)) == ([None], [(1, "alert.opened")])


def test_work_elsewhere_or_later_suppresses_nothing(link: Connection, setting: Setting) -> None:
    places: list[dict[str, str]] = [{"equipment": "l1-winder-01"}, {"station": "winding"}]
    for place in places:
        plan_maintenance(link, "ada", "x", line="l1", from_time=later(-1), to_time=later(), **place)
    plan_maintenance(link, "ada", "x", line="l1", from_time=later(1), to_time=later(2))
    insert_anomaly(link)
    correlate(link, setting)
    assert told(link) == [(1, "alert.opened")]


@pytest.mark.parametrize("state", ["Stopped", "Idle", "Held", "Suspended"])
def test_the_alarm_of_a_machine_that_does_not_produce_waits_until_it_does(
    link: Connection, setting: Setting, state: str
) -> None:
    say(link, "Execute")
    say(link, state)
    insert_anomaly(link)
    correlate(link, setting)
    assert (suppressed(link), told(link)) == (["stopped"], [])
    assert "is " + state in story(link, 1).events[-1].why
    say(link, "Execute")
    release(link, setting)
    assert told(link) == [(1, "alert.opened")]


@pytest.mark.parametrize("state", ["Execute", "Online", "Stale"])
def test_a_machine_that_produces_or_cannot_say_is_told_of(
    link: Connection, setting: Setting, state: str
) -> None:
    say(link, state)
    insert_anomaly(link)
    correlate(link, setting)
    assert told(link) == [(1, "alert.opened")]


def test_what_came_and_went_while_it_was_suppressed_closes_unheard(
    link: Connection, setting: Setting
) -> None:
    say(link, "Stopped")
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    correlate(link, setting)
    (alert,) = list_alerts(link)
    assert alert.state == "normal"
    assert told(link) == []
    assert [e.what for e in story(link, 1).events] == ["opened", "suppressed", "returned"]


def _two(link: Connection, first: dict[str, Any], second: dict[str, Any]) -> None:
    for changes, factor, value in (
        (first["anomaly"], *first["suspect"]),
        (second["anomaly"], *second["suspect"]),
    ):
        with link.transaction():
            insert_anomaly(link, **changes)
            insert_suspect(link, factor=factor, value=value)


ROLL = {"anomaly": {"position": 1}, "suspect": ("roll", "l1-c-0017")}
SAME_ROLL = {
    "anomaly": {"equipment": "l1-welder-01", "station": "welding", "position": None,
                "characteristic": "pull_force"},
    "suspect": ("roll", "l1-c-0017"),
}  # fmt: skip
WINDER = {
    "anomaly": {"equipment": "l1-winder-01", "station": "winding", "position": None,
                "characteristic": "alignment"},
    "suspect": ("sensor", "l1-winder-01"),
}  # fmt: skip
BLAMES_WINDER = {"anomaly": {}, "suspect": ("equipment", "l1-winder-01")}


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (ROLL, SAME_ROLL, "same first suspect"),
        (WINDER, BLAMES_WINDER, "suspects the machine of the first"),
    ],
)
def test_an_alert_with_the_same_cause_as_an_open_one_is_explained_by_it(
    link: Connection, setting: Setting, first: dict[str, Any], second: dict[str, Any], why: str
) -> None:
    _two(link, first, second)
    correlate(link, setting)
    assert told(link) == [(1, "alert.opened")]
    parent, child = story(link, 1), story(link, 2)
    assert (child.alert.suppressed, child.alert.parent) == ("explained", 1)
    assert [c.id for c in parent.children] == [2]
    assert child.events[-1].why.startswith("alert 1 explains it: ")
    # When the parent is over and the child is not, it is told.
    acknowledge(link, 1, "ada")
    insert_anomaly(link, state="off", **first["anomaly"])
    correlate(link, setting)
    release(link, setting)
    assert (2, "alert.opened") in told(link)
    assert story(link, 2).alert.parent is None


OTHER_ROLL = {"anomaly": {"position": 2}, "suspect": ("roll", "l1-c-0018")}
SHIFT = {"anomaly": {"position": 3}, "suspect": ("shift", "night")}
SAME_SHIFT = {"anomaly": {"position": 4}, "suspect": ("shift", "night")}


@pytest.mark.parametrize(("first", "second"), [(ROLL, OTHER_ROLL), (SHIFT, SAME_SHIFT)])
def test_another_suspect_or_one_too_wide_explains_nothing(
    link: Connection, setting: Setting, first: dict[str, Any], second: dict[str, Any]
) -> None:
    _two(link, first, second)
    correlate(link, setting)
    assert told(link) == [(1, "alert.opened"), (2, "alert.opened")]


def test_two_that_suspect_each_other_do_not_wait_for_each_other(
    link: Connection, setting: Setting
) -> None:
    blames_filler = {**WINDER, "suspect": ("equipment", "l1-filler-01")}
    _two(link, blames_filler, BLAMES_WINDER)
    correlate(link, setting)
    assert told(link) == [(1, "alert.opened"), (2, "alert.opened")]


def test_an_alarm_is_told_when_it_has_lasted_and_not_when_it_was_short(
    link: Connection, pilot: Plant
) -> None:
    slow = setting_of(pilot, "here", rules=Rules(on_delay_s=60))
    insert_anomaly(link, position=1)
    insert_anomaly(link, position=2)
    insert_anomaly(link, position=1, state="off")
    correlate(link, slow)
    release(link, slow)
    assert (suppressed(link), told(link)) == (["delayed", "delayed"], [])
    link.execute("UPDATE alert.alert SET opened_at = opened_at - interval '61 s'")
    release(link, slow)
    assert told(link) == [(2, "alert.opened")]
    assert [a.id for a in list_alerts(link, Filter(is_open=True))] == [2]


def test_a_return_counts_when_it_lasts_so_a_chattering_alarm_is_told_once(
    link: Connection, pilot: Plant
) -> None:
    slow = setting_of(pilot, "here", rules=Rules(off_delay_s=60))
    for _ in range(10):
        insert_anomaly(link)
        insert_anomaly(link, state="off")
    correlate(link, slow)
    assert return_due(link, slow) == 0
    assert told(link) == [(1, "alert.opened")]
    assert len(story(link, 1).events) == 20
    link.execute("UPDATE alert.alert SET return_due_at = now()")
    assert return_due(link, slow) == 1
    assert told(link) == [(1, "alert.opened"), (1, "alert.returned")]


def test_maintenance_that_begins_stops_the_escalation_of_what_is_open(
    link: Connection, setting: Setting
) -> None:
    insert_anomaly(link)
    correlate(link, setting)
    link.execute("INSERT INTO alert.escalation VALUES (1, 'all', 1, now(), now())")
    plan_maintenance(link, "ada", "x", line="l1", from_time=later(-1), to_time=later())
    escalate(link, setting)
    assert (suppressed(link), told(link)) == (["maintenance"], [(1, "alert.opened")])
