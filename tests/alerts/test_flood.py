"""Many causes at once become one alert that says so, and no evidence is lost."""

from __future__ import annotations

from alerts.acknowledge import acknowledge
from alerts.alert import Kind
from alerts.anomaly import news
from alerts.config_file import Rules
from alerts.correlate import correlate
from alerts.query import Filter, list_alerts, story
from alerts.setting import Setting
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, setting_of

#: Ten thousand anomalies of 500 causes, on and off and on again, as fast as they can be read.
MANY = """
INSERT INTO analysis.anomaly (state, line, station, equipment, position, characteristic, direction,
    since, time, statistic, limit_value, value, expected, sd, unit, samples, last_points, model)
SELECT CASE WHEN n / 500 % 2 = 0 THEN 'on' ELSE 'off' END, 'l1', 'filling', 'l1-filler-01',
       n % 500 % 8 + 1, 'c' || n % 500, 'low', now(), now(), 9, 8, 6, 6.4, 0.025, 'g', 12,
       '[["2026-11-22T03:04:00Z", 6.0]]', 'cusum-1'
  FROM generate_series(0, 9999) AS n
"""


def seen(link: Connection) -> list[int]:
    """The anomalies that stand in the history, each as often as it does."""
    rows = link.execute(
        "SELECT (detail->>'anomaly')::bigint FROM alert.event WHERE detail ? 'anomaly' ORDER BY 1"
    )
    return [number for (number,) in rows]


def burst(link: Connection, setting: Setting, first: int, last: int, state: str = "on") -> None:
    for number in range(first, last):
        insert_anomaly(link, characteristic=f"c{number}", state=state)
    correlate(link, setting)


def test_ten_thousand_anomalies_in_a_minute_are_at_most_twenty_alerts_with_all_evidence(
    link: Connection, pilot: Plant
) -> None:
    setting = setting_of(pilot, "here")
    link.execute(MANY)
    while news(link):
        correlate(link, setting, 1000)
    alerts = list_alerts(link)
    assert len(alerts) <= 20
    assert sum(a.kind is Kind.FLOOD for a in alerts) == 1
    # An "off" of a cause that is back already is no news; every other one is kept.
    assert set(seen(link)) == set(range(1, 10_001))
    assert len(seen(link)) == 10_000
    told = link.execute("SELECT count(*) FROM alert.delivery WHERE alert = 11").fetchone()
    assert told is not None
    assert told[0] < 30


def test_the_flood_says_how_many_causes_and_goes_with_the_last_of_them(
    link: Connection, pilot: Plant
) -> None:
    setting = setting_of(pilot, "here", rules=Rules(flood_alerts_per_min=3))
    burst(link, setting, 0, 20)
    (flood,) = list_alerts(link, Filter(kinds=("flood",)))
    assert flood.title == "flood of alarms on l1: 17 causes in one alert"
    assert flood.severity == "high"
    burst(link, setting, 20, 110)
    burst(link, setting, 3, 109, state="off")
    assert story(link, flood.id).alert.state == "unacknowledged"
    burst(link, setting, 109, 110, state="off")
    assert story(link, flood.id).alert.state == "returned"
    # What comes again belongs to the flood still, and opens it anew.
    burst(link, setting, 5, 6)
    assert story(link, flood.id).alert.state == "unacknowledged"
    types = [d.event_type for d in reversed(story(link, flood.id).deliveries)]
    assert types == ["alert.opened", "alert.updated", "alert.returned", "alert.reopened"]
    assert len(list_alerts(link)) == 4


def test_a_new_cause_after_the_flood_is_an_alert_of_its_own(link: Connection, pilot: Plant) -> None:
    setting = setting_of(pilot, "here", rules=Rules(flood_alerts_per_min=4))
    burst(link, setting, 0, 8)
    link.execute("UPDATE alert.alert SET opened_at = opened_at - interval '2 min'")
    # Two a minute are half the rate: it goes on; less, and it is over.
    link.execute(
        "UPDATE alert.flooded SET first_at = first_at - interval '2 min'"
        " WHERE characteristic IN ('c4', 'c5')"
    )
    burst(link, setting, 8, 9)
    assert len(list_alerts(link)) == 5
    link.execute("UPDATE alert.flooded SET first_at = first_at - interval '2 min'")
    burst(link, setting, 9, 10)
    assert list_alerts(link)[0].kind == "process"


def test_a_flood_that_gets_worse_says_so(link: Connection, pilot: Plant) -> None:
    setting = setting_of(pilot, "here", rules=Rules(flood_alerts_per_min=1))
    insert_anomaly(link, characteristic="a", value=6.39)
    insert_anomaly(link, characteristic="b", value=6.39)
    correlate(link, setting)
    (flood,) = list_alerts(link, Filter(kinds=("flood",)))
    assert flood.severity == "low"
    acknowledge(link, flood.id, "ada")
    insert_anomaly(link, characteristic="c", value=6.0)
    correlate(link, setting)
    assert list_alerts(link, Filter(kinds=("flood",)))[0].severity == "high"
