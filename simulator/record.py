"""Recorder: hears every message of a filter, with what MQTT 5 says of it and when it arrived."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from plant.broker import BrokerAddress
from simulator.captured import Captured, from_paho
from simulator.connection import BrokerError, Entry, enter, new_client

#: The broker keeps for us over a lost connection what we have not heard yet, for so long.
_SESSION_S = 60
#: More than this is not held for a disk that does not keep up; the broker then waits for us.
_MOST_BYTES = 64_000_000


def check_filter(topic_filter: str) -> str:
    """Return *topic_filter*; raise `ValueError` if MQTT has no such filter."""
    levels = topic_filter.split("/")
    misplaced = any(
        ("#" in level and (level != "#" or at < len(levels) - 1)) or ("+" in level and level != "+")
        for at, level in enumerate(levels)
    )
    if misplaced or not topic_filter:
        raise ValueError(
            f"{topic_filter!r} is no topic filter: + stands for a whole level, # for all that"
            " follow, as in v1/acme/+/# "
        )
    return topic_filter


class Recorder:
    """Subscribes to *topic_filter* with QoS 2, so that each message comes as it was published.

    As a context manager it connects; raise `BrokerError` if the broker does not let us. Retained
    messages come first, and the retain flag stays as its publisher set it.
    """

    def __init__(self, address: BrokerAddress, topic_filter: str) -> None:
        self._address = address
        self._filter = topic_filter
        self._entry = Entry()
        self._changed = self._entry.changed
        self._heard: list[Captured] = []
        self._held_bytes = 0
        self._closed = False
        self._client = new_client(address, client_id=f"jellyroll-record-{os.urandom(6).hex()}")
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        enter(self._client, self._address, self._entry, "record", session_s=_SESSION_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        # Nobody comes back to this session.
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._client.loop_stop()

    def take(self) -> list[Captured]:
        """Return what has arrived since the last call, in order.

        Raise `BrokerError` once the broker has refused us after a reconnect.
        """
        with self._changed:
            heard, self._heard, self._held_bytes = self._heard, [], 0
            self._changed.notify_all()
            if self._entry.refusal:
                raise BrokerError(
                    f"the MQTT broker no longer lets us record: {self._entry.refusal}"
                )
        return heard

    def _on_connect(
        self, client: mqtt.Client, _userdata: Any, _flags: mqtt.ConnectFlags,
        reason_code: ReasonCode, _properties: Properties | None,
    ) -> None:  # fmt: skip
        if reason_code.is_failure:
            self._entry.refuse(str(reason_code))
            return
        options = SubscribeOptions(
            qos=2,
            retainAsPublished=True,
            retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB,
        )
        client.subscribe(self._filter, options=options)

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: Any, _mid: int,
        reason_codes: list[ReasonCode], _properties: Properties | None,
    ) -> None:  # fmt: skip
        for code in reason_codes:
            if code.is_failure:
                self._entry.refuse(f"{self._filter}: {code}")
                return
        self._entry.let_in()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        time_us = time.time_ns() // 1000
        with self._changed:
            self._changed.wait_for(lambda: self._held_bytes < _MOST_BYTES or self._closed)
            self._heard.append(from_paho(message, time_us))
            self._held_bytes += len(message.payload)
