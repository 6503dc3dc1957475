"""The same plant, smaller or faster."""

from __future__ import annotations

import math
from functools import cached_property

from plant.model import Equipment, Plant


def scaled(plant: Plant, factor: float) -> Plant:
    """Return *plant* with *factor* times its cells a second, and the machines for them.

    Below 1 each group of like machines on a line keeps its first ones: *factor* of them, rounded
    up, one at least, under their own names, so that whoever knows the plant file knows them. Above
    1 the machines are the plant file's, and each sees so many more cells. Machines sample at their
    own rates always.
    """
    if factor == 1:
        return plant
    rate = plant.production.cells_per_second * factor
    changed = {"production": plant.production.model_copy(update={"cells_per_second": rate})}
    if factor > 1:
        return plant.model_copy(update=changed)
    fields = {name: getattr(plant, name) for name in Plant.model_fields}
    return _Smaller.model_construct(**fields | changed, share=factor)


class _Smaller(Plant):
    """A plant that runs only *share* of its machines."""

    share: float = 1.0

    @cached_property
    def equipment(self) -> dict[str, Equipment]:
        """The machines that run, by name."""
        stations = self.stations
        return {
            name: machine
            for name, machine in super().equipment.items()
            if machine.number
            <= math.ceil(self.share * stations[machine.station].equipment[machine.group].count)
        }
