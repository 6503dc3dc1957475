"""The publisher: ready packets to the broker at QoS 1, at a pace or as fast as it takes them.

mosquitto_pub spends 45 to 50 us of processor time a message: on the two cores of the benchmark
that would be what is measured. This one spends about 1 us, most of it in the kernel.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

import mqtt5
import numpy as np

from bench.load import Packets, Stream, packets
from bench.sparkplug import SparkplugPackets
from plant.broker import BrokerAddress
from plant.model import Plant

_TIMEOUT_S = 30.0
#: How often due messages are sent; it adds at most so much to the latency that is measured.
_TICK_S = 0.004
_SENT_AT_ONCE_BYTES = 262_144
_ACK_BYTES = 4
_PACKET_IDS = 65_535
#: Unacknowledged messages of a connection, so that an id is free again when it comes round.
_IN_FLIGHT = 1_000
#: The machines share so many connections; Mosquitto reads one message of each at a time.
_CONNECTIONS = 8


class PublishError(Exception):
    """The broker did not take every message; the text says what it did."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to publish: *count* messages of *stream*, message i with the time begin_s + i / per_s.

    Paced, each is sent at its time, or as soon after as the broker lets us: a late message bears
    the time at which it was due. Otherwise all are sent at once.
    """

    stream: Stream
    count: int
    begin_s: float
    per_s: float
    paced: bool


@dataclass(frozen=True, slots=True)
class Published:
    """What was sent and acknowledged, the time of the first, the sender's processor time."""

    messages: int
    begin_s: float
    cpu_s: float


def publish(plant: Plant, url: str, order: Order) -> Published:
    """Do what *order* says; return when the broker has acknowledged every message."""
    stream = order.stream
    ready = packets(plant, stream)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(_Connection(url, f"bench-{stream.station}-{stream.kind}-{number}"))
            for number in range(_CONNECTIONS)
        ]
        for number, birth in enumerate(ready.births):
            connections[number % _CONNECTIONS].send(birth)
        if order.paced:
            time.sleep(max(0.0, order.begin_s - time.time()))
        cpu_s = time.process_time()
        _send(connections, ready, order)
        return Published(order.count, order.begin_s, time.process_time() - cpu_s)


def _send(
    connections: Sequence[_Connection], ready: Packets | SparkplugPackets, order: Order
) -> None:
    """Send and count; message i goes over connection i modulo their number."""
    ways = len(connections)
    at_once = max(ways, _SENT_AT_ONCE_BYTES // ready.table.shape[1])
    sent = 0
    deadline_s = time.monotonic() + _TIMEOUT_S
    while (
        acknowledged := sum(connection.acknowledged for connection in connections)
    ) < order.count:
        elapsed_s = time.time() - order.begin_s
        due = min(order.count, int(elapsed_s * order.per_s) + 1) if order.paced else order.count
        slowest = min(connection.acknowledged for connection in connections) * ways
        size = min(due - sent, slowest + _IN_FLIGHT * ways - sent, at_once)
        if size > 0:
            numbers = np.arange(sent, sent + size)
            times_ms = (order.begin_s * 1000 + numbers * (1000 / order.per_s)).astype(np.int64)
            block = ready.stamped(numbers, numbers // ways % _PACKET_IDS + 1, times_ms)
            for index, connection in enumerate(connections):
                part = block[(index - sent) % ways :: ways]
                connection.send(part.tobytes())
                if order.stream.is_sparkplug:  # at QoS 0 nobody acknowledges
                    connection.acknowledged += len(part)
            sent += size
            deadline_s = time.monotonic() + _TIMEOUT_S
        if order.paced or size <= 0:
            time.sleep(_TICK_S)
        for connection in connections:
            connection.receive()
        if time.monotonic() > deadline_s:
            raise PublishError(f"the broker took {acknowledged} of {order.count} messages")


class _Connection:
    """A connection that counts acknowledgements without looking at them one by one."""

    def __init__(self, url: str, client_id: str) -> None:
        address = BrokerAddress.parse(url)
        self.acknowledged = 0
        self._rest = b""
        self._socket = socket.create_connection((address.host, address.port), _TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(mqtt5.ConnectPacket(client_id, clean_start=True).write())
        packet, _ = mqtt5.read(memoryview(self._socket.recv(4096)))
        if not isinstance(packet, mqtt5.ConnAckPacket):
            raise PublishError(f"the broker answers {packet!r} to a connect")
        if packet.receive_max < _IN_FLIGHT:
            raise PublishError(f"the broker takes only {packet.receive_max} messages at a time")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> None:
        """Count what was acknowledged."""
        if not select.select([self._socket], [], [], 0)[0]:
            return
        data = self._rest + self._socket.recv(262_144)
        whole = len(data) // _ACK_BYTES * _ACK_BYTES
        self._rest = data[whole:]
        if not data:
            raise PublishError("the broker closed the connection")
        # A PUBACK of success is 4 bytes; anything else would put the rest out of step.
        if data[0:whole:_ACK_BYTES].strip(b"\x40") or data[1:whole:_ACK_BYTES].strip(b"\x02"):
            raise PublishError("the broker sent something other than an acknowledgement of success")
        self.acknowledged += whole // _ACK_BYTES
