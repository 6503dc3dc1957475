"""How many decimals an instrument gives: a fiftieth of the healthy spread and no more."""

from __future__ import annotations

import math


def decimals(sd: float) -> int:
    """Return the decimals with which a quantity of standard deviation *sd* is published."""
    return max(0, math.ceil(-math.log10(sd / 50)))
