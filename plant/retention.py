"""How long what is stored is kept, when it is compressed, and how much room is planned for it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from plant.signals import Part


class Kept(Part):
    """What is done with one class of tables."""

    keep_d: float | None = Field(default=None, gt=0, description="days; for good where not said")
    compress_after_d: float | None = Field(
        default=None, gt=0, description="days; as early as no late row can come where not said"
    )
    size_gb: float | None = Field(default=None, gt=0, description="room planned for it on disk")


class Lasting(Part):
    """What is done with a class of tables that are not compressed."""

    keep_d: float | None = Field(default=None, gt=0, description="days; for good where not said")
    size_gb: float | None = Field(default=None, gt=0, description="room planned for it on disk")


class Retention(Part):
    """The classes of what is stored."""

    fast: Kept = Field(default=Kept(), description="samples of stations with a signal above 1 Hz")
    slow: Kept = Field(default=Kept(), description="samples of the other stations")
    curves: Kept = Field(default=Kept(), description="samples of stations with arrays alone")
    minutes: Lasting = Field(default=Lasting(), description="rollups of a minute")
    hours: Lasting = Field(default=Lasting(), description="rollups of an hour")
    results: Kept = Field(default=Kept(), description="results of cells")
    events: Lasting = Field(default=Lasting(), description="states of machines, material")
    ledger: Lasting = Field(default=Lasting(), description="what ingest committed, line by line")
    dead_letters: Lasting = Field(default=Lasting(), description="what could not be read")

    def faults(self, max_lateness_d: float) -> Iterator[str]:
        """Yield what cannot be where rows may come *max_lateness_d* days late."""
        least = max_lateness_d + 1
        late = f"rows may come {max_lateness_d:g} days late"
        for name in type(self).model_fields:
            kept: Kept | Lasting = getattr(self, name)
            can_be_late = name not in {"ledger", "dead_letters"}
            if can_be_late and kept.keep_d is not None and kept.keep_d < least:
                yield f"{name}.keep_d: {kept.keep_d:g} is too short, {late}; at least {least:g}"
            if not isinstance(kept, Kept) or kept.compress_after_d is None:
                continue
            after = kept.compress_after_d
            if after < least:
                yield f"{name}.compress_after_d: {after:g} is too early, {late}; at least {least:g}"
            if kept.keep_d is not None and after >= kept.keep_d:
                yield (
                    f"{name}.compress_after_d: {after:g} is not before keep_d {kept.keep_d:g};"
                    " mend one of them"
                )
