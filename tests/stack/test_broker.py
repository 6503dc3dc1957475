from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from stack.broker import SHIPPED_CONFIGURATION, PrivateBroker, render
from stack.limits import read_limits
from stack.programs import Programs


@pytest.fixture
def own_broker(programs: Programs, stack_folder: Path) -> Iterator[PrivateBroker]:
    broker = PrivateBroker(programs, stack_folder / "own-broker")
    broker.start()
    yield broker
    broker.kill()


def connect(broker: PrivateBroker, name: str, *, clean: bool = False) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", broker.port, clean_start=clean, properties=properties)
    return client


def open_session(broker: PrivateBroker, name: str, topic: str, *, clean: bool = False) -> None:
    """Subscribe at QoS 1 and go away."""
    client = connect(broker, name, clean=clean)
    answered: list[int] = []

    def subscribe(*_: object) -> None:
        client.subscribe(topic, qos=1)

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: answered.append(1)
    run(client, lambda: bool(answered))


def receive(broker: PrivateBroker, name: str, count: int, timeout_s: float = 20.0) -> list[bytes]:
    """Come back to the session and return what it kept, at most *count* messages."""
    client = connect(broker, name)
    got: list[bytes] = []
    client.on_message = lambda _client, _data, message: got.append(bytes(message.payload))
    run(client, lambda: len(got) >= count, timeout_s)
    return got


def publish(broker: PrivateBroker, topic: str, payloads: list[bytes]) -> None:
    client = connect(broker, "publisher", clean=True)
    answered: list[int] = []
    client.on_publish = lambda *_: answered.append(1)

    def send(*_: object) -> None:
        for payload in payloads:
            client.publish(topic, payload, qos=1)

    client.on_connect = send
    run(client, lambda: len(answered) == len(payloads))


def run(client: mqtt.Client, done: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not done() and time.monotonic() < deadline:
        client.loop(timeout=0.05)
    client.disconnect()


def test_queued_messages_survive_a_restart(own_broker: PrivateBroker) -> None:
    open_session(own_broker, "restart", "restart/#")
    payloads = [str(number).encode() for number in range(100)]
    publish(own_broker, "restart/a", payloads)
    before = own_broker.url
    own_broker.stop()
    assert not own_broker.running
    own_broker.start()
    assert own_broker.url == before
    assert receive(own_broker, "restart", 100) == payloads


def test_a_session_begun_with_a_clean_start_is_not_saved(own_broker: PrivateBroker) -> None:
    """Mosquitto 2.0 does so; the shipped configuration warns of it, ingest must heed it."""
    open_session(own_broker, "clean", "clean/#", clean=True)
    publish(own_broker, "clean/a", [b"1"])
    own_broker.stop()
    own_broker.start()
    assert receive(own_broker, "clean", 1, timeout_s=1.0) == []


@pytest.mark.slow
def test_it_keeps_more_than_a_hundred_thousand_messages_for_who_is_away(
    own_broker: PrivateBroker, programs: Programs
) -> None:
    count = 120_000
    tools = (programs.broker.mosquitto_pub, programs.broker.mosquitto_sub)
    if None in tools:
        pytest.fail("needs mosquitto_pub and mosquitto_sub: install mosquitto-clients")
    publisher, subscriber = (str(tool) for tool in tools)
    place = ["-h", "127.0.0.1", "-p", str(own_broker.port), "-q", "1"]
    open_session(own_broker, "many", "many/#")
    lines = [f'{{"ts": 0, "signal": {number}}}\n' for number in range(count)]
    command = [publisher, *place, "-t", "many/a", "-l"]
    # In parts: mosquitto_pub leaves early when its message ids, 65,535 of them, come round again.
    for start in range(0, count, 60_000):
        part = "".join(lines[start : start + 60_000])
        subprocess.run(command, input=part, text=True, check=True, timeout=120)
    own_broker.stop()
    own_broker.start()
    options = ["-V", "mqttv5", "-c", "-i", "many", "-x", "3600", "-t", "many/#"]
    got = subprocess.run(
        [subscriber, *place, *options, "-C", str(count), "-W", "60"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    assert got.stdout == "".join(lines)


def test_a_payload_of_ten_megabytes_arrives(own_broker: PrivateBroker) -> None:
    open_session(own_broker, "big", "big/#")
    payload = bytes(10_000_000)
    publish(own_broker, "big/a", [payload])
    assert receive(own_broker, "big", 1) == [payload]


def test_kill_and_start_again(own_broker: PrivateBroker) -> None:
    own_broker.kill()
    assert not own_broker.running
    own_broker.start()
    assert own_broker.running


def test_only_the_listener_and_the_place_differ_from_the_shipped_configuration() -> None:
    shipped = SHIPPED_CONFIGURATION.read_text()
    rendered = render(shipped, 18830, Path("/somewhere/data"))
    lines = settings(rendered)
    assert lines - settings(shipped) == {
        "listener 18830 127.0.0.1",
        "persistence_location /somewhere/data/",
    }
    assert settings(shipped) - lines == {"listener 1883", "persistence_location /mosquitto/data/"}


def test_the_shipped_configuration_keeps_its_word_on_the_outage() -> None:
    limits = read_limits(SHIPPED_CONFIGURATION)
    assert limits.outage_s >= 15 * 60
    assert limits.persistence
    assert limits.message_size_limit == 16 * 1024 * 1024


def settings(text: str) -> set[str]:
    return {line for line in text.splitlines() if line and not line.startswith("#")}
