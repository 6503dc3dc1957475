"""jellyroll web from the outside: it serves, it stops, it says what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest

from alerts.web.links import signed_link
from stack.postgres import PrivateCluster
from storage.connect import Connection
from tests.alerts.web.support import KEY, PASSWORD, open_alert

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run(database: str) -> Iterator[Run]:
    """Start `jellyroll web …` on the database of the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "jellyroll", "web", *words],
            env={**os.environ, "JELLYROLL_DATABASE": database, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def output(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    for line in process.stderr:
        if "the page is at " in line:
            return line.partition("the page is at ")[2].strip().rstrip("/")
    raise AssertionError(f"ended with {process.wait()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_page_is_served_until_it_is_told_to_stop(run: Run, number: signal.Signals) -> None:
    process = run("--listen", "127.0.0.1:0", "--open")
    page = httpx2.get(address(process))
    assert page.status_code == 200
    assert "Line health" in page.text
    assert "server" not in page.headers
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "stopped" in errors
    assert "Traceback" not in errors


def test_people_and_programs_are_let_in_by_command(
    run: Run, link: Connection, tmp_path: Path
) -> None:
    secret = tmp_path / "password.txt"
    secret.write_text(f"{PASSWORD}\n")
    added = output(
        run("user", "add", "ada", "--role", "technician", "--password-file", str(secret))
    )
    assert added == "ada can sign in as technician\n"
    assert "argon2id" in str(link.execute("SELECT password_hash FROM web.account").fetchone())
    output(run("user", "change", "ada", "--role", "viewer", "--disable"))
    listed = output(run("user", "list", "--json"))
    assert '"role":"viewer"' in listed
    assert "argon2" not in listed
    token = output(run("token", "add", "cmms", "--role", "viewer", "--days", "7")).strip()
    assert token.startswith("jellyroll_")
    assert "cmms" in output(run("token", "list"))
    output(run("token", "remove", "cmms"))
    assert link.execute("SELECT count(*) FROM web.token").fetchone() == (0,)
    assert len(output(run("key")).strip()) >= 32


def test_all_that_is_wrong_is_told_at_once(run: Run, tmp_path: Path) -> None:
    short = tmp_path / "short.key"
    short.write_text("too short")
    process = run(
        "--listen", "nowhere", "--url", "ftp://x", "--key-file", str(short), "--shifts", "25:00",
        "--openid-issuer", "https://id.example", "--grafana", "nowhere",
    )  # fmt: skip
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    for words in ("--listen 'nowhere'", "--url 'ftp://x'", "has 9 characters", "--shifts '25:00'",
                  "--grafana 'nowhere'",
                  "needs --openid-secret-file"):  # fmt: skip
        assert words in errors
    assert "too short" not in errors
    assert "Traceback" not in errors


def test_the_page_takes_shifts_dashboards_and_the_key_from_alerts_toml(
    run: Run, link: Connection, tmp_path: Path
) -> None:
    alert = open_alert(link)
    (tmp_path / "web.key").write_text(KEY)
    file = tmp_path / "alerts.toml"
    file.write_text(
        'time_zone = "Europe/Berlin"\n'
        '[links]\npage_key_file = "web.key"\ngrafana = "https://grafana.example"\n'
        '[endpoints.a]\nurl = "https://a.example"\nsecret_envs = ["NOT_OF_THE_PAGE"]\n'
        '[people.ada]\nendpoints = ["a"]\n'
        '[[shifts]]\nname = "all-day"\nfrom = "00:00"\nto = "00:00"\nteams = [["ada"]]\n'
        '[[routes]]\nname = "all"\nto = ["a"]\n'
    )
    page = address(run("--listen", "127.0.0.1:0", "--open", JELLYROLL_ALERTS=str(file)))
    wall = httpx2.get(page).text
    assert "shifts of alerts.toml" in wall
    midnight = datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=0, minute=0, second=0)
    assert f'all-day, since <time datetime="{midnight.astimezone(UTC):%Y-%m-%dT%H:%M}' in wall
    one = httpx2.get(f"{page}/alerts/{alert.id}").text
    assert 'href="https://grafana.example/d/jr-station?var-line=l1&amp;var-station=filling' in one
    ends = datetime.now(UTC) + timedelta(hours=1)
    assert httpx2.get(signed_link(page, alert.id, "ada", KEY, ends)).status_code == 200
    other = run(
        "--listen", "127.0.0.1:0", "--open", "--config", str(file),
        "--grafana", "https://plant.example/grafana",
    )  # fmt: skip
    one = httpx2.get(f"{address(other)}/alerts/{alert.id}").text
    assert 'href="https://plant.example/grafana/d/jr-station?' in one


def test_an_alerts_toml_that_is_wrong_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text("[[shifts]]\nname = 3\n")
    _, errors = (process := run("--config", str(file))).communicate(timeout=60)
    assert process.returncode == 1
    assert f"{file}: " in errors
    assert "routes: is missing" in errors
    assert "Traceback" not in errors


def test_a_database_without_tables_is_told_what_to_do(run: Run, fresh_database: str) -> None:
    process = run("--listen", "127.0.0.1:0", JELLYROLL_DATABASE=fresh_database)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "run `jellyroll migrate`" in errors


def test_an_address_in_use_is_told(run: Run) -> None:
    taken = address(run("--listen", "127.0.0.1:0")).removeprefix("http://")
    process = run("--listen", taken)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"--listen {taken}" in errors


def test_a_database_that_goes_away_is_said_and_waited_for(
    run: Run, cluster: PrivateCluster
) -> None:
    page = address(run("--listen", "127.0.0.1:0", "--open"))
    assert httpx2.get(f"{page}/healthz").status_code == 200
    cluster.stop("fast")
    away = httpx2.get(page, timeout=30)
    assert away.status_code == 503
    assert "The database does not answer" in away.text
    assert httpx2.get(f"{page}/healthz", timeout=30).status_code == 503
    cluster.start()
    deadline = time.monotonic() + 30
    while httpx2.get(page, timeout=30).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
