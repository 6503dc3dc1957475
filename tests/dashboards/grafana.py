"""Boards in a real Grafana, `make grafana-test`: publish, ask every panel's query, take pictures.

It uses the Grafana at GRAFANA_URL (token in GRAFANA_TOKEN, the database as that Grafana reaches it
in JELLYROLL_GRAFANA_DATABASE_HOST and the like), or starts the `grafana` on the PATH beside a
private database with a little of everything in it. Without either it says so.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import urllib3
from playwright.sync_api import sync_playwright

from dashboards.expand import View, duration_ms, interpolate
from dashboards.names import PLUGIN, SOURCE_UID
from dashboards.remote import PublishError, Source, publish
from dashboards.targets import committed, queried
from plant.load import PILOT, load_plant
from stack.browser import browser
from stack.home import create_database
from stack.packages import install
from stack.postgres import PrivateCluster
from storage.connect import connect
from storage.migrate import migrate
from tests.dashboards.fill import fill_all

NOT_RUN = (
    "not run: no Grafana. Set GRAFANA_URL and GRAFANA_TOKEN, or put `grafana` (11 to 13) on the"
    " PATH."
)
_PATIENCE_S = 90.0
_PASSWORD = "see all, touch nothing"  # of servers that are gone afterwards


class Grafana(NamedTuple):
    """A Grafana to test, and the database as it reaches it (None: it has its data source)."""

    url: str
    token: str
    source: Source | None


class Asked(NamedTuple):
    """A query that was sent through Grafana, and what was wrong with it; empty if nothing."""

    board: str
    name: str
    rows: int
    fault: str


def main() -> int:
    """Return the exit code: 0 also where there is no Grafana, which is said."""
    with found() as grafana:
        if grafana is None:
            sys.stdout.write(f"grafana-test {NOT_RUN}\n")
            return 0
        return examine(grafana, Path("grafana-pictures"))


def examine(grafana: Grafana, folder: Path | None) -> int:
    """Publish, ask, and draw into *folder*; print what was found and return the exit code."""
    boards = committed()
    try:
        for line in publish(grafana.url, grafana.token, boards, source=grafana.source):
            sys.stdout.write(f"{line}\n")
    except PublishError as error:
        sys.stdout.write(f"grafana-test failed: {error}\n")
        return 1
    asked = [one for board in boards for one in ask(grafana, board)]
    for one in asked:
        if one.fault:
            sys.stdout.write(f"{one.board}, {one.name}: {one.fault}\n")
    faults = sum(bool(one.fault) for one in asked)
    rows = sum(one.rows for one in asked)
    sys.stdout.write(f"{len(asked)} queries through Grafana, {rows} rows, {faults} faults\n")
    if folder is not None:
        pictures(grafana, boards, folder)
        sys.stdout.write(f"pictures in {folder}\n")
    return 1 if faults else 0


def ask(grafana: Grafana, board: dict[str, Any]) -> Iterator[Asked]:
    """Send every query of a board's panels through Grafana's own data source, as a browser does."""
    values: dict[str, str | list[str]] = {}
    now = datetime.now(UTC)
    length = duration_ms(board["time"]["from"].removeprefix("now-"))
    view = View(now - timedelta(milliseconds=length), now)
    for variable in queried(board):
        text = interpolate(variable["query"], values)
        target = {"refId": "V", "rawSql": text, "format": "table"}
        frames, fault = _sent(grafana, view, {}, target)
        yield Asked(board["uid"], f"variable {variable['name']}", _rows(frames), fault)
        values[variable["name"]] = _choice(variable, frames)
    for panel in board["panels"]:
        for target in panel["targets"]:
            text = interpolate(target["rawSql"], values)
            frames, fault = _sent(grafana, view, panel, {**target, "rawSql": text})
            name = f"{panel['title']} {target['refId']}"
            yield Asked(board["uid"], name, _rows(frames), fault)


def _sent(
    grafana: Grafana, view: View, panel: dict[str, Any], target: dict[str, Any]
) -> tuple[list[dict[str, Any]], str]:
    """Return the frames that Grafana answers, or why it answers none."""
    query = {
        **target,
        "datasource": {"type": PLUGIN, "uid": SOURCE_UID},
        "rawQuery": True,
        "intervalMs": view.interval_ms(panel),
        "maxDataPoints": panel.get("maxDataPoints", view.pixels),
    }
    answer = urllib3.request(
        "POST",
        f"{grafana.url.rstrip('/')}/api/ds/query",
        json={
            "queries": [query],
            "from": str(round(view.start.timestamp() * 1000)),
            "to": str(round(view.end.timestamp() * 1000)),
        },
        headers={"Authorization": f"Bearer {grafana.token}"},
        timeout=_PATIENCE_S,
        retries=False,
    )
    try:
        document = answer.json()
        result = document.get("results", {}).get(target["refId"], {})
    except (ValueError, AttributeError):
        return [], f"status {answer.status}, and no JSON"
    fault = result.get("error") or document.get("message", "")
    if answer.status != 200 and not fault:
        fault = f"status {answer.status}"
    frames = result.get("frames", [])
    notices = [
        n["text"] for f in frames for n in (f["schema"].get("meta") or {}).get("notices", [])
    ]
    return frames, fault or "; ".join(notices)


def _rows(frames: Sequence[dict[str, Any]]) -> int:
    return sum(len(column) for frame in frames for column in frame["data"]["values"][:1])


def _choice(variable: dict[str, Any], frames: Sequence[dict[str, Any]]) -> str | list[str]:
    """Return what stands in a variable when the board is opened: all, or what it begins with."""
    fields = [field["name"] for frame in frames for field in frame["schema"]["fields"]]
    at = fields.index("__value") if "__value" in fields else 0
    found = [str(v) for v in frames[0]["data"]["values"][at]] if fields and _rows(frames) else []
    if variable.get("multi"):
        return found or [""]
    first: str = variable["current"]["value"]
    return first if first in found or not found else found[0]


def pictures(grafana: Grafana, boards: Sequence[dict[str, Any]], folder: Path) -> None:
    """Take a picture of each board with a headless Chromium, as on a wall."""
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(report=print))
        page = chromium.new_page(
            viewport={"width": 1920, "height": 1400},
            extra_http_headers={"Authorization": f"Bearer {grafana.token}"},
        )
        for board in boards:
            page.goto(f"{grafana.url.rstrip('/')}/d/{board['uid']}?kiosk&theme=light")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{board['uid']}.png")
        chromium.close()


@contextmanager
def found() -> Iterator[Grafana | None]:
    """Yield the Grafana that is given or can be started; None without either."""
    if url := os.environ.get("GRAFANA_URL"):
        yield Grafana(url, os.environ.get("GRAFANA_TOKEN", ""), _given_source())
    elif program := shutil.which("grafana") or shutil.which("grafana-server"):
        with _started(Path(program)) as grafana:
            yield grafana
    else:
        yield None


def _given_source() -> Source | None:
    host = os.environ.get("JELLYROLL_GRAFANA_DATABASE_HOST")
    if not host:
        return None
    return Source(
        host,
        os.environ.get("JELLYROLL_GRAFANA_DATABASE_NAME", "jellyroll"),
        os.environ.get("JELLYROLL_GRAFANA_PASSWORD", ""),
        os.environ.get("JELLYROLL_GRAFANA_DATABASE_SSLMODE", "verify-full"),
    )


@contextmanager
def _started(program: Path) -> Iterator[Grafana]:
    """Start *program* on a port of its own, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jellyroll-") as name, _database(Path(name)) as source:
        folder = Path(name)
        password, port = secrets.token_urlsafe(16), _free_port()
        environment = {
            **os.environ,
            "GF_PATHS_DATA": str(folder / "data"),
            "GF_PATHS_LOGS": str(folder / "logs"),
            "GF_PATHS_PLUGINS": str(folder / "plugins"),
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": str(port),
            "GF_SECURITY_ADMIN_PASSWORD": password,
            "GF_USERS_DEFAULT_THEME": "light",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        }
        home = _home(program)
        command = [str(program), *(["server"] if program.name == "grafana" else [])]
        command += ["--homepath", str(home)] if home else []
        with (folder / "grafana.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, cwd=home or folder
            )
            try:
                url = f"http://127.0.0.1:{port}"
                _await(url, process, folder / "grafana.log")
                yield Grafana(url, _service_account(url, password), source)
            finally:
                process.terminate()
                process.wait(30)


