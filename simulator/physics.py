"""What of a cell hangs together: the ties between what it inherits, what it is, what is measured.

A quantity is named `station.result`; `cathode.loading` and other things that cells inherit
(`simulator.inheritance`); or `cell.capacity` and other latents, which nobody measures. A tie
carries a deviation of the cause from its nominal over to the effect; the rest of the effect's
spread is its own noise, so that the whole still has the standard deviation of the plant file
(`simulator.spread`). An identity is a formula. Both only hold where the plant file has what they
need.

Geometry is that of the reference cell (Chen et al. 2020): 0.1027 m2 of each electrode, coatings of
75.6 and 85.2 um with porosities of 0.335 and 0.25, 25.3 and 14.5 g, 5.37 mL of pores. Sizes with
(A) are assumed, so that the faults of docs/faults.md come out as large as stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from plant.signals import Signal
from simulator.noise import Floats

FILL, WETTING = "filling.fill_mass", "cell.wetting"
#: By the last letter of a machine's group.
ELECTRODE_NAMES: Mapping[str, str] = {"c": "cathode", "a": "anode"}

#: How much more or less than the mean a cell suffers from incomplete wetting (A).
WETTING_SPREAD = 1 / 3


@dataclass(frozen=True, slots=True)
class Tie:
    """A deviation *slope* times as large as the cause's: relative to their nominals, or absolute.

    An absolute slope is in units of the effect per unit of the cause.
    """

    cause: str
    effect: str
    slope: float
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """*effect* is *formula* of *causes*, but for the rounding of the instruments.

    *nominal* is its mean where that is not the formula of the causes' nominals.
    """

    effect: str
    causes: tuple[str, ...]
    formula: Callable[..., Floats]
    nominal: float | None = None


@dataclass(frozen=True, slots=True)
class Latent:
    """A quantity that nobody measures, with its nominal.

    Its relative variance is *share* of that of the first of the results *of* that a plant has;
    without *of* it has no spread but that of its causes.
    """

    nominal: float
    of: tuple[str, ...] = ()
    share: float = 0.0


LATENTS: Mapping[str, Latent] = {
    "cathode.porosity": Latent(0.335),
    "anode.porosity": Latent(0.25),
    # Volume of the pores, and the electrolyte for it; negative over positive; against nominal.
    "cell.void": Latent(1.0),
    WETTING: Latent(1.0),
    "cell.np": Latent(1.0),
    # Formation and end of line both measure the capacity, so they agree with a correlation of 0.9.
    "cell.capacity": Latent(1.0, ("end_of_line.capacity", "formation.discharge_capacity"), 0.9),
    # A weld that has opened, in mOhm.
    "cell.contact": Latent(0.0),
}

#: 6 % less electrolyte costs 0.75 % of capacity and half a point of first-cycle efficiency (A).
_CAPACITY, _EFFICIENCY = 0.0075 / 0.06, 0.005 / 0.88 / 0.06
#: Water from -33 instead of -55 Cel has 12.24 times the usual pressure more; 100 mg/kg are half of
#: the usual. Both cost 0.3 points of first-cycle efficiency and 1 % of impedance (A).
_VAPOUR, _WATER = 12.24, 0.5
#: 8 K of 25.
_HOT = 8 / 25
#: The end of line weighs the cell again.
_AGAIN = 0.95

TIES: tuple[Tie, ...] = (
    # Coatings: a thicker one of the same mass has more pores.
    Tie("cathode.thickness", "cathode.porosity", 0.665 / 0.335),
    Tie("cathode.loading", "cathode.porosity", -0.665 / 0.335),
    Tie("anode.thickness", "anode.porosity", 0.75 / 0.25),
    Tie("anode.loading", "anode.porosity", -0.75 / 0.25),
    Tie("cathode.thickness", "cell.void", 7.764 / 5.37),
    Tie("cathode.loading", "cell.void", -0.665 * 7.764 / 5.37),
    Tie("anode.thickness", "cell.void", 8.750 / 5.37),
    Tie("anode.loading", "cell.void", -0.75 * 8.750 / 5.37),
    Tie("anode.loading", "cell.np", 1.0),
    Tie("cathode.loading", "cell.np", -1.0),
    # A: 3 um are 0.02 mm; by geometry they were 0.15, had the winding no slack to take them up.
    Tie("cathode.thickness", "winding.diameter", 0.02 / 3, absolute=True),
    Tie("anode.thickness", "winding.diameter", 0.02 / 3, absolute=True),
    Tie("winding.alignment", "winding.overhang_top", -1.0, absolute=True),
    Tie("winding.alignment", "winding.overhang_bottom", 1.0, absolute=True),
    # Welding, all A: the source keeps the energy, more of it joins better; a thick roll jams.
    Tie("winding.diameter", "welding.insertion_force", 2.0 / 0.03, absolute=True),
    Tie("welding.weld_current", "welding.weld_energy", 0.7),
    Tie("welding.weld_energy", "welding.tab_resistance", -1.5),
    Tie("welding.weld_energy", "welding.can_resistance", -1.5),
    Tie("welding.weld_energy", "welding.pull_force", 2.0),
    # Masses: of the coatings in the dry cell, and all again at the end of line.
    Tie("cathode.loading", "filling.mass_before", 25.3 / 63.6),
    Tie("cathode.width", "filling.mass_before", 25.3 / 63.6),
    Tie("winding.length_cathode", "filling.mass_before", 25.3 / 63.6),
    Tie("anode.loading", "filling.mass_before", 14.5 / 63.6),
    Tie("anode.width", "filling.mass_before", 14.5 / 63.6),
    Tie("winding.length_anode", "filling.mass_before", 14.5 / 63.6),
    Tie("filling.mass_after", "end_of_line.mass", _AGAIN),
    Tie("cathode.loading", "end_of_line.mass", (1 - _AGAIN) * 25.3 / 70.0),
    Tie("anode.loading", "end_of_line.mass", (1 - _AGAIN) * 14.5 / 70.0),
    Tie(FILL, "end_of_line.mass", (1 - _AGAIN) * 6.4 / 70.0),
    # The dose wets the pores there are. A: a fifth of what they differ by; the rest is in excess.
    Tie(FILL, WETTING, 1.0),
    Tie("cell.void", WETTING, -0.2),
    # Viscosity halves from 25 to 45 Cel.
    Tie("filling.electrolyte_temperature_mean", "filling.fill_time", -0.034 * 30),
    # Capacity: the cathode limits, so it goes 1:1 with its mass.
    Tie("cathode.loading", "cell.capacity", 1.0),
    Tie("cathode.width", "cell.capacity", 1.0),
    Tie("winding.length_cathode", "cell.capacity", 1.0),
    Tie(WETTING, "cell.capacity", _CAPACITY),
    Tie("cell.capacity", "formation.discharge_capacity", 1.0),
    Tie("formation.temperature_mean", "formation.discharge_capacity", 0.003 / _HOT),
    Tie("cathode.loading", "formation.charge_capacity", 1.0),
    Tie("cathode.width", "formation.charge_capacity", 1.0),
    Tie("winding.length_cathode", "formation.charge_capacity", 1.0),
    Tie(WETTING, "formation.charge_capacity", _CAPACITY - _EFFICIENCY),
    Tie("formation.temperature_mean", "formation.charge_capacity", -0.0004 / _HOT),
    Tie("cathode.water", "formation.charge_capacity", 0.0034 / _WATER),
    Tie("anode.water", "formation.charge_capacity", 0.0017 / _WATER),
    Tie("room.vapour", "formation.charge_capacity", 0.0034 / _VAPOUR),
    Tie("formation.charge_capacity", "formation.charge_energy", 0.95),
    Tie("formation.discharge_capacity", "formation.discharge_energy", 0.95),
    Tie("formation.temperature_mean", "formation.temperature_peak", 1.0, absolute=True),
    Tie("cell.capacity", "end_of_line.capacity", 1.0),
    Tie("end_of_line.capacity", "end_of_line.energy", 0.95),
    # Resistance. About half of the spread that a test floor sees is the temperature of its
    # fixtures (Wildfeuer and Lienkamp); a kelvin as [quality.measures] of the plant file says.
    Tie("end_of_line.temperature", "end_of_line.dcir", -0.012 * 25),
    Tie("end_of_line.temperature", "end_of_line.dcir_low", -0.012 * 25),
    Tie("end_of_line.temperature", "end_of_line.acir", -0.005 * 25),
    Tie(WETTING, "end_of_line.dcir", -0.045 / 0.06),
    Tie(WETTING, "end_of_line.dcir_low", -0.045 / 0.06),
    Tie(WETTING, "end_of_line.acir", -0.02 / 0.06),
    Tie("formation.temperature_mean", "end_of_line.dcir", 0.03 / _HOT),
    Tie("formation.temperature_mean", "end_of_line.dcir_low", 0.03 / _HOT),
    Tie("cell.np", "end_of_line.dcir_low", -0.01 / 0.03),
    Tie("cathode.porosity", "end_of_line.acir", 0.0783),
    Tie("anode.porosity", "end_of_line.acir", 0.04),
    Tie("cathode.water", "end_of_line.acir", 0.01 / _WATER),
    Tie("anode.water", "end_of_line.acir", 0.005 / _WATER),
    Tie("room.vapour", "end_of_line.acir", 0.01 / _VAPOUR),
    *(
        Tie(weld, f"end_of_line.{resistance}", slope, absolute=True)
        for resistance in ("dcir", "dcir_low", "acir")
        for weld, slope in (
            ("welding.tab_resistance", 0.001),
            ("welding.can_resistance", 0.001),
            ("cell.contact", 1.0),
        )
    ),
    # Self-discharge as it is read: 0.2 mV/K over seven days, and a little for water (A).
    Tie("cell.leakage", "end_of_line.k_value", 1.0, absolute=True),
    Tie("ageing.temperature", "end_of_line.k_value", 0.2 / 7, absolute=True),
    Tie("ageing.temperature1", "end_of_line.k_value", -0.2 / 7, absolute=True),
    Tie("cathode.water", "end_of_line.k_value", 0.0002, absolute=True),
    # The crimp and the leak are measured again (A).
    Tie("sealing.crimp_height", "end_of_line.height", 0.8, absolute=True),
    Tie("sealing.leak_rate", "end_of_line.leak_rate", 0.7),
)

#: Self-discharge by leakage, mV/d: 3.7 V / R x 0.2 V/Ah is 0.05 at 355 kOhm. The resistance is
#: log-normal with a sigma of 0.35, and a burr of 1 um more makes it 4 % less (A).
_LEAKAGE, _LEAKAGE_SIGMA, _BURR_UM, _PER_UM = 0.05, 0.35, 3.0, 0.04

IDENTITIES: tuple[Identity, ...] = (
    Identity(
        "filling.mass_after",
        ("filling.mass_before", FILL),
        lambda before, fill: before + fill,
    ),
    Identity(
        "formation.first_cycle_efficiency",
        ("formation.discharge_capacity", "formation.charge_capacity"),
        lambda discharge, charge: discharge / charge,
    ),
    Identity(
        "cell.leakage",
        ("noise.leakage", "cathode.burr"),
        lambda luck, burr_um: (
            _LEAKAGE
            * np.exp(_LEAKAGE_SIGMA * luck - _LEAKAGE_SIGMA**2 / 2 + _PER_UM * (burr_um - _BURR_UM))
        ),
        nominal=_LEAKAGE,
    ),
    Identity(
        "ageing.ocv2",
        ("ageing.ocv1", "end_of_line.k_value", "ageing.ocv_hours"),
        lambda ocv1_v, k_mv_per_d, hours: ocv1_v - k_mv_per_d * 1e-3 * hours / 24,
    ),
)

#: Temperatures that hang on the channel: which share of the variance always stays with it (A).
FIXTURES: Mapping[str, float] = {
    "formation.temperature_mean": 0.5,
    "end_of_line.temperature": 0.5,
}

#: Results of destructive samples: one cell in so many seconds, the others have none.
SAMPLED_EACH_S: Mapping[str, int] = {"welding.pull_force": 5760}  # five a shift

#: What a quantity cannot exceed; none with a nominal above 0 falls below 0, but see below.
CEILING: Mapping[str, float] = {"sealing.code_grade": 4.0}
#: Measured differences and temperatures may be negative.
MAY_BE_NEGATIVE = frozenset({"mV/d", "mV", "Cel"})


def is_counter(signal: Signal) -> bool:
    """Say whether *signal* runs evenly from 0 to its upper limit, as its figures tell."""
    if signal.low is not None or signal.high is None or signal.nominal <= 0:
        return False
    even = np.isclose(
        [signal.nominal, signal.sd], [signal.high / 2, signal.high / 12**0.5], rtol=0.02
    )
    return bool(np.all(even))
