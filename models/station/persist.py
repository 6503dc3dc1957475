"""A station's model to bytes and back, without a way for the bytes to run code.

The bytes are an npz file of plain numbers, read with `allow_pickle=False`, with a JSON manifest
inside. A forest or a support vector machine is a skops file in it, read with a fixed list of types
that may be trusted; what the file itself asks to be trusted is never looked at.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

from models.station.classic import EstimatorDetector, PcaDetector, T2Detector
from models.station.contract import Streaming
from models.station.hold import Hold
from models.station.model import Column, StationModel
from models.station.residual import Prediction, ResidualDetector
from models.station.scale import Distance, Scale

#: What this program writes; it reads this and older ones.
FORMAT = 1
#: A model of a hundred signals has 0.3 MB, a forest 4 MB.
MAX_BYTES = 64_000_000

Arrays = dict[str, npt.NDArray[Any]]

_ESTIMATORS = {
    "iforest": "sklearn.ensemble._iforest.IsolationForest",
    "lof": "sklearn.neighbors._lof.LocalOutlierFactor",
    "ocsvm": "sklearn.svm._classes.OneClassSVM",
}
#: Beyond what skops trusts by itself: the nodes of a tree, made by compiled code.
_TRUSTED = ["sklearn.tree._tree.Tree"]
_STATION = (
    "centres", "centre", "doubtful", "stuck", "patience_us", "edges", "numbers",
)  # fmt: skip
_OF_DETECTOR = {
    "residual": ("mean", "sd", "weights", "constant", "whitening", "precision"),
    "t2": ("mean", "sd", "whitening", "precision"),
    "pca": ("mean", "sd", "axes", "whitening", "quantiles"),
    **dict.fromkeys(_ESTIMATORS, ("mean", "sd", "estimator")),
}
_KINDS = frozenset("fiu")


class ModelFileError(ValueError):
    """The bytes are no model that this program may use; the text says why."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of *content* in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def to_bytes(model: StationModel) -> bytes:
    """Return *model* as bytes."""
    detector, name = model.detector, model.detector_name
    manifest = {
        "format": FORMAT,
        "detector": name,
        "columns": [list(column) for column in model.columns],
        "period_us": model.period_us,
        "machines": list(model.machines),
        "hold_us": list(model.hold),
    }
    numbers = [model.usual, model.spread, model.limit]
    arrays: Arrays = {
        "manifest": np.frombuffer(json.dumps(manifest).encode(), dtype=np.uint8),
        **{key: getattr(model, key) for key in _STATION if key != "numbers"},
    }
    if isinstance(detector, ResidualDetector):
        numbers += [detector.start, detector.prediction.order]
        arrays |= {
            "weights": detector.prediction.weights,
            "constant": detector.prediction.constant,
            **detector.distance._asdict(),
        }
        scale = detector.scale
    elif isinstance(detector, T2Detector):
        arrays |= detector.distance._asdict()
        scale = detector.scale
    elif isinstance(detector, PcaDetector):
        arrays |= {
            "axes": detector.axes,
            "whitening": detector.whitening,
            "quantiles": np.array(detector.quantiles),
        }
        scale = detector.scale
    else:
        assert isinstance(detector, EstimatorDetector)
        arrays["estimator"] = np.frombuffer(_dumped(detector.estimator), dtype=np.uint8)
        scale = detector.scale
    arrays |= scale._asdict()
    arrays["numbers"] = np.array(numbers, dtype=np.float64)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stubs take the names for an option
    return buffer.getvalue()


