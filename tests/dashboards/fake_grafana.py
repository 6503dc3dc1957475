"""The part of Grafana's HTTP API that publishing uses, in memory; no Grafana is needed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "glsa_right"


@dataclass
class FakeGrafana:
    """What the server holds; tests look at it and change it as a person would."""

    version: str = "12.1.0"
    role: str = "Admin"
    database_error: str = ""
    folders: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    provisioned: set[str] = field(default_factory=set)
    #: What the data source answers to a query with this text in it: an error.
    query_errors: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    saves: int = 0
    url: str = ""

    def save(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Save a board with the checks of Grafana: its version, where nothing is overwritten."""
        board = dict(body["dashboard"])
        uid = board["uid"]
        known = self.boards.get(uid)
        if known and not body.get("overwrite") and board.get("version") != known["version"]:
            return 412, {"message": "The dashboard has been changed by someone else"}
        if body.get("folderUid") not in self.folders:
            return 400, {"message": "folder not found"}
        board["version"] = (known["version"] if known else 0) + 1
        self.boards[uid] = board
        self.messages.setdefault(uid, []).append(body.get("message", ""))
        self.saves += 1
        return 200, {"uid": uid, "version": board["version"], "status": "success"}

    def query(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one query with one frame of one row, or with an error as Grafana words it."""
        self.asked.append(body)
        (asked,) = body["queries"]
        for text, error in self.query_errors.items():
            if text in asked["rawSql"]:
                result = {"error": error, "status": 400, "frames": []}
                return 400, {"results": {asked["refId"]: result}}
        frame = {
            "schema": {"fields": [{"name": "__text"}, {"name": "__value"}]},
            "data": {"values": [["Line 1"], ["l1"]]},
        }
        return 200, {"results": {asked["refId"]: {"status": 200, "frames": [frame]}}}

    def answer(  # noqa: C901, PLR0911, PLR0912  # one case per address
        self, method: str, path: str, token: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Return status and document for a request below `/api`."""
        if path == "/health":
            return 200, {"database": "ok", "version": self.version}
        if path.startswith("/serviceaccounts") and token.startswith("Basic "):
            return 201, {"id": 1, "key": TOKEN}
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if method == "POST" and self.role == "Viewer":
            return 403, {"message": "You'll need additional permissions: dashboards:create"}
        missing: tuple[int, dict[str, Any]] = (404, {"message": "not found"})
        match [method, *path.strip("/").split("/")]:
            case ["GET", "folders", uid]:
                return (200, {"uid": uid}) if uid in self.folders else missing
            case ["POST", "folders"]:
                self.folders[body["uid"]] = body["title"]
                return 200, body
            case ["GET", "datasources", "uid", uid]:
                return (200, self.sources[uid]) if uid in self.sources else missing
            case ["POST", "datasources"]:
                self.sources[body["uid"]] = body
                return 200, {"datasource": body}
            case ["GET", "datasources", "uid", _, "health"]:
                if self.database_error:
                    return 400, {"status": "ERROR", "message": self.database_error}
                return 200, {"status": "OK", "message": "Database Connection OK"}
            case ["GET", "dashboards", "uid", uid]:
                if uid not in self.boards:
                    return missing
                meta = {"provisioned": uid in self.provisioned}
                return 200, {"meta": meta, "dashboard": self.boards[uid]}
            case ["GET", "dashboards", "uid", uid, "versions"]:
                newest = [{"message": text} for text in reversed(self.messages[uid])]
                return 200, {"versions": newest[:1]}
            case ["POST", "dashboards", "db"]:
                return self.save(body)
            case ["POST", "ds", "query"]:
                return self.query(body)
        return missing


@contextmanager
def served(fake: FakeGrafana, port: int = 0) -> Iterator[FakeGrafana]:
    """Serve *fake* on *port*, or one of its own; `fake.url` says where."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            path = self.path.partition("?")[0].removeprefix("/api")
            token = self.headers.get("Authorization", "")
            status, document = fake.answer(self.command, path, token, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _do  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    # In place of the program `grafana`.
    with served(FakeGrafana(), int(os.environ["GF_SERVER_HTTP_PORT"])):
        threading.Event().wait()
