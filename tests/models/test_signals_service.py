"""The monitor of signals as a process: killed at any place, with a model promoted while it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from models import registry
from models.follow import catch_up
from models.monitor_signals import SignalMonitor
from storage.connect import connect
from tests.models.conftest import FILLER, Feeder, number
from tests.models.samples import Samples, shifted
from tests.models.signals import TRAINED, everything, fed, learn, samples
from tests.waiting import wait_until

__all__ = ["fed", "samples"]  # fixtures


def start(dsn: str, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jellyroll", "monitor", "--database", dsn]
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def is_ahead(dsn: str) -> bool:
    """Whether the process has read all batches, written or not."""
    return bool(
        number(
            dsn,
            "SELECT count(*) FROM ingest.cursor WHERE follower = 'signals-ahead'"
            " AND xid = (SELECT max(xid) FROM ingest.batch)",
        )
    )


def test_kill_9_with_memories_not_yet_written_neither_repeats_nor_misses_anything(
    fed: Feeder,
    samples: Samples,
    tmp_path: Path,
) -> None:
    by = 5 * samples.plant.signal(FILLER, "vacuum").sd
    change = shifted(TRAINED + 300, TRAINED + 400, "vacuum", by)
    log = tmp_path / "monitor.log"
    row = TRAINED
    # Killed after steps without an alarm, of which nothing but the place ahead is written, after
    # the alarm began, and after it ended.
    for rows in (150, 160, 60, 130):
        process = start(fed.dsn, log)
        fed.commit(*(
            samples.frame(range(first, first + 10), change)
            for first in range(row, row + rows, 10)
        ))  # fmt: skip
        row += rows
        wait_until(lambda: is_ahead(fed.dsn), "the last batch")
        process.kill()
        process.wait()
    catch_up(fed.dsn, SignalMonitor(samples.plant, flush_s=0.0))
    interrupted = everything(fed.dsn)
    assert [line[0]["state"] for line in interrupted[0]] == ["on", "off"]
    with psycopg.connect(fed.dsn) as connection:
        connection.execute("TRUNCATE analysis.watch, analysis.model_day, analysis.anomaly CASCADE")
        connection.execute(
            "UPDATE ingest.cursor SET xid = (SELECT xid FROM ingest.batch ORDER BY id OFFSET 1"
            " LIMIT 1) WHERE follower = 'signals'"
        )
    catch_up(fed.dsn, SignalMonitor(samples.plant, flush_s=0.0))
    assert everything(fed.dsn) == interrupted
    # The history of the score holds the alarm, above its limit, and where the machine stands now.
    newest = (
        "SELECT (SELECT max(share_of_limit) FROM analysis.score_1m) > 1 AND m.share_of_limit >="
        " w.statistic / w.limit_value FROM analysis.watch AS w JOIN analysis.score_1m AS m"
        " ON m.equipment = w.equipment AND m.time = date_trunc('minute', w.last_time)"
    )
    assert number(fed.dsn, newest) == 1


def test_a_model_that_is_promoted_is_used_by_the_monitor_that_runs(
    fed: Feeder,
    samples: Samples,
    tmp_path: Path,
) -> None:
    log = tmp_path / "monitor.log"
    process = start(fed.dsn, log)
    fed.commit(samples.frame(range(TRAINED, TRAINED + 50)))
    wait_until(lambda: is_ahead(fed.dsn), "the first rows")
    newer = learn(fed.dsn, samples.plant, TRAINED - 1_000)
    with connect(fed.dsn, application="test", autocommit=True) as connection:
        registry.promote(connection, newer)
    fed.commit(samples.frame(range(TRAINED + 50, TRAINED + 100)))
    wait_until(lambda: is_ahead(fed.dsn), "the rows after it")
    process.terminate()
    assert process.wait(30) == 0
    assert log.read_text().count("1 models of signals") == 2
    catch_up(fed.dsn, SignalMonitor(samples.plant, flush_s=0.0))
    assert number(fed.dsn, "SELECT model FROM analysis.watch") == newer
