"""Where an alert leads to: the dashboard that shows its place at its time."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from alerts.alert import Alert, Cause, Kind, Severity, State
from alerts.config_file import LinksPart
from alerts.read_on import dashboard_link
from plant.model import Plant
from tests.alerts.support import ONSET

NOZZLE = Cause("l1", "filling", "l1-filler-01", 3, "fill_mass", "low")
GRAFANA = LinksPart(grafana="https://plant.example/grafana/")


def alert_of(cause: Cause) -> Alert:
    return Alert(
        id=17, kind=Kind.PROCESS, cause=cause, state=State.UNACKNOWLEDGED, severity=Severity.HIGH,
        title="", since=ONSET, opened_at=ONSET, updated_at=ONSET,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "board", "variables"),
    [
        (NOZZLE, "jr-station",
         {"line": "l1", "station": "filling", "equipment": "l1-filler-01", "position": "3",
          "characteristic": "fill_mass"}),
        (NOZZLE._replace(position=None, characteristic="vacuum"), "jr-station",
         {"line": "l1", "station": "filling", "equipment": "l1-filler-01", "signal": "vacuum"}),
        (NOZZLE._replace(position=None, characteristic="lost:vacuum"), "jr-station",
         {"line": "l1", "station": "filling", "equipment": "l1-filler-01", "signal": "vacuum"}),
        (Cause("l1", "filling", "", None, "signal", ""), "jr-station",
         {"line": "l1", "station": "filling"}),
        (Cause("l1", "", "", None, "alarms", ""), "jr-line", {"line": "l1"}),
        (Cause("", "", "", None, "on-call", ""), "jr-overview", {}),
    ],
)  # fmt: skip
def test_the_narrowest_board_that_shows_the_place(
    cause: Cause, board: str, variables: dict[str, str], pilot: Plant
) -> None:
    told_at = ONSET + timedelta(minutes=4)
    parts = urlsplit(dashboard_link(GRAFANA, pilot, alert_of(cause), told_at) or "")
    assert (
        f"{parts.scheme}://{parts.netloc}{parts.path}" == f"https://plant.example/grafana/d/{board}"
    )
    asked = dict(parse_qsl(parts.query))
    begin, end = int(asked.pop("from")), int(asked.pop("to"))
    assert asked == {f"var-{name}": value for name, value in variables.items()}
    onset_ms = int(ONSET.timestamp() * 1000)
    half_an_hour_ms = 30 * 60 * 1000
    assert (begin, end) == (onset_ms - half_an_hour_ms, onset_ms + half_an_hour_ms + 240_000)


def test_a_board_of_ones_own_is_written_out_and_nothing_breaks_out_of_it(pilot: Plant) -> None:
    links = LinksPart(
        grafana="https://a.example", dashboard="https://b.example/d/x?var={equipment}"
    )
    cause = NOZZLE._replace(equipment="l1&var=2#")
    assert (
        dashboard_link(links, pilot, alert_of(cause), ONSET)
        == "https://b.example/d/x?var=l1%26var%3D2%23"
    )


def test_without_grafana_there_is_no_link(pilot: Plant) -> None:
    assert dashboard_link(LinksPart(), pilot, alert_of(NOZZLE), ONSET) is None
