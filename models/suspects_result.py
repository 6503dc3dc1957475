"""Suspects of an anomaly of a result: what the cells that deviate have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.sql import statement
from models.suspects_cells import Visits, read_event
from models.suspects_earlier import Earlier, claims
from models.suspects_event import Event, Written
from models.suspects_gauge import ask_cells, sensor
from models.suspects_levels import Cells
from models.suspects_passing import machine_kind
from models.suspects_rank import Claim, Name, Suspect, cells_of, rank
from models.suspects_scene import Scene
from models.suspects_score import Baseline, score
from models.suspects_sentence import sentence, words
from models.suspects_trace import PLACES, trace
from models.suspects_witness import Verdict, verdict
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection

#: Mostly what a station measures is its own doing: that much better is its place beforehand.
_OWN_PLACE = 14.0
_MOST = 8
#: Who has this part of a suspect's gain explains its cells as well.
_AS_GOOD = 0.85


class Investigation:
    """Looks for suspects on one connection; the way of the same cells is read once."""

    def __init__(self, connection: Connection, plant: Plant) -> None:
        self._connection = connection
        self._plant = plant
        self._scene: Scene | None = None

    def suspects(self, event: Event, earlier: Sequence[Earlier], until: datetime) -> list[Written]:
        """Return the suspects of *event*, the likeliest first, by the cells up to *until*."""
        plant = self._plant
        visits = read_event(
            self._connection,
            plant,
            (event.line, event.station),
            event.characteristic,
            since=event.since,
            until=until,
        )
        if not len(visits.key):
            return []
        if self._scene is None or not self._scene.is_of(event.line, visits):
            self._scene = Scene.read(self._connection, plant, event.line, visits)
        scene = self._scene
        cells = self._scored(event, visits)
        bonus, known = claims(plant, event.station, earlier, scene.passings, scene.factors)
        own = dict(bonus)
        machine = Name(machine_kind(plant.stations[event.station]), event.station, event.equipment)
        for name in (Name(event.place_kind(plant), event.station, event.place), machine):
            own[name] = max(_OWN_PLACE, own.get(name, 0.0))
        found = rank(cells, scene.factors, known, bonus=own, most=_MOST)
        if not found:
            return []
        written = [self._written(event, suspect, until) for suspect in found]
        return (
            self._gauge(event, visits, cells, (found[0], known, written[0]), until)
            + self._traced(event, visits, (found[0], known), bonus, until)
            + written
        )

    def _scored(self, event: Event, visits: Visits) -> Cells:
        recipes = {name: index for index, name in enumerate(self._plant.recipes)}
        baselines = {}
        for machine, position, recipe, mean, sd in self._connection.execute(
            statement("suspect_baselines"),
            {"characteristic": event.characteristic, "machines": list(visits.machines)},
        ):
            key = visits.machines.index(machine), position, recipes.get(recipe, 0)
            baselines[key] = Baseline(mean, sd)
        place = visits.machines.index(event.equipment), event.position or 0
        own = (*place, recipes.get(event.recipe, 0))
        # What is expected follows the slow part of the result, which all places share.
        moved = event.expected - baselines[own].mean if own in baselines else 0.0
        baselines = {key: Baseline(b.mean + moved, b.sd) for key, b in baselines.items()}
        usual = Baseline(event.expected, event.sd)
        return score(visits, baselines, usual, value=event.value, since_us=to_us(event.since))

    def _gauge(
        self,
        event: Event,
        visits: Visits,
        cells: Cells,
        first: tuple[Suspect, Sequence[Claim], Written],
        until: datetime,
    ) -> list[Written]:
        """Return the gauge of the first suspect if only what it measured is off, or nothing."""
        suspect, known, written = first
        assert self._scene is not None
        if suspect.name.station != event.station or suspect.name.kind not in PLACES:
            return []
        testimonies = list(
            ask_cells(
                self._connection, self._plant, event, self._scene, visits,
                cells=cells_of(suspect, self._scene.factors, known),
                deviation=cells.deviation, until=until,
            )
        )  # fmt: skip
        is_gauge = verdict(testimonies) is Verdict.GAUGE
        return [sensor(written, testimonies)] if is_gauge else []

    def _traced(
        self,
        event: Event,
        visits: Visits,
        first: tuple[Suspect, Sequence[Claim]],
        bonus: dict[Name, float],
        until: datetime,
    ) -> list[Written]:
        """Return the suspects by a result that no chart watches, if the cells differ in one."""
        suspect, known = first
        scene = self._scene
        assert scene is not None
        mask = cells_of(suspect, scene.factors, known)
        found = trace(
            self._connection, self._plant, scene, visits.recipe,
            cells=mask, suspect_station=suspect.name.station,
        )  # fmt: skip
        if found is None:
            return []
        own = {name: max(_OWN_PLACE, bonus.get(name, 0.0)) for name in found.own_places()}
        before = rank(found.cells, found.factors, bonus={**bonus, **own}, most=_MOST)
        if not before or before[0].gain < _AS_GOOD * found.gain_of(mask):
            return []  # nobody before it has these cells as the suspect has
        return [
            self._written(event, one, until, of=(found.station, found.result)) for one in before
        ]

    def _written(
        self, event: Event, suspect: Suspect, until: datetime, of: tuple[str, str] | None = None
    ) -> Written:
        """Return *suspect* as a row; the effect is in a result *of* a station, or the event's."""
        plant, unit = self._plant, event.unit
        if of is not None:
            unit = plant.stations[of[0]].results[of[1]].unit
        since, evidence = event.since, f"{suspect.affected:,} cells"
        if suspect.name.kind == "roll_metres":
            evidence = f"from {suspect.begin or 0.0:,.0f} m, {evidence}"
        elif suspect.begin is not None:
            since = from_us(int(suspect.begin))
        kind, station, value = suspect.name
        text = sentence(
            plant, words(plant, kind, station, value), since=since, until=until,
            evidence=evidence, effect=suspect.effect, unit=unit, of=of[1] if of else "",
        )  # fmt: skip
        return Written(
            kind, value, station, suspect.affected, suspect.affected_total, suspect.others,
            suspect.others_total, suspect.lift, suspect.p_value, suspect.q_value, since,
            suspect.effect, unit, text,
        )  # fmt: skip


def without_repeats(suspects: Sequence[Written], most: int = _MOST) -> list[Written]:
    """Return the first of each factor and value among *suspects*, at most so many."""
    first: dict[tuple[str, str], Written] = {}
    for one in suspects:
        first.setdefault((one.factor, one.value), one)
    return list(first.values())[:most]
