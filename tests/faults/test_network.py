"""Connections that are cut, slow, or silent, between ingest and its servers."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import psycopg
import pytest

from ingest import session as session_module
from ingest import writer as writer_module
from ingest.batch import Batch
from ingest.message import SessionLostError
from ingest.session import SocketSession
from ingest.tally import Tally
from ingest.writer import Writer
from plant.broker import BrokerAddress
from plant.model import Plant
from stack.broker import PrivateBroker
from tests.faults.conftest import StartProxy, StartStream, StartWorkers
from tests.faults.proxy import Proxy
from tests.waiting import wait_until

CUTS = [4, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(600)])]


@pytest.mark.parametrize("cuts", CUTS)
def test_a_connection_to_the_database_that_is_cut_costs_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    start_proxy: StartProxy,
    migrated_database: str,
    cuts: int,
) -> None:
    proxy, dsn = start_proxy(migrated_database)
    (worker,) = start_workers(database=dsn)
    stream = start_stream()
    for _ in range(cuts):
        stream.flow(0.3)
        _cut(proxy)
    stream.check()
    assert "trying again" not in worker.log(), "the MQTT session must be kept meanwhile"


@pytest.mark.parametrize("cuts", CUTS)
def test_connections_to_the_broker_that_are_cut_cost_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    start_proxy: StartProxy,
    broker: PrivateBroker,
    cuts: int,
) -> None:
    """Those of ingest and of the machine, each at its own time."""
    to_ingest, ingest_url = start_proxy(broker.url)
    to_machine, machine_url = start_proxy(broker.url)
    (worker,) = start_workers(broker_url=ingest_url)
    stream = start_stream(broker_url=machine_url)
    for _ in range(cuts):
        stream.flow(0.3)
        _cut(to_ingest)
        stream.flow(0.1)
        _cut(to_machine)
    stream.check(letters_once=False)
    assert "the broker kept the session" in worker.log()


def _cut(proxy: Proxy) -> None:
    """Cut when there is something to cut."""
    wait_until(lambda: proxy.connections > 0, "a connection")
    assert proxy.cut() > 0


def test_slow_connections_cost_nothing_but_time(
    start_workers: StartWorkers,
    start_stream: StartStream,
    start_proxy: StartProxy,
    broker: PrivateBroker,
    migrated_database: str,
) -> None:
    to_broker, broker_url = start_proxy(broker.url)
    to_database, dsn = start_proxy(migrated_database)
    start_workers(broker_url=broker_url, database=dsn)
    to_broker.delay_s = to_database.delay_s = 0.02
    stream = start_stream()
    stream.flow(2.0)
    to_broker.delay_s = to_database.delay_s = 0.0
    stream.check()


def test_a_broker_that_falls_silent_is_noticed_by_keep_alive(
    start_proxy: StartProxy, broker: PrivateBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half open: nothing closes the connection, and nothing comes. With a keep-alive of 1 s."""
    monkeypatch.setattr(session_module, "KEEP_ALIVE_S", 1)
    proxy, url = start_proxy(broker.url)
    session = SocketSession(BrokerAddress.parse(url), "silent", "v1/#")
    session.connect()
    proxy.silence()

    def read_on() -> None:
        while True:
            session.read(0.1)

    with pytest.raises(SessionLostError, match="silent"):
        read_on()
    session.connect()
    session.close()


def test_a_database_that_falls_silent_is_hung_up_on(
    start_proxy: StartProxy,
    migrated_database: str,
    pilot: Plant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a patience of 1 s."""
    monkeypatch.setattr(writer_module, "_PATIENCE_S", 1.0)
    proxy, dsn = start_proxy(migrated_database)
    writer = Writer(dsn, pilot, "silent", Tally())
    writer.open()
    proxy.silence()
    batch = Batch()
    batch.received_at = datetime.now(UTC)
    assert writer.write(batch).messages == 0
    assert "nothing is lost" in caplog.text
    writer.close()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_connections_that_fall_silent_cost_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    start_proxy: StartProxy,
    broker: PrivateBroker,
    migrated_database: str,
) -> None:
    """With the keep-alive and the patience that ingest really has: half a minute, a minute."""
    to_broker, broker_url = start_proxy(broker.url)
    to_database, dsn = start_proxy(migrated_database)
    (worker,) = start_workers(broker_url=broker_url, database=dsn)
    stream = start_stream()
    stream.flow(1.0)
    to_broker.silence()
    wait_until(lambda: "it is silent" in worker.log(), "the broker's silence to be noticed", 60.0)
    stream.flow(1.0)
    to_database.silence()
    wait_until(lambda: "cannot take a batch" in worker.log(), "the database's silence", 90.0)
    stream.check()


@pytest.fixture
def drop(as_root: list[str]) -> Iterator[Callable[[int, int], None]]:
    """Drop what goes from one port of this computer to another, until the test ends."""
    if shutil.which("iptables") is None:
        pytest.skip("dropping packets needs iptables; Debian: apt install iptables")
    with ExitStack() as undone:

        def begin(source: int, target: int) -> None:
            ports = ["--sport", str(source), "--dport", str(target)]
            rule = ["INPUT", "-i", "lo", "-p", "tcp", *ports, "-j", "DROP"]
            subprocess.run([*as_root, "iptables", "-I", *rule], check=True)
            undone.callback(subprocess.run, [*as_root, "iptables", "-D", *rule], check=True)

        yield begin


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_connection_whose_packets_vanish_frees_its_lock_on_the_server(
    start_workers: StartWorkers,
    start_stream: StartStream,
    drop: Callable[[int, int], None],
    migrated_database: str,
) -> None:
    """No end hears of the other any more, as when a cable is pulled; the lock must not stay."""
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(1.0)
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        found = connection.execute(
            "SELECT client_port, inet_server_port() FROM pg_stat_activity "
            "WHERE application_name = 'jellyroll-ingest-0'"
        ).fetchone()
    assert found is not None
    drop(found[0], found[1])
    drop(found[1], found[0])
    began_s = time.monotonic()
    wait_until(lambda: "takes batches again" in worker.log(), "another connection", 120.0)
    print(f"noticed and mended after {time.monotonic() - began_s:.0f} s")
    stream.check()
