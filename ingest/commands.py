"""jellyroll ingest."""

from __future__ import annotations

import contextlib
import enum
import functools
import logging
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.host import Host, beside
from ingest.metrics import serve
from ingest.pool import Pool, on_end_of_pool
from ingest.session import SocketSession
from ingest.tally import Tally
from ingest.worker import Worker
from ingest.writer import Writer, check_database
from plant.broker import BrokerAddress
from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT, BrokerUrl, DatabaseUrl, PlantFile
from plant.payload import PayloadDecoder
from plant.sparkplug import SparkplugDecoder
from plant.sparkplug_topic import SPARKPLUG_FILTER
from plant.stopping import aside
from plant.topics import topic_filter

if TYPE_CHECKING:
    from ingest.paho_session import PahoSession

log = logging.getLogger("jellyroll.ingest")


class Client(enum.StrEnum):
    """Which MQTT client reads: our own session, or paho-mqtt for comparison."""

    OWN = "own"
    PAHO = "paho"


def _check_host_id(name: str) -> str:
    if not name or set(name) & set("/+#"):
        raise typer.BadParameter("a host id is a level of a topic: some text without / + #")
    return name


def ingest(
    *,
    broker: BrokerUrl,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="How many workers to run, each a process.")
    ] = 1,
    worker: Annotated[
        int, typer.Option(min=0, help="Number of the first; on every machine others.")
    ] = 0,
    shared: Annotated[
        bool | None,
        typer.Option(
            help="Share the messages with other workers; all of them say so.",
            show_default="with --workers above 1, or a --worker above 0",
        ),
    ] = None,
    client: Annotated[Client, typer.Option(help="The MQTT client to use.")] = Client.OWN,
    metrics: Annotated[
        str,
        typer.Option(
            help="Serve /metrics, /healthz and /readyz on HOST:PORT; the next worker on the next.",
            show_default="not at all",
        ),
    ] = "",
    sparkplug: Annotated[
        bool, typer.Option(help="Read Sparkplug B, too; worker 0 alone does it, as it has state.")
    ] = True,
    host_id: Annotated[
        str,
        typer.Option(help="Our name as a Sparkplug host application.", callback=_check_host_id),
    ] = "jellyroll",
    in_pool: Annotated[bool, typer.Option("--in-pool", hidden=True)] = False,
) -> None:
    """Take messages from the broker to the database until stopped; lose none.

    A message is acknowledged only after the transaction with its rows has committed. What cannot
    be read is kept whole as a dead letter. Several workers share the messages; each has a number
    and takes up its own session again. Worker 0 is a Sparkplug host application as well.

    Example: jellyroll ingest --plant plant/plant.toml --workers 2 --metrics 127.0.0.1:9464
    """
    address = _metrics_address(metrics)
    if workers > 1:
        common = [
            "--broker", broker, "--database", database, "--plant", str(plant), "--client", client,
            "--shared", "--sparkplug" if sparkplug else "--no-sparkplug", "--host-id", host_id,
            "--in-pool",
        ]  # fmt: skip
        pool = Pool([["ingest", *common, *_own(worker + i, address, i)] for i in range(workers)])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, aside(pool.stop))
        raise typer.Exit(pool.run())
    _run(
        broker=BrokerAddress.parse(broker),
        database=database,
        plant=load_plant(plant),
        worker=worker,
        is_shared=worker > 0 if shared is None else shared,
        client=client,
        metrics=address,
        host_id=host_id if sparkplug and worker == 0 else "",
        is_in_pool=in_pool,
    )


def _run(
    *,
    broker: BrokerAddress,
    database: str,
    plant: Plant,
    worker: int,
    is_shared: bool,
    client: Client,
    metrics: tuple[str, int] | None,
    host_id: str,
    is_in_pool: bool,
) -> None:
    check_database(database, plant)
    name = f"jellyroll-ingest-{worker}"
    # Of shared subscriptions Mosquitto forgets at a restart who takes part, so a worker that is
    # alone has one of its own. What it was before is left, in case it has changed.
    filters = [topic_filter(plant), f"$share/jellyroll/{topic_filter(plant)}"]
    if is_shared:
        filters.reverse()
    session_type: type[SocketSession | PahoSession] = SocketSession
    if client is Client.PAHO:
        from ingest.paho_session import PahoSession  # noqa: PLC0415  # costs memory when unused

        session_type = PahoSession
    tally = Tally()
    writer = Writer(database, plant, name, tally)
    session = session_type(broker, name, filters[0], former_filter=filters[1])
    running = Worker(session, PayloadDecoder(plant), writer, tally)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, aside(running.stop))
    if is_in_pool:
        on_end_of_pool(running.stop)
    writer.open()
    books = {name: tally}
    with contextlib.ExitStack() as stack:
        if host_id:
            name = f"jellyroll-sparkplug-{host_id}"
            books[name] = Tally()
            session = session_type(broker, name, SPARKPLUG_FILTER, is_persistent=False)
            writer = Writer(database, plant, name, books[name])
            host = Host(host_id, session, SparkplugDecoder(plant), writer, books[name])
            refused = functools.partial(books.pop, name)
            stack.enter_context(beside(host, on_refusal=refused, on_failure=running.stop))
        if metrics:
            stack.enter_context(serve(books, metrics))
        running.run()
    for name, done in ((name, tally.committed) for name, tally in books.items()):
        log.info(
            "%s stopped: %d messages = %d stored + %d duplicate + %d dead letters; "
            "%d rows, %d values",
            name, done.messages, done.messages - done.duplicates - done.dead_letters,
            done.duplicates, done.dead_letters, done.rows, done.values,
        )  # fmt: skip


def _metrics_address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise typer.BadParameter(
            f"--metrics must be HOST:PORT, such as 127.0.0.1:9464, not {text!r}"
        )
    return host, int(port)


def _own(worker: int, metrics: tuple[str, int] | None, index: int) -> list[str]:
    """Return the options that only worker number *worker* has, the *index*-th of the pool."""
    own = ["--worker", str(worker)]
    return [*own, "--metrics", f"{metrics[0]}:{metrics[1] + index}"] if metrics else own
