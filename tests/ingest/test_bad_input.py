"""Bad input: a dead letter each, with a reason that a person understands; the stream goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from plant.model import Plant
from plant.tables import Kind
from plant.topics import topic_of
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER = "l1-filler-01"
DAY_MS = 86_400_000


def test_each_kind_of_bad_message_is_kept_whole_with_its_reason(
    ingest: IngestProcess,
    publisher: Publisher,
    database: Database,
    pilot: Plant,
    now_ms: Callable[[], int],
) -> None:
    topic = topic_of(pilot, pilot.equipment[FILLER], Kind.TELEMETRY)
    now = int(time.time() * 1000)
    cases: list[tuple[str, bytes, str, str]] = [
        (topic.replace("filler-01", "filler-99"), b'{"ts": 1, "vacuum": 1}', "unknown_equipment",
         "'l1-filler-99' is not in the plant model"),
        (topic.replace("telemetry", "telemetri"), b"{}", "unknown_topic", "ends with 'telemetri'"),
        (topic, b'{"ts": %d, "vaccum": 5}' % now, "unknown_signal", "'vaccum': not in table"),
        (topic, b'{"ts": %d, "vacuum": "5"}' % now, "wrong_type", "'vacuum' is text ('5')"),
        (topic, b'{"ts": %d, "vacuum": true}' % now, "wrong_type", "'vacuum' is true or false"),
        (topic, b'{"ts": %d, "vacuum": NaN}' % now, "not_finite", "send null"),
        (topic, b'{"ts": %d, "vacuum": -Infinity}' % now, "not_finite", "-Infinity"),
        (topic, b'{"vacuum": 5}', "missing_field", "no 'ts'"),
        (topic, b'{"ts": "yesterday", "vacuum": 5}', "bad_time", "RFC 3339"),
        (topic, b'{"ts": %d, "vacuum": 5}' % (now + DAY_MS), "time_outside_window", "ahead of now"),
        (topic, b'{"ts": %d, "vacuum": 5}' % (now - 400 * DAY_MS), "time_outside_window",
         "400 days ago"),
        (topic, b'{"ts": %d, "vacuum": 5' % now, "bad_json", "may be cut off"),
        (topic, b"", "bad_json", "empty"),
        (topic, b'{"ts": %d, "vacuum": "\xff"}' % now, "not_utf8", "not UTF-8 at byte"),
        (topic, b'{"ts": %d, "vacuum": [%s1]}' % (now, b"1, " * 3_500_000), "too_big", "bytes"),
        (topic, b'{"ts": [%d, %d], "vacuum": [1]}' % (now, now + 1), "wrong_shape", "one length"),
    ]  # fmt: skip
    assert len(cases[-2][1]) > 10_000_000
    ingest.start()
    for number, (bad_topic, payload, _, _) in enumerate(cases):
        publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
        publisher.send_raw(bad_topic, payload)
    publisher.settle()
    wait_until(lambda: database.balance()["messages"] == 2 * len(cases), "all messages")

    letters = database.rows(
        "SELECT topic, payload, reason, detail FROM ingest.dead_letter ORDER BY id"
    )
    assert len(letters) == len(cases)
    for letter, (bad_topic, payload, reason, words) in zip(letters, cases, strict=True):
        kept_topic, kept_payload, kept_reason, detail = letter
        assert (kept_topic, bytes(kept_payload)) == (bad_topic, payload)
        assert kept_reason == reason, detail
        assert words in detail
    good = database.rows("SELECT vacuum::int FROM telemetry.filling ORDER BY time")
    assert [number for (number,) in good] == list(range(len(cases)))
    assert database.balance()["dead_letters"] == len(cases)
