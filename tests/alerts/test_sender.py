"""The sender: a dead endpoint is told of elsewhere, a quick one is not asked too often."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from alerts.backoff import BackOff
from alerts.config import Config, config_of
from alerts.correlate import correlate
from alerts.endpoint import parse_endpoints
from alerts.errors import AlertsError
from alerts.outbox import try_again
from alerts.query import Filter, list_alerts, list_deliveries, story
from alerts.secret import new_secret, signer
from alerts.sender import Sender
from alerts.setting import Setting
from plant.model import Plant
from storage.connect import Connection, connect
from tests.alerts.conftest import QUICK
from tests.alerts.support import (
    SECRET,
    Endpoint,
    Reply,
    StartService,
    Until,
    insert_anomaly,
    setting_of,
)

DEAD = "SELECT state FROM alert.alert WHERE kind = 'endpoint'"


def config(plant: Plant, *urls: str, secrets: tuple[str, ...] = (SECRET,)) -> Config:
    signers = [signer(secret) for secret in secrets]
    return config_of(parse_endpoints(list(urls), signers=signers), plant)


def test_a_dead_endpoint_raises_an_alert_that_goes_elsewhere_and_ends_with_it(
    link: Connection, pilot: Plant, database: str, until: Until
) -> None:
    stop = threading.Event()
    with Endpoint(*5 * [Reply(503)]) as dead, Endpoint() as other:
        setting = Setting(pilot, config(pilot, f"dead={dead.url}", f"other={other.url}"))

        def send(name: str) -> None:
            receiver = setting.config.receivers[name]
            with connect(database, application=name, autocommit=True) as mine:
                Sender(receiver, setting, stop, QUICK, probe=QUICK).run(mine)

        threads = [threading.Thread(target=send, args=(name,)) for name in ("dead", "other")]
        for thread in threads:
            thread.start()
        insert_anomaly(link)
        correlate(link, setting)
        until(DEAD, [("returned",)])
        requests = other.wait(3)
        stop.set()
        for thread in threads:
            thread.join(20)
    bodies = [json.loads(r.body) for r in requests]
    told = [(b["type"], b["data"]["kind"]) for b in bodies if b["data"]["kind"] == "endpoint"]
    assert told == [("alert.opened", "endpoint"), ("alert.returned", "endpoint")]
    opened = next(b for b in bodies if b["data"]["kind"] == "endpoint")
    assert opened["data"]["title"] == "dead does not take alerts: answered 503 Service Unavailable"
    assert opened["data"]["where"]["line"] is None
    assert all(b'"endpoint"' not in r.body for r in dead.requests)


def test_a_dead_endpoint_is_probed_and_not_asked_with_every_message(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint(*100 * [Reply(500)]) as dead:
        start_service(dead.url, back_off=BackOff(first_s=0.001, longest_s=0.002))
        for position in range(1, 9):
            insert_anomaly(link, position=position)
        until(DEAD, [("unacknowledged",)])
        until("SELECT count(*) FROM alert.delivery WHERE status = 'pending'", [(8,)])
        assert len(dead.requests) in {5, 6}


def test_an_endpoint_is_not_asked_more_often_than_its_rate(
    link: Connection, pilot: Plant, start_service: StartService, until: Until
) -> None:
    with Endpoint() as endpoint:
        (slow,) = parse_endpoints([f"slow={endpoint.url}"], signers=[signer(SECRET)])
        slow = replace(slow, rate_per_minute=6.0)  # one at once, the next in ten seconds
        start_service(config=config_of([slow], pilot))
        for position in range(1, 5):
            insert_anomaly(link, position=position)
        until("SELECT count(*) FROM alert.delivery", [(4,)])
        until("SELECT count(*) FROM alert.delivery WHERE status = 'delivered'", [(1,)])
        assert len(endpoint.requests) == 1


def test_while_a_secret_is_replaced_both_sign(
    link: Connection, pilot: Plant, start_service: StartService
) -> None:
    new, old = new_secret(), SECRET
    with Endpoint() as endpoint:
        start_service(config=config(pilot, endpoint.url, secrets=(new, old)))
        insert_anomaly(link)
        (request,) = endpoint.wait(1)
    for secret in (new, old):
        Webhook(secret).verify(request.body, request.headers)


def test_what_failed_is_tried_again_by_hand_under_its_id(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint(Reply(401), Reply(401)) as endpoint:
        start_service(f"on-call={endpoint.url}")
        insert_anomaly(link, position=1)
        insert_anomaly(link, position=2)
        until("SELECT count(*) FROM alert.delivery WHERE status = 'failed'", [(2,)])
        assert try_again(link, "ada", endpoint="elsewhere") == 0
        assert try_again(link, "ada", alert=1) == 1
        assert try_again(link, "ada", "secret mended", endpoint="on-call") == 1
        until("SELECT DISTINCT status FROM alert.delivery", [("delivered",)])
        ids = [request.id for request in endpoint.requests]
    assert sorted(ids[:2]) == sorted(ids[2:])
    last = story(link, 2).events[-1]
    assert (last.who, last.what, last.why) == ("ada", "delivery_retried", "secret mended")
    with pytest.raises(AlertsError, match="who does this"):
        try_again(link, "")


def test_lists_are_filtered_and_paged(link: Connection, pilot: Plant) -> None:
    setting = setting_of(pilot, "here")
    for number in range(6):
        insert_anomaly(link, position=number + 1, value=6.36 if number % 2 else 6.0)
    insert_anomaly(link, position=1, characteristic="fill_time", equipment="l1-filler-02")
    correlate(link, setting)

    def found(**which: object) -> list[int]:
        return [a.id for a in list_alerts(link, Filter(**which))]  # type: ignore[arg-type]

    assert found(severities=("low",)) == [6, 4, 2]
    assert found(equipment="l1-filler-02") == [7]
    assert found(text="nozzle 3") == [3]
    assert found(text="100%_") == []
    assert found(before=4) == [3, 2, 1]
    assert [a.id for a in list_alerts(link, limit=2)] == [7, 6]
    assert found(is_open=False) == []
    assert found(line="l2") == []
    assert {d.alert for d in list_deliveries(link, status="pending")} == {1, 2, 3, 4, 5, 6, 7}
    assert len(list_deliveries(link, alert=3)) == 1
