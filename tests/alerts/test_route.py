"""Who is told, in which order, and who next when nobody acknowledges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.acknowledge import acknowledge
from alerts.config_file import LinksPart, Route
from alerts.correlate import correlate
from alerts.escalate import escalate
from alerts.explain import explain
from alerts.follow import follow_people
from alerts.query import story
from alerts.resolve import Resolution, resolve
from alerts.setting import Setting
from alerts.shift import Shift
from alerts.web.links import LinkError, read_link
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, setting_of

NAMES = ("first", "second", "third", "lead")


def routes(*each: dict[str, Any]) -> tuple[Route, ...]:
    return tuple(
        Route.model_validate({"name": f"r{number}", "to": ["first"], **one})
        for number, one in enumerate(each)
    )


def setting(plant: Plant, *each: dict[str, Any], **changes: Any) -> Setting:
    return setting_of(plant, *NAMES, routes=routes(*each), zone=ZoneInfo("UTC"), **changes)


def told(link: Connection) -> list[tuple[str, str]]:
    rows = link.execute(
        "SELECT endpoint, substr(event_type, 7) FROM alert.delivery ORDER BY event, id <> '', ctid"
    )
    return rows.fetchall()


def pass_minutes(link: Connection, minutes: float) -> None:
    link.execute(
        "UPDATE alert.escalation SET due_at = due_at - %(by)s, began_at = began_at - %(by)s",
        {"by": timedelta(minutes=minutes)},
    )


@pytest.mark.parametrize(
    ("restriction", "takes"),
    [
        ({}, True),
        ({"sites": ["desoto"]}, True),
        ({"sites": ["elsewhere"]}, False),
        ({"lines": ["l1", "l2"]}, True),
        ({"lines": ["l2"]}, False),
        ({"stations": ["filling"]}, True),
        ({"stations": ["winding"]}, False),
        ({"severities": ["high"]}, True),
        ({"severities": ["low", "medium"]}, False),
        ({"kinds": ["process"]}, True),
        ({"kinds": ["signal_lost"]}, False),
    ],
)
def test_a_route_takes_what_fits_all_its_restrictions(
    link: Connection,
    pilot: Plant,
    restriction: dict[str, Any],
    takes: bool,  # noqa: FBT001
) -> None:
    insert_anomaly(link)
    correlate(link, setting(pilot, restriction, {"to": ["lead"]}))
    assert told(link) == [("first" if takes else "lead", "opened")]


def test_the_first_that_fits_takes_it_unless_it_says_continue(
    link: Connection, pilot: Plant
) -> None:
    chosen = setting(pilot, {"continue": True}, {"to": ["second", "first"]}, {"to": ["third"]})
    insert_anomaly(link)
    correlate(link, chosen)
    assert told(link) == [("first", "opened"), ("second", "opened")]


def test_the_next_are_told_until_somebody_acknowledges(link: Connection, pilot: Plant) -> None:
    ladder = {
        "escalate": [{"after_min": 10, "to": ["second"]}, {"after_min": 30, "to": ["lead"]}],
        "repeat_min": 60,
    }
    chosen = setting(pilot, ladder)
    follow_people(link, chosen)
    insert_anomaly(link)
    correlate(link, chosen)
    assert escalate(link, chosen) == 0
    pass_minutes(link, 9.9)
    assert escalate(link, chosen) == 0
    pass_minutes(link, 0.2)
    assert escalate(link, chosen) == 1
    assert told(link) == [("first", "opened"), ("second", "escalated")]
    pass_minutes(link, 20)
    escalate(link, chosen)
    assert told(link)[2:] == [("lead", "escalated")]
    for _ in range(2):
        pass_minutes(link, 60)
        escalate(link, chosen)
    assert told(link)[3:] == 2 * [(name, "repeated") for name in ("first", "second", "lead")]
    acknowledge(link, 1, "ada", "on my way")
    pass_minutes(link, 600)
    assert escalate(link, chosen) == 0
    follow_people(link, chosen)
    assert told(link)[9:] == [(name, "acknowledged") for name in ("first", "second", "lead")]
    what = [e.what for e in story(link, 1).events]
    assert what == ["opened", *2 * ["escalated"], *2 * ["repeated"], "acknowledged"]


def test_what_returns_by_itself_is_not_escalated_and_what_reopens_begins_anew(
    link: Connection, pilot: Plant
) -> None:
    chosen = setting(pilot, {"escalate": [{"after_min": 10, "to": ["second"]}]})
    insert_anomaly(link)
    insert_anomaly(link, state="off")
    correlate(link, chosen)
    pass_minutes(link, 60)
    assert escalate(link, chosen) == 0
    insert_anomaly(link)
    correlate(link, chosen)
    pass_minutes(link, 11)
    escalate(link, chosen)
    assert told(link) == [
        ("first", "opened"), ("first", "returned"), ("first", "reopened"), ("second", "escalated"),
    ]  # fmt: skip


def test_what_gets_worse_is_routed_anew(link: Connection, pilot: Plant) -> None:
    chosen = setting(pilot, {"severities": ["low", "medium"]}, {"to": ["lead"]})
    insert_anomaly(link, value=6.36)
    correlate(link, chosen)
    insert_anomaly(link, value=6.0)
    correlate(link, chosen)
    assert told(link) == [("first", "opened"), ("first", "updated"), ("lead", "opened")]


def test_what_changes_its_severity_again_and_again_is_escalated_all_the_same(
    link: Connection, pilot: Plant
) -> None:
    chosen = setting(pilot, {"escalate": [{"after_min": 10, "to": ["second"]}]})
    for value in (6.36, 6.0, 6.36, 6.0):
        insert_anomaly(link, value=value)
        correlate(link, chosen)
        pass_minutes(link, 4)
    assert escalate(link, chosen) == 1
    assert told(link)[-1] == ("second", "escalated")


def quiet_now() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "from": f"{now - timedelta(hours=1):%H:%M}",
        "to": f"{now + timedelta(hours=1):%H:%M}",
        "severities": ["high"],
    }


def test_in_quiet_hours_the_first_are_told_when_they_end_also_of_what_has_returned(
    link: Connection, pilot: Plant
) -> None:
    chosen = setting(pilot, {"quiet": quiet_now()})
    insert_anomaly(link)
    insert_anomaly(link, position=4)
    insert_anomaly(link, position=4, state="off")
    correlate(link, chosen)
    assert told(link) == []
    pass_minutes(link, 61)
    awake = setting(pilot, {})
    assert escalate(link, awake) == 2
    assert told(link) == [("first", "opened"), ("first", "opened")]
    assert {story(link, n).alert.state for n in (1, 2)} == {"unacknowledged", "returned"}


def test_a_route_that_is_no_longer_in_the_file_lets_the_alert_be_routed_anew(
    link: Connection, pilot: Plant
) -> None:
    insert_anomaly(link)
    correlate(link, setting(pilot, {"escalate": [{"after_min": 10, "to": ["second"]}]}))
    pass_minutes(link, 11)
    escalate(link, setting(pilot, {"name": "new", "to": ["lead"]}))
    assert told(link) == [("first", "opened"), ("first", "repeated"), ("lead", "opened")]


def _shifts(*names: str) -> tuple[Shift, ...]:
    return tuple(
        Shift.model_validate({"name": name, "from": "00:00", "to": "00:00", "teams": [[name]]})
        for name in names
    )


def test_on_shift_is_whoever_works_now(link: Connection, pilot: Plant) -> None:
    chosen = setting(
        pilot,
        {"to": ["on-shift", "ben"]},
        shifts=_shifts("ada", "ben"),
        people={"ada": ("second",), "ben": ("third", "second")},
    )
    insert_anomaly(link)
    correlate(link, chosen)
    assert told(link) == [("second", "opened"), ("third", "opened")]


def test_who_was_told_is_told_what_people_did(link: Connection, pilot: Plant) -> None:
    chosen = setting(pilot, {"to": ["first", "second"]})
    follow_people(link, chosen)
    insert_anomaly(link)
    correlate(link, chosen)
    resolve(link, 1, "ada", "changed", resolution=Resolution.TRUE_ALARM, cause_code="wear")
    assert follow_people(link, chosen) == 1
    assert follow_people(link, chosen) == 0
    assert told(link)[2:] == [("first", "resolved"), ("second", "resolved")]
    row = link.execute(
        "SELECT convert_from(body, 'UTF8')::jsonb->'data'->'by' FROM alert.delivery"
        " ORDER BY event DESC LIMIT 1"
    ).fetchone()
    assert row == ({"who": "ada", "why": "changed"},)


def test_the_link_of_a_person_opens_the_alert_for_them(link: Connection, pilot: Plant) -> None:
    key = "k" * 32
    chosen = setting(
        pilot,
        {"to": ["first", "ada", "ben"]},
        people={"ada": ("second", "third"), "ben": ("third",)},
        links=LinksPart(page="https://jellyroll.example/"),
        page_key=key,
    )
    insert_anomaly(link)
    correlate(link, chosen)
    rows = link.execute(
        "SELECT endpoint, convert_from(body, 'UTF8')::jsonb->'data'->'links'->>'page'"
        " FROM alert.delivery"
    )
    pages: dict[str, str] = dict(rows.fetchall())
    # The first is nobody's, the third has two owners: they sign in.
    assert pages["first"] == pages["third"] == "https://jellyroll.example/alerts/1"
    address, _, token = pages["second"].rpartition("/")
    assert address == "https://jellyroll.example/link"
    opened = read_link(token, key, datetime.now(UTC) + timedelta(hours=11))
    assert (opened.alert, opened.person) == (1, "ada")
    with pytest.raises(LinkError, match="ended"):
        read_link(token, key, datetime.now(UTC) + timedelta(hours=13))


def test_explain_says_who_when_and_why_not(link: Connection, pilot: Plant) -> None:
    chosen = setting(
        pilot,
        {"stations": ["winding"]},
        {
            "to": ["on-shift"],
            "escalate": [{"after_min": 10, "to": ["lead"]}],
            "repeat_min": 60,
        },
        {"to": ["third"]},
        shifts=_shifts("ada"),
        people={"ada": ("second",)},
    )
    insert_anomaly(link)
    correlate(link, chosen)
    alert = story(link, 1).alert
    lines = list(explain(chosen, alert, datetime(2026, 11, 23, 9, 5, tzinfo=UTC), None))
    assert lines[1:] == [
        "at Mon 2026-11-23 09:05 UTC",
        "route r0: no; stations are winding, the alert has filling",
        "route r1: takes it",
        "  at once:",
        "    second (ada, on shift ada)",
        "  Mon 09:15, unless somebody has acknowledged:",
        "    lead (named by the route)",
        "  every 60 min from Mon 10:15 on, unless somebody has acknowledged: all of them again",
        "route r2: no; a route before it has taken the alert",
    ]
