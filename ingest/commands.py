"""jellyroll ingest, jellyroll deadletters."""

from __future__ import annotations

import enum
import logging
import signal
from typing import Annotated

import typer

from ingest.message import Session
from ingest.session import SocketSession
from ingest.worker import Worker
from ingest.writer import Writer, check_database
from plant.broker import BrokerAddress
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, BrokerUrl, DatabaseUrl, PlantFile
from plant.payload import PayloadDecoder
from plant.topics import topic_filter

log = logging.getLogger("jellyroll.ingest")


class Client(enum.StrEnum):
    """Which MQTT client reads: our own session, or paho-mqtt for comparison."""

    OWN = "own"
    PAHO = "paho"


def ingest(
    broker: BrokerUrl,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    worker: Annotated[
        int, typer.Option(min=0, help="Number of this worker; each needs its own.")
    ] = 0,
    client: Annotated[Client, typer.Option(help="The MQTT client to use.")] = Client.OWN,
) -> None:
    """Take messages from the broker to the database until stopped; lose none.

    A message is acknowledged only after the transaction with its rows has committed. What cannot
    be read is kept whole as a dead letter. Workers share the subscription.

    Example: jellyroll ingest --plant plant/plant.toml --broker mqtt://localhost --database
    postgresql://localhost/jellyroll
    """
    model = load_plant(plant)
    check_database(database, model)
    name = f"jellyroll-ingest-{worker}"
    # One share for all workers: each message goes to one of them.
    shared = f"$share/jellyroll/{topic_filter(model)}"
    address = BrokerAddress.parse(broker)
    session: Session
    if client is Client.PAHO:
        from ingest.paho_session import PahoSession  # noqa: PLC0415  # costs memory when unused

        session = PahoSession(address, name, shared)
    else:
        session = SocketSession(address, name, shared)
    running = Worker(session, PayloadDecoder(model), Writer(database, model, name))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
    total = running.total
    log.info(
        "%s stopped: %d messages = %d stored + %d duplicate + %d dead letters; %d rows, %d values",
        name, total.messages, total.messages - total.duplicates - total.dead_letters,
        total.duplicates, total.dead_letters, total.rows, total.values,
    )  # fmt: skip
