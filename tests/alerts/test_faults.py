"""No alert is lost and none is doubled, whatever is killed, slow, away or said twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from tests.alerts.support import Endpoint, Reply, Request, insert_anomaly

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[bytes]"]


class Flaky(Endpoint):
    """Fails half of the requests: refuses, keeps silent too long, hangs up, takes and hangs up."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(7)

    def take(self, request: Request) -> Reply:
        super().take(request)
        with self._changed:
            chance = self._random.random()
        if chance < 0.5:
            return Reply()
        if chance < 0.7:
            return Reply(self._random.choice([500, 502, 503, 408, 425]))
        if chance < 0.8:
            return Reply(429, (("Retry-After", "0"),))
        if chance < 0.82:
            return Reply(before=lambda: time.sleep(0.7))
        return Reply(raw=lambda file: file.close())


@pytest.fixture
def start(database: str) -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(*urls: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.alerts.quick_service", database, *urls]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def say(link: Connection, first: int, last: int) -> None:
    """Let causes *first* to *last* begin, and each third of them twice, as a model may."""
    for number in range(first, last):
        for _ in range(2 if number % 3 == 0 else 1):
            insert_anomaly(link, characteristic=f"c{number}")


def told(link: Connection, causes: int, timeout_s: float) -> None:
    """Wait until everything that is to be told has been."""
    deadline = time.monotonic() + timeout_s
    done: list[tuple[int]] = []
    while done != [(causes,)]:
        assert time.monotonic() < deadline, done
        time.sleep(0.1)
        done = link.execute(
            "SELECT count(*) FROM alert.delivery WHERE status = 'delivered' AND alert IN"
            " (SELECT id FROM alert.alert WHERE kind = 'process') AND event_type = 'alert.opened'"
        ).fetchall()


def check(link: Connection, causes: int, requests: list[Request]) -> None:
    """Each cause is one alert with all its evidence; each message came, under one id."""
    open_alerts = link.execute(
        "SELECT characteristic FROM alert.alert WHERE kind = 'process'"
    ).fetchall()
    assert sorted(open_alerts) == sorted((f"c{n}",) for n in range(causes))
    seen = link.execute(
        "SELECT (detail->>'anomaly')::bigint FROM alert.event WHERE detail ? 'anomaly'"
    ).fetchall()
    anomalies = link.execute("SELECT id FROM analysis.anomaly").fetchall()
    assert Counter(seen) == Counter(anomalies)
    opened: dict[int, set[str]] = {}
    for request in requests:
        body = json.loads(request.body)
        if body["type"] == "alert.opened" and body["data"]["kind"] == "process":
            opened.setdefault(body["data"]["alert"], set()).add(request.id)
    assert len(opened) == causes
    assert all(len(ids) == 1 for ids in opened.values())


def kill_again_and_again(link: Connection, start: Start, url: str, causes: int, kills: int) -> None:
    for number in range(kills):
        process = start(url)
        say(link, causes * number // kills, causes * (number + 1) // kills)
        time.sleep(random.Random(number).uniform(0.4, 1.2))
        process.kill()
        process.wait()
    start(url)


def test_killed_again_and_again_before_an_endpoint_that_fails_half(
    link: Connection, start: Start
) -> None:
    with Flaky() as endpoint:
        kill_again_and_again(link, start, endpoint.url, causes=30, kills=3)
        told(link, 30, 60)
        check(link, 30, endpoint.requests)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_fifty_times_with_two_thousand_causes(link: Connection, start: Start) -> None:
    with Flaky() as endpoint:
        kill_again_and_again(link, start, endpoint.url, causes=2000, kills=50)
        told(link, 2000, 600)
        check(link, 2000, endpoint.requests)


def _away(
    link: Connection, database: str, cluster: PrivateCluster, start: Start, causes: int
) -> None:
    with Flaky() as endpoint:
        start(endpoint.url)
        for number in range(3):
            with connect(database, application="model", autocommit=True) as model:
                say(model, causes * number // 3, causes * (number + 1) // 3)
            time.sleep(0.3)
            cluster.stop("immediate")
            time.sleep(0.2)
            cluster.start()
        with connect(database, application="test", autocommit=True) as again:
            told(again, causes, 120 + causes / 2)
            check(again, causes, endpoint.requests)


def test_the_database_crashes_under_it(
    link: Connection, database: str, cluster: PrivateCluster, start: Start
) -> None:
    _away(link, database, cluster, start, causes=12)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_database_crashes_under_it_with_a_thousand_causes(
    link: Connection, database: str, cluster: PrivateCluster, start: Start
) -> None:
    _away(link, database, cluster, start, causes=1000)


def test_two_services_of_which_one_is_killed_tell_each_alert_under_one_id(
    link: Connection, start: Start
) -> None:
    with Flaky() as endpoint:
        processes = [start(endpoint.url) for _ in range(2)]
        model = threading.Thread(target=say, args=(link, 0, 20))
        model.start()
        time.sleep(0.8)
        processes[0].kill()
        model.join()
        told(link, 20, 60)
        check(link, 20, endpoint.requests)
