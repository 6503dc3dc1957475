"""Pictures of formation: a simulated cell, and beside it what real cyclers measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plant.load import PILOT, load_plant
from simulator.cycler import read_recording
from simulator.formation import TrayCurve
from simulator.noise import Floats
from simulator.picture import BLUE, GREY, RED, Panel, Series, svg
from simulator.results import Results

_FROM_MS = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
_STEP_MS = 60_000
_TRAY, _PIN = 17, 37
#: Capacity of the real cells, in A.h: what their files call them.
_FIRST_CHARGE_AH, _CYCLE_AH = 0.24, 4.84


def formation() -> str:
    """Return the picture of three channels of one tray from loading to unloading."""
    hours, values = _simulated()
    shown = [(BLUE, 0), (GREY, 100), (RED, 200)]
    panels = [
        Panel(f"{name.capitalize()}, {unit}", _lines(hours, values[name], shown), axis)
        for name, unit, axis in (
            ("voltage", "V", ""),
            ("current", "A", ""),
            ("temperature", "Cel", "hours"),
        )
    ]
    names = [(f"channel {channel + 1}", color) for color, channel in shown]
    return svg(f"Tray {_TRAY} of the pilot line", panels, names)


def real(first_charge: Path, cycle: Path) -> str:
    """Return the picture of a simulated cell beside two real ones.

    *first_charge* is what a cycler measured of the beginning of a formation, *cycle* of a discharge
    and a charge; any file that `jellyroll replay` reads. Raise `CyclerError` and `OSError`.
    """
    hours, values = _simulated()
    volts, amperes = values["voltage"][:, 0], values["current"][:, 0]
    rest = int(np.flatnonzero(amperes < 0)[0])
    first = slice(0, rest)
    steps = [_stretch(hours[first], volts[first], amperes[first], 1, 4.8)]
    steps.append(_stretch(hours, volts, amperes, -1, 4.8))
    measured = [_measured(cycle, sign, _CYCLE_AH) for sign in (1, -1)]
    begin, begun = steps[0], _measured(first_charge, 1, _FIRST_CHARGE_AH)
    early = begin.x <= begun.x.max()
    panels = [
        Panel(
            "The beginning of the first charge at C/20, V",
            [begun, Series(begin.x[early], begin.y[early], BLUE, is_line=True)],
            "charge, of the nominal capacity",
        ),
        Panel(
            "First charge and discharge (C/20 to C/5), and a later pair (C/7), V",
            [*measured, *steps],
            "charge taken, or given, of the nominal capacity",
            inner=260,
        ),
    ]
    legend = (("simulated NMC 811 cell", BLUE), ("real cells on a cycler", GREY))
    return svg("Formation", panels, legend)


def _simulated() -> tuple[Floats, dict[str, Floats]]:
    """Return hours and the curves of one batch of the tray, after a bad contact at one pin."""
    results = Results(load_plant(PILOT), "l1", 1)
    curve = TrayCurve.of(results, "formation")
    assert curve is not None
    times = np.arange(_FROM_MS, _FROM_MS + 48 * 3_600_000, _STEP_MS)
    channels = results.places["formation"].positions
    values = curve.values(times, _TRAY, np.zeros((len(times), 3 * channels)))
    # A batch begins where the voltage falls to that of cells which were never charged.
    begin = int(np.flatnonzero(np.diff(values["voltage"][:, 0]) < -0.5)[0]) + 1
    stay = slice(begin, begin + 24 * 60 - 20)
    hours = (times[stay] - times[begin]) / 3_600_000
    return hours, {name: value[stay] for name, value in values.items()}


def _lines(hours: Floats, values: Floats, shown: list[tuple[str, int]]) -> list[Series]:
    every = slice(None, None, 5)
    return [Series(hours[every], values[every, at], color, is_line=True) for color, at in shown]


def _measured(path: Path, sign: int, nominal_ah: float) -> Series:
    recording = read_recording(path)
    hours = recording.time_us / 3.6e9
    series = _stretch(hours, recording.voltage_v, recording.current_a, sign, nominal_ah)
    return series._replace(color=GREY)


def _stretch(hours: Floats, volts: Floats, amperes: Floats, sign: int, nominal_ah: float) -> Series:
    """Return the voltage over the charge of all that flows one way, the last run of it apart."""
    own = np.flatnonzero(sign * amperes > 1e-3)
    # Up to the first pause of more than an hour: what comes after it is another step.
    pauses = np.flatnonzero(np.diff(hours[own]) > 1.0)
    if len(pauses):
        own = own[: pauses[0] + 1]
    moved = np.diff(hours[own]) * sign * amperes[own][1:]
    taken = np.concatenate(([0.0], np.cumsum(moved))) / nominal_ah
    return Series(taken, volts[own], BLUE, is_line=True)
