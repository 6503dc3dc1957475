"""What a session hands out and takes back: messages, and the contract of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Message(Protocol):
    """One received publish; `packet_id` is None at QoS 0, `duplicate` set on a redelivery."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def payload(self) -> bytes: ...  # noqa: D102
    @property
    def packet_id(self) -> int | None: ...  # noqa: D102
    @property
    def duplicate(self) -> bool: ...  # noqa: D102


class Will(NamedTuple):
    """What the broker publishes, retained at QoS 1, when the connection ends without goodbye."""

    topic: str
    payload: bytes


class SessionLostError(Exception):
    """The connection to the broker ended or could not be made; the text says why."""


class RefusedError(Exception):
    """The broker refuses this client for good (credentials, rights); waiting does not help."""


class Session(Protocol):
    """An MQTT 5 session at QoS 1 whose messages are acknowledged by the caller.

    After `SessionLostError` the caller may `connect` again: of a persistent session the broker
    then sends again what was not acknowledged, of another one nothing. Acknowledgements of an
    earlier connection are not sent on a later one.
    """

    def connect(self, will: Will | None = None) -> None:
        """Connect and subscribe; raise `SessionLostError` or `RefusedError`."""

    def read(self, timeout_s: float) -> Sequence[Message]:
        """Return what has arrived, waiting up to *timeout_s* for the first."""

    def keep_alive(self) -> None:
        """Tell the broker that this client lives, without reading more."""

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages of this connection."""

    def publish(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Publish: at QoS 1 if *retained*, else at QoS 0; nobody waits for an answer."""

    def close(self) -> None:
        """End the connection; the broker keeps the session."""
