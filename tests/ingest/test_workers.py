"""Workers: as many as wanted, one per number, with books that anybody can read."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from plant.tables import Kind
from stack.postgres import PrivateCluster
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER = "l1-filler-01"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def metric(port: int, name: str, outcome: str = "") -> float:
    text = ask(port, "/metrics")[1]
    label = rf',\s*outcome="{outcome}"|outcome="{outcome}",\s*' if outcome else ""
    pattern = rf'^{name}\{{(?=[^}}]*worker="jellyroll-ingest-\d+")[^}}]*\}} (\S+)$'
    for line in text.splitlines():
        if (found := re.match(pattern, line)) and (not outcome or re.search(label, line)):
            return float(found[1])
    pytest.fail(f"no {name} {outcome} in:\n{text}")


def send_numbers(publisher: Publisher, now_ms: Callable[[], int], count: int) -> None:
    for number in range(count):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
    publisher.settle()


def test_the_books_of_a_worker_balance_and_are_served(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    port = free_port()
    ingest.arguments += ["--metrics", f"127.0.0.1:{port}"]
    ingest.start()
    send_numbers(publisher, now_ms, 300)
    publisher.send(FILLER, Kind.TELEMETRY, b"nonsense")
    publisher.settle()
    wait_until(lambda: database.balance()["messages"] == 301, "301 messages")
    wait_until(lambda: metric(port, "jellyroll_ingest_in_hand") == 0, "empty hands")
    assert metric(port, "jellyroll_ingest_received_total") == 301
    assert metric(port, "jellyroll_ingest_messages_total", "stored") == 300
    assert metric(port, "jellyroll_ingest_messages_total", "dead_letter") == 1
    assert metric(port, "jellyroll_ingest_rows_total") == 300
    assert metric(port, "jellyroll_ingest_unbalanced") == 0
    assert ask(port, "/healthz") == (200, "ok\n")
    assert ask(port, "/readyz") == (200, "ok\n")
    assert ask(port, "/")[0] == 404
    assert ingest.stop() == 0


def test_a_worker_without_its_database_is_alive_but_not_ready(
    ingest: IngestProcess,
    publisher: Publisher,
    cluster: PrivateCluster,
    now_ms: Callable[[], int],
) -> None:
    port = free_port()
    ingest.arguments += ["--metrics", f"127.0.0.1:{port}"]
    ingest.start()
    cluster.stop("immediate")
    send_numbers(publisher, now_ms, 10)
    wait_until(lambda: ask(port, "/readyz")[0] == 503, "not ready")
    assert ask(port, "/readyz")[1] == "the database takes no batches\n"
    assert ask(port, "/healthz")[0] == 200
    assert metric(port, "jellyroll_ingest_unbalanced") == 0
    cluster.start()
    wait_until(lambda: ask(port, "/readyz")[0] == 200, "ready again")
    wait_until(lambda: metric(port, "jellyroll_ingest_messages_total", "stored") == 10, "10 stored")


def test_a_second_worker_of_the_same_number_is_refused(ingest: IngestProcess) -> None:
    ingest.start()
    second = subprocess.run(
        ingest.arguments, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "jellyroll-ingest-0 is running already; give this one another --worker" in second.stderr
    assert "Traceback" not in second.stderr
    assert ingest.process is not None
    assert ingest.process.poll() is None, "the first must not be disturbed"


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def test_workers_share_the_messages_and_a_dead_one_is_replaced(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.arguments += ["--workers", "2", "--worker", "20"]
    ingest.start()
    wait_until(lambda: ingest.log().count(" connected; ") == 2, "two workers connected")
    assert ingest.process is not None
    send_numbers(publisher, now_ms, 2_000)
    os.kill(workers_of(ingest.process)[0], signal.SIGKILL)
    send_numbers(publisher, now_ms, 2_000)
    wait_until(lambda: ingest.log().count(" connected; ") == 3, f"a third: {ingest.log()}")
    count = "SELECT count(*) FROM telemetry.filling"
    wait_until(lambda: database.value(count) >= 4_000, "4,000 samples")
    assert database.value(count) == 4_000
    assert {w for (w,) in database.rows("SELECT DISTINCT worker FROM ingest.batch")} == {
        "jellyroll-ingest-20",
        "jellyroll-ingest-21",
    }
    assert ingest.stop() == 0


def test_workers_that_cannot_start_say_why_and_end_it(
    cluster: PrivateCluster, ingest: IngestProcess
) -> None:
    arguments = list(ingest.arguments)
    arguments[arguments.index("--database") + 1] = cluster.dsn("postgres")
    done = subprocess.run(
        [*arguments, "--workers", "2"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "run `jellyroll migrate`" in done.stderr


@pytest.mark.parametrize("text", ["9464", ":9464", "localhost:many", "127.0.0.1:99999"])
def test_a_bad_metrics_address_is_refused(ingest: IngestProcess, text: str) -> None:
    done = subprocess.run(
        [*ingest.arguments, "--metrics", text], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "HOST:PORT" in done.stderr
