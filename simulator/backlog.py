"""What the broker holds for subscribers that read more slowly than we publish.

An acknowledgement says that the broker has a message, not that anybody has read it, and Mosquitto
drops without a word what is too much to hold. A history that is made faster than it is stored
therefore watches the broker's own figure and waits.
"""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt

from plant.broker import BrokerAddress
from simulator.connection import new_client

_TOPIC = "$SYS/broker/store/messages/bytes"
#: The figure comes each 10 s, in which a fast run adds 650 MB; the shipped broker holds 2 GB.
_MOST_BYTES = 300_000_000
_REMIND_S = 60.0

_log = logging.getLogger("jellyroll.simulator")


class Backlog:
    """The broker's backlog in bytes; as a context manager it listens.

    A broker without that figure, or that does not let us read it, never makes us wait.
    """

    def __init__(self, address: BrokerAddress, most_bytes: int = _MOST_BYTES) -> None:
        self._address = address
        self._most = most_bytes
        self._changed = threading.Condition()
        self.held_bytes = 0
        self._client = new_client(address)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect_async(self._address.host, self._address.port)
        self._client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, stop: threading.Event) -> None:
        """Return at once, or, when the broker holds too much, after half of it has been read."""
        if self.held_bytes <= self._most:
            return
        next_line = 0.0
        with self._changed:
            while self.held_bytes > self._most // 2 and not stop.is_set():
                if time.monotonic() >= next_line:
                    next_line = time.monotonic() + _REMIND_S
                    _log.warning(
                        "the broker holds %d MB that subscribers have not read; history waits for "
                        "them. Is ingest up, or has an old session been left behind?",
                        self.held_bytes // 1_000_000,
                    )
                self._changed.wait(0.2)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(_TOPIC)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            self.held_bytes = int(message.payload)
            self._changed.notify_all()
