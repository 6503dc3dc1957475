"""Detectors to compare with: T2, PCA, isolation forest, local outlier factor, one-class SVM.

They judge each row by itself. Where a detector cannot say which signal it was, the squared
distance of each signal from its mean stands in for its contribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from models.station.contract import Bools, Floats, Spans
from models.station.scale import LEAST, Distance, Scale

#: Share of the variance that the principal components hold.
_VARIANCE = 0.9
_QUANTILE = 0.99
#: More rows than this only slow an outlier factor or a support vector machine down.
_MOST_ROWS = 5_000


@dataclass(frozen=True)
class _ByRow:
    """What detectors share that judge a row by itself."""

    scale: Scale

    @property
    def order(self) -> int:
        """A row hangs on none before it."""
        return 0

    @property
    def is_distance(self) -> bool:
        """The score has a scale of its own, as a rule."""
        return False

    def errors(self, rows: Floats) -> Floats:
        """Return *rows* in sd from the mean."""
        return self.scale.scaled(rows)

    def units(self) -> Floats:
        """Return the sd of each signal."""
        return self.scale.sd


@dataclass(frozen=True)
class T2Detector(_ByRow):
    """Hotelling's T2 of the row."""

    distance: Distance

    @classmethod
    def fit(cls, spans: Spans) -> T2Detector:
        """Fit to healthy *spans*."""
        rows = np.concatenate(spans)
        scale = Scale.of(rows)
        return cls(scale, Distance.of(scale.scaled(rows)))

    def statistic(self, rows: Floats) -> Floats:
        """Return T2."""
        return self.distance.squared(self.scale.scaled(rows))

    def contributions(self, rows: Floats) -> Floats:
        """Return reconstruction-based contributions to T2."""
        return self.distance.reconstruction(self.scale.scaled(rows))

    @property
    def is_distance(self) -> bool:
        """It is."""
        return True

    def score(self, errors: Floats, absent: Bools) -> Floats:
        """Return log T2."""
        return self.distance.log_squared(errors, absent)

    def shares(self, errors: Floats) -> Floats:
        """Return reconstruction-based contributions to T2."""
        return self.distance.reconstruction(errors)

    def corrections(self, errors: Floats) -> Floats:
        """Return what must go from each signal alone to fit the others."""
        return self.distance.correction(errors)


@dataclass(frozen=True)
class PcaDetector(_ByRow):
    """T2 within the main components, and SPE, the squared error of what they leave out.

    The statistic is the larger of the two, each in units of its 99 % quantile.
    """

    axes: Floats
    whitening: Floats
    quantiles: tuple[float, float]

    @classmethod
    def fit(cls, spans: Spans) -> PcaDetector:
        """Fit to healthy *spans*."""
        rows = np.concatenate(spans)
        scale = Scale.of(rows)
        scaled = scale.scaled(rows)
        pca = PCA(n_components=_VARIANCE, svd_solver="full").fit(scaled)
        axes = np.asarray(pca.components_, dtype=np.float64).T
        whitening = axes / np.sqrt(np.asarray(pca.explained_variance_))
        usual = cls(scale, axes, whitening, (1.0, 1.0))
        t2, spe = (float(np.quantile(part, _QUANTILE)) for part in usual.parts(scaled))
        return cls(scale, axes, whitening, (max(t2, 1e-12), max(spe, 1e-12)))

    def parts(self, scaled: Floats) -> tuple[Floats, Floats]:
        """Return T2 and SPE of *scaled* rows."""
        within = np.sum((scaled @ self.whitening) ** 2, axis=1)
        rest = scaled - scaled @ self.axes @ self.axes.T
        return within, np.sum(rest * rest, axis=1)

    def statistic(self, rows: Floats) -> Floats:
        """Return the larger of T2 and SPE in units of their quantiles."""
        t2, spe = self.parts(self.scale.scaled(rows))
        return np.maximum(t2 / self.quantiles[0], spe / self.quantiles[1])

    def contributions(self, rows: Floats) -> Floats:
        """Return reconstruction-based contributions to T2 and SPE together."""
        return self.shares(self.scale.scaled(rows))

    def score(self, errors: Floats, absent: Bools) -> Floats:
        """Return the logarithm of the statistic; an absent signal is taken as at its mean."""
        t2, spe = self.parts(np.where(absent, 0.0, errors))
        return np.log(np.maximum(t2 / self.quantiles[0], spe / self.quantiles[1]) + LEAST)

    def shares(self, errors: Floats) -> Floats:
        """Return reconstruction-based contributions to T2 and SPE together."""
        form = self._form()
        return np.asarray((errors @ form) ** 2 / np.diag(form))

    def corrections(self, errors: Floats) -> Floats:
        """Return what must go from each signal alone to fit the others."""
        form = self._form()
        return np.asarray((errors @ form) / np.diag(form))

    def _form(self) -> Floats:
        """Return the matrix of T2 and SPE together."""
        form = self.whitening @ self.whitening.T / self.quantiles[0]
        return np.asarray(form + (np.eye(len(form)) - self.axes @ self.axes.T) / self.quantiles[1])


@dataclass(frozen=True)
class EstimatorDetector(_ByRow):
    """An outlier estimator of scikit-learn: its score, turned so that higher is worse."""

    estimator: Any

    def statistic(self, rows: Floats) -> Floats:
        """Return the negative score of the estimator."""
        return -np.asarray(self.estimator.score_samples(self.scale.scaled(rows)), dtype=np.float64)

    def contributions(self, rows: Floats) -> Floats:
        """Return squared distances of the signals from their means."""
        return np.asarray(self.scale.scaled(rows) ** 2)

    def score(self, errors: Floats, absent: Bools) -> Floats:
        """Return the negative score; an absent signal is taken as at its mean."""
        rows = np.where(absent, 0.0, errors)
        return -np.asarray(self.estimator.score_samples(rows), dtype=np.float64)

    def shares(self, errors: Floats) -> Floats:
        """Return squared distances of the signals from their means."""
        return np.asarray(errors**2)

    def corrections(self, errors: Floats) -> Floats:
        """Return the distances: a signal is expected at its mean."""
        return errors


def isolation_forest(spans: Spans) -> EstimatorDetector:
    """Fit an isolation forest of 100 trees."""
    return _fitted(IsolationForest(n_estimators=100, random_state=0), spans)


def local_outlier_factor(spans: Spans) -> EstimatorDetector:
    """Fit a local outlier factor of 20 neighbours."""
    # Without a tree of compiled code, so that the model can be kept as plain numbers.
    return _fitted(LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm="brute"), spans)


def one_class_svm(spans: Spans) -> EstimatorDetector:
    """Fit a one-class support vector machine with a radial kernel, nu = 0.01."""
    return _fitted(OneClassSVM(nu=0.01, gamma="scale"), spans)


def _fitted(estimator: Any, spans: Spans) -> EstimatorDetector:
    rows = np.concatenate(spans)
    scale = Scale.of(rows)
    step = -(-len(rows) // _MOST_ROWS)
    return EstimatorDetector(scale, estimator.fit(scale.scaled(rows[::step])))
