"""Role: what a visitor may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class Role(enum.StrEnum):
    """What an account or a token may do; each may do what those before it may."""

    #: See everything.
    VIEWER = "viewer"
    #: Acknowledge, comment, assign, resolve, and shelve for a shift.
    TECHNICIAN = "technician"
    #: Shelve for longer.
    ENGINEER = "engineer"

    def includes(self, other: Role) -> bool:
        """Tell whether this role may do what *other* may."""
        order = list(Role)
        return order.index(self) >= order.index(other)

    @property
    def longest_shelving(self) -> timedelta:
        """How long it may put an alert away; ISA-18.2 asks that somebody stands behind it."""
        return {
            Role.VIEWER: timedelta(0),
            Role.TECHNICIAN: timedelta(hours=12),
            Role.ENGINEER: timedelta(days=30),
        }[self]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks: *name* goes into the history of what they change."""

    name: str
    role: Role
    #: False for somebody who looks at an open page without having signed in.
    is_known: bool = True
