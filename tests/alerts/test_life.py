"""What people do to an alert: each change is a row of its history, or is refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import maintenance as work
from alerts.acknowledge import acknowledge
from alerts.alert import NotAllowedError, State, Suppression
from alerts.comment import assign, comment
from alerts.correlate import correlate
from alerts.errors import AlertsError
from alerts.query import story
from alerts.resolve import CAUSE_CODES, Resolution, resolve
from alerts.shelve import shelve, unshelve
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, setting_of

TRUE, FALSE = Resolution.TRUE_ALARM, Resolution.FALSE_ALARM


def soon(hours: float = 8) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


@pytest.fixture
def alert(link: Connection, pilot: Plant) -> int:
    """An open alert that nobody has acknowledged, about nozzle 3."""
    insert_anomaly(link)
    correlate(link, setting_of(pilot, "here"))
    return 1


@pytest.fixture
def closed(link: Connection, pilot: Plant, alert: int) -> int:
    acknowledge(link, alert, "ada")
    insert_anomaly(link, state="off")
    correlate(link, setting_of(pilot, "here"))
    return alert


def happened(link: Connection, number: int = 1) -> list[tuple[str, str, str]]:
    return [(e.who, e.what, e.why) for e in story(link, number).events]


def test_each_change_tells_who_when_what_and_why(link: Connection, alert: int) -> None:
    before = datetime.now(UTC)
    acknowledge(link, alert, "ada", "on my way")
    comment(link, alert, "ben", "salt at the tip")
    assign(link, alert, "ada", "she knows it", assignee="ben")
    shelve(link, alert, "ben", "new nozzles at six", until=soon())
    unshelve(link, alert, "cleo", "they are here")
    resolve(link, alert, "ben", "changed", resolution=TRUE, cause_code="wear")
    told = story(link, alert)
    assert happened(link)[1:] == [
        ("ada", "acknowledged", "on my way"),
        ("ben", "commented", "salt at the tip"),
        ("ada", "assigned", "she knows it"),
        ("ben", "shelved", "new nozzles at six"),
        ("cleo", "unshelved", "they are here"),
        ("ben", "resolved", "changed"),
    ]
    assert all(before <= e.at <= datetime.now(UTC) for e in told.events[1:])
    assert told.events[3].detail == {"assignee": "ben", "before": None}
    assert told.events[-1].detail["cause_code"] == "wear"
    one = told.alert
    assert (one.state, one.acknowledged_by, one.assignee) == (State.NORMAL, "ada", "ben")
    assert (one.resolution, one.cause_code, one.resolved_by) == ("true_alarm", "wear", "ben")
    assert one.closed_at is not None


def test_who_acknowledges_stops_the_escalation(link: Connection, alert: int) -> None:
    link.execute(
        "INSERT INTO alert.escalation VALUES (1, 'all', 1, now(), now() + interval '1 hour')"
    )
    assert len(story(link, alert).due) == 1
    acknowledge(link, alert, "ada")
    assert story(link, alert).due == ()


@pytest.mark.parametrize("resolution", CAUSE_CODES)
def test_an_alert_nobody_has_acknowledged_can_be_resolved_with_each_code(
    link: Connection, alert: int, resolution: Resolution
) -> None:
    for code in CAUSE_CODES[resolution]:
        link.execute("UPDATE alert.alert SET resolution = NULL, cause_code = NULL,"
                     " resolved_at = NULL, resolved_by = NULL")  # fmt: skip
        resolved = resolve(link, alert, "ada", resolution=resolution, cause_code=code)
        assert (resolved.state, resolved.acknowledged_by) == (State.NORMAL, "ada")


def test_what_closed_by_itself_is_resolved_later_and_once(link: Connection, closed: int) -> None:
    ended = story(link, closed).alert.closed_at
    resolve(link, closed, "ada", resolution=FALSE, cause_code="sensor")
    assert story(link, closed).alert.closed_at == ended
    with pytest.raises(NotAllowedError, match="ada has resolved the alert before: false_alarm"):
        resolve(link, closed, "ben", resolution=TRUE, cause_code="wear")


def test_a_closed_alert_takes_comments_and_nothing_else(link: Connection, closed: int) -> None:
    comment(link, closed, "ada", "it was the pump after all")
    with pytest.raises(NotAllowedError, match="closed"):
        acknowledge(link, closed, "ada")
    with pytest.raises(NotAllowedError, match="closed"):
        assign(link, closed, "ada", assignee="ben")
    with pytest.raises(NotAllowedError, match="closed"):
        shelve(link, closed, "ada", "why", until=soon())
    with pytest.raises(NotAllowedError, match="closed"):
        unshelve(link, closed, "ada")


def test_nothing_of_a_refused_change_is_kept(link: Connection, closed: int) -> None:
    before = happened(link)
    with pytest.raises(NotAllowedError):
        acknowledge(link, closed, "ada")
    assert happened(link) == before


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"until": soon(-1)}, "not within the next 30 days"),
    ({"until": soon(24 * 31)}, "not within the next 30 days"),
    ({"until": datetime(2030, 1, 1)}, "no time zone"),  # noqa: DTZ001  # that is the error
    ({"why": " "}, "needs a reason"),
    ({"who": ""}, "who does this"),
    ({"who": "Jellyroll"}, "stands for the service"),
    ({"who": "a" * 101}, "at most 100 characters"),
    ({"why": "a" * 4001}, "at most 4000 characters"),
    ({"why": "a\0b"}, "cannot keep"),
    ({"number": 99}, "there is no alert 99"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSED)
def test_what_makes_no_sense_is_refused_in_words(
    link: Connection, alert: int, changes: dict[str, Any], error: str
) -> None:
    values: dict[str, Any] = {
        "number": alert,
        "who": "ada",
        "why": "why",
        "until": soon(),
    } | changes
    with pytest.raises(AlertsError, match=error):
        shelve(link, **values)
    assert [what for _, what, _ in happened(link)] == ["opened"]


def test_a_cause_must_be_one_of_its_resolution(link: Connection, alert: int) -> None:
    with pytest.raises(AlertsError, match="'sensor' is no cause of a true alarm; choose one of"):
        resolve(link, alert, "ada", resolution=TRUE, cause_code="sensor")


def test_what_changes_nothing_is_refused(link: Connection, alert: int) -> None:
    with pytest.raises(NotAllowedError, match="nobody has it"):
        assign(link, alert, "ada", assignee=None)
    assign(link, alert, "ada", assignee="ben")
    with pytest.raises(NotAllowedError, match="ben has it already"):
        assign(link, alert, "ada", assignee="ben")
    with pytest.raises(NotAllowedError, match="not shelved"):
        unshelve(link, alert, "ada")
    with pytest.raises(AlertsError, match="needs a text"):
        comment(link, alert, "ada", " ")


def test_a_shelved_alert_can_be_acknowledged_and_shelved_anew(link: Connection, alert: int) -> None:
    shelve(link, alert, "ada", "why", until=soon(1))
    again = shelve(link, alert, "ben", "longer", until=soon(9))
    assert again.suppressed is Suppression.SHELVED
    assert acknowledge(link, alert, "ada").state is State.ACKNOWLEDGED


def test_maintenance_is_planned_called_off_and_told(link: Connection, database: str) -> None:
    planned = work.plan_maintenance(
        link, "ada", "nozzles", line="l1", station="filling", from_time=soon(-1), to_time=soon(3)
    )
    assert planned.place == "l1 filling"
    assert planned.is_on(datetime.now(UTC))
    assert work.list_maintenance(link) == [planned]
    ended = work.end_maintenance(link, planned.id, "ben", "done early")
    assert not ended.is_on(datetime.now(UTC))
    assert work.list_maintenance(link) == []
    assert work.list_maintenance(link, over=True) == [ended]
    rows = link.execute("SELECT who, what, why FROM alert.event ORDER BY id").fetchall()
    assert rows == [
        ("ada", "maintenance_planned", "nozzles"),
        ("ben", "maintenance_ended", "done early"),
    ]
    with pytest.raises(NotAllowedError, match="over"):
        work.end_maintenance(link, planned.id, "ben")
    with pytest.raises(AlertsError, match="no maintenance 9"):
        work.end_maintenance(link, 9, "ben")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"line": "l9"}, "the plant has no l9"),
        ({"equipment": "l1-winder-01", "station": "filling"}, "the plant has no l1 filling l1-w"),
        ({"to_time": soon(-2)}, "ends before it begins"),
        ({"from_time": soon(-3), "to_time": soon(-2)}, "is over already"),
        ({"to_time": soon(24 * 100)}, "at most 90 days"),
        ({"why": ""}, "needs a reason"),
    ],
)
def test_maintenance_that_makes_no_sense_is_refused(
    link: Connection, changes: dict[str, Any], error: str
) -> None:
    values: dict[str, Any] = {
        "line": "l1",
        "from_time": soon(-1),
        "to_time": soon(1),
        "why": "why",
    } | changes
    with pytest.raises(AlertsError, match=error):
        work.plan_maintenance(link, "ada", **values)
    assert link.execute("SELECT count(*) FROM alert.event").fetchone() == (0,)
