"""Recording from a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from jellyroll import app
from plant.broker import BrokerAddress
from simulator import parquet
from simulator.capture import Capture
from simulator.captured import Captured, Extras, to_paho
from simulator.connection import BrokerError
from simulator.courier import Courier
from simulator.record import Recorder, check_filter
from stack.broker import PrivateBroker
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
NOBODY_STOPS = threading.Event()
DEADLINE_S = 20.0
EXTRAS = Extras(1, 60, "text/plain", "answers/here", b"\x00\xff", (("a", "1"), ("a", "2")))


def start(broker: PrivateBroker, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jellyroll", "record", "--broker", broker.url, *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("JELLYROLL_")},
        stdout=subprocess.PIPE,
        text=True,
    )


def captured(folder: Path) -> list[Captured]:
    return list(Capture(folder).messages()) if folder.exists() and any(folder.iterdir()) else []


def publish(broker: PrivateBroker, *messages: Captured) -> int:
    """Publish *messages*; return how many had no subscriber."""
    with Courier(BrokerAddress.parse(broker.url)) as courier:
        for m in messages:
            courier.send(
                m.topic, m.payload, NOBODY_STOPS,
                qos=m.qos, retain=m.retain, properties=to_paho(m.extras),
            )  # fmt: skip
        courier.drain(DEADLINE_S)
        return courier.unheard


def take(recorder: Recorder, heard: list[Captured]) -> list[Captured]:
    heard.extend(recorder.take())
    return heard


def wait_for_subscription(broker: PrivateBroker, topic: str) -> None:
    wait_until(lambda: publish(broker, Captured(0, topic, b"probe")) == 0)


def test_messages_are_kept_as_they_were_published(broker: PrivateBroker, tmp_path: Path) -> None:
    broker.start()
    sent = [
        Captured(0, "rec/one/a", b"\x00\xffnot text", qos=0),
        Captured(0, "rec/one/b", b"", qos=1, extras=EXTRAS),
        Captured(0, "rec/one/c", b"kept", qos=2, retain=True),
        Captured(0, "rec/one/c", b"again", qos=2, extras=Extras(content_type="x")),
    ]
    with Recorder(BrokerAddress.parse(broker.url), "rec/one/#") as recorder:
        began_us = time.time_ns() // 1000
        publish(broker, *sent, Captured(0, "rec/other", b"not asked for"))
        heard: list[Captured] = []
        wait_until(lambda: len(take(recorder, heard)) >= len(sent))
    # The clock of an expiry runs on in the broker.
    assert heard[1].extras.expiry_s in range(50, 61)
    heard[1] = heard[1]._replace(extras=heard[1].extras._replace(expiry_s=60))
    assert [message._replace(time_us=0) for message in heard] == sent
    assert began_us <= heard[0].time_us <= heard[-1].time_us <= time.time_ns() // 1000


def test_a_kill_costs_at_most_what_came_in_the_last_second(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    file = tmp_path / "c"
    process = start(broker, "rec/kill/#", str(file))
    wait_for_subscription(broker, "rec/kill/probe")
    publish(broker, *(Captured(0, "rec/kill/x", b"%d" % n) for n in range(500)))
    time.sleep(1.0)
    process.kill()
    process.communicate()
    kept = [m.payload for m in captured(file) if m.topic == "rec/kill/x"]
    assert kept == [b"%d" % n for n in range(500)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_in_segments(
    broker: PrivateBroker, tmp_path: Path, number: signal.Signals
) -> None:
    broker.start()
    file = tmp_path / "c"
    topic = f"rec/end-{number.name}/x"
    process = start(broker, topic, str(file), "--json")
    wait_for_subscription(broker, topic)
    process.send_signal(number)
    report: dict[str, Any] = orjson.loads(process.communicate(timeout=DEADLINE_S)[0])
    assert process.returncode == 0
    assert report["messages"] == len(captured(file)) > 0
    assert report["bytes"] == 5 * report["messages"]
    assert report["size_bytes"] == sum(f.stat().st_size for f in file.iterdir())
    assert [f.suffix for f in file.iterdir()] == [".parquet"]


def test_it_ends_after_the_duration_or_at_the_size_and_goes_on_next_time(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    file = tmp_path / "c"
    publish(broker, Captured(0, "rec/limits/x", b"0123456789" * 100, retain=True))
    # What is retained comes at once, so the first size is reached as soon as it is written.
    for limit in (["--duration", "0.5s"], ["--max-size", "1kB"]):
        process = start(broker, "rec/limits/#", str(file), *limit, "--json")
        report = orjson.loads(process.communicate(timeout=DEADLINE_S)[0])
        assert process.returncode == 0
        assert report["messages"] == 1 or limit[0] == "--max-size"
    first, *more = captured(file)
    assert first.retain
    assert all(message.topic == "rec/limits/x" for message in more)
    publish(broker, Captured(0, "rec/limits/x", b"", retain=True))


def test_a_broker_that_is_away_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"no MQTT broker at 127\.0\.0\.1:1 "):
        Recorder(BrokerAddress.parse("mqtt://127.0.0.1:1"), "#").__enter__()


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a/b+", "+a/#"])
def test_what_mqtt_has_no_such_filter_of_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no topic filter"):
        check_filter(text)


@pytest.mark.parametrize("text", ["#", "+", "a/+/b/#", "a"])
def test_a_filter_is_let_through(text: str) -> None:
    assert check_filter(text) == text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["a#", "x"], "is no topic filter"),
        (["#", "x", "--max-size", "big"], "'big' is no size; write 500MB"),
        (["#", "x", "--duration", "long"], "'long' is no duration"),
        (["#", "x", "--broker", "localhost"], "must look like mqtt://host"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    options: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["record", "--broker", "mqtt://127.0.0.1:1", *options])
    assert result.exit_code == 2
    assert expected in " ".join(result.output.replace("│", " ").split())


def test_without_pyarrow_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    result = CliRunner().invoke(
        app, ["record", "#", str(tmp_path / "c"), "--broker", "mqtt://127.0.0.1:1"]
    )
    assert isinstance(result.exception, parquet.NoParquetError)
    assert "pip install 'jellyroll[parquet]'" in str(result.exception)
