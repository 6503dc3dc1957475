"""Detectors on series of known truth, and what `jellyroll evaluate` says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from typer.testing import CliRunner

import jellyroll
from models.evaluate import DETECTORS, default_detector, events, judge, prepare
from models.evaluate_table import Table, TableError, read_table
from models.station.contract import split
from models.station.scale import Distance

Floats = npt.NDArray[np.float64]
runner = CliRunner()

SIGNALS = 8
ONSET = 200
FAULTY = 3


def series(rows: int, seed: int, shift: float = 0.0) -> Floats:
    """Correlated signals with a memory; from `ONSET` on one of them is moved by *shift* sd."""
    mixing = np.linalg.cholesky(0.5 * np.eye(SIGNALS) + 0.5 * np.ones((SIGNALS, SIGNALS)))
    noise = np.random.default_rng(seed).normal(size=(rows, SIGNALS)) @ mixing.T
    x = np.empty_like(noise)
    x[0] = noise[0]
    for row in range(1, rows):
        x[row] = 0.5 * x[row - 1] + noise[row]
    x[ONSET:, FAULTY] += shift / np.sqrt(0.75)
    return 100.0 + x * np.logspace(-2, 2, SIGNALS)


def write(path: Path, rows: Floats, **more: npt.ArrayLike) -> Path:
    names = [f"s{at}" for at in range(rows.shape[1])] + list(more)
    columns = np.column_stack([rows, *more.values()])
    np.savetxt(path, columns, delimiter=",", header=",".join(names), comments="", fmt="%.10g")
    return path


def table(rows: Floats, *, named: bool = True) -> Table:
    return Table(tuple(f"s{at}" for at in range(rows.shape[1])), rows, {}, named)


def evaluate(*words: str | Path) -> Any:
    done = runner.invoke(jellyroll.app, ["evaluate", *map(str, words), "--json"])
    if done.exception:
        raise done.exception
    return json.loads(done.output)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("evaluate")
    label = (np.arange(600) >= ONSET).astype(np.float64)
    return (
        write(folder / "train.csv", series(1200, 1)),
        write(folder / "test.csv", series(600, 2, 3.0), fault=label),
    )


def test_the_default_detector_finds_a_lasting_fault_and_its_signal(
    files: tuple[Path, Path],
) -> None:
    found = evaluate("--train", files[0], "--test", files[1], "--label", "fault")
    assert found["detector"] == "residual"
    assert found["detection_rate"] > 0.9
    assert found["missed_alarm_rate"] == pytest.approx(1.0 - found["detection_rate"])
    assert found["false_alarm_rate"] < 0.05
    assert found["first_detection_delay"] < 20
    assert found["f1"] > 0.9
    assert found["top_contributions"][0]["signal"] == f"s{FAULTY}"
    assert found["alarm_events_per_1000_rows"] > 1.0
    assert found["microseconds_per_row"] > 0.0


def test_an_onset_says_the_same_as_a_column_of_labels(files: tuple[Path, Path]) -> None:
    by_label = evaluate("--train", files[0], "--test", files[1], "--label", "fault")
    train, test = (read_table(file) for file in files)
    by_onset = judge(prepare(train, test.without(["fault"]), onset=ONSET), "residual", 0.01)
    for key in ("detection_rate", "false_alarm_rate", "f1", "first_detection_delay", "threshold"):
        assert by_label[key] == getattr(by_onset, key)


def test_without_the_truth_there_are_alarms_but_no_rates(files: tuple[Path, Path]) -> None:
    train, test = (read_table(file) for file in files)
    found = judge(prepare(train, test.without(["fault"])), "t2", 0.01)
    assert found.detection_rate is None
    assert found.first_detection_delay is None
    assert found.alarm_events_per_1000_rows > 0.0


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_detector_keeps_its_false_alarms_and_finds_a_gross_fault(detector: str) -> None:
    train, gross, onset = series(1000, 3), series(2000, 4), 1500
    # An isolation forest hardly sees a single signal of eight, however far it goes.
    gross[onset:] += 6.0 * np.std(train, axis=0) * np.sign(np.arange(SIGNALS) - 3.5)
    found = judge(prepare(table(train), table(gross), onset=onset), detector, 0.02)
    assert found.detection_rate is not None
    assert found.detection_rate > 0.8
    assert found.false_alarm_rate is not None
    assert 0.002 < found.false_alarm_rate < 0.06


@pytest.mark.parametrize("detector", DETECTORS)
def test_what_comes_later_changes_no_statistic(detector: str) -> None:
    fitted = DETECTORS[detector]([series(600, 6)])
    rows = series(300, 7)
    assert fitted.statistic(rows)[:100] == pytest.approx(fitted.statistic(rows[:100]))
    assert fitted.contributions(rows).shape == rows.shape
    assert (fitted.contributions(rows) >= 0.0).all()


def test_the_threshold_comes_from_the_training_file_alone() -> None:
    train = table(series(800, 8))
    thresholds = {
        judge(
            prepare(train, table(series(600, seed, shift)), onset=ONSET), "residual", 0.01
        ).threshold
        for seed, shift in ((9, 0.0), (10, 5.0))
    }
    assert len(thresholds) == 1


def test_faulty_rows_of_the_training_file_are_left_out(tmp_path: Path) -> None:
    rows, label = series(1500, 11), np.zeros(1500)
    spoilt = rows.copy()
    spoilt[400:600, FAULTY] += 1e4
    label[400:600] = 1.0
    train = write(tmp_path / "train.csv", spoilt, fault=label)
    test = write(tmp_path / "test.csv", series(600, 12, 3.0), fault=np.arange(600) >= ONSET)
    assert evaluate("--train", train, "--test", test, "--label", "fault")["detection_rate"] > 0.85


def test_folds_cover_each_row_once_and_keep_spans_apart() -> None:
    spans = [np.arange(7.0)[:, None], np.arange(100.0, 113.0)[:, None]]
    folds = list(split(spans, 5))
    inside = np.concatenate([piece for _, held in folds for piece in held])
    assert inside[:, 0].tolist() == [*range(7), *range(100, 113)]
    for outside, held in folds:
        assert sum(map(len, outside)) + sum(map(len, held)) == 20
        assert all(np.all(np.diff(piece[:, 0]) == 1.0) for piece in (*outside, *held))


def test_reconstruction_names_the_signal_that_moved_alone() -> None:
    rows = np.random.default_rng(13).multivariate_normal(
        np.zeros(4), 0.8 * np.ones((4, 4)) + 0.2 * np.eye(4), 5000
    )
    moved = np.zeros((1, 4))
    moved[0, 2] = 3.0
    distance = Distance.of(rows)
    parts = distance.reconstruction(moved)[0]
    # Setting that signal back leaves nothing: its contribution is all of D2.
    assert parts.argmax() == 2
    assert parts[2] == pytest.approx(distance.squared(moved)[0])


def test_an_event_begins_with_three_of_five_and_ends_after_twenty() -> None:
    above = np.zeros(100, dtype=np.bool_)
    above[[10, 12]] = True
    assert events(above) == 0
    above[14] = True
    assert events(above) == 1
    above[30:33] = True
    assert events(above) == 1
    above[60:63] = True
    assert events(above) == 2


def test_gaps_and_stuck_signals_are_handled_and_named() -> None:
    train, test = series(800, 14), series(400, 15)
    train[100:110, 2] = np.nan
    test[0, 2] = np.nan
    train[:, 5] = 7.0
    data = prepare(table(train), table(test))
    assert "left out, constant in training: s5" in data.notes
    assert any(note.startswith("gaps filled with the value before: s2") for note in data.notes)
    assert data.signals == ("s0", "s1", "s2", "s3", "s4", "s6", "s7")
    assert np.isfinite(data.test).all()
    assert np.all(data.spans[0][100:110, 2] == train[99, 2])


def test_tables_are_read_in_the_forms_that_files_have(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time;x;y\n2024-01-01;1;\n2024-01-02;2e3;nan\n")
    found = read_table(tmp_path / "a.csv")
    assert found.names == ("x", "y")
    assert found.text == {"time": ("2024-01-01", "2024-01-02")}
    assert found.column("x").tolist() == [1.0, 2000.0]
    assert np.isnan(found.column("y")).all()
    (tmp_path / "b.dat").write_text("  1.0   2.0\n  3.0   4.0\n")
    assert read_table(tmp_path / "b.dat").values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert read_table(tmp_path / "b.dat").names == ("1", "2")
    (tmp_path / "c.csv").write_text("x,y\n1,inf\n2,3\n")
    assert np.isnan(read_table(tmp_path / "c.csv").values[0, 1])


def test_the_index_of_a_data_frame_is_no_signal(tmp_path: Path) -> None:
    rows = series(300, 19)
    lines = [",a,b", *(f"{at},{x[0]:.6g},{x[1]:.6g}" for at, x in enumerate(rows))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = read_table(tmp_path / "a.csv")
    assert found.names == ("column 1", "a", "b")
    data = prepare(found, found)
    assert data.signals == ("a", "b")
    assert data.notes == ("left out, a counter or a time, it only rises: column 1",)


def test_labels_may_be_words(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,state\n1,Normal\n2,Attack\n3, normal\n")
    assert read_table(tmp_path / "a.csv").is_faulty("state").tolist() == [False, True, False]


def test_few_rows_for_many_signals_get_the_detector_that_needs_no_covariance() -> None:
    wide = np.random.default_rng(18).normal(size=(120, 30))
    data = prepare(table(wide), table(wide + 6.0), onset=0)
    assert default_detector(data) == "pca"
    assert default_detector(prepare(table(series(120, 1)), table(series(120, 2)))) == "residual"
    assert judge(data, "pca", 0.02).detection_rate == 1.0


def test_a_training_table_on_its_side_is_turned() -> None:
    train, test = series(500, 16), series(300, 17)
    sideways = Table(tuple(map(str, range(500))), train.T, {}, named=False)
    data = prepare(sideways, table(test, named=False))
    assert np.array_equal(data.spans[0], train)
    assert any("on its side" in note for note in data.notes)


@pytest.mark.parametrize(
    ("contents", "says"),
    [("", "no rows"), ("a,b\n", "no rows"), ("a,b\n1,2\n3\n", "row 3: 1 fields where 2"),
     ("a,b\nx,y\n", "no column holds numbers"), ("a,b\n1,2\n", "healthy training rows"),
     ("a,a\n1,2\n", "the same name")],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused(
    tmp_path: Path, contents: str, says: str, files: tuple[Path, Path]
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(contents)
    with pytest.raises(TableError, match=says):
        evaluate("--train", bad, "--test", bad)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--label", "no"), "no numeric column 'no'"),
        (("--label", "fault", "--onset", "1"), "give one of them"),
        (("--onset", "600"), "rows 0 to 599"),
        (("--detector", "magic"), "no detector 'magic'"),
        (("--false-alarm-rate", "1"), "below 0.5"),
    ],
)
def test_what_cannot_be_evaluated_is_a_sentence(
    words: tuple[str, ...], says: str, files: tuple[Path, Path]
) -> None:
    with pytest.raises(TableError, match=says) as caught:
        evaluate("--train", files[0], "--test", files[1], *words)
    assert jellyroll.is_for_users(caught.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TableError, match=r"no-such\.csv: there is no such file"):
        read_table(Path("no-such.csv"))


def test_detectors_are_compared_on_the_same_rows(files: tuple[Path, Path]) -> None:
    found = evaluate(
        "--train", files[0], "--test", files[1], "--label", "fault",
        "--detector", "residual", "--detector", "t2",
    )  # fmt: skip
    assert [one["detector"] for one in found] == ["residual", "t2"]
    words = ["evaluate", "--train", str(files[0]), "--test", str(files[1]), "--label", "fault"]
    assert "residual; detected 9" in runner.invoke(jellyroll.app, words).output
