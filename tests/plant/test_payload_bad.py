"""Payloads that are refused: each with its reason, and a sentence that helps to mend it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plant.errors import Reason, UnreadableError
from plant.model import Plant
from plant.payload import PayloadDecoder

NOW_MS = 1_795_336_200_000
WINDER = "v1/acme/desoto/assembly/l1/l1-winder-01/telemetry"
FILLER = "v1/acme/desoto/assembly/l1/l1-filler-01"
TRAY = "v1/acme/desoto/formation/l1/l1-tray-007/telemetry"
TESTER = "v1/acme/desoto/formation/l1/l1-tester-01/cell"
#: A payload's beginning, right so far.
TS = b'{"ts":1795336200000,'


def refusal(decoder: PayloadDecoder, topic: str, payload: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        decoder.decode(topic, payload)
    return caught.value


def dumped(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("payload", "reason", "says"),
    [
        # Not JSON at all.
        (b"", Reason.BAD_JSON, "payload is empty"),
        (b" \n ", Reason.BAD_JSON, "payload is empty"),
        (b"tension=1.5", Reason.BAD_JSON, "payload is not JSON at line 1, column "),
        (TS + b'"edge_anode":0.1', Reason.BAD_JSON, "it may be cut off"),
        (TS + b'"edge_an', Reason.BAD_JSON, "it may be cut off"),
        (TS + b'\n"edge_anode":0,1}', Reason.BAD_JSON, "payload is not JSON at line 2, column "),
        (TS + b"'edge_anode':0.1}", Reason.BAD_JSON, "payload is not JSON at line 1, column 21"),
        (b"\xef\xbb\xbf" + TS + b'"edge_anode":0.1}', Reason.BAD_JSON, "byte order mark"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, Reason.BAD_JSON, "depth limit exceeded"),
        (b"[" * 100_000, Reason.BAD_JSON, "depth limit exceeded"),
        (TS + b'"edge_anode":0.1}{}', Reason.BAD_JSON, "payload is not JSON at line 1, column "),
        # Not UTF-8.
        (TS + b'"edge_anode":"\xfc"}', Reason.NOT_UTF8, "not UTF-8 at byte 34 (0xfc)"),
        (b"\xff\xfe{\x00", Reason.NOT_UTF8, "not UTF-8 at byte 0 (0xff)"),
        # Names that stand twice.
        (TS + b'"edge_anode":1,"edge_anode":1}', Reason.BAD_JSON, "'edge_anode' stands twice"),
        (TS + b'"edge_anode":1,"ts":1795336200000}', Reason.BAD_JSON, "'ts' stands twice"),
        (
            TS + b'"edge_anode":1,"edge\\u005fanode":2}',
            Reason.BAD_JSON,
            "'edge_anode' stands twice",
        ),
        (
            TS + b'"edge_anode":1,"edge_anode" :2,"edge_inner":3}',
            Reason.BAD_JSON,
            "'edge_anode' stands twice",
        ),
        (
            TS + b'"edge_anode":' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b',"edge_anode":1}',
            Reason.BAD_JSON,
            "a name stands twice",
        ),
        (
            b'[{"ts":1795336200000,"edge_anode":1,"edge_anode":2}]',
            Reason.BAD_JSON,
            "'edge_anode' stands twice",
        ),
        # Numbers that are none.
        (TS + b'"edge_anode":NaN}', Reason.NOT_FINITE, "payload holds NaN, which no number is"),
        (TS + b'"edge_anode":Infinity}', Reason.NOT_FINITE, "payload holds Infinity"),
        (TS + b'"edge_anode":-Infinity}', Reason.NOT_FINITE, "payload holds -Infinity"),
        (TS + b'"edge_anode":1e999}', Reason.NOT_FINITE, "payload holds 1e999"),
        (TS + b'"edge_anode":-1e999}', Reason.NOT_FINITE, "payload holds -1e999"),
        (TS + b'"edge_anode":1' + b"0" * 400 + b"}", Reason.NOT_FINITE, "payload holds 1000"),
        (TS + b'"edge_anode":1' + b"0" * 9000 + b"}", Reason.NOT_FINITE, "payload holds 1000"),
        # Not an object.
        (b"1.5", Reason.WRONG_SHAPE, "payload is a number, not an object or a list of objects"),
        (b'"text"', Reason.WRONG_SHAPE, "payload is text ('text'), not an object"),
        (b"null", Reason.WRONG_SHAPE, "payload is null, not an object"),
        (b"[]", Reason.WRONG_SHAPE, "payload is an empty list"),
        (b"[1]", Reason.WRONG_SHAPE, "item 0 of the list is a number, not an object"),
        (b'[{"ts":1795336200000,"edge_anode":1},[]]', Reason.WRONG_SHAPE, "item 1 of the list is"),
        # What is missing.
        (b"{}", Reason.MISSING_FIELD, "payload has no 'ts'; it names nothing"),
        (b'{"edge_anode":0.1}', Reason.MISSING_FIELD, "payload has no 'ts'; it names 'edge_anode'"),
        (b'{"ts":1795336200000}', Reason.MISSING_FIELD, "payload has a 'ts' but no value"),
        # What is not known.
        (
            TS + b'"edge_anod":0.1}',
            Reason.UNKNOWN_SIGNAL,
            "'edge_anod': not in table telemetry.winding, which has 'edge_anode', 'edge_cathode'",
        ),
        (TS + b'"time":1}', Reason.UNKNOWN_SIGNAL, "'time': not in table"),
        (TS + b'"equipment":"l1-winder-02"}', Reason.UNKNOWN_SIGNAL, "'equipment': not in table"),
        (TS + b'"batch":1}', Reason.UNKNOWN_SIGNAL, "'batch': not in table"),
        (TS + b'"x\\u0000":1}', Reason.UNKNOWN_SIGNAL, r"'x\x00': not in table"),
        (b'[{"ts":1795336200000,"x":1}]', Reason.UNKNOWN_SIGNAL, "item 0 of the list: 'x': not in"),
        # Wrong types.
        (
            TS + b'"edge_anode":true}',
            Reason.WRONG_TYPE,
            "'edge_anode' is true or false, not a number",
        ),
        (TS + b'"edge_anode":false}', Reason.WRONG_TYPE, "'edge_anode' is true or false, not"),
        (
            TS + b'"edge_anode":"0.1"}',
            Reason.WRONG_TYPE,
            "'edge_anode' is text ('0.1'), not a number",
        ),
        (TS + b'"edge_anode":{}}', Reason.WRONG_TYPE, "'edge_anode' is an object, not a number"),
        # Wrong times.
        (b'{"ts":1795336200000.0,"edge_anode":1}', Reason.BAD_TIME, "must be whole milliseconds"),
        (b'{"ts":true,"edge_anode":1}', Reason.BAD_TIME, "must be whole milliseconds"),
        (b'{"ts":null,"edge_anode":1}', Reason.BAD_TIME, "must be whole milliseconds"),
        (b'{"ts":"2026-11-22T08:30:00","edge_anode":1}', Reason.BAD_TIME, "has no zone"),
        (b'{"ts":"now","edge_anode":1}', Reason.BAD_TIME, "'ts' 'now' is not RFC 3339"),
        (
            b'{"ts":1795336321000,"edge_anode":1}',
            Reason.TIME_OUTSIDE_WINDOW,
            "time 2026-11-22T08:32:01Z is 121 s ahead of now; the plant model allows 120 s",
        ),
        (
            b'{"ts":"2026-11-22T08:32:00.000001Z","edge_anode":1}',
            Reason.TIME_OUTSIDE_WINDOW,
            "ahead of now; the plant model allows 120 s: check the machine's clock",
        ),
        (
            b'{"ts":1787500000000,"edge_anode":1}',
            Reason.TIME_OUTSIDE_WINDOW,
            "is 91 days ago; the plant model allows 90",
        ),
        (
            b'{"ts":1795336200,"edge_anode":1}',
            Reason.TIME_OUTSIDE_WINDOW,
            "is 'ts' in milliseconds?",
        ),
        (
            b'{"ts":1795336200000000,"edge_anode":1}',
            Reason.TIME_OUTSIDE_WINDOW,
            "check the machine's clock, and that 'ts' is in milliseconds",
        ),
        (b'{"ts":18446744073709551615,"edge_anode":1}', Reason.TIME_OUTSIDE_WINDOW, "ahead of now"),
        (b'{"ts":-9223372036854775808,"edge_anode":1}', Reason.TIME_OUTSIDE_WINDOW, "days ago"),
        (
            b'{"ts":18446744073709551616,"edge_anode":1}',
            Reason.BAD_TIME,
            "must be whole milliseconds",
        ),
        # Wrong blocks.
        (
            b'{"ts":[1795336200000,1795336199000],"edge_anode":[1,2,3]}',
            Reason.WRONG_SHAPE,
            "must have one length above 0, these have 'ts' 2, 'edge_anode' 3",
        ),
        (b'{"ts":[],"edge_anode":[]}', Reason.WRONG_SHAPE, "one length above 0, these have 'ts' 0"),
        (
            TS + b'"edge_anode":[1,2]}',
            Reason.WRONG_SHAPE,
            "'edge_anode' is a list, so 'ts' must be one, too",
        ),
        (
            b'{"ts":[1795336200000,1795336199000],"edge_anode":[1,"2"]}',
            Reason.WRONG_TYPE,
            "'edge_anode' is text ('2'), not a number",
        ),
        (
            b'{"ts":[1795336200000,1795336199000],"edge_anode":[1,[2]]}',
            Reason.WRONG_TYPE,
            "'edge_anode' is a list, not a number",
        ),
        (b'{"ts":[1795336200000,true],"edge_anode":[1,2]}', Reason.BAD_TIME, "whole milliseconds"),
        (b'{"ts":[1795336200000,null],"edge_anode":[1,2]}', Reason.BAD_TIME, "whole milliseconds"),
        (
            b'{"ts":[1795336200000,18446744073709551615],"edge_anode":[1,2]}',
            Reason.TIME_OUTSIDE_WINDOW,
            "ahead of now",
        ),
        (
            b'{"ts":[1795336200000,1795336200],"edge_anode":[1,2]}',
            Reason.TIME_OUTSIDE_WINDOW,
            "days ago",
        ),
        (
            b'{"ts":["2026-11-22T08:30:00Z","2026-11-22T09:30:00Z"],"edge_anode":[1,2]}',
            Reason.TIME_OUTSIDE_WINDOW,
            "ahead of now",
        ),
        (
            b'{"ts":["2026-11-22T08:30:00Z","2020-11-22T08:30:00Z"],"edge_anode":[1,2]}',
            Reason.TIME_OUTSIDE_WINDOW,
            "days ago",
        ),
    ],
)
def test_a_wrong_sample_or_block_is_refused(
    decoder: PayloadDecoder, payload: bytes, reason: Reason, says: str
) -> None:
    error = refusal(decoder, WINDER, payload)
    assert error.reason is reason, error.detail
    assert says in error.detail


@pytest.mark.parametrize(
    ("topic", "document", "reason", "says"),
    [
        (
            TRAY,
            {"ts": NOW_MS, "voltage": 3.6},
            Reason.WRONG_TYPE,
            "'voltage' is a number, not a list of 256 numbers",
        ),
        (
            TRAY,
            {"ts": NOW_MS, "voltage": [3.6] * 255},
            Reason.WRONG_SHAPE,
            "'voltage' has 255 values, one per position makes 256",
        ),
        (TRAY, {"ts": NOW_MS, "voltage": []}, Reason.WRONG_SHAPE, "'voltage' has 0 values"),
        (
            TRAY,
            {"ts": NOW_MS, "voltage": [[3.6] * 256]},
            Reason.WRONG_SHAPE,
            "'voltage' has 1 values",
        ),
        (
            TRAY,
            {"ts": NOW_MS, "voltage": [3.6] * 255 + [True]},
            Reason.WRONG_TYPE,
            "'voltage' is true or false, not a number",
        ),
        (
            TRAY,
            {"ts": NOW_MS, "voltage": [3.6] * 255 + [[]]},
            Reason.WRONG_TYPE,
            "'voltage' is a list, not a number",
        ),
        (
            TRAY,
            {"ts": [NOW_MS - 1, NOW_MS], "voltage": [3.6] * 256},
            Reason.WRONG_SHAPE,
            "'voltage' has 256 rows, 'ts' has 2",
        ),
        (
            TRAY,
            {"ts": [NOW_MS - 1, NOW_MS], "voltage": [3.6, 3.6]},
            Reason.WRONG_TYPE,
            "'voltage' is a number, not a list of 256 numbers",
        ),
        (
            TRAY,
            {"ts": [NOW_MS - 1, NOW_MS], "voltage": [[3.6] * 256]},
            Reason.WRONG_SHAPE,
            "'voltage' has 1 rows, 'ts' has 2",
        ),
        (
            TRAY,
            {"ts": [NOW_MS - 1, NOW_MS], "voltage": [[3.6] * 256, [3.6] * 254]},
            Reason.WRONG_SHAPE,
            "'voltage' has 254 values",
        ),
        (
            TRAY,
            {"ts": [NOW_MS], "voltage": {"1": 3.6}},
            Reason.WRONG_TYPE,
            "'voltage' is an object, not a list of 256 numbers",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "capacity": 4.8},
            Reason.MISSING_FIELD,
            "payload has no 'cell', which each row of cell.end_of_line needs",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "", "capacity": 4.8},
            Reason.MISSING_FIELD,
            "'cell' is empty; each row needs one",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": None, "capacity": 4.8},
            Reason.MISSING_FIELD,
            "'cell' is empty; each row needs one",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": ["a", None], "capacity": [1, 2]},
            Reason.MISSING_FIELD,
            "'cell' is empty; each row needs one",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": 17, "capacity": 4.8},
            Reason.WRONG_TYPE,
            "'cell' is a number, not text",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": ["a", 17], "capacity": 4.8},
            Reason.WRONG_TYPE,
            "'cell' is a number, not text",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a\0b", "capacity": 4.8},
            Reason.WRONG_TYPE,
            "'cell' has a NUL character",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a" * 256, "capacity": 4.8},
            Reason.TOO_BIG,
            "'cell' has 256 characters, at most 255 are kept",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "capacity": [4.8, 4.7]},
            Reason.WRONG_SHAPE,
            "'capacity' is a list, so 'cell' or 'ts' must be one, too",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": ["a", "b"], "capacity": [4.8]},
            Reason.WRONG_SHAPE,
            "these have 'cell' 2, 'capacity' 1",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "verdict": "good"},
            Reason.WRONG_TYPE,
            "'verdict' is 'good', not one of 'fail', 'hold', 'pass'",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "verdict": True},
            Reason.WRONG_TYPE,
            "'verdict' is true or false, not text",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "recipe": "bus"},
            Reason.WRONG_TYPE,
            "'recipe' is 'bus', not one of 'storage', 'vehicle'",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "position": 0},
            Reason.WRONG_TYPE,
            "'position' must be a whole number from 1",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "position": 1.5},
            Reason.WRONG_TYPE,
            "'position' must be a whole number from 1",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "position": 40_000},
            Reason.WRONG_TYPE,
            "'position' must be a whole number from 1",
        ),
        (
            TESTER,
            {"ts": NOW_MS, "cell": "a", "position": "1"},
            Reason.WRONG_TYPE,
            "'position' is text ('1'), not a number",
        ),
        (
            f"{FILLER}/state",
            {"ts": NOW_MS, "state": "Running"},
            Reason.WRONG_TYPE,
            "'state' is 'Running', not one of",
        ),
        (
            f"{FILLER}/state",
            {"ts": NOW_MS, "state": None},
            Reason.MISSING_FIELD,
            "'state' is empty",
        ),
        (
            f"{FILLER}/state",
            {"ts": NOW_MS, "reason": "door"},
            Reason.MISSING_FIELD,
            "payload has no 'state'",
        ),
        (
            f"{FILLER}/state",
            {"ts": NOW_MS, "state": "Held", "reason": 3},
            Reason.WRONG_TYPE,
            "'reason' is a number, not text",
        ),
        (
            f"{FILLER}/material",
            {"ts": NOW_MS, "child": "a"},
            Reason.MISSING_FIELD,
            "payload has no 'parent'",
        ),
        (
            f"{FILLER}/material",
            {"ts": NOW_MS, "child": "a", "parent": "b", "from_m": "1"},
            Reason.WRONG_TYPE,
            "'from_m' is text ('1'), not a number",
        ),
        (
            f"{FILLER}/material",
            {"ts": NOW_MS, "child": "a", "parent": "b", "to_m": [1, 2]},
            Reason.WRONG_SHAPE,
            "so 'child' or 'parent' or 'ts' must be one",
        ),
    ],
)
def test_a_wrong_array_cell_state_or_material_is_refused(
    decoder: PayloadDecoder, topic: str, document: Any, reason: Reason, says: str
) -> None:
    error = refusal(decoder, topic, dumped(document))
    assert error.reason is reason, error.detail
    assert says in error.detail


def test_ten_megabytes_are_too_big_whatever_they_hold(decoder: PayloadDecoder) -> None:
    error = refusal(decoder, WINDER, b"[" * 10_000_000)
    assert error.reason is Reason.TOO_BIG
    assert error.detail == (
        "payload has 10,000,000 bytes, the plant model allows 4,194,304 (intake.max_payload_bytes)"
    )


def test_a_payload_of_exactly_the_allowed_size_is_read(decoder: PayloadDecoder) -> None:
    payload = (TS + b'"edge_anode":0.1}').ljust(4_194_304)
    assert decoder.decode(WINDER, payload)[0].rows == 1
    assert refusal(decoder, WINDER, payload + b" ").reason is Reason.TOO_BIG


def test_a_topic_that_is_refused_is_refused_again_with_the_same_words(pilot: Plant) -> None:
    decoder = PayloadDecoder(pilot)
    topic = "v1/acme/desoto/assembly/l1/l1-winder-99/telemetry"
    first = refusal(decoder, topic, b"{}")
    second = refusal(decoder, topic, b"{}")
    assert first.reason is second.reason is Reason.UNKNOWN_EQUIPMENT
    assert first.detail == second.detail
    assert "there is only l1-winder-01" in first.detail


def test_after_a_refusal_the_next_message_is_read(pilot: Plant) -> None:
    decoder = PayloadDecoder(pilot, now_us=lambda: NOW_MS * 1000)
    refusal(decoder, WINDER, TS + b'"edge_anode":"x"}')
    assert decoder.decode(WINDER, TS + b'"edge_anode":0.1}')[0].values[2] == 0.1


def test_details_hold_no_character_that_a_database_refuses(decoder: PayloadDecoder) -> None:
    for payload in (TS + b'"a\\u0000":1}', TS + b'"edge_anode":"\\u0000"}'):
        assert "\0" not in refusal(decoder, WINDER, payload).detail
