"""Baselines that somebody promoted: the charts are judged by them from the next step on.

The old ones stay in analysis.control_limit, no longer active, to explain old alarms. A chart begins
anew with its baseline: its sums are zero, and an alarm that was on ends.
"""

from __future__ import annotations

import logging

import numpy as np

from models import chart_store
from models.anomaly_store import write_anomalies
from models.charts import Alarm, Charts
from models.sql import statement
from models.station.persist import ModelFileError
from models.train_baselines import ChartBaseline, from_bytes
from plant.model import Plant
from plant.times import from_us
from storage.connect import Connection

log = logging.getLogger("jellyroll.models")


def apply_promoted(connection: Connection, plant: Plant, charts: Charts, refused: set[int]) -> int:
    """Take over active baselines that are not in use yet, in the caller's transaction.

    Return how many charts changed. Models that cannot be used are added to *refused*, and not
    asked for again.
    """
    changed: list[int] = []
    rows = connection.execute(statement("promoted_baselines"), (list(refused),)).fetchall()
    for number, sha256, content in rows:
        try:
            baselines = from_bytes(bytes(content), sha256)
        except ModelFileError as error:
            log.warning("model %d is not used: it %s", number, error)
            refused.add(number)
            continue
        known = [its for its in baselines if its.key in charts.number]
        for its in known:
            _apply(connection, plant, charts, number, its)
        if not known:
            refused.add(number)
        changed += [charts.number[its.key] for its in known]
        log.info("model %d: new baselines of %d charts", number, len(known))
    if changed:
        chart_store.save_states(connection, charts, sorted(set(changed)))
    return len(changed)


def _apply(
    connection: Connection, plant: Plant, charts: Charts, model: int, its: ChartBaseline
) -> None:
    chart = charts.number[its.key]
    state = charts.state[chart]
    ends = [
        Alarm(
            chart=chart,
            is_on=False,
            is_high=side == 0,
            since_us=int(state["onset_us"][side]),
            time_us=int(state["last_us"]),
            statistic=0.0,
            limit=float(state["h"]),
            value=float(state["mean"]),
            expected=float(state["mean"]),
            samples=1,
            recent=[],
        )
        for side in np.flatnonzero(state["on"]).tolist()
    ]
    write_anomalies(connection, [chart_store.anomaly(plant, charts, end) for end in ends])
    values = {
        **its.key._asdict(),
        **its.baseline._asdict(),
        "arl0": charts.arl0,
        "from_time": from_us(its.from_us),
        "to_time": from_us(its.to_us),
        "model": model,
    }
    connection.execute(statement("retire_control_limit"), values)
    row = connection.execute(statement("insert_promoted_limit"), values).fetchone()
    assert row is not None
    charts.begin_anew(chart, int(row[0]), its.baseline)
    connection.execute("DELETE FROM analysis.learning WHERE chart = %s", (chart,))
