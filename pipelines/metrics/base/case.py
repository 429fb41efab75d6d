"""What a metric looks at: one result beside what it should be, and what several metrics need of them, found once."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Labels, Mask
from pipelines.core.imaging.colours import WHITE, ciede2000, pack_rgb, srgb_to_lab, unpack_rgb
from pipelines.core.imaging.compositing import composite
from pipelines.metrics.base.areas import LabelledAreas, gather_areas
from pipelines.metrics.base.structural_similarity import Similarity, similarity_maps

INK_LEVEL = 128  # a pixel of the line drawing is ink below it, as in benchmarks of line extraction
_SOFT_EDGE = 1  # px beside ink that are no fill: the line's soft edge


@dataclass(frozen=True)
class Case:
    """One result and its partners, all of the truth's height and width; what is None was not given."""

    result: U8  # RGB (H, W, 3), over white
    truth: U8  # RGB (H, W, 3), over white
    lines: U8 | None = None  # (H, W), 0 = ink
    ink: U8 | None = None  # the same as a layer, RGBA (H, W, 4): what must lie on top unchanged
    hints: U8 | None = None  # RGBA (H, W, 4), alpha 0 = no hint
    regions: Labels | None = None  # (H, W), 0 = ink, 1..n = region of the line drawing

    @cached_property
    def result_lab(self) -> F64:
        """The result in L*a*b*, (H, W, 3)."""
        return _lab(self.result)

    @cached_property
    def truth_lab(self) -> F64:
        """The truth in L*a*b*, (H, W, 3)."""
        return _lab(self.truth)

    @cached_property
    def delta_e(self) -> F64:
        """CIEDE2000 of result and truth at each pixel, (H, W); each pair of colours is measured once."""
        result, truth = pack_rgb(self.result).astype(np.int64), pack_rgb(self.truth)
        pairs, where = np.unique(result << 24 | truth, return_inverse=True)
        first, second = srgb_to_lab(unpack_rgb(pairs >> 24)), srgb_to_lab(unpack_rgb(pairs & 0xFFFFFF))
        return ciede2000(first, second)[where].reshape(result.shape)

    @cached_property
    def similarity(self) -> Similarity:
        """Luminance and structure of result and truth, window by window."""
        return similarity_maps(self.truth, self.result)

    @cached_property
    def fill(self) -> Mask:
        """Where colour was laid, (H, W): neither ink nor beside it; everywhere where no lines were given."""
        if self.lines is None:
            return np.ones(self.result.shape[:2], bool)
        ink = (self.lines < INK_LEVEL).view(np.uint8)
        near = cv2.dilate(ink, np.ones((2 * _SOFT_EDGE + 1,) * 2, np.uint8))
        return np.asarray(near == 0)

    @cached_property
    def drawn(self) -> U8:
        """The line art as it should show, RGB (H, W, 3), over white."""
        assert self.ink is not None
        return composite(self.ink, WHITE)

    @cached_property
    def areas(self) -> LabelledAreas:
        """The fills of the regions with their colours."""
        assert self.regions is not None
        return gather_areas(np.where(self.fill, self.regions, 0), self.result_lab, self.truth_lab)


def _lab(rgb: U8) -> F64:
    """L*a*b* of a picture (H, W, 3); each colour is converted once."""
    colours, where = np.unique(pack_rgb(rgb), return_inverse=True)
    return srgb_to_lab(unpack_rgb(colours))[where].reshape(rgb.shape)
