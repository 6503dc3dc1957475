"""A publisher of numbered samples, as a process of its own, that no fault shall stop.

It sends at a steady rate over QoS 1 until it gets SIGTERM, then waits until the broker has
acknowledged everything, writes what it did to a file and ends. What is not acknowledged when a
connection ends is sent again on the next one, and so is what the broker took without a subscriber
(reason code 16): a broker that has lost its sessions would drop it.

Run as `python -m tests.faults.numbered '{"broker": …}'`; the fields are those of `Orders`.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plant.broker import BrokerAddress

EQUIPMENT = "l1-filler-01"
_TICK_S = 0.01
#: So many may be without acknowledgement; paho has 65,535 packet ids.
_MOST_PENDING = 40_000


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What to publish, where to, and where to tell of it."""

    broker: str
    topic: str
    report: str
    begin_ms: int
    rate_hz: float = 2_000.0
    twice: bool = False

    def message(self, number: int) -> tuple[str, bytes]:
        """Return topic and payload of *number*: one in ten a cell, one in a hundred bad."""
        moment = self.begin_ms + number
        if is_bad(number):
            text = b'{"ts": %d, "vacuum": %d' if number % 200 == 99 else b'{"ts": %d, "vacum": %d}'
            return f"{self.topic}/telemetry", text % (moment, number)
        if number % 10 == 5:
            text = b'{"ts": %d, "cell": "C%d", "position": %d, "fill_mass": %d}'
            return f"{self.topic}/cell", text % (moment, number, number % 8 + 1, number)
        return f"{self.topic}/telemetry", b'{"ts": %d, "vacuum": %d}' % (moment, number)


@dataclass(frozen=True, kw_only=True)
class Report:
    """*count* numbers from 0 were sent; when each was acknowledged, in seconds of time.time()."""

    count: int
    rate_hz: float
    acknowledged_at: list[float]


def is_bad(number: int) -> bool:
    """Tell whether *number* travels in a payload that nobody can read."""
    return number % 100 == 99


class NumberedPublisher:
    """Sends numbers from 0 until `stop`, and none of them in vain."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._stopped = threading.Event()
        self._pending: dict[int, int] = {}
        self._answers: deque[tuple[int, int, float]] = deque()
        self._acknowledged: dict[int, float] = {}
        client = self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.max_inflight_messages_set(1_000)
        client.reconnect_delay_set(1, 1)
        client.on_publish = self._on_publish

    def stop(self) -> None:
        """End the stream; `run` returns when all of it is acknowledged."""
        self._stopped.set()

    def run(self) -> Report:
        """Publish; return the report when the broker has taken everything."""
        address = BrokerAddress.parse(self._orders.broker)
        self._client.connect(address.host, address.port, keepalive=5)
        self._client.loop_start()
        began_s = time.monotonic()
        count = 0
        while not self._stopped.wait(_TICK_S):
            due = int((time.monotonic() - began_s) * self._orders.rate_hz)
            while count < due and len(self._pending) < _MOST_PENDING:
                self._send(count)
                count += 1
            self._settle()
        elapsed_s = time.monotonic() - began_s
        while self._pending:
            self._settle()
            time.sleep(_TICK_S)
        self._client.disconnect()
        self._client.loop_stop()
        times = [self._acknowledged[number] for number in range(count)]
        return Report(count=count, rate_hz=count / elapsed_s, acknowledged_at=times)

    def _send(self, number: int) -> None:
        topic, payload = self._orders.message(number)
        for _ in range(2 if self._orders.twice else 1):
            self._pending[self._client.publish(topic, payload, qos=1).mid] = number

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, code: ReasonCode, _more: Properties
    ) -> None:
        # On paho's thread, under a lock that `publish` takes as well: only note it.
        self._answers.append((mid, code.value, time.time()))

    def _settle(self) -> None:
        while self._answers:
            mid, code, moment = self._answers.popleft()
            number = self._pending.pop(mid)
            if code:
                self._send(number)
            else:
                self._acknowledged[number] = moment


def main() -> None:
    """Follow the orders on the command line."""
    orders = Orders(**orjson.loads(sys.argv[1]))
    publisher = NumberedPublisher(orders)
    signal.signal(signal.SIGTERM, lambda *_: publisher.stop())
    report = publisher.run()
    Path(orders.report).write_bytes(orjson.dumps(asdict(report)))


if __name__ == "__main__":
    main()
