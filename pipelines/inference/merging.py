"""Merges what several models painted into one picture: the Fakemon paper's division of one output by the other (F6).

A blend mode lays the upper layers over the lower one as painting programs do. Division turns to white where both layers
agree (x / x = 1), so it is given an opacity. "shading" divides the upper layer not by the lower one but by its own flat
colours, and multiplies the lower one by what comes out: colours of one network, light and shadow of the other,

    result = base min(1, Y(top) / Y(flat colours of top)),    Y = luma
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging import blend_modes
from pipelines.core.imaging.arrays import U8
from pipelines.inference.guided_upsampling import is_nearly_white
from pipelines.inference.model_source import ModelSource
from pipelines.inference.types import ColorResult, Steps

SHADING = "shading"
"""The way of merging that is no blend mode."""

_OPACITY = {"divide": 0.05, SHADING: 0.2}  # where none is given, after benchmarks/merge_sweep.py; 1 for other modes


@dataclass(frozen=True)
class Merge:
    """How to merge, as the user says it."""

    mode: str | None = None  # a blend mode, or "shading"; None: shading, the best of the sweep
    base: str | None = None  # label of the lower layer; None: the first model
    top: str | None = None  # label of the upper layer; None: all others, in their order
    opacity: float | None = None  # 0..1, of the upper layers; None: what served best for the mode

    def __post_init__(self) -> None:
        """Refuse modes that do not exist and an opacity out of range."""
        choices = (SHADING, *blend_modes.MODES)
        if self.mode is not None and self.mode not in choices:
            raise SettingsError(
                f"there is no way to merge called '{self.mode}'", hint=registry.suggestion(self.mode, choices)
            )
        if self.opacity is not None and not 0 <= self.opacity <= 1:
            raise SettingsError(f"opacity is {self.opacity}", hint="Use 0 (top invisible) to 1 (top as it is)")


@dataclass(frozen=True)
class ResolvedMerge:
    """A merge that is settled: which layers lie on which."""

    mode: str
    base: str
    tops: tuple[str, ...]
    opacity: float

    def merge(self, results: Mapping[str, ColorResult]) -> ColorResult:
        """One result of several by their labels.

        Paper outside the figure is what the base leaves as such, where all others do or their colours come to nothing.
        """
        base = results[self.base]
        colour = base.colour
        for label in self.tops:
            colour = self._over(colour, results[label])
        agreed = np.logical_and.reduce([results[label].background for label in self.tops])
        background = base.background & (agreed | is_nearly_white(colour))
        inks = [results[label].ink for label in (self.base, *self.tops)]
        ink = next((ink for ink in inks if ink.any()), base.ink)
        return replace(base, colour=colour, background=background, ink=ink, steps=Steps())

    def _over(self, base: U8, top: ColorResult) -> U8:
        if self.mode == SHADING:
            return blend_modes.blend(base, top.shading, "multiply", opacity=self.opacity)
        return blend_modes.blend(base, top.colour, self.mode, opacity=self.opacity)


def resolve_merge(merge: Merge, sources: Sequence[ModelSource]) -> ResolvedMerge | None:
    """Which layers lie on which; None where one model alone paints and no merge is asked for.

    Raises UsageError for a merge of one and for labels that no model has.
    """
    labels = [source.label for source in sources]
    if len(labels) == 1:
        if merge != Merge():
            raise UsageError("there is nothing to merge: one model paints", hint="Give --model twice, NAME=RUN each")
        return None
    top = _known(merge.top, labels, "--merge-top")
    base = _known(merge.base, labels, "--merge-base") or next(label for label in labels if label != top)
    if base == top:
        raise UsageError(f"'{base}' is both base and top of the merge", hint="Name two models")
    tops = (top,) if top is not None else tuple(label for label in labels if label != base)
    mode = merge.mode or SHADING
    opacity = _OPACITY.get(mode, 1.0) if merge.opacity is None else merge.opacity
    return ResolvedMerge(mode, base, tops, opacity)


def _known(label: str | None, labels: Sequence[str], option: str) -> str | None:
    if label is not None and label not in labels:
        raise UsageError(f"{option}: no model is called '{label}'", hint=registry.suggestion(label, tuple(labels)))
    return label
