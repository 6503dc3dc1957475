"""An edge node as a host sees it: born or dead, in sequence or not, and when to ask for a rebirth.

Times are seconds of a clock that only goes forward.
"""

from __future__ import annotations

from plant.sparkplug_device import Device
from plant.sparkplug_topic import NodeId

#: How long a message may be late before a gap in `seq` is taken for a loss, and how long a node
#: may take to declare its devices again.
REORDER_TIMEOUT_S = 5.0
#: A node is asked for a rebirth at most so often.
ASK_INTERVAL_S = 10.0
#: How long a node that was there before our own connection broke may take to be born again.
RETURN_TIMEOUT_S = 30.0

_SEQ_COUNT = 256
#: In place of a missing number: the sequence is broken, and only a birth mends it.
_BROKEN = -1


class Node:
    """One edge node of the plant; *devices* by name, its own metrics under the empty name."""

    def __init__(self, node_id: NodeId, devices: dict[str, Device]) -> None:
        self.id = node_id
        self.devices = devices
        self.is_born = False
        self.bd_seq: int | None = None
        #: When it was born, in milliseconds since the epoch.
        self.born_ms = 0
        self._expected = 0
        #: Messages since the birth up to the expected one; `seq` is this, modulo 256.
        self._count = 0
        self._missing: set[int] = set()
        self._gap_until_s: float | None = None
        self._stale_at_s: float | None = None
        self._wants_birth = False
        self._unborn: Device | None = None
        self._is_heard = False
        self._next_ask_s = 0.0

    def birth(self, seq: int | None, bd_seq: int | None, now_s: float) -> None:
        """Take an NBIRTH: the sequence begins, and every device has to declare itself again."""
        self.is_born = True
        self.bd_seq = bd_seq
        self._expected = ((seq or 0) + 1) % _SEQ_COUNT
        self._count = 1
        self._missing.clear()
        self._gap_until_s = None
        self._wants_birth = False
        for device in self.devices.values():
            device.is_born = False
        self._stale_at_s = now_s + REORDER_TIMEOUT_S

    def is_death_of_now(self, bd_seq: int | None) -> bool:
        """Whether an NDEATH with *bd_seq* ends the session that the last NBIRTH began.

        The broker may publish the will of an old connection when the node is long reborn.
        """
        return not self.is_born or None in {bd_seq, self.bd_seq} or bd_seq == self.bd_seq

    def die(self) -> None:
        """Take an NDEATH: nothing is expected any more."""
        self.is_born = False
        self.bd_seq = None
        self._missing.clear()
        self._gap_until_s = self._stale_at_s = self._unborn = None
        self._wants_birth = False

    def forget(self, now_s: float) -> None:
        """Take nothing for known, since messages may have been missed; ask what is there."""
        if not (self.is_born or self.has_devices_online()):
            return
        self.die()
        for device in self.devices.values():
            device.is_born = False
        self._wants_birth = self._is_heard = True
        self._next_ask_s = now_s
        self._stale_at_s = now_s + RETURN_TIMEOUT_S

    def has_devices_online(self) -> bool:
        """Whether any machine of the node was last said to be online."""
        return any(device.is_online for device in self.devices.values())

    def want_birth(self, device: Device | None = None) -> None:
        """Have the node asked for a rebirth as soon as that is allowed.

        If *device* is why, and it is born until then, the reason is gone.
        """
        if device is None or not self.is_born:
            self._wants_birth = True
        else:
            self._unborn = device

    def follow(self, seq: int | None, now_s: float) -> int | None:
        """Take the `seq` of a message; what comes late closes its gap again.

        Return which message since the birth it is, from 1; None where that cannot be known.
        """
        self._is_heard = True
        if seq is None or not self.is_born:
            return None
        if seq == self._expected:
            self._expected = (seq + 1) % _SEQ_COUNT
            self._count += 1
            return None if self._missing == {_BROKEN} else self._count - 1
        ahead = (seq - self._expected) % _SEQ_COUNT
        place = None
        if seq in self._missing:
            self._missing.discard(seq)
            place = self._count + ahead - _SEQ_COUNT
        else:
            if ahead >= _SEQ_COUNT // 2:  # a number of the past that nobody waits for
                self._missing.add(_BROKEN)
            else:
                self._missing.update((self._expected + i) % _SEQ_COUNT for i in range(ahead))
                place = self._count + ahead
                self._count = place + 1
            self._expected = (seq + 1) % _SEQ_COUNT
        if not self._missing:
            self._gap_until_s = None
        elif self._gap_until_s is None:
            self._gap_until_s = now_s + REORDER_TIMEOUT_S
        return None if _BROKEN in self._missing else place

    @property
    def waits(self) -> bool:
        """Whether `asks` and `missed` may have something to say later."""
        times = self._gap_until_s, self._stale_at_s
        return self._wants_birth or self._unborn is not None or times != (None, None)

    def asks(self, now_s: float) -> bool:
        """Whether to ask the node for a rebirth now. One that says nothing is left in peace."""
        if self._gap_until_s is not None and now_s >= self._gap_until_s:
            self._gap_until_s = None
            self._wants_birth = True
        if self._unborn is not None and self._unborn.is_born:
            self._unborn = None
        is_wanted = self._wants_birth or self._unborn is not None
        if not (is_wanted and self._is_heard and now_s >= self._next_ask_s):
            return False
        self._next_ask_s = now_s + ASK_INTERVAL_S
        self._is_heard = False
        return True

    def missed(self, now_s: float) -> list[Device]:
        """Return the devices that are online by our books and did not come back in time."""
        if self._stale_at_s is None or now_s < self._stale_at_s:
            return []
        self._stale_at_s = None
        return [d for d in self.devices.values() if d.is_online and not d.is_born]
