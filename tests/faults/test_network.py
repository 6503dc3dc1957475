"""Connections that are cut, slow, or silent, between ingest and its servers."""

from __future__ import annotations

import pytest

from stack.broker import PrivateBroker
from tests.faults.conftest import StartProxy, StartStream, StartWorkers
from tests.faults.proxy import Proxy
from tests.ingest.conftest import wait_until

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
