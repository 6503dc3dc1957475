"""`jellyroll alerts run` as a process: killed, stopped, misused."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from standardwebhooks import Webhook

from storage.connect import Connection
from tests.alerts.support import SECRET, Endpoint, Reply, StartProcess, Until, insert_anomaly


def test_killed_between_sending_and_recording_it_delivers_again_under_the_same_id(
    link: Connection, start_process: StartProcess, until: Until
) -> None:
    release = threading.Event()
    with Endpoint(Reply(before=release.wait)) as endpoint:
        first = start_process("--endpoint", endpoint.url)
        insert_anomaly(link)
        endpoint.wait(1)
        first.kill()
        first.wait()
        release.set()
        assert link.execute("SELECT status FROM alert.delivery").fetchall() == [("pending",)]
        start_process("--endpoint", endpoint.url)
        sent, again = endpoint.wait(2)
        until("SELECT status FROM alert.delivery", [("delivered",)])
    assert (again.id, again.body) == (sent.id, sent.body)
    Webhook(SECRET).verify(again.body, again.headers)
    assert link.execute("SELECT count(*) FROM alert.alert").fetchall() == [(1,)]


def test_two_processes_make_one_alert(
    link: Connection, start_process: StartProcess, until: Until
) -> None:
    with Endpoint() as endpoint:
        processes = [start_process("--endpoint", endpoint.url) for _ in range(2)]
        ready = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'jellyroll alerts: correlate'"
        )
        until(ready, [(2,)])
        for _ in range(50):
            insert_anomaly(link)
        until("SELECT count(*) FROM alert.event", [(50,)])
        until("SELECT status FROM alert.delivery", [("delivered",)])
        for process in processes:
            process.terminate()
        assert [process.wait(20) for process in processes] == [0, 0]
    assert len(endpoint.requests) == 1


def test_it_stops_cleanly_also_while_an_endpoint_thinks(
    link: Connection, start_process: StartProcess, until: Until
) -> None:
    release = threading.Event()
    with Endpoint(Reply(before=release.wait)) as endpoint:
        process = start_process("--endpoint", endpoint.url)
        insert_anomaly(link)
        endpoint.wait(1)
        process.send_signal(signal.SIGINT)
        release.set()
        assert process.wait(20) == 0
    assert link.execute("SELECT status FROM alert.delivery").fetchall() == [("delivered",)]


def test_neither_log_nor_database_shows_the_secret_or_the_url(
    link: Connection, start_process: StartProcess, until: Until, log: Path
) -> None:
    with Endpoint(Reply(410)) as endpoint:
        url = endpoint.url.replace("http://", "http://ada:hush@") + "/hush?key=hush"
        process = start_process("--endpoint", url)
        insert_anomaly(link)
        until("SELECT status FROM alert.delivery", [("failed",)])
        process.terminate()
        assert process.wait(20) == 0
    rows = link.execute("SELECT d::text, e::text FROM alert.delivery d, alert.event e").fetchall()
    for text in (log.read_text(), str(rows)):
        assert "gave up" in text or "delivery_failed" in text
        assert "hush" not in text
        assert SECRET.removeprefix("whsec_") not in text


def test_without_a_file_messages_lead_to_the_page_and_the_dashboard_too(
    link: Connection, start_process: StartProcess
) -> None:
    with Endpoint() as endpoint:
        start_process(
            "--endpoint", endpoint.url,
            "--page", "https://jellyroll.example", "--grafana", "https://grafana.example",
        )  # fmt: skip
        insert_anomaly(link)
        (request,) = endpoint.wait(1)
    links = json.loads(request.body)["data"]["links"]
    assert links["page"] == "https://jellyroll.example/alerts/1"
    assert links["dashboard"].startswith("https://grafana.example/d/jr-station?var-line=l1")


def test_what_cannot_start_says_why(start_process: StartProcess, log: Path) -> None:
    assert start_process("--endpoint", "http://on-call.example/").wait(20) == 1
    assert "endpoint 1: http://on-call.example would show alerts" in log.read_text()
    assert start_process("--endpoint", "https://a.example", "--page", "nowhere").wait(20) == 1
    assert "--page: is no URL such as https://host/path" in log.read_text()
    assert "Traceback" not in log.read_text()
