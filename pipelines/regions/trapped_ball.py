"""Labels the areas that lines enclose, by the largest ball that an area traps, so that small gaps do not leak.

A ball of radius r fits where the distance from ink is greater than r. The connected places of its centre are one
trapped ball each, the core of a region. A ladder of lesser balls, the last of them a point, gives cores to what is too
narrow for the greater ones. The cores grow back over the paper, wide places first, and meet
in the gaps that the ball does not pass:

    core_r = {p : D(p) > r},   r = R, R/2, R/4, 0,   R = (gap + 1) / 2,   D = distance from ink

Cores that the ball alone divides, where an area merely narrows a little, are joined again: the pass between two
pieces is no gap when it is wider than `neck` times the narrower piece. Slivers go to the neighbour with the longest
common border. Every step takes time linear in the number of pixels.

Sources: S.-H. Zhang, T. Chen, Y.-F. Zhang, S.-M. Hu, R. R. Martin, "Vectorizing Cartoon Animations", IEEE TVCG 15(4),
2009 (trapped-ball segmentation); S. Fourey, D. Tschumperle, D. Revoy, "A Fast and Efficient Semi-guided Algorithm for
Flat Coloring Line-arts", VMV 2018 (regions meet under the lines).
"""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Labels
from pipelines.core.settings import check_number
from pipelines.segmentation.adjacency import contract, find_borders, merge_across_wide_gaps, remove_small_regions
from pipelines.segmentation.label_maps import in_scan_order, label_sizes, map_labels
from pipelines.segmentation.line_mask import LineMask, find_line_mask, inscribed_radius
from pipelines.segmentation.watershed import TOP, watershed

_GAP_SHARE = 0.02  # of the longer side: 10 px of 512
_SLIVER_SHARE = 4e-5  # of the area: 10 px of 512 x 512


@dataclass(frozen=True)
class Params:
    """Settings of trapped-ball segmentation; px are px of the picture, None is in proportion to its size."""

    gap: Annotated[
        float | None,
        "px: openings in a line up to this wide do not leak; None: 2 % of the longer side",
    ] = None
    neck: Annotated[
        float, "an opening wider than this share of the narrower area is none: parts are joined; 1: never"
    ] = 0.75
    sliver: Annotated[int | None, "px: smaller areas are merged with a neighbour; None: 0.004 % of the picture"] = None
    ink: Annotated[
        int | None,
        "level, 1..255: darker pixels are ink; None: found by the contrast of the drawing",
    ] = None
    under_lines: Annotated[bool, "regions reach to the middle of the lines, so that no pixel is 0"] = False

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name, least, most in (("gap", 0, 10000), ("neck", 0.01, 1), ("sliver", 0, 1 << 30), ("ink", 1, 255)):
            value = getattr(self, name)
            if value is not None:
                check_number(name, value, least, most)


def segment(lines: U8, params: Params) -> Labels:
    """Label the areas of a line drawing, uint8 (H, W), 0 = ink; returns int32 (H, W), 0 = ink, 1..n = region.

    Regions are numbered in the order of their first pixel, row by row. With `under_lines` ink belongs to the nearest
    region too and there is no 0, unless all is ink.
    """
    line_mask = find_line_mask(lines, params.ink)
    labels = enclose(line_mask, params)
    if not params.under_lines:
        labels *= line_mask.paper
    return in_scan_order(labels)


def enclose(line_mask: LineMask, params: Params) -> Labels:
    """Label the areas of a drawing and the ink around them, int32 (H, W), labels >= 1; all 0 where all is ink."""
    gap = max(line_mask.paper.shape) * _GAP_SHARE if params.gap is None else params.gap
    sliver = line_mask.paper.size * _SLIVER_SHARE if params.sliver is None else params.sliver
    radius = (gap + 1) / 2
    pieces = watershed(_cores(line_mask, radius), _elevation(line_mask, radius))
    borders = find_borders(pieces, line_mask.distance)
    area = label_sizes(pieces * line_mask.paper, int(pieces.max(initial=0)) + 1)
    roots = np.arange(len(area))
    if params.neck < 1:
        roots = merge_across_wide_gaps(borders, inscribed_radius(pieces, line_mask), params.neck)
        borders, area = contract(borders, roots), np.bincount(roots, area, len(area)).astype(np.float64)
    roots = remove_small_regions(borders, area, sliver)[roots]
    return map_labels(roots.astype(np.int32), pieces)


def _cores(line_mask: LineMask, radius: float) -> Labels:
    """Label the places of the centre of the greatest ball that fits, and one place where only a lesser ball does.

    Returns int32 (H, W), 0 elsewhere. An area with one core alone is labelled as a whole: nothing is left to decide.
    """
    fitted, peaks = radius, line_mask.peaks
    distance = line_mask.distance.reshape(-1)[peaks]
    labels = _connected(line_mask.distance, radius)
    count = int(labels.max(initial=0))
    for fits in (radius / 2, radius / 4, 0.0) if radius >= 1 else ():
        pieces = _connected(line_mask.distance, fits)
        of_peak = pieces.reshape(-1)[peaks]
        new = np.ones(int(of_peak.max(initial=0)) + 1, bool)
        new[0] = False
        new[of_peak[distance > fitted]] = False  # a greater ball fits there too
        number = np.where(new, count + np.cumsum(new), 0).astype(np.int32)
        is_new = np.flatnonzero(number[of_peak])
        labels.reshape(-1)[peaks[is_new]] = number[of_peak[is_new]]
        count, fitted = count + int(np.count_nonzero(new)), fits
    return _with_whole_areas(labels, pieces, peaks) if radius >= 1 else labels


def _with_whole_areas(labels: Labels, areas: Labels, peaks: Index) -> Labels:
    """Spread a label over its whole area, int32 (H, W), 1..n, where it is the only one at the peaks of the area."""
    area, label = areas.reshape(-1)[peaks], labels.reshape(-1)[peaks]
    least = np.full(int(areas.max(initial=0)) + 1, np.iinfo(np.int32).max, np.int32)
    greatest = np.zeros_like(least)
    is_core = label > 0
    np.minimum.at(least, area[is_core], label[is_core])
    np.maximum.at(greatest, area[is_core], label[is_core])
    only_label = np.where(least == greatest, greatest, np.int32(0))
    np.maximum(labels, map_labels(only_label, areas), out=labels)
    return labels


def _connected(distance: F32, radius: float) -> Labels:
    """Label the connected places where a ball fits, int32 (H, W), 1..n, 0 elsewhere.

    A step along the diagonal cannot cross a line where the distance from ink is above 1; for lesser balls it could.
    """
    fits = (distance > radius).view(np.uint8)
    connectivity = 8 if radius >= 1 else 4
    return np.asarray(cv2.connectedComponents(fits, connectivity=connectivity, ltype=cv2.CV_32S)[1], np.int32)


def _elevation(line_mask: LineMask, radius: float) -> U8:
    """Return the elevation to flood, uint8 (H, W): paper rises from 0 to TOP / 2 as it narrows, ink is TOP."""
    steep = TOP / 2 / radius
    rising = cv2.convertScaleAbs(np.minimum(line_mask.distance, np.float32(radius)), alpha=-steep, beta=TOP / 2)
    return np.asarray(cv2.max(rising, cv2.convertScaleAbs(line_mask.paper, alpha=-TOP, beta=TOP)), np.uint8)
