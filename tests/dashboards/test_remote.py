"""Publishing to a running Grafana, played by a small server with its API."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from dashboards.commands import app
from dashboards.remote import PublishError, Source, publish
from dashboards.targets import committed
from tests.dashboards.fake_grafana import TOKEN, FakeGrafana, served

SOURCE = Source("db:5432", "jellyroll", "secret")
BOARDS = committed()


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    with served(FakeGrafana()) as fake:
        yield fake


def published(
    grafana: FakeGrafana, *, token: str = TOKEN, source: Source | None = SOURCE, **rest: str
) -> list[str]:
    return list(publish(grafana.url, token, BOARDS, source=source, **rest))


def test_an_empty_grafana_gets_data_source_folder_and_every_board(grafana: FakeGrafana) -> None:
    lines = published(grafana)
    assert lines[:2] == ["+ data source Jellyroll", "+ folder Jellyroll"]
    assert len(lines) == 2 + len(BOARDS)
    assert set(grafana.boards) == {board["uid"] for board in BOARDS}
    (source,) = grafana.sources.values()
    assert (source["user"], source["url"]) == ("grafana_reader", "db:5432")
    assert source["jsonData"]["database"] == "jellyroll"
    assert source["secureJsonData"] == {"password": "secret"}


def test_the_second_time_nothing_is_saved(grafana: FakeGrafana) -> None:
    published(grafana)
    saves = grafana.saves
    assert all(line.endswith("nothing to do") for line in published(grafana, source=None))
    assert grafana.saves == saves


def test_a_board_that_is_not_what_it_was_is_renewed(grafana: FakeGrafana) -> None:
    published(grafana)
    lines = published(grafana, web="https://alerts.plant")
    assert sum(line.startswith("~ ") for line in lines) == len(BOARDS)
    for board in grafana.boards.values():
        (web,) = [v for v in board["templating"]["list"] if v["name"] == "web"]
        assert web["current"]["value"] == "https://alerts.plant"
        assert board["version"] == 2


def test_what_a_person_has_saved_stays_as_it_is(grafana: FakeGrafana) -> None:
    published(grafana)
    theirs = {**grafana.boards["jr-line"], "title": "Our own line"}
    grafana.save({"dashboard": theirs, "folderUid": "jellyroll", "message": "wider panels"})
    lines = published(grafana, web="https://alerts.plant")
    assert [line for line in lines if line.startswith("!")] == [
        "! Line health: left, a person has saved it; delete it there to have ours again"
    ]
    assert grafana.boards["jr-line"]["title"] == "Our own line"


def test_a_board_that_a_person_made_with_our_uid_stays_as_it_is(grafana: FakeGrafana) -> None:
    grafana.folders["general"] = "General"
    grafana.save({"dashboard": {"uid": "jr-cell", "title": "Mine"}, "folderUid": "general"})
    published(grafana)
    assert grafana.boards["jr-cell"]["title"] == "Mine"


def test_boards_from_files_are_left_to_their_files(grafana: FakeGrafana) -> None:
    published(grafana)
    grafana.provisioned = set(grafana.boards)
    saves = grafana.saves
    lines = published(grafana, web="https://alerts.plant")
    assert all(line.endswith("left, Grafana has it from files") for line in lines)
    assert grafana.saves == saves


def test_the_data_source_that_is_there_is_not_changed(grafana: FakeGrafana) -> None:
    mine = {"uid": "jellyroll-db", "type": "postgres", "url": "other:5432"}
    grafana.sources["jellyroll-db"] = dict(mine)
    published(grafana)
    assert grafana.sources["jellyroll-db"] == mine


@pytest.mark.parametrize("version", ["10.4.2", "14.0.0", ""])
def test_another_version_is_refused_before_anything_is_made(
    grafana: FakeGrafana, version: str
) -> None:
    grafana.version = version
    with pytest.raises(PublishError, match="11 to 13" if version else "tells no version"):
        published(grafana)
    assert not grafana.folders
    assert not grafana.sources


def test_a_wrong_token_is_told(grafana: FakeGrafana) -> None:
    with pytest.raises(PublishError, match="does not know the token"):
        published(grafana, token="glsa_wrong")


def test_a_token_that_may_not_is_told_which_role_it_needs(grafana: FakeGrafana) -> None:
    grafana.role = "Viewer"
    with pytest.raises(PublishError, match="role Editor"):
        published(grafana)


def test_a_database_that_grafana_does_not_reach_is_told(grafana: FakeGrafana) -> None:
    grafana.database_error = "no default database configured"
    with pytest.raises(PublishError, match="no default database configured"):
        published(grafana)
    assert not grafana.boards


def test_without_a_data_source_it_asks_where_the_database_is(grafana: FakeGrafana) -> None:
    with pytest.raises(PublishError, match="--database-host"):
        published(grafana, source=None)


def test_a_data_source_of_another_kind_is_told(grafana: FakeGrafana) -> None:
    grafana.sources["jellyroll-db"] = {"uid": "jellyroll-db", "type": "prometheus"}
    with pytest.raises(PublishError, match="'prometheus', not PostgreSQL"):
        published(grafana)


def test_no_grafana_there_is_told_with_exit_code_1() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = CliRunner().invoke(app, ["publish", "--grafana", url, "--token", "x"])
    assert done.exit_code == 1
    assert "does not answer as a Grafana does" in done.output


def test_the_command_tells_what_it_did(grafana: FakeGrafana) -> None:
    arguments = ["publish", "--grafana", grafana.url, "--token", TOKEN, "--database-host", "db:1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert re.search(r"^\+ Plant overview$", done.output, re.MULTILINE)


def test_a_save_in_between_is_not_overwritten(grafana: FakeGrafana) -> None:
    published(grafana)
    board = grafana.boards["jr-line"]
    status, answer = grafana.save({"dashboard": {**board, "version": 7}, "folderUid": "jellyroll"})
    assert (status, board["version"]) == (412, 1)
    assert "someone else" in answer["message"]


def test_open_leads_to_the_overview_on_a_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    done = CliRunner().invoke(app, ["open", "--grafana", "http://127.0.0.1:3000/"])
    assert opened == ["http://127.0.0.1:3000/d/jr-overview?kiosk&theme=light&refresh=30s"]
    assert done.output.strip() == opened[0]
