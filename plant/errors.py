"""Why a message could not be read."""

from __future__ import annotations

import enum

from plant.number import Number


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
    BAD_PROTOBUF = "bad_protobuf"
    #: A Sparkplug message that came before the birth that would say what its metrics are.
    NOT_BORN = "not_born"
    UNKNOWN_ALIAS = "unknown_alias"
    #: Read, but a birth declares metrics that the plant model lacks: their values are not kept.
    UNMAPPED = "unmapped"
    #: Read, but a metric says itself that its value is not good: null is kept in its place.
    BAD_QUALITY = "bad_quality"
    #: Read well, but the database would not have it.
    REFUSED = "refused"
    #: Read well, but another value was there for the same key; the replaced row is the letter.
    CONFLICT = "conflict"


#: Letters beside a message that was read: they are kept, and no message was lost for them.
NOTES = frozenset({Reason.CONFLICT, Reason.UNMAPPED, Reason.BAD_QUALITY})


class UnreadableError(Exception):
    """A message cannot become rows.

    *reason* is for counting, *detail* a sentence for a person: what, where, what was expected. The
    message's *number*, where it could be read, is not missing.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.number: Number | None = None