def _home(program: Path) -> Path | None:
    """Return the folder with Grafana's `conf` and `public`, of a package or an archive."""
    places = (program.resolve().parent.parent, Path("/usr/share/grafana"))
    return next((place for place in places if (place / "conf" / "defaults.ini").exists()), None)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if (
                urllib3.request("GET", f"{url}/api/health", timeout=2.0, retries=False).status
                == 200
            ):
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.5)
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    raise SystemExit("\n".join(["grafana-test failed: Grafana did not start", *last]))


def _service_account(url: str, password: str) -> str:
    """Return the token of a new service account with the role Admin."""
    headers = urllib3.make_headers(basic_auth=f"admin:{password}")

    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = urllib3.request("POST", f"{url}/api/{path}", json=body, headers=headers)
        document: dict[str, Any] = json.loads(answer.data)
        if answer.status >= 300:
            raise SystemExit(f"grafana-test failed: {path}: {document.get('message')}")
        return document

    account = made("serviceaccounts", {"name": "jellyroll", "role": "Admin"})
    key: str = made(f"serviceaccounts/{account['id']}/tokens", {"name": "test"})["key"]
    return key


@contextmanager
def _database(folder: Path) -> Iterator[Source]:
    """Yield a private database with a little of everything, for a Grafana of our own."""
    folder.chmod(0o755)
    cluster = PrivateCluster(install(), folder / "cluster")
    cluster.start()
    try:
        create_database(cluster, "boards")
        dsn = cluster.dsn("boards")
        migrate(dsn, load_plant(PILOT), passwords={"grafana_reader": _PASSWORD})
        with connect(dsn, application="test") as connection:
            fill_all(connection, datetime.now(UTC).replace(microsecond=0))
        parts = psycopg.conninfo.conninfo_to_dict(dsn)
        yield Source(f"{parts['host']}:{parts['port']}", "boards", _PASSWORD, "disable")
    finally:
        cluster.stop("immediate")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
