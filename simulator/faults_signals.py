"""What faults do to a machine's samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plant.model import Equipment
from plant.signals import Signal
from simulator.faults import Fault
from simulator.faults_kind import Effect, Size
from simulator.faults_severity import severity
from simulator.noise import Floats, Ints
from simulator.physics import MAY_BE_NEGATIVE

#: What a reading is taken for in the wrong unit; of any other unit a thousand times as much.
_FAHRENHEIT = "Cel"


@dataclass(frozen=True, slots=True)
class SignalFaults:
    """The faults that *machine* shows in its signals.

    *decimals* are those with which each signal is published.
    """

    machine: Equipment
    signals: Mapping[str, Signal]
    decimals: Mapping[str, int]
    faults: tuple[Fault, ...]

    @classmethod
    def of(
        cls,
        machine: Equipment,
        signals: Mapping[str, Signal],
        decimals: Mapping[str, int],
        faults: Sequence[Fault],
    ) -> SignalFaults | None:
        """Return those of *faults* that *machine* shows, None if it shows none."""
        mine = tuple(f for f in faults if f.line == machine.line and _is_shown(f, machine, signals))
        return cls(machine, signals, decimals, mine) if mine else None

    def applied(
        self, values: dict[str, Floats], times_ms: Ints, at: Callable[[int], dict[str, Floats]]
    ) -> dict[str, Floats]:
        """Return *values* of the samples at *times_ms* as the faulty machine has them.

        *at* gives the values of the first sample at a moment or after it.
        """
        moved = dict(values)
        for fault in self.faults:
            for effect in fault.kind.effects:
                if effect.station == self.machine.station and effect.name in values:
                    moved[effect.name] = moved[effect.name] + self._shift(
                        fault, effect, values, times_ms
                    )
        for name, value in moved.items():
            if value is not values[name]:
                moved[name] = self._as_published(name, value, values[name])
        for fault in self.faults:
            if fault.kind.message is not None and fault.signal is not None:
                moved[fault.signal] = self._misread(fault, moved[fault.signal], times_ms, at)
        return moved

    def _shift(
        self, fault: Fault, effect: Effect, values: dict[str, Floats], times_ms: Ints
    ) -> Floats:
        value, signal = values[effect.name], self.signals[effect.name]
        if effect.add is not None:
            size = _middle(effect.add) * np.ones_like(value)
        elif effect.scale is not None:
            size = _middle(effect.scale) * value
        elif effect.to is not None:
            size = (effect.to - signal.nominal) * np.ones_like(value)
        else:
            size = ((effect.spread or 1.0) - 1) * (value - signal.nominal)
        strength = severity(fault, times_ms - effect.later_ms, self.machine)
        if value.ndim == 1:
            return strength * size
        where = np.ones(value.shape[1])
        if fault.position is not None and effect.station == fault.kind.station:
            where = (np.arange(1, value.shape[1] + 1) == fault.position).astype(np.float64)
        return strength[:, None] * where * size

    def _as_published(self, name: str, value: Floats, healthy: Floats) -> Floats:
        signal = self.signals[name]
        if signal.nominal > 0 and signal.unit not in MAY_BE_NEGATIVE and healthy.min() >= 0:
            value = np.maximum(value, 0.0)
        return np.where(value == healthy, healthy, np.round(value, self.decimals[name]))

    def _misread(
        self,
        fault: Fault,
        value: Floats,
        times_ms: Ints,
        at: Callable[[int], dict[str, Floats]],
    ) -> Floats:
        name = str(fault.signal)
        signal = self.signals[name]
        active = severity(fault, times_ms, self.machine) > 0
        if not active.any():
            return value
        wrong: Floats
        match fault.kind.message:
            case "stuck":
                wrong = np.broadcast_to(at(fault.on_ms or 0)[name], value.shape)
            case "null":
                wrong = np.full_like(value, np.nan)
            case "reset":
                top = 2 * signal.nominal
                wrong = np.round((value - at(fault.on_ms or 0)[name]) % top, self.decimals[name])
            case _:
                wrong = value * 1.8 + 32 if signal.unit == _FAHRENHEIT else value * 1000
        return np.where(active.reshape((-1,) + (1,) * (value.ndim - 1)), wrong, value)


def _is_shown(fault: Fault, machine: Equipment, signals: Mapping[str, Signal]) -> bool:
    if fault.kind.message is not None:
        return fault.signal is not None and fault.machines[0] == machine
    shown = any(e.station == machine.station and e.name in signals for e in fault.kind.effects)
    if not shown or machine.station == fault.kind.station:
        return shown and machine in fault.machines
    # Further down the line: the machines of the same electrode.
    letter = fault.machines[0].group.rpartition("-")[2]
    return letter not in {"a", "c"} or machine.group.endswith(f"-{letter}")


def _middle(size: Size) -> float:
    return sum(size) / 2 if isinstance(size, tuple) else size
