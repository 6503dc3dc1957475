"""Why a message could not be read."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """The kinds of dead letters; kept in `ingest.dead_letter.reason`."""

    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_EQUIPMENT = "unknown_equipment"
    UNKNOWN_SIGNAL = "unknown_signal"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    WRONG_SHAPE = "wrong_shape"
    NOT_FINITE = "not_finite"
    BAD_TIME = "bad_time"
    TIME_OUTSIDE_WINDOW = "time_outside_window"
    BAD_JSON = "bad_json"
    NOT_UTF8 = "not_utf8"
    TOO_BIG = "too_big"
    #: Read well, but the database would not have it.
    REFUSED = "refused"
    #: Read well, but another value was there for the same key; the replaced row is the letter.
    CONFLICT = "conflict"


class UnreadableError(Exception):
    """A message cannot become rows.

    *reason* is for counting, *detail* a sentence for a person: what, where, what was expected.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