def from_bytes(content: bytes, sha256: str) -> StationModel:
    """Return the model of *content*, whose digest must be *sha256*.

    Raise `ModelFileError` for a wrong digest, too many bytes, a newer format, a foreign type or
    anything else that `to_bytes` does not write.
    """
    check_content(content, sha256)
    try:
        arrays = read_arrays(content)
        manifest = json.loads(arrays.pop("manifest").tobytes())
        name = manifest["detector"]
        check_format(manifest["format"])
        _check_names(arrays, {*_STATION, *_OF_DETECTOR[name]})
        usual, spread, limit, *rest = arrays["numbers"].tolist()
        return StationModel(
            detector_name=name,
            columns=tuple(Column(str(signal), int(at)) for signal, at in manifest["columns"]),
            period_us=int(manifest["period_us"]),
            machines=tuple(map(str, manifest["machines"])),
            detector=_detector(name, arrays, rest),
            usual=usual,
            spread=spread,
            limit=limit,
            # Files of before holds were learnt do not have it.
            hold=Hold(*map(int, manifest.get("hold_us", ()))),
            **{key: arrays[key] for key in _STATION if key != "numbers"},
        )
    except ModelFileError:
        raise
    except (KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"is no station's model ({type(error).__name__}: {error})") from error


def check_content(content: bytes, sha256: str) -> None:
    """Raise `ModelFileError` for too many bytes or a digest that is not *sha256*."""
    if len(content) > MAX_BYTES:
        raise ModelFileError(f"{len(content):,} bytes; a model has at most {MAX_BYTES:,}")
    if digest(content) != sha256:
        raise ModelFileError("its SHA-256 is not the registered one: it was changed or damaged")


def check_format(number: int) -> None:
    """Raise `ModelFileError` for a format that a later program wrote."""
    if number > FORMAT:
        raise ModelFileError(f"format {number}, and this program reads up to {FORMAT}; upgrade it")


def _check_names(arrays: Arrays, expected: set[str]) -> None:
    if set(arrays) != expected:
        raise ModelFileError(f"holds {sorted(arrays)} and not {sorted(expected)}")


def read_arrays(content: bytes) -> Arrays:
    """Return the arrays of an npz file; raise `ModelFileError` if one is no plain numbers.

    What it would take unpacked is looked at before anything is.
    """
    buffer = io.BytesIO(content)
    _check_unpacked(buffer)
    with np.load(buffer, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise ModelFileError(f"{name} holds {array.dtype}, not plain numbers")
    return arrays


def _detector(name: str, arrays: Arrays, rest: list[float]) -> Streaming:
    scale = Scale(arrays["mean"], arrays["sd"])
    if name in _ESTIMATORS:
        return EstimatorDetector(scale, _loaded(arrays["estimator"].tobytes(), _ESTIMATORS[name]))
    if name == "pca":
        t2, spe = arrays["quantiles"].tolist()
        return PcaDetector(scale, arrays["axes"], arrays["whitening"], (t2, spe))
    distance = Distance(arrays["whitening"], arrays["precision"])
    if name == "t2":
        return T2Detector(scale, distance)
    start, order = rest
    prediction = Prediction(int(order), arrays["weights"], arrays["constant"])
    return ResidualDetector(scale, prediction, distance, start)


def _dumped(estimator: Any) -> bytes:
    from skops import io as skops  # noqa: PLC0415  # slow to import, and for forests alone

    return bytes(skops.dumps(estimator))


def _loaded(content: bytes, expected: str) -> Any:
    from skops import io as skops  # noqa: PLC0415
    from skops.io.exceptions import UntrustedTypesFoundException  # noqa: PLC0415

    _check_unpacked(io.BytesIO(content))
    try:
        estimator = skops.loads(content, trusted=_TRUSTED)
    except UntrustedTypesFoundException as error:
        raise ModelFileError(f"holds types that are not trusted: {error}") from error
    found = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    if found != expected:
        raise ModelFileError(f"holds a {found}, not a {expected}")
    return estimator


def _check_unpacked(buffer: io.BytesIO) -> None:
    with zipfile.ZipFile(buffer) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > 2 * MAX_BYTES:
        raise ModelFileError(f"would unpack to {unpacked:,} bytes; at most {2 * MAX_BYTES:,}")
    buffer.seek(0)
