"""Charts, baselines and anomalies in the database: read at the start, written with each step."""

from __future__ import annotations

from collections.abc import Sequence

from models.anomaly_store import AnomalyRow, write_anomalies
from models.baseline import Baseline
from models.charts import Alarm, ChartKey, Charts, Learnt, Outcome
from models.sql import statement
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection

#: Who wrote an anomaly: the kind of model and the version of what it computes.
MODEL = "cusum-1"

#: Fields of the state that are arrays in the database, in the order of its columns.
_ARRAYS = (
    "total", "on", "below", "samples", "score_sum", "onset_us", "recent_us", "recent",
)  # fmt: skip
_STAGE_TYPES = (
    "int4", "text", "int2", "text", "int4", "int8", "timestamptz", "timestamptz",
    "int8[]", "bool[]", "int8[]", "int8[]", "int8[]", "int8[]", "int8[]", "float8[]",
    "text", "float8",
)  # fmt: skip


def prepare(connection: Connection) -> None:
    """Make what `save` needs in this session."""
    connection.execute(statement("stage_charts"))


def load(connection: Connection, plant: Plant, charts: Charts) -> None:
    """Fill the empty *charts* with what the database holds."""
    for row in connection.execute(statement("load_charts")):
        key = ChartKey(row[0], row[1], row[2], row[3] or default_recipe(plant))
        version, points, first, last, level = row[4:9]
        number = charts.add(key, usual_sd(plant, key))
        state = charts.state[number]
        state["points"], state["level"] = points, level
        state["first_us"], state["last_us"] = to_us(first), to_us(last)
        for name, values in zip(_ARRAYS, row[9:17], strict=True):
            state[name] = values
        if version:
            charts.set_baseline(number, version, Baseline(*row[17:]))
    pieces = connection.execute("SELECT chart, value FROM analysis.learning ORDER BY chart, first")
    for number, piece in pieces:
        charts.learning[number].append(piece)


def save(connection: Connection, plant: Plant, charts: Charts, outcome: Outcome) -> list[int]:
    """Write what *outcome* changed, in the caller's transaction; return the ids of alarms begun."""
    save_states(connection, charts, outcome.touched.tolist())
    _save_learning(connection, outcome)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_control_limit"),
            [_control_limit(charts, learnt) for learnt in outcome.learnt],
        )
    return write_anomalies(connection, [anomaly(plant, charts, alarm) for alarm in outcome.alarms])


def default_recipe(plant: Plant) -> str:
    """Return the recipe of what names none: the first one, or '' in a plant without recipes."""
    return next(iter(plant.recipes), "")


def usual_sd(plant: Plant, key: ChartKey) -> float:
    """Return the sd that the plant model states; 1 for what the model no longer has."""
    try:
        of_recipe = plant.for_recipe(key.recipe) if key.recipe else plant
        return of_recipe.signal(key.equipment, key.characteristic).sd
    except KeyError:
        return 1.0


def save_states(connection: Connection, charts: Charts, touched: Sequence[int]) -> None:
    """Write the states of the charts *touched*, in the caller's transaction."""
    with connection.cursor() as cursor:
        with cursor.copy("COPY chart_stage FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_STAGE_TYPES)
            for number in touched:
                state = charts.state[number]
                copy.write_row(
                    (
                        number,
                        *charts.keys[number][:3],
                        int(state["version"]),
                        int(state["points"]),
                        from_us(int(state["first_us"])),
                        from_us(int(state["last_us"])),
                        *(state[name].tolist() for name in _ARRAYS),
                        charts.keys[number].recipe,
                        float(state["level"]),
                    )
                )
        cursor.execute(statement("upsert_charts"))


def _save_learning(connection: Connection, outcome: Outcome) -> None:
    if not outcome.learning:
        return
    done = {learnt.chart for learnt in outcome.learnt}
    with connection.cursor() as cursor:
        with cursor.copy("COPY analysis.learning FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("int4", "int4", "float8[]"))
            for chart, first, values in outcome.learning:
                if chart not in done:
                    copy.write_row((chart, first, values.tolist()))
        cursor.execute("DELETE FROM analysis.learning WHERE chart = ANY (%s)", (list(done),))


def _control_limit(charts: Charts, learnt: Learnt) -> tuple[object, ...]:
    return (
        *charts.keys[learnt.chart],
        int(charts.state["version"][learnt.chart]),
        *learnt.baseline,
        charts.arl0,
        from_us(learnt.from_us),
        from_us(learnt.to_us),
    )


def anomaly(plant: Plant, charts: Charts, alarm: Alarm) -> AnomalyRow:
    """Return the row that tells of *alarm*."""
    key, state = charts.keys[alarm.chart], charts.state[alarm.chart]
    machine = plant.equipment[key.equipment]
    return AnomalyRow(
        state="on" if alarm.is_on else "off",
        line=machine.line,
        station=machine.station,
        equipment=key.equipment,
        position=key.position,
        characteristic=key.characteristic,
        direction="high" if alarm.is_high else "low",
        since=from_us(alarm.since_us),
        time=from_us(alarm.time_us),
        statistic=alarm.statistic,
        limit=alarm.limit,
        value=alarm.value,
        expected=alarm.expected,
        sd=float(state["sd"]),
        unit=plant.signal(key.equipment, key.characteristic).unit,
        samples=alarm.samples,
        last_points=[[from_us(time_us).isoformat(), value] for time_us, value in alarm.recent],
        model=MODEL,
        recipe=key.recipe,
    )
