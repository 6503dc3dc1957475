"""The broker as shipped, closed: TLS, users, and what each of them may do."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from ingest.message import RefusedError, Session
from ingest.paho_session import PahoSession
from ingest.session import SocketSession
from plant.broker import BrokerAddress
from stack.broker import SHIPPED_CONFIGURATION
from stack.broker_check import check_broker
from stack.finding import Finding
from stack.programs import Programs

SCRIPT = Path(__file__).parents[2] / "docker" / "mosquitto" / "start.sh"
FILLER, WINDER = "l1-filler-01", "l1-winder-01"
LINE = "v1/acme/desoto/assembly/l1"
#: Whether the Sparkplug host is there; all may know.
STATE = "spBv1.0/STATE/jellyroll"
#: On no address of Jellyroll's own list of "this computer": the doctor takes it for elsewhere.
PLAIN_HOST = "127.0.0.2"
SECRETS = {name: f"{name} has a #secret" for name in ("machines", "ingest", "doctor")}
USERS = {FILLER: "f", WINDER: "w", "node-1": "n1", "node-2": "n2"}


@dataclass(frozen=True)
class Closed:
    """A broker that `start.sh` closed; *folder* holds ca.crt, other.crt and the log."""

    folder: Path
    plain_port: int
    tls_port: int

    def url(self, user: str, ca: str | None = "ca.crt") -> str:
        password = quote({**SECRETS, **USERS}[user], safe="")
        trusted = f"?ca={self.folder / ca}" if ca else ""
        return f"mqtts://{user}:{password}@127.0.0.1:{self.tls_port}{trusted}"

    def address(self, user: str, ca: str | None = "ca.crt") -> BrokerAddress:
        return BrokerAddress.parse(self.url(user, ca))


def make_certificates(folder: Path) -> None:
    """A private authority, a certificate of the broker by it, and an authority of someone else."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "other"):
        subject = ("-subj", f"/CN={name} of a test", "-days", "2")
        openssl("req", "-x509", *key, *subject, "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl("req", *key, "-subj", "/CN=broker", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt",
    )  # fmt: skip
    tls = folder / "yours" / "tls"
    tls.mkdir(parents=True)
    for name in ("server.crt", "server.key"):
        (folder / name).rename(tls / name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def environment(programs: Programs, folder: Path, shipped: Path) -> dict[str, str]:
    """What `start.sh` needs to run in *folder* instead of its container."""
    passwd = programs.broker.mosquitto_passwd
    assert passwd is not None
    return {
        "PATH": f"{programs.mosquitto.parent}:{passwd.parent}:/usr/bin:/bin",
        "JELLYROLL_MOSQUITTO_SHIPPED": str(shipped),
        "JELLYROLL_MOSQUITTO_RIGHTS": str(SHIPPED_CONFIGURATION.with_suffix(".acl")),
        "JELLYROLL_MOSQUITTO_YOURS": str(folder / "yours"),
        "JELLYROLL_MOSQUITTO_OWN": str(folder / "own"),
        **{f"MQTT_{name.upper()}_PASSWORD": secret for name, secret in SECRETS.items()},
    }


@pytest.fixture(scope="module")
def closed(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder = tmp_path_factory.mktemp("closed")
    make_certificates(folder)
    passwd = programs.broker.mosquitto_passwd
    assert passwd is not None
    users = folder / "yours" / "users"
    users.touch(mode=0o600)
    for name, password in USERS.items():
        subprocess.run([passwd, "-b", users, name, password], check=True, capture_output=True)
    for name in ("own", "data"):
        (folder / name).mkdir()
    broker = Closed(folder, free_port(), free_port())
    shipped = SHIPPED_CONFIGURATION.read_text(encoding="utf-8")
    moved = shipped.replace("listener 1883", f"listener {broker.plain_port} {PLAIN_HOST}").replace(
        "/mosquitto/data/", f"{folder}/data/"
    )
    if os.geteuid() == 0:
        moved += "user root\n"
    (folder / "shipped.conf").write_text(moved, encoding="utf-8")
    tls = {"JELLYROLL_MOSQUITTO_TLS_LISTENER": f"{broker.tls_port} 127.0.0.1"}
    started = environment(programs, folder, folder / "shipped.conf") | tls
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["/bin/sh", str(SCRIPT)], env=started, stderr=log) as process,
    ):
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", broker.tls_port)) == 0:
                    break
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield broker
        process.terminate()


