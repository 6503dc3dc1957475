"""Boards into a running Grafana: its folder, its data source, and no more than what is ours."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError

from dashboards.names import PLUGIN, SOURCE_UID

FOLDER_UID, FOLDER = "jellyroll", "Jellyroll"
#: Majors of Grafana that load these boards.
VERSIONS = range(11, 14)
#: Begins the message of each version of a board that we saved: what follows is its digest.
_OURS = "jellyroll dashboards publish "
_TIMEOUT_S = 20.0
_NOT_FOUND, _FORBIDDEN = 404, 403


class PublishError(Exception):
    """Grafana cannot take the boards; the text says what is in the way and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """The database as Grafana reaches it: *host* with port; by its role `grafana_reader`."""

    host: str
    database: str
    password: str
    sslmode: str = "verify-full"


def publish(
    url: str,
    token: str,
    boards: Sequence[dict[str, Any]],
    *,
    source: Source | None,
    web: str | None = None,
) -> Iterator[str]:
    """Bring the Grafana at *url* up to *boards*; yield a line per thing made, changed or left.

    *token* is a service account's with the role Editor, or Admin where the data source is to be
    made from *source*. A board that a person has saved since, or that files provision, stays as it
    is. *web* is where the alerts' page is. Raise `PublishError`.
    """
    try:
        yield from _published(url, token, boards, source, web)
    except GrafanaUnauthorizedError as error:
        raise PublishError(
            f"{url} does not know the token; make one under Administration > Service accounts"
        ) from error
    except GrafanaClientError as error:
        if error.status_code == _FORBIDDEN:
            raise PublishError(
                f"the token may not do that at {url}: {error.message}; give its service account the"
                " role Editor, or Admin if the data source is not there yet"
            ) from error
        raise PublishError(f"{url} refused: {error.message}") from error
    except GrafanaException as error:
        raise PublishError(f"{url} failed: {error.message}; see its log") from error
    # What the client's HTTP library raises, and an answer that is no JSON: no Grafana is there.
    except (OSError, ValueError) as error:
        raise PublishError(f"{url} does not answer as a Grafana does: {error}") from error


def _published(
    url: str,
    token: str,
    boards: Sequence[dict[str, Any]],
    source: Source | None,
    web: str | None,
) -> Iterator[str]:
    grafana = GrafanaApi.from_url(url, credential=token, timeout=_TIMEOUT_S)
    _check_version(url, grafana)
    yield from _data_source(grafana, source)
    if _found(grafana.folder.get_folder, FOLDER_UID) is None:
        grafana.folder.create_folder(FOLDER, FOLDER_UID)
        yield f"+ folder {FOLDER}"
    for board in boards:
        yield _board(grafana, _for_web(board, web))


def _check_version(url: str, grafana: GrafanaApi) -> None:
    answer = grafana.health.check()
    version = str(answer.get("version", "")) if isinstance(answer, dict) else ""
    major = version.partition(".")[0]
    if not major.isdigit():
        raise PublishError(f"{url} does not answer as a Grafana does: it tells no version")
    if int(major) not in VERSIONS:
        raise PublishError(
            f"{url} is Grafana {version}; these boards are for {VERSIONS[0]} to {VERSIONS[-1]}"
        )


def _data_source(grafana: GrafanaApi, source: Source | None) -> Iterator[str]:
    known = _found(grafana.datasource.get_datasource_by_uid, SOURCE_UID)
    if known is None:
        if source is None:
            raise PublishError(
                f"there is no data source {SOURCE_UID!r} yet; say where the database is as Grafana"
                " reaches it: --database-host, --database-name and JELLYROLL_GRAFANA_PASSWORD"
            )
        grafana.datasource.create_datasource(_described(source))
        yield "+ data source Jellyroll"
    elif known["type"] not in {PLUGIN, "postgres"}:
        raise PublishError(
            f"data source {SOURCE_UID!r} is of type {known['type']!r}, not PostgreSQL; give it"
            " another uid"
        )
    try:
        health = grafana.datasource.health(SOURCE_UID)
    except GrafanaException as error:
        raise PublishError(
            f"Grafana does not reach the database: {_reason(error)}; mend data source Jellyroll"
        ) from error
    if health.get("status") != "OK":
        raise PublishError(
            f"Grafana does not reach the database: {health.get('message')}; mend data source"
            " Jellyroll"
        )


def _described(source: Source) -> dict[str, Any]:
    return {
        "uid": SOURCE_UID,
        "name": "Jellyroll",
        "type": PLUGIN,
        "access": "proxy",
        "url": source.host,
        "user": "grafana_reader",
        "jsonData": {
            "database": source.database,
            "sslmode": source.sslmode,
            "postgresVersion": 1500,
            "timescaledb": True,
            "timeInterval": "1s",
            "maxOpenConns": 10,
            "connMaxLifetime": 14400,
        },
        "secureJsonData": {"password": source.password},
    }


def _board(grafana: GrafanaApi, board: dict[str, Any]) -> str:
    uid, title = board["uid"], board["title"]
    digest = hashlib.sha256(json.dumps(board, sort_keys=True).encode()).hexdigest()[:16]
    known = _found(grafana.dashboard.get_dashboard, uid)
    payload = {"dashboard": board, "folderUid": FOLDER_UID, "message": f"{_OURS}{digest}"}
    if known is None:
        grafana.dashboard.update_dashboard({**payload, "overwrite": False})
        return f"+ {title}"
    if known["meta"].get("provisioned"):
        return f"  {title}: left, Grafana has it from files"
    message = _last_message(grafana, uid)
    if not message.startswith(_OURS):
        return f"! {title}: left, a person has saved it; delete it there to have ours again"
    if message == payload["message"]:
        return f"  {title}: nothing to do"
    # With its version and without `overwrite`, Grafana refuses if somebody saves in between.
    ours = {**board, "version": known["dashboard"]["version"]}
    grafana.dashboard.update_dashboard({**payload, "dashboard": ours, "overwrite": False})
    return f"~ {title}"


def _last_message(grafana: GrafanaApi, uid: str) -> str:
    answer = grafana.client.GET(f"/dashboards/uid/{uid}/versions?limit=1")
    # A list before Grafana 11.3, and an object with the list since.
    versions = answer["versions"] if isinstance(answer, dict) else answer
    return str(versions[0].get("message", "")) if versions else ""


def _for_web(board: dict[str, Any], web: str | None) -> dict[str, Any]:
    if web is None:
        return board
    changed = copy.deepcopy(board)
    for variable in changed["templating"]["list"]:
        if variable["name"] == "web":
            variable |= {"query": web, "current": {"text": web, "value": web}}
    return changed


def _found(get: Any, uid: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = get(uid)
    except GrafanaClientError as error:
        if error.status_code == _NOT_FOUND:
            return None
        raise
    return found


def _reason(error: GrafanaException) -> str:
    answer = error.response
    return str(answer.get("message", error.message) if isinstance(answer, dict) else error.message)
