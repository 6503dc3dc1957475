"""The broker of docker compose: the script that starts it, run with a real Mosquitto."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from stack.broker import SHIPPED_CONFIGURATION
from stack.programs import Programs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docker" / "mosquitto" / "start.sh"
PASSWORDS = {
    "MQTT_MACHINES_PASSWORD": "machines-secret",
    "MQTT_INGEST_PASSWORD": "ingest-secret",
    "MQTT_DOCTOR_PASSWORD": "doctor-secret",
}


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def folder(programs: Programs, tmp_path_factory: pytest.TempPathFactory, port: int) -> Path:
    """The shipped configuration, moved to a free port and a folder of its own."""
    folder = tmp_path_factory.mktemp("broker")
    (folder / "own").mkdir()
    (folder / "data").mkdir()
    shipped = SHIPPED_CONFIGURATION.read_text(encoding="utf-8")
    moved = shipped.replace("listener 1883", f"listener {port} 127.0.0.1").replace(
        "/mosquitto/data/", f"{folder}/data/"
    )
    if os.geteuid() == 0:
        moved += "user root\n"  # the container starts it as its own user; here it must not change
    (folder / "shipped.conf").write_text(moved, encoding="utf-8")
    return folder


def environment(folder: Path, programs: Programs, **others: str) -> dict[str, str]:
    passwd = programs.broker.mosquitto_passwd
    assert passwd is not None
    return {
        "PATH": f"{programs.mosquitto.parent}:{passwd.parent}:/usr/bin:/bin",
        "JELLYROLL_MOSQUITTO_SHIPPED": str(folder / "shipped.conf"),
        "JELLYROLL_MOSQUITTO_RIGHTS": str(SHIPPED_CONFIGURATION.with_suffix(".acl")),
        "JELLYROLL_MOSQUITTO_YOURS": str(folder / "yours"),
        "JELLYROLL_MOSQUITTO_OWN": str(folder / "own"),
        **PASSWORDS,
        **others,
    }


@pytest.fixture(scope="module")
def started(folder: Path, programs: Programs, port: int) -> Iterator[int]:
    """The port of a broker that the script started."""
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            ["/bin/sh", str(SCRIPT)], env=environment(folder, programs), stderr=log
        ) as process,
    ):
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
        process.terminate()


@contextmanager
def client(port: int, user: str | None, password: str = "") -> Iterator[Client]:
    """A client whose network loop runs; `client.connected` holds the broker's answer."""
    made = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    if user:
        made.username_pw_set(user, password)
    answers: queue.Queue[ReasonCode] = queue.Queue()
    made.on_connect = lambda _client, _data, _flags, code, _properties: answers.put(code)
    made.user_data_set(answers)
    made.connect("127.0.0.1", port)
    made.loop_start()
    try:
        yield made
    finally:
        made.disconnect()
        made.loop_stop()


def answer(connecting: Client) -> ReasonCode:
    code: ReasonCode = connecting.user_data_get().get(timeout=10)
    return code


def subscribed(reader: Client, topic: str) -> queue.Queue[bytes]:
    """Subscribe, wait for the broker's word, return where messages go."""
    assert answer(reader).value == 0
    granted = threading.Event()
    messages: queue.Queue[bytes] = queue.Queue()
    reader.on_subscribe = lambda *_: granted.set()
    reader.on_message = lambda _client, _data, message: messages.put(bytes(message.payload))
    reader.subscribe(topic, qos=1)
    assert granted.wait(10)
    return messages


def published(writer: Client, topic: str, payload: str) -> ReasonCode:
    """Publish and return the broker's reason code."""
    codes: queue.Queue[ReasonCode] = queue.Queue()
    writer.on_publish = lambda _client, _data, _mid, code, _properties: codes.put(code)
    writer.publish(topic, payload, qos=1)
    return codes.get(timeout=10)


INGEST = ("ingest", "ingest-secret")
MACHINES = ("machines", "machines-secret")
READ_BY_INGEST = "$share/jellyroll/v1/#"


@pytest.mark.parametrize(
    "who", [(None, ""), ("machines", "wrong"), ("machines", "ingest-secret"), ("root", "x")]
)
def test_strangers_are_refused(started: int, who: tuple[str | None, str]) -> None:
    with client(started, *who) as stranger:
        assert answer(stranger) == "Not authorized"


def test_what_machines_publish_reaches_ingest_and_nobody_else(started: int) -> None:
    with (
        client(started, *INGEST) as ingest,
        client(started, *MACHINES) as listener,
        client(started, *MACHINES) as machine,
    ):
        to_ingest = subscribed(ingest, READ_BY_INGEST)
        # Mosquitto grants the subscription and filters what it delivers.
        to_listener = subscribed(listener, "v1/#")
        for payload in ("one", "two"):
            assert published(machine, "v1/acme/x/telemetry", payload).value < 128
        assert [to_ingest.get(timeout=10) for _ in range(2)] == [b"one", b"two"]
        assert to_listener.empty()


def test_machines_may_not_speak_elsewhere(started: int) -> None:
    with client(started, *MACHINES) as machine:
        assert published(machine, "other/a", "x") == "Not authorized"


def test_ingest_may_not_speak(started: int) -> None:
    with client(started, *INGEST) as ingest:
        assert published(ingest, "v1/a", "x") == "Not authorized"


def test_the_health_check_of_the_file_passes(started: int, programs: Programs) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    check = compose["services"]["mosquitto"]["healthcheck"]["test"][1].replace("$$", "$")
    assert programs.broker.mosquitto_sub is not None
    done = subprocess.run(
        ["/bin/sh", "-c", check.replace("mosquitto_sub", f"mosquitto_sub -p {started}")],
        env={"PATH": f"{programs.broker.mosquitto_sub.parent}:/usr/bin:/bin", **PASSWORDS},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("seconds\n")


def test_passwords_are_kept_as_hashes_that_only_the_broker_can_read(
    started: int, folder: Path
) -> None:
    kept = folder / "own" / "passwords"
    text = kept.read_text(encoding="ascii")
    assert [line.split(":")[0] for line in text.splitlines()] == ["machines", "ingest", "doctor"]
    assert "secret" not in text
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", sorted(PASSWORDS))
def test_it_refuses_to_start_without_a_password(
    folder: Path, programs: Programs, name: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        env=environment(folder, programs, **{name: ""}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{name} is empty; set it in .env" in done.stderr


def test_it_refuses_a_configuration_that_it_cannot_close(
    tmp_path: Path, programs: Programs
) -> None:
    (tmp_path / "shipped.conf").write_text("listener 1883\n", encoding="utf-8")
    (tmp_path / "own").mkdir()
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        env=environment(tmp_path, programs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no line 'allow_anonymous true'" in done.stderr
