"""Setting: what every stage needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.config import Config
from plant.model import Plant


@dataclass(frozen=True, slots=True)
class Setting:
    """The plant, and who is told what."""

    plant: Plant
    config: Config