class Client:
    """A client that has connected with TLS under a user's name."""

    def __init__(self, broker: Closed, user: str) -> None:
        address = broker.address(user)
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self.received: queue.Queue[str] = queue.Queue()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.username_pw_set(user, address.password)
        client.tls_set(str(address.ca_file))
        client.on_connect = lambda _c, _d, _f, code, _p: self._answers.put(code)
        client.on_publish = lambda _c, _d, _mid, code, _p: self._answers.put(code)
        client.on_subscribe = lambda _c, _d, _mid, codes, _p: self._answers.put(codes[0])
        client.on_message = lambda _c, _d, message: self.received.put(message.topic)
        client.connect(address.host, address.port)
        client.loop_start()
        assert not self._answers.get(timeout=10).is_failure

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def may_publish(self, topic: str, payload: str = "{}") -> bool:
        self._client.publish(topic, payload, qos=1)
        code = self._answers.get(timeout=10)
        assert not code.is_failure or str(code) == "Not authorized"
        return not code.is_failure

    def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)
        assert not self._answers.get(timeout=10).is_failure

    def topics(self, until: str) -> set[str]:
        """Return the topics of what arrived up to a message on *until*."""
        found: set[str] = set()
        while until not in found:
            found.add(self.received.get(timeout=15))
        return found


@pytest.fixture
def enter(closed: Closed) -> Iterator[Callable[[str], Client]]:
    with ExitStack() as clients:

        def connect(user: str) -> Client:
            client = Client(closed, user)
            clients.callback(client.close)
            return client

        yield connect


# --- Who may write where


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        (FILLER, f"{LINE}/{FILLER}/telemetry", True),
        (FILLER, f"{LINE}/{FILLER}/cell", True),
        (FILLER, f"{LINE}/{WINDER}/telemetry", False),
        (FILLER, f"{LINE}/l1-filler-02/telemetry", False),
        (FILLER, f"v1/{FILLER}/telemetry", False),
        (FILLER, "other/a", False),
        (FILLER, "spBv1.0/STATE/jellyroll", False),
        ("node-1", "spBv1.0/plant/NBIRTH/node-1", True),
        ("node-1", "spBv1.0/plant/DDATA/node-1/filler", True),
        ("node-1", "spBv1.0/plant/NDATA/node-2", False),
        ("machines", f"{LINE}/{WINDER}/state", True),
        ("machines", "spBv1.0/plant/DDATA/node-2/winder", True),
        ("machines", "spBv1.0/plant/NCMD/node-2", False),
        ("machines", "spBv1.0/STATE/jellyroll", False),
        ("ingest", f"{LINE}/{FILLER}/telemetry", False),
        ("ingest", "spBv1.0/plant/NCMD/node-1", True),
        ("ingest", "spBv1.0/STATE/jellyroll", True),
        ("ingest", "spBv1.0/plant/NDATA/node-1", False),
        ("doctor", f"{LINE}/{FILLER}/telemetry", False),
        ("doctor", "$SYS/broker/version", False),
    ],
)
def test_each_user_writes_where_its_role_says_and_nowhere_else(
    enter: Callable[[str], Client], user: str, topic: str, *, allowed: bool
) -> None:
    assert enter(user).may_publish(topic) is allowed


# --- Who may read what


