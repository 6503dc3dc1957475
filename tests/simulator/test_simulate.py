from __future__ import annotations

import json
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import jellyroll
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.topics import topic_filter
from stack.broker import PrivateBroker

SMALL = Path(__file__).with_name("small.toml")

Subscribe = Callable[[], "queue.SimpleQueue[mqtt.MQTTMessage]"]


def command(broker: PrivateBroker, *options: str) -> list[str]:
    program = [sys.executable, "-m", "jellyroll", "simulate", "--plant", str(SMALL)]
    return [*program, "--broker", broker.url, "--json", *options]


def simulate(broker: PrivateBroker, *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(command(broker, *options), check=True, capture_output=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def heard(broker: PrivateBroker, small: Plant) -> Iterator[queue.SimpleQueue[mqtt.MQTTMessage]]:
    """What a subscriber hears of the small plant."""
    broker.start()  # a test before this one may have stopped it
    with listener(broker, small) as messages:
        yield messages


@contextmanager
def listener(broker: PrivateBroker, plant: Plant) -> Iterator[queue.SimpleQueue[mqtt.MQTTMessage]]:
    messages: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
    subscribed = threading.Event()
    name = f"test-simulate-{secrets.token_hex(4)}"
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.on_message = lambda _c, _u, message: messages.put(message)
    client.on_subscribe = lambda *_: subscribed.set()
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 60
    # Mosquitto keeps a session over its own restart only if it did not begin with a clean start.
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.subscribe(topic_filter(plant), qos=1)
    client.loop_start()
    assert subscribed.wait(10)
    yield messages
    client.disconnect()
    client.loop_stop()


def take(messages: queue.SimpleQueue[mqtt.MQTTMessage], count: int) -> list[mqtt.MQTTMessage]:
    """Return *count* messages, and fail when fewer or more come."""
    taken = [messages.get(timeout=10) for _ in range(count)]
    with pytest.raises(queue.Empty):
        messages.get(timeout=0.2)
    return taken


def rows_of(taken: list[mqtt.MQTTMessage], plant: Plant) -> Counter[str]:
    decoder = PayloadDecoder(plant)
    rows: Counter[str] = Counter()
    for message in taken:
        for frame in decoder.decode(message.topic, bytes(message.payload)):
            rows[str(frame.table)] += frame.rows
    return rows


def test_a_subscriber_gets_every_message_that_is_counted(
    broker: PrivateBroker, small: Plant, heard: queue.SimpleQueue[mqtt.MQTTMessage]
) -> None:
    told = simulate(broker, "--history", "2h", "--duration", "2s", "--fault", "F12:nozzle=3")
    total = told[-1]
    assert total["phase"] == "done"
    assert total["acknowledged"] == total["messages"]
    assert total["unheard"] == 0
    assert rows_of(take(heard, total["messages"]), small) == total["tables"]
    assert sum(total["tables"].values()) == total["rows"]
    assert [line["phase"] for line in told][-2:] == ["live", "done"]
    assert total["faults"] == [
        {"id": "F12", "equipment": "l1-filler-01", "position": 3, "on": total["until"]}
    ]


def test_only_the_first_lines_run_when_so_many_are_asked_for(
    broker: PrivateBroker, heard: queue.SimpleQueue[mqtt.MQTTMessage]
) -> None:
    total = simulate(broker, "--history", "1h", "--until-live", "--lines", "1")[-1]
    taken = take(heard, total["messages"])
    assert {message.topic.split("/")[4] for message in taken} == {"l1"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_all_that_was_sent_is_acknowledged(
    broker: PrivateBroker,
    small: Plant,
    heard: queue.SimpleQueue[mqtt.MQTTMessage],
    number: signal.Signals,
) -> None:
    with subprocess.Popen(command(broker, "--history", "80d"), stdout=subprocess.PIPE) as process:
        heard.get(timeout=20)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    total = json.loads(output.splitlines()[-1])
    assert process.returncode == 0
    assert total["phase"] == "done"
    assert total["time"] < total["until"]  # it was stopped in the middle of the history
    assert 0 < total["acknowledged"] == total["messages"]
    take(heard, total["messages"] - 1)


def test_a_broker_that_restarts_meanwhile_loses_nothing(
    broker: PrivateBroker, small: Plant, heard: queue.SimpleQueue[mqtt.MQTTMessage]
) -> None:
    with subprocess.Popen(
        command(broker, "--history", "1h", "--duration", "4s"), stdout=subprocess.PIPE
    ) as process:
        heard.get(timeout=20)
        broker.stop()
        time.sleep(1)
        broker.start()
        output, _ = process.communicate(timeout=40)
    total = json.loads(output.splitlines()[-1])
    assert process.returncode == 0
    assert total["acknowledged"] == total["messages"]
    # What was under way at the stop may come twice; MQTT promises at least once.
    keys: set[tuple[str, bytes]] = set()
    deadline = time.monotonic() + 10
    while len(keys) < total["messages"] - 1 and time.monotonic() < deadline:
        message = heard.get(timeout=10)
        keys.add((message.topic, bytes(message.payload)))
    assert len(keys) >= total["messages"] - 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--fault", "F12:nozzle=17"], "there is no nozzle '17'; station 'filling' has 1 to 4"),
        (["--fault", "F00"], "'F00' is not known; there is F01"),
        (["--history", "three days"], "'three days' is no duration; write 3d"),
        (["--history", "81d"], "at most 80d: ingest takes nothing older than 90 days"),
        (["--lines", "3"], "the plant has 2 lines"),
        (["--speed", "10"], "--speed 10 needs --duration"),
        (["--recipes", "storage:5d"], "'storage' is not known; the plant file has no recipes"),
        (["--broker", "localhost"], "must look like mqtt://host:1883"),
        (["--broker", "mqtt://127.0.0.1:1"], "no MQTT broker at 127.0.0.1:1"),
        (["--plant", "/nowhere.toml"], "cannot be read"),
    ],
)
def test_an_error_of_the_user_is_told_in_a_sentence(
    options: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["jellyroll", "simulate", "--plant", str(SMALL), *options])
    with pytest.raises(SystemExit) as ended:
        jellyroll.main()
    assert ended.value.code not in {0, None}
    assert expected in capsys.readouterr().err
