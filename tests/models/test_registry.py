"""The registry: versions and their states, content that must not be used, the commands."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pytest
from sklearn.decomposition import NMF
from skops import io as skops

from models import registry
from models.registry import RegistryError
from models.station import persist
from models.station.fit import DETECTORS, fit_group
from models.station.hold import Hold, never
from models.station.model import Column, StationModel
from models.station.persist import ModelFileError, digest, from_bytes, to_bytes
from models.station.span import Span
from plant.model import Plant
from storage.connect import Connection, connect
from tests.models.conftest import Feeder
from tests.models.samples import Samples
from tests.models.signals import forget_signals, learn

COLUMNS = tuple(Column(f"s{at}", 0) for at in range(4))


def fitted(detector: str = "residual") -> StationModel:
    values = np.random.default_rng(1).normal(100.0, 1.0, (600, 4))
    fresh = np.ones(values.shape, dtype=np.bool_)
    span = Span("m1", "", np.arange(600) * 10_000_000, values, fresh, never(600))
    (found,) = fit_group([span], COLUMNS, detector, 10_000_000, 1e5)
    return found.model


@pytest.mark.parametrize("detector", DETECTORS)
def test_each_detector_says_the_same_after_it_was_bytes(detector: str) -> None:
    model = fitted(detector)
    content = to_bytes(model)
    again = from_bytes(content, digest(content))
    rows = np.random.default_rng(2).normal(size=(50, 4))
    absent = np.zeros((50 - model.detector.order, 4), dtype=np.bool_)
    assert again.detector_name == detector
    assert again.columns == model.columns
    np.testing.assert_array_equal(again.scores(rows, absent), model.scores(rows, absent))


def repacked(content: bytes, **changes: Any) -> bytes:
    """Return *content* with other arrays in it."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= changes
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def manifest(content: bytes, **changes: Any) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        document = json.loads(file["manifest"].tobytes()) | changes
    return repacked(content, manifest=np.frombuffer(json.dumps(document).encode(), dtype=np.uint8))


def test_a_file_of_before_holds_were_learnt_has_the_usual_one() -> None:
    content = to_bytes(replace(fitted(), hold=Hold(240_000_000, 720_000_000, 900_000_000)))
    assert from_bytes(content, digest(content)).hold == Hold(240_000_000, 720_000_000, 900_000_000)
    with np.load(io.BytesIO(content)) as file:
        document = json.loads(file["manifest"].tobytes())
    del document["hold_us"]
    older = repacked(content, manifest=np.frombuffer(json.dumps(document).encode(), dtype=np.uint8))
    assert from_bytes(older, digest(older)).hold == Hold(120_000_000, 1_800_000_000, 1_800_000_000)


class Payload:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('code of the file was run')",))


