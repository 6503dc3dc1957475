"""The list of alerts, and what a person sees of one and does to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.alert import Severity
from storage.connect import Connection
from tests.alerts.web.support import NOZZLE, Browser, open_alert, state_of


def ids(browser: Browser, query: str) -> list[int]:
    page = browser.get(f"/alerts{query}")
    assert page.status_code == 200, page.text
    return [int(number) for number in re.findall(r'id="alert-(\d+)"', page.text)]


def test_the_list_shows_what_is_asked_for(technician: Browser, link: Connection) -> None:
    high = open_alert(link)
    low = open_alert(link, NOZZLE._replace(position=4), severity=Severity.LOW)
    welder = open_alert(link, NOZZLE._replace(station="welding", equipment="l1-welder-01"))
    technician.post(f"/alerts/{low.id}/shelve", why="new batch", hours="4")
    technician.post(f"/alerts/{welder.id}/acknowledge")
    assert ids(technician, "") == [welder.id, high.id]
    assert ids(technician, "?show=all") == [welder.id, low.id, high.id]
    assert ids(technician, "?show=waiting") == [high.id]
    assert ids(technician, "?show=suppressed") == [low.id]
    assert ids(technician, "?show=closed") == []
    assert ids(technician, "?station=welding") == [welder.id]
    assert ids(technician, "?show=all&severity=low&station=") == [low.id]
    assert ids(technician, "?text=WELDER") == [welder.id]
    assert ids(technician, "?text=%25") == []


@pytest.mark.parametrize("query", ["?show=x", "?severity=worst", "?before=0", "?line=%00"])
def test_a_filter_that_makes_no_sense_is_answered_in_words(query: str, technician: Browser) -> None:
    page = technician.get(f"/alerts{query}")
    assert page.status_code == 422
    assert "Not understood" in page.text


def test_a_long_list_goes_on_where_the_page_ends(technician: Browser, link: Connection) -> None:
    for position in range(1, 61):
        open_alert(link, NOZZLE._replace(position=position))
    first = technician.get("/alerts?line=l1")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older
    query = older[1].replace("&amp;", "&").removeprefix("/alerts")
    assert ids(technician, "?line=l1") == list(range(60, 10, -1))
    assert ids(technician, query) == list(range(10, 0, -1))
    assert 'rel="next"' not in technician.get(f"/alerts{query}").text


def test_an_alert_shows_its_evidence_suspects_cells_and_history(
    technician: Browser, link: Connection
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    link.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position, fill_mass)"
        " SELECT %s + n * interval '10 s', 'CELL' || n, 'l1-filler-01', 3,"
        " CASE WHEN n < 0 THEN 6.4 ELSE 6.02 END FROM generate_series(-20, 20) AS n",
        (since,),
    )
    anomaly = insert_suspects(link, since)
    alert = open_alert(link, since=since, anomaly=anomaly)
    page = technician.get(f"/alerts/{alert.id}").text
    assert page.count('<circle class="value"') == 41
    for words in (
        "lower limit", "upper limit", "centre 6.40", "affected",
        "position l1-filler-01:3", "Of 21 deviating cells all were dosed by nozzle 3",
        "21 cells passed there", "CELL0", "FROM &#34;cell&#34;.&#34;filling&#34;",
        "cusum-1", "unacknowledged", "opened",
    ):  # fmt: skip
        assert words in page, words
    query = re.search(r"<pre[^>]*>(.*?);</pre>", page, re.DOTALL)
    assert query
    sql = query[1].replace("&#34;", '"').replace("&#39;", "'")
    assert len(link.execute(sql.encode()).fetchall()) == 21


def insert_suspects(link: Connection, since: datetime) -> int:
    row = link.execute(
        "INSERT INTO analysis.anomaly (state, line, station, equipment, position, characteristic,"
        " direction, since, time, statistic, limit_value, value, expected, sd, unit, samples,"
        " last_points, model) VALUES ('on', 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low',"
        " %s, now(), 9, 8, 6.02, 6.4, 0.025, 'g', 12, '[]', 'cusum-1') RETURNING id",
        (since,),
    ).fetchone()
    assert row
    link.execute(
        "INSERT INTO analysis.suspect VALUES (%s, 1, 'position', 'l1-filler-01:3', 'filling', 21,"
        " 21, 0, 140, 8, 1e-9, 1e-8, %s, -0.38, 'g',"
        " 'Of 21 deviating cells all were dosed by nozzle 3')",
        (row[0], since),
    )
    return int(row[0])


def test_a_technician_takes_comments_assigns_shelves_and_resolves(
    technician: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    page = f"/alerts/{alert.id}"

    def act(what: str, **fields: str) -> None:
        answer = technician.post(f"{page}/{what}", page, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, page)

    act("acknowledge", why="I am at the filler")
    act("comment", why="nozzle 3 is clogged")
    act("assign", assignee="grace")
    act("shelve", hours="4", why="cleaning")
    act("unshelve")
    act("resolve", cause="true_alarm wear", why="cleaned")
    assert state_of(link, alert.id) == "normal"
    rows = link.execute("SELECT what, who, why FROM alert.event ORDER BY id").fetchall()
    assert rows[1:] == [
        ("acknowledged", "technician", "I am at the filler"),
        ("commented", "technician", "nozzle 3 is clogged"),
        ("assigned", "technician", ""),
        ("shelved", "technician", "cleaning"),
        ("unshelved", "technician", ""),
        ("resolved", "technician", "cleaned"),
    ]
    text = technician.get(page).text
    for words in ("true alarm, wear, says technician", "grace has it", "nozzle 3 is clogged"):
        assert words in text


def test_what_the_state_does_not_allow_is_refused_in_words(
    technician: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    technician.post(f"/alerts/{alert.id}/acknowledge")
    again = technician.post(f"/alerts/{alert.id}/acknowledge")
    assert again.status_code == 409
    assert "Not changed: the alert has been acknowledged before" in again.text


def test_an_alert_that_is_not_there_is_not_found(technician: Browser) -> None:
    assert technician.get("/alerts/17").status_code == 404
    assert technician.get("/alerts/0").status_code == 422
    assert technician.get(f"/alerts/{2**70}").status_code == 422
    assert technician.post("/alerts/17/acknowledge").status_code == 404


def test_a_viewer_sees_and_cannot_act(browser: Callable[[str], Browser], link: Connection) -> None:
    alert = open_alert(link)
    viewer = browser("viewer")
    page = viewer.get(f"/alerts/{alert.id}").text
    assert f'action="/alerts/{alert.id}' not in page
    for change in ("acknowledge", "comment", "assign", "shelve", "unshelve", "resolve"):
        answer = viewer.post(f"/alerts/{alert.id}/{change}", why="x", hours="1", cause="a b")
        assert answer.status_code == 403
        assert "needs the role technician" in answer.text
    assert link.execute("SELECT count(*) FROM alert.event").fetchone() == (1,)


@pytest.mark.parametrize(
    ("role", "hours", "status"),
    [("technician", 12, 303), ("technician", 13, 409), ("engineer", 13, 303),
     ("engineer", 720, 303), ("engineer", 721, 422)],
)  # fmt: skip
def test_a_technician_shelves_for_a_shift_and_an_engineer_for_longer(
    role: str, hours: int, status: int, browser: Callable[[str], Browser], link: Connection
) -> None:
    alert = open_alert(link)
    answer = browser(role).post(f"/alerts/{alert.id}/shelve", hours=str(hours), why="trial")
    assert answer.status_code == status


def test_an_alert_about_many_signals_shows_their_shares_and_what_to_do(
    technician: Browser, link: Connection
) -> None:
    shares = [{"signal": "vacuum", "share": 0.71, "value": 41.0, "expected": 30.0, "unit": "mbar"}]
    cause = NOZZLE._replace(position=None, characteristic="multivariate", direction="high")
    alert = open_alert(
        link, cause, contributions=shares, action="Look at the vacuum pump", unit="1"
    )
    page = technician.get(f"/alerts/{alert.id}").text
    for words in (
        "Look at the vacuum pump",
        "<td>vacuum</td><td>71.0 %</td>",
        "41 mbar",
        "30 mbar",
    ):
        assert words in page, words


def test_an_alert_without_a_chart_is_shown_all_the_same(
    technician: Browser, link: Connection
) -> None:
    alert = open_alert(link)
    link.execute("UPDATE alert.alert SET details = '{}', kind = 'signal_lost', station = ''")
    page = technician.get(f"/alerts/{alert.id}")
    assert page.status_code == 200
    assert "no points to draw" in page.text
