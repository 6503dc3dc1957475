"""Real processes, a stream of numbers through them, and the sum that must come out."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest

from plant.model import Plant
from plant.tables import Kind
from plant.topics import topic_of
from stack.broker import PrivateBroker
from stack.programs import Programs
from tests.faults.numbered import EQUIPMENT, Orders, Report, is_bad
from tests.faults.proxy import Proxy
from tests.ingest.conftest import Database, IngestProcess
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]

_STORED = f"""
    SELECT vacuum::int FROM telemetry.filling WHERE equipment = '{EQUIPMENT}'
    UNION ALL SELECT fill_mass::int FROM cell.filling ORDER BY 1
"""
_COUNTED = "SELECT (SELECT count(*) FROM telemetry.filling) + (SELECT count(*) FROM cell.filling)"
_DRAIN_TIMEOUT_S = 120.0


class Sent(NamedTuple):
    """A message as a session would hand it out, for tests within this process."""

    topic: str
    payload: bytes
    packet_id: int | None = 1
    duplicate: bool = False


@pytest.fixture
def broker(programs: Programs, stack_folder: Path, tmp_path: Path) -> Iterator[PrivateBroker]:
    """A broker for one test, which may kill it."""
    broker = PrivateBroker(programs, stack_folder / "faults" / tmp_path.name)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def as_root() -> list[str]:
    """What to put before a command that root must run."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0:
        return ["sudo", "-n"]
    pytest.skip("needs root, or sudo without a password")


StartWorkers = Callable[..., list[IngestProcess]]


@pytest.fixture
def start_workers(
    migrated_database: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[StartWorkers]:
    """Start workers 0, 1, … as processes; other addresses go through a proxy."""
    started: list[IngestProcess] = []

    def start(
        count: int = 1,
        *options: str,
        database: str = migrated_database,
        broker_url: str = broker.url,
    ) -> list[IngestProcess]:
        workers = [
            IngestProcess(
                [
                    sys.executable, "-m", "jellyroll", "ingest", "--worker", str(number),
                    "--broker", broker_url, "--database", database, *options,
                    *(["--shared"] if count > 1 else []),
                ],
                tmp_path / f"worker-{number}.log",
            )
            for number in range(count)
        ]  # fmt: skip
        started.extend(workers)
        for worker in workers:
            worker.start()
        return workers

    yield start
    for worker in started:
        if worker.process is not None and worker.process.poll() is None:
            worker.kill()


class Stream:
    """The publishing process, and the check that nothing of it was lost or doubled."""

    def __init__(self, orders: Orders, database: Database) -> None:
        self._orders = orders
        self._database = database
        arguments = [sys.executable, "-m", "tests.faults.numbered"]
        self.process = subprocess.Popen([*arguments, orjson.dumps(asdict(orders))], cwd=ROOT)

    def flow(self, seconds: float) -> None:
        """Let it run on for a while."""
        time.sleep(seconds)
        assert self.process.poll() is None, "the publisher ended by itself"

    def pause(self) -> None:
        """Hold the publisher, and return when nothing more arrives in the database."""
        self.process.send_signal(signal.SIGSTOP)
        before, now = -1, self._database.value(_COUNTED)
        while now > before:
            time.sleep(1.0)
            before, now = now, self._database.value(_COUNTED)

    def go_on(self) -> None:
        """Let a held publisher go on."""
        self.process.send_signal(signal.SIGCONT)

    def finish(self) -> Report:
        """End the stream and return when the broker has acknowledged all of it."""
        self.process.terminate()
        assert self.process.wait(_DRAIN_TIMEOUT_S) == 0
        report = Report(**orjson.loads(Path(self._orders.report).read_bytes()))
        assert report.count > 0
        return report

    def stored(self) -> list[int]:
        """Return every number that is in the database, in order and as often as it is there."""
        return [number for (number,) in self._database.rows(_STORED)]

    def bad(self) -> list[int]:
        """Return the numbers of the unreadable payloads among the dead letters, in order."""
        rows = self._database.rows(
            "SELECT payload FROM ingest.dead_letter WHERE reason IN ('bad_json', 'unknown_signal')"
        )
        found = [re.search(rb'"vacu+m": (\d+)', payload) for (payload,) in rows]
        return sorted(int(match[1]) for match in found if match)

    def check(self, *, letters_once: bool = True) -> Report:
        """End the stream, wait for it in the database, and balance the books.

        An unreadable payload has no key. Where the publisher or the broker sent it again as a new
        message (*letters_once* is False), it is a letter of its own; it must be there all the same.
        """
        report = self.finish()
        good = [number for number in range(report.count) if not is_bad(number)]
        bad = [number for number in range(report.count) if is_bad(number)]

        def whole() -> bool:
            return self._database.value(_COUNTED) >= len(good) and len(set(self.bad())) >= len(bad)

        wait_until(whole, f"{report.count} numbers", _DRAIN_TIMEOUT_S)
        assert self.stored() == good
        assert (self.bad() if letters_once else sorted(set(self.bad()))) == bad
        self.check_books()
        return report

    def check_books(self) -> None:
        """Received = stored + dead letters + duplicates; a message of the stream has one row."""
        books = self._database.balance()
        accounted = books["rows"] + books["dead_letters"] + books["duplicate_messages"]
        assert books["messages"] == accounted, books
        query = "SELECT count(*) FROM ingest.dead_letter WHERE reason <> 'conflict'"
        assert self._database.value(query) == books["dead_letters"]


StartStream = Callable[..., Stream]


@pytest.fixture
def start_stream(
    migrated_database: str, broker: PrivateBroker, pilot: Plant, tmp_path: Path
) -> Iterator[StartStream]:
    """Start the stream of numbers; the workers must have subscribed before."""
    streams: list[Stream] = []
    topic = topic_of(pilot, pilot.equipment[EQUIPMENT], Kind.TELEMETRY).rpartition("/")[0]

    def start(*, broker_url: str = broker.url, twice: bool = False) -> Stream:
        orders = Orders(
            broker=broker_url, topic=topic, report=str(tmp_path / "report.json"), twice=twice,
            begin_ms=int(time.time() * 1000) - 3_600_000,
        )  # fmt: skip
        streams.append(Stream(orders, Database(migrated_database)))
        return streams[-1]

    yield start
    for stream in streams:
        if stream.process.poll() is None:
            stream.process.kill()
            stream.process.wait()


@pytest.fixture
def start_proxy() -> Iterator[Callable[[str], tuple[Proxy, str]]]:
    """Put a proxy before the server of a URL; return it, and the URL that leads through it."""
    proxies: list[Proxy] = []

    def start(url: str) -> tuple[Proxy, str]:
        parts = urlsplit(url)
        assert parts.port is not None
        proxies.append(Proxy(parts.port))
        place = parts.netloc.rpartition(":")[0] + f":{proxies[-1].port}"
        return proxies[-1], urlunsplit(parts._replace(netloc=place))

    yield start
    for proxy in proxies:
        proxy.close()


StartProxy = Callable[[str], tuple[Proxy, str]]


@pytest.fixture
def database(migrated_database: str) -> Database:
    return Database(migrated_database)