@pytest.mark.parametrize(
    ("user", "reads"),
    [
        (FILLER, {STATE}),
        ("node-1", {"spBv1.0/plant/NCMD/node-1", STATE}),
        (
            "machines",
            {"spBv1.0/plant/NCMD/node-1", "spBv1.0/plant/NCMD/node-2", STATE},
        ),
        (
            "ingest",
            {
                f"{LINE}/{FILLER}/telemetry", "spBv1.0/plant/NDATA/node-1",
                "spBv1.0/plant/NCMD/node-1", "spBv1.0/plant/NCMD/node-2",
                STATE,
            },
        ),
        ("doctor", {STATE}),
    ],
)  # fmt: skip
def test_nobody_who_subscribes_to_everything_gets_everything(
    enter: Callable[[str], Client], user: str, reads: set[str]
) -> None:
    """Mosquitto grants the subscription and leaves out what the user may not read."""
    reader = enter(user)
    reader.subscribe("#")
    filler, node, ingest = enter(FILLER), enter("node-1"), enter("ingest")
    assert filler.may_publish(f"{LINE}/{FILLER}/telemetry")
    assert node.may_publish("spBv1.0/plant/NDATA/node-1")
    for topic in ("plant/NCMD/node-1", "plant/NCMD/node-2", "STATE/jellyroll"):
        assert ingest.may_publish(f"spBv1.0/{topic}")
    assert reader.topics(until=STATE) == reads  # it was published last


def test_the_brokers_own_figures_are_for_the_doctor_alone(enter: Callable[[str], Client]) -> None:
    version = "$SYS/broker/version"
    others = [enter(user) for user in (FILLER, "node-1", "machines", "ingest")]
    for other in others:
        other.subscribe("$SYS/#")
    doctor = enter("doctor")
    doctor.subscribe("$SYS/#")
    assert version in doctor.topics(until=version)
    for other in others:
        assert other.received.empty()


# --- TLS


# paho-mqtt leaves the socket of a refused handshake to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("client", [SocketSession, PahoSession])
def test_a_certificate_of_someone_else_is_refused_with_words(
    closed: Closed, client: Callable[[BrokerAddress, str, str], Session]
) -> None:
    session = client(closed.address("ingest", "other.crt"), "tls-other", "v1/#")
    with pytest.raises(RefusedError, match=r"is not to be trusted: .*\?ca=FILE"):
        session.connect()


@pytest.mark.parametrize("client", [SocketSession, PahoSession])
def test_a_file_that_is_no_certificate_is_refused_with_words(
    closed: Closed, client: Callable[[BrokerAddress, str, str], Session]
) -> None:
    for name in ("missing.crt", "names"):
        session = client(closed.address("ingest", name), "tls-file", "v1/#")
        with pytest.raises(RefusedError, match=r"cannot read certificates from .*\?ca="):
            session.connect()


