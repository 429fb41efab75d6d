"""Reads what a finished picture says of a drawing's colours (`--reference`), for models of any kind."""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core import registry
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.picture import Picture
from pipelines.flatting.reading import LineReading
from pipelines.flatting.references.alignment import best_fit
from pipelines.flatting.references.area_colours import hints_of_areas
from pipelines.flatting.references.by_place import hints_by_place
from pipelines.inference.types import HintPreset

OTHER_DRAWING = "the reference shows another drawing: areas take its colours by place and size"


class ReferenceGuide(NamedTuple):
    """What a reference says of one drawing: hints, or else colours alone."""

    hints: U8 | None  # RGBA (H, W, 4)
    palette: U8 | None = None  # (k, 3)
    note: str = ""  # what is to be said of how it was used
    is_flat: bool = False  # whether the reference shows the same drawing without light and shadow


def read_reference(
    reference: Picture,
    reading: LineReading,
    preset: HintPreset,
    rng: np.random.Generator,
    *,
    has_places: bool = True,
    by_place: bool = True,
) -> ReferenceGuide:
    """Read a reference: its colours area by area where it shows the same drawing and the model fills.

    Of another drawing areas take colours by place and size where `by_place` says so. Networks that learned from discs
    are given discs. has_places: whether a picture of the drawing's shape says where discs belong.
    """
    if preset == "fills":
        fit = best_fit(reading.lines, reference)
        if fit is not None and fit.is_same_drawing:
            return _of_same_drawing(reading, fit.layer, reference)
        hints = hints_by_place(reading, reference) if by_place else None
        if hints is not None:
            return ReferenceGuide(hints, note=OTHER_DRAWING)
    hints, colours = hints_from_reference(reference, reading.lines.shape, preset, rng)
    return ReferenceGuide(hints) if hints is not None and has_places else ReferenceGuide(None, colours)


def _of_same_drawing(reading: LineReading, layer: U8, reference: Picture) -> ReferenceGuide:
    """The colours of a reference that lies over the drawing; where a part was drawn otherwise, by place."""
    same = hints_of_areas(reading, layer)
    by_place = hints_by_place(reading, reference) if same.doubtful.any() else None
    if by_place is None:
        return ReferenceGuide(same.hints, is_flat=same.is_flat)
    return ReferenceGuide(np.where(same.doubtful[..., None], by_place, same.hints), is_flat=same.is_flat)


def hints_from_reference(
    reference: Picture, shape: tuple[int, ...], preset: HintPreset, rng: np.random.Generator
) -> tuple[U8 | None, U8]:
    """Hints found in a coloured picture at the line art's size (None where the shapes differ), and its colours."""
    method = registry.load("hints", "kmedoids")
    params = method.PRESETS["fills"] if preset == "fills" else method.Params()
    hints: U8 = method.place(reference.over_white(), reference.alpha, params, rng)
    colours = np.unique(hints[hints[..., 3] > 0][:, :3], axis=0)
    return (resized_hints(hints, shape) if same_aspect(hints.shape[:2], shape) else None), colours


def resized_hints(hints: U8, shape: tuple[int, ...]) -> U8:
    """Bring hints, RGBA (H, W, 4), to another size unmixed."""
    if hints.shape[:2] == shape:
        return hints
    return np.asarray(cv2.resize(hints, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
