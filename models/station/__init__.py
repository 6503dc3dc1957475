"""Detectors that watch the signals of a station together: scikit-learn fits, NumPy scores."""