def test_ingest_stores_what_a_machine_says_over_tls(
    closed: Closed, migrated_database: str, enter: Callable[[str], Client], tmp_path: Path
) -> None:
    arguments = ["--broker", closed.url("ingest"), "--database", migrated_database]
    process = subprocess.Popen(
        [sys.executable, "-m", "jellyroll", "ingest", *arguments], stderr=subprocess.PIPE
    )
    lines: list[bytes] = []
    connected = threading.Event()
    assert process.stderr is not None
    stderr = process.stderr

    def read() -> None:
        for line in stderr:
            lines.append(line)
            if b"ingest-0 connected" in line:
                connected.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert connected.wait(30), lines
        sample = f'{{"ts": {int(time.time() * 1000)}, "vacuum": 5.5}}'
        assert enter(FILLER).may_publish(f"{LINE}/{FILLER}/telemetry", sample)
        deadline = time.monotonic() + 20
        with psycopg.connect(migrated_database, autocommit=True) as connection:
            samples = "SELECT equipment, vacuum FROM telemetry.filling"
            while not (found := connection.execute(samples).fetchall()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert found == [(FILLER, 5.5)]
    finally:
        process.terminate()
        assert process.wait(20) == 0
        reader.join()
        stderr.close()
    assert SECRETS["ingest"].encode() not in b"".join(lines)


def test_ingest_with_the_wrong_authority_ends_with_one_sentence(
    closed: Closed, migrated_database: str
) -> None:
    arguments = ["--broker", closed.url("ingest", "other.crt"), "--database", migrated_database]
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "ingest", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "is not to be trusted" in done.stderr
    assert "Traceback" not in done.stderr


# --- What the doctor says


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_the_doctor_sees_a_closed_broker_over_tls(closed: Closed) -> None:
    found = by_name(check_broker(closed.url("doctor"), closed.folder / "own" / "mosquitto.conf"))
    trouble = {finding.name for finding in found.values() if finding.level != "ok"}
    # The certificate is good for two days, and the test of ingest leaves a session.
    assert trouble - {"sessions"} == {"certificate"}
    assert "messages in the broker" in found["waiting"].text
    assert "16 min" in found["queue"].text


def test_the_doctor_says_that_a_certificate_is_not_to_be_trusted(closed: Closed) -> None:
    (found,) = check_broker(closed.url("doctor", None), None)
    assert found.level == "problem"
    assert "not to be trusted" in found.text
    assert "?ca=FILE" in found.advice


def test_the_doctor_warns_of_a_password_in_the_clear_and_tells_what_a_user_may_not_see(
    closed: Closed,
) -> None:
    secret = quote(SECRETS["machines"], safe="")
    url = f"mqtt://machines:{secret}@{PLAIN_HOST}:{closed.plain_port}"
    found = by_name(check_broker(url, None))
    assert found["encryption"].level == "warning"
    assert "access" not in found
    assert found["waiting"].level == found["dropped"].level == "warning"
    assert "may" in found["waiting"].advice
    assert secret not in repr(found)


@contextmanager
def running(programs: Programs, configuration: Path, host: str, port: int) -> Iterator[None]:
    """A Mosquitto with a configuration that Jellyroll does not ship."""
    with subprocess.Popen([programs.mosquitto, "-c", configuration]) as process:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((host, port)) == 0:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
        process.terminate()


def test_the_doctor_warns_of_a_broker_elsewhere_that_lets_everybody_in(
    programs: Programs, tmp_path: Path
) -> None:
    port = free_port()
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(f"listener {port} {PLAIN_HOST}\nallow_anonymous true\n")
    with running(programs, configuration, PLAIN_HOST, port):
        found = by_name(check_broker(f"mqtt://{PLAIN_HOST}:{port}", None))
    assert found["access"].level == "warning"
    assert "anyone may publish" in found["access"].text


def test_the_doctor_sees_a_queue_that_fills_and_says_how_long_it_still_lasts(
    programs: Programs, tmp_path: Path
) -> None:
    port = free_port()
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\n"
        "max_queued_messages 200000\nmax_inflight_messages 0\n"
    )
    with running(programs, configuration, "127.0.0.1", port):
        session = SocketSession(BrokerAddress("127.0.0.1", port), "away", "v1/#")
        session.connect()
        session.close()
        assert programs.broker.mosquitto_pub is not None
        command = [
            str(programs.broker.mosquitto_pub),
            "-p",
            str(port),
            "-q",
            "1",
            "-t",
            "v1/a",
            "-l",
        ]
        for _ in range(2):
            subprocess.run(command, input=b"x\n" * 60_000, check=True, timeout=60)

        def told() -> dict[str, Finding]:
            return by_name(check_broker(f"mqtt://127.0.0.1:{port}", configuration))

        deadline = time.monotonic() + 20
        while (found := told())["waiting"].level == "ok" or "sessions" not in found:
            assert time.monotonic() < deadline
    assert found["waiting"].level == "problem"
    assert re.search(r"in [01]\.\d min", found["waiting"].text)
    assert "not there: 1;" in found["sessions"].text


# --- What the script refuses


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("users", "l1-filler-01:in the clear\n", "not NAME:HASH"),
        ("users", "ingest:$7$101$x$y\n", "their passwords are in .env"),
        ("tls/server.crt", "alone", "server.key is not there"),
    ],
)
def test_the_broker_does_not_start_with_a_mistake_in_what_is_yours(
    tmp_path: Path, programs: Programs, place: str, text: str, words: str
) -> None:
    for folder in ("own", "yours/tls"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "yours" / place).write_text(text)
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        env=environment(programs, tmp_path, SHIPPED_CONFIGURATION),
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert words in done.stderr
