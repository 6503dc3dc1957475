"""The service with real endpoints: what it promises when they, or the database, fail."""

from __future__ import annotations

import threading

import psycopg
import pytest
from standardwebhooks import Webhook

from alerts import outbox
from alerts.backoff import BackOff
from alerts.config import config_of
from alerts.correlate import correlate
from alerts.endpoint import parse_endpoints
from alerts.errors import AlertsError
from alerts.receiver import Receiver
from alerts.service import run
from plant.model import Plant
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate
from tests.alerts.support import (
    SECRET,
    Endpoint,
    Reply,
    StartService,
    Until,
    insert_anomaly,
    setting_of,
)

STATUS = "SELECT status, attempts, last_status FROM alert.delivery ORDER BY event, endpoint"


def test_an_anomaly_reaches_the_receiver_signed_and_names_the_nozzle(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Receiver(SECRET) as receiver:
        start_service(receiver.url)
        insert_anomaly(link)
        received = receiver.wait(lambda r: r.valid, 20)
        until(STATUS, [("delivered", 1, 204)])
    assert received.body["type"] == "alert.opened"
    assert "l1-filler-01 nozzle 3: fill mass 6.02 g" in received.body["data"]["title"]
    assert link.execute("SELECT id FROM alert.delivery").fetchall() == [(received.webhook_id,)]


def test_what_was_pending_at_the_start_is_sent(
    link: Connection, pilot: Plant, start_service: StartService, until: Until
) -> None:
    with Endpoint() as endpoint:
        insert_anomaly(link)
        correlate(link, setting_of(pilot, endpoint.url))
        start_service(endpoint.url)
        until(STATUS, [("delivered", 1, 204)])


def test_a_failing_endpoint_gets_the_same_message_again_with_a_fresh_signature(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint(Reply(500), Reply(302), Reply(429)) as endpoint:
        start_service(endpoint.url)
        insert_anomaly(link)
        until(STATUS, [("delivered", 4, 204)])
    assert len({(r.id, r.body) for r in endpoint.requests}) == 1
    for request in endpoint.requests:
        Webhook(SECRET).verify(request.body, request.headers)


def test_an_endpoint_that_was_down_gets_it_when_it_is_up(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint() as gone:
        port = gone.port
    start_service(f"http://127.0.0.1:{port}")
    insert_anomaly(link)
    attempts = "SELECT attempts >= 3, status, last_error FROM alert.delivery"
    until(attempts, [(True, "pending", "no connection: Connection refused")])
    with Endpoint(port=port) as back:
        assert back.wait(1)[0].type == "alert.opened"
        until("SELECT status, last_error FROM alert.delivery", [("delivered", None)])


def test_gone_ends_the_delivery_and_is_told_in_the_history(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint(Reply(410)) as endpoint:
        start_service(endpoint.url)
        insert_anomaly(link)
        until(STATUS, [("failed", 1, 410)])
    row = link.execute("SELECT what, why, detail->>'endpoint' FROM alert.event WHERE id = 2")
    assert row.fetchall() == [("delivery_failed", "answered 410 Gone", endpoint.url)]


def test_a_day_of_failures_ends_the_delivery(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint(*[Reply(500)] * 50) as endpoint:
        start_service(endpoint.url)
        insert_anomaly(link)
        endpoint.wait(2)
        link.execute("UPDATE alert.delivery SET first_attempt_at = now() - interval '1 day'")
        until("SELECT status, last_status FROM alert.delivery", [("failed", 500)])
        until("SELECT what FROM alert.event WHERE id > 1", [("delivery_failed",)])


def test_an_endpoint_that_asks_for_peace_gets_it_for_all_its_messages(
    link: Connection, start_service: StartService, until: Until
) -> None:
    slow_down = Reply(429, (("Retry-After", "30"),))
    with Endpoint(slow_down) as busy, Endpoint() as other:
        start_service(f"busy={busy.url}", f"other={other.url}", back_off=BackOff(first_s=0.01))
        insert_anomaly(link, position=1)
        until("SELECT attempts FROM alert.delivery WHERE endpoint = 'busy'", [(1,)])
        row = link.execute(
            "SELECT next_attempt_at - first_attempt_at > interval '29 s' FROM alert.delivery"
            " WHERE endpoint = 'busy'"
        )
        assert row.fetchall() == [(True,)]
        for position in (2, 3, 4):
            insert_anomaly(link, position=position)
        other.wait(4)
        assert len(busy.requests) == 1


def test_a_slow_endpoint_delays_no_other(link: Connection, start_service: StartService) -> None:
    release = threading.Event()
    with Endpoint(Reply(before=release.wait)) as slow, Endpoint() as quick:
        start_service(f"slow={slow.url}", f"quick={quick.url}", timeout_s=60.0)
        for position in range(1, 6):
            insert_anomaly(link, position=position)
        assert len(quick.wait(5)) == 5
        assert len(slow.requests) == 1
        release.set()
        slow.wait(5)


def test_what_an_alert_has_to_tell_arrives_in_order(
    link: Connection, pilot: Plant, start_service: StartService
) -> None:
    with Endpoint(Reply(500), Reply(500)) as endpoint:
        insert_anomaly(link)
        insert_anomaly(link, state="off")
        correlate(link, setting_of(pilot, endpoint.url))
        start_service(endpoint.url)
        types = [request.type for request in endpoint.wait(4)]
    assert types == 3 * ["alert.opened"] + ["alert.returned"]


def test_nothing_is_sent_of_a_transaction_that_rolls_back(
    database: str, link: Connection, pilot: Plant, start_service: StartService
) -> None:
    with Endpoint() as endpoint:
        with connect(database, application="undecided", autocommit=True) as undecided:
            insert_anomaly(link, position=1)
            with undecided.transaction(force_rollback=True):
                correlate(undecided, setting_of(pilot, endpoint.url))
                assert undecided.execute("SELECT count(*) FROM alert.delivery").fetchone() == (1,)
            with undecided.transaction(force_rollback=True):
                insert_anomaly(undecided, position=2)
        start_service(endpoint.url)
        endpoint.wait(1)
        insert_anomaly(link, position=3)
        first, second = endpoint.wait(2)
    assert b'"position":1' in first.body
    assert b'"position":3' in second.body
    assert [first.id, second.id] == [
        number for (number,) in link.execute("SELECT id FROM alert.delivery ORDER BY event")
    ]


def test_two_services_tell_each_alert_once(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint() as endpoint:
        for _ in range(2):
            start_service(endpoint.url)
        for number in range(60):
            insert_anomaly(link, position=number % 6 + 1)
        until("SELECT count(*) FROM alert.event", [(60,)])
        until("SELECT status, count(*) FROM alert.delivery GROUP BY 1", [("delivered", 6)])
    assert len({request.id for request in endpoint.requests}) == len(endpoint.requests) == 6


def test_the_second_service_takes_over_when_the_first_loses_its_connection(
    link: Connection, start_service: StartService, until: Until
) -> None:
    with Endpoint() as endpoint:
        start_service(endpoint.url)
        # One for the endpoint, one for the watch-dog.
        senders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        until(senders, [(2,)])
        start_service(endpoint.url)
        link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'jellyroll alerts: %' AND datname = current_database()"
        )
        insert_anomaly(link)
        until(STATUS, [("delivered", 1, 204)])
        until(senders, [(2,)])


def test_a_sender_whose_machine_loses_power_does_not_hold_its_endpoint_for_hours(
    link: Connection,
) -> None:
    assert outbox.claim(link, "here")
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    shown = [link.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    assert shown == [("10",), ("5",), ("3",)]


def test_the_database_may_go_away_and_come_back(
    link: Connection,
    database: str,
    cluster: PrivateCluster,
    start_service: StartService,
    until: Until,
) -> None:
    with Endpoint() as endpoint:
        start_service(endpoint.url)
        insert_anomaly(link, position=1)
        until(STATUS, [("delivered", 1, 204)])
        cluster.stop()
        cluster.start()
        with connect(database, application="test", autocommit=True) as again:
            insert_anomaly(again, position=2)
        requests = endpoint.wait(2)
    assert b'"position":2' in requests[1].body


def test_without_its_tables_the_service_says_what_to_do(fresh_database: str, pilot: Plant) -> None:
    endpoints = parse_endpoints(["https://on-call.example"])
    with pytest.raises(AlertsError, match="run `jellyroll migrate`"):
        run(fresh_database, pilot, config_of(endpoints, pilot), threading.Event())


def test_the_writers_role_is_enough(
    fresh_database: str, pilot: Plant, start_service: StartService
) -> None:
    migrate(fresh_database, pilot, passwords={"jellyroll_writer": "w"})
    writer = psycopg.conninfo.make_conninfo(fresh_database, user="jellyroll_writer", password="w")
    with Receiver(SECRET) as receiver:
        start_service(receiver.url, dsn=writer)
        with connect(writer, application="monitor", autocommit=True) as monitor:
            insert_anomaly(monitor)
        assert receiver.wait(lambda r: r.valid, 30).body["type"] == "alert.opened"
