"""Suspects: for each anomaly a ranked list of who may be behind it, with the evidence.

An anomaly of a result is compared over cells: what have those that deviate in common that the
others have not, among all machines, positions and material that they met up to there? An anomaly
of a machine's signals names the machine, or the position whose signals have most to do with it.
Either way, what was seen before on the way to it comes first if it reaches the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence

from models import suspects_machine
from models.sql import statement
from models.suspects_cells import Visits, read_event
from models.suspects_earlier import Earlier, claims, read_earlier
from models.suspects_event import Event, Written, read_events, write
from models.suspects_levels import Cells
from models.suspects_passing import machine_kind
from models.suspects_rank import Name, Suspect, rank
from models.suspects_scene import Scene
from models.suspects_score import Baseline, score
from models.suspects_sentence import sentence, words
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection

#: Mostly what a station measures is its own doing: that much better is its place beforehand.
_OWN_PLACE = 14.0
_MOST = 8


def write_suspects(connection: Connection, plant: Plant, anomaly_ids: Sequence[int]) -> None:
    """Write the suspects of those anomalies that began, in the caller's transaction."""
    events = read_events(connection, anomaly_ids)
    if not events:
        return
    until = max(event.time for event in events)
    earlier = {
        line: read_earlier(connection, line, until, [event.id for event in events])
        for line in {event.line for event in events}
    }
    scene: Scene | None = None
    # The way of the cells is the same for all results of a station: read it once.
    for event in sorted(
        events, key=lambda e: (e.line, list(plant.stations).index(e.station), e.id)
    ):
        before = earlier[event.line]
        if event.characteristic in plant.stations[event.station].results:
            visits = _visits(connection, plant, event)
            if len(visits.key) and (scene is None or not scene.is_of(event.line, visits)):
                scene = Scene.read(connection, plant, event.line, visits)
            cells = _scored(connection, plant, event, visits)
            found = (
                _of_cells(plant, event, scene, cells, before) if scene and len(visits.key) else []
            )
        else:
            found = suspects_machine.suspects(connection, plant, event, before)
        # Without cells, or when none of them deviates, there is the place of the alarm.
        found = found or [suspects_machine.own_place(plant, event, event.position)]
        write(connection, event.id, found)
        before.append(
            Earlier(
                event.station, event.equipment, event.position, event.since, None,
                found[0].factor, found[0].station, found[0].value, found[0].since,
            )
        )  # fmt: skip


def _visits(connection: Connection, plant: Plant, event: Event) -> Visits:
    return read_event(
        connection,
        plant,
        (event.line, event.station),
        event.characteristic,
        since=event.since,
        until=event.time,
    )


def _scored(connection: Connection, plant: Plant, event: Event, visits: Visits) -> Cells:
    recipes = {name: index for index, name in enumerate(plant.recipes)}
    baselines = {}
    for machine, position, recipe, mean, sd in connection.execute(
        statement("suspect_baselines"),
        {"characteristic": event.characteristic, "machines": list(visits.machines)},
    ):
        key = visits.machines.index(machine), position, recipes.get(recipe, 0)
        baselines[key] = Baseline(mean, sd)
    own = visits.machines.index(event.equipment), event.position or 0, recipes.get(event.recipe, 0)
    # What is expected follows the slow part of the result, which all places share.
    moved = event.expected - baselines[own].mean if own in baselines else 0.0
    baselines = {key: Baseline(b.mean + moved, b.sd) for key, b in baselines.items()}
    usual = Baseline(event.expected, event.sd)
    return score(visits, baselines, usual, value=event.value, since_us=to_us(event.since))


def _of_cells(
    plant: Plant, event: Event, scene: Scene, cells: Cells, earlier: Sequence[Earlier]
) -> list[Written]:
    bonus, known = claims(plant, event.station, earlier, scene.passings, scene.factors)
    machine = Name(machine_kind(plant.stations[event.station]), event.station, event.equipment)
    for own in (Name(event.place_kind(plant), event.station, event.place), machine):
        bonus[own] = max(_OWN_PLACE, bonus.get(own, 0.0))
    return [
        _written(plant, event, suspect)
        for suspect in rank(cells, scene.factors, known, bonus=bonus, most=_MOST)
    ]


def _written(plant: Plant, event: Event, suspect: Suspect) -> Written:
    since, evidence = event.since, f"{suspect.affected:,} cells"
    if suspect.name.kind == "roll_metres":
        evidence = f"from {suspect.begin or 0.0:,.0f} m, {evidence}"
    elif suspect.begin is not None:
        since = from_us(int(suspect.begin))
    kind, station, value = suspect.name
    text = sentence(
        plant, words(plant, kind, station, value), since=since, until=event.time,
        evidence=evidence, effect=suspect.effect, unit=event.unit,
    )  # fmt: skip
    return Written(
        kind, value, station, suspect.affected, suspect.affected_total, suspect.others,
        suspect.others_total, suspect.lift, suspect.p_value, suspect.q_value, since,
        suspect.effect, event.unit, text,
    )  # fmt: skip