def foreign_forest() -> bytes:
    other = NMF(1)
    return repacked(
        to_bytes(fitted("iforest")), estimator=np.frombuffer(skops.dumps(other), dtype=np.uint8)
    )


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("centre.npy", b"\0" * (2 * persist.MAX_BYTES + 1))
    return buffer.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a later format": (lambda: manifest(to_bytes(fitted()), format=99), "format 99.*upgrade"),
    "another detector": (lambda: manifest(to_bytes(fitted()), detector="magic"), "no station's"),
    "one array too many": (lambda: repacked(to_bytes(fitted()), extra=np.zeros(1)), "extra"),
    "a pickle inside": (
        lambda: repacked(to_bytes(fitted()), centre=np.array([Payload()], dtype=object)),
        "pickle|no station's",
    ),
    "text for numbers": (lambda: repacked(to_bytes(fitted()), centre=np.array(["a"])), "plain"),
    "a foreign estimator": (foreign_forest, "not trusted|not a sklearn"),
    "no archive": (lambda: b"not a model", "no station's"),
    "too much to unpack": (bomb, "unpack"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_content_that_we_do_not_write_is_refused(what: str) -> None:
    make, words = REFUSED[what]
    content = make()
    with pytest.raises(ModelFileError, match=words):
        from_bytes(content, digest(content))


def test_changed_or_oversize_content_is_refused_before_it_is_read() -> None:
    content = to_bytes(fitted())
    with pytest.raises(ModelFileError, match="SHA-256"):
        from_bytes(content[:-1] + b"x", digest(content))
    huge = bytes(persist.MAX_BYTES + 1)
    with pytest.raises(ModelFileError, match="bytes"):
        from_bytes(huge, digest(huge))


@pytest.fixture
def trained(feeder: Feeder, pilot: Plant) -> Iterator[Feeder]:
    """A database with a history of the filler."""
    forget_signals(feeder.dsn)
    samples = Samples(pilot)
    feeder.commit(samples.states({0: "Execute"}), samples.frame(range(2_000)))
    yield feeder
    forget_signals(feeder.dsn)


@pytest.fixture
def connection(trained: Feeder) -> Iterator[Connection]:
    with connect(trained.dsn, application="test", autocommit=True) as connection:
        yield connection


def test_one_version_is_active_and_a_rollback_goes_to_the_one_before(
    trained: Feeder, connection: Connection, pilot: Plant
) -> None:
    one, two, three = (learn(trained.dsn, pilot, row) for row in (1_000, 1_500, 2_000))
    assert [registry.find(connection, n).state for n in (one, two, three)] == ["candidate"] * 3
    assert [registry.find(connection, n).version for n in (one, two, three)] == [1, 2, 3]
    assert registry.promote(connection, one) is None
    retired = registry.promote(connection, three, "a new pump")
    assert retired is not None
    assert retired.id == one
    states = {m.id: m.state for m in registry.models(connection, everything=True)}
    assert states == {one: "retired", two: "candidate", three: "active"}
    assert registry.rollback(connection, three).id == one  # two was never active
    with pytest.raises(RegistryError, match="was active before"):
        registry.rollback(connection, one)
    with pytest.raises(RegistryError, match="the active one already"):
        registry.promote(connection, one)
    with pytest.raises(RegistryError, match="retired; only an active one"):
        registry.rollback(connection, three)
    events = [(e["what"], e["why"]) for e in registry.history(connection, three)]
    assert events == [
        ("trained", ""),
        ("promoted", "a new pump"),
        ("retired", f"rollback of {three}"),
    ]


def test_the_commands_train_show_compare_and_tell_of_health(trained: Feeder) -> None:
    learnt = run(
        trained, "train", "--until", "2026-11-20T03:00Z", "--days", "1", "--only", "filling",
        "--promote", "--jobs", "1",
    )  # fmt: skip
    (model,) = learnt["models"]
    assert (model["state"], model["detector"], model["rows"] > 900) == ("active", "residual", True)
    assert set(model["libraries"]) == {"numpy", "scipy", "scikit-learn", "skops"}
    more = run(
        trained, "train", "--until", "2026-11-20T05:00Z", "--days", "1", "--only", "filling",
        "--jobs", "1",
    )  # fmt: skip
    first, second = str(model["id"]), str(more["models"][0]["id"])
    assert [m["version"] for m in run(trained, "models", "list")] == [1, 2]
    shown = run(trained, "models", "show", first)
    assert shown["whole"]
    assert [event["what"] for event in shown["history"]] == ["trained", "promoted"]
    assert run(trained, "models", "compare", first, second)["version"] == [1, 2]
    promoted = run(trained, "models", "promote", second, "--why", "more data")
    assert promoted["retired"]["id"] == model["id"]
    assert run(trained, "models", "rollback", second)["active"]["id"] == model["id"]
    (health,) = run(trained, "models", "health")
    assert health["model"] == model["id"]
    assert health["budget_per_day"] > 0


def test_a_model_that_was_changed_in_the_database_is_not_promoted(
    trained: Feeder, pilot: Plant
) -> None:
    number = learn(trained.dsn, pilot, 1_000)
    with psycopg.connect(trained.dsn) as connection:
        connection.execute("UPDATE analysis.model SET content = content || 'x'::bytea")
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "models", "promote", str(number),
         "--database", trained.dsn],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("jellyroll: its SHA-256 is not the registered one")


def run(trained: Feeder, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", *words, "--database", trained.dsn, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
