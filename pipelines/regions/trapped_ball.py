"""Labels the areas that lines enclose, by the largest ball that an area traps, so that small gaps do not leak.

A ball of radius r fits where the distance from ink is greater than r. The connected places of its centre are one
trapped ball each, the core of a region. A ladder of balls, each half as wide as the one before and the last a point,
gives cores to what is too narrow for greater ones. The cores grow back over the paper, wide places first, and meet
in the gaps that the ball does not pass:

    core_r = {p : D(p) > r},   r = R, R/2, ..., 0,   R = (gap + 1) / 2,   D = distance from ink

Cores that the ball alone divides, where an area merely narrows a little, are joined again: the pass between two
pieces is no gap when it is wider than `neck` times the narrower piece. Slivers go to the neighbour with the longest
common border. Every step takes time linear in the number of pixels.

Sources: S.-H. Zhang, T. Chen, Y.-F. Zhang, S.-M. Hu, R. R. Martin, "Vectorizing Cartoon Animations", IEEE TVCG 15(4),
2009 (trapped-ball segmentation); S. Fourey, D. Tschumperle, D. Revoy, "A Fast and Efficient Semi-guided Algorithm for
Flat Coloring Line-arts", VMV 2018 (regions meet under the lines).
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.regions._flooding import TOP, flood
from pipelines.regions._graph import (
    Borders,
    contracted,
    find_borders,
    joined_over_necks,
    joined_to_named,
    without_slivers,
)

__all__ = [
    "TOP",
    "Borders",
    "Paper",
    "Params",
    "contracted",
    "enclose",
    "find_borders",
    "find_paper",
    "flood",
    "in_scan_order",
    "joined_to_named",
    "segment",
    "widest_of",
]

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
LabelArray = NDArray[np.int32]

_GAP_SHARE = 0.012  # of the longer side: 6 px of 512
_SLIVER_SHARE = 4e-5  # of the area: 10 px of 512 x 512
_INK_SHARE = 0.25  # of the way from paper to ink: where ink begins
_LEAST_CONTRAST = 16  # levels: anything nearer to paper is paper


@dataclass(frozen=True)
class Params:
    """Settings of trapped-ball segmentation; px are px of the picture, None is in proportion to its size."""

    gap: float | None = None  # px: openings in a line up to this wide do not leak; None: 1.2 % of the longer side
    neck: float = 0.75  # an opening wider than this share of the narrower area is none: parts are joined; 1: never
    sliver: int | None = None  # px: smaller areas are merged with a neighbour; None: 0.004 % of the picture
    ink: int | None = None  # level, 1..255: darker pixels are ink; None: found by the contrast of the drawing
    under_lines: bool = False  # regions reach to the middle of the lines, so that no pixel is 0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        _check("gap", self.gap, 0, 10000)
        _check("neck", self.neck, 0.01, 1)
        _check("sliver", self.sliver, 0, 1 << 30)
        _check("ink", self.ink, 1, 255)


class Paper(NamedTuple):
    """A line drawing taken apart."""

    paper: ByteArray  # uint8 (H, W): 1 = paper, 0 = ink
    width: FloatArray  # float32 (H, W): distance from ink, px, 0 on ink; the picture's border is no ink


def segment(lines: ByteArray, params: Params) -> LabelArray:
    """Label the areas of a line drawing, uint8 (H, W), 0 = ink; returns int32 (H, W), 0 = ink, 1..n = region.

    Regions are numbered in the order of their first pixel, row by row. With `under_lines` ink belongs to the nearest
    region too and there is no 0, unless all is ink.
    """
    drawing = find_paper(lines, params.ink)
    labels = enclose(drawing, params)
    return in_scan_order(labels if params.under_lines else labels * drawing.paper)


def enclose(drawing: Paper, params: Params) -> LabelArray:
    """Label the areas of a drawing and the ink around them, int32 (H, W), labels >= 1; all 0 where all is ink."""
    gap = max(drawing.paper.shape) * _GAP_SHARE if params.gap is None else params.gap
    sliver = drawing.paper.size * _SLIVER_SHARE if params.sliver is None else params.sliver
    radius = (gap + 1) / 2
    pieces = flood(_cores(drawing.width, radius), _heights(drawing, radius))
    borders = find_borders(pieces, drawing.width)
    roots = np.arange(int(pieces.max(initial=0)) + 1)
    if params.neck < 1:
        roots = joined_over_necks(borders, widest_of(pieces, drawing.width), params.neck)
        borders = contracted(borders, roots)
    area = np.bincount(pieces.reshape(-1), drawing.paper.reshape(-1), len(roots)).astype(np.float64)
    roots = without_slivers(borders, np.bincount(roots, area, len(roots)).astype(np.float64), sliver)[roots]
    return roots.astype(np.int32)[pieces]


def find_paper(lines: ByteArray, level: int | None = None) -> Paper:
    """Tell paper from ink in a line drawing, uint8 (H, W), and measure how wide the paper is.

    Without a `level` a pixel is ink from a quarter of the way between paper, the commonest light level, and solid ink,
    the darker end of what is not paper: soft pencil at 170 beside black, or alone on white at 230, is ink.
    """
    threshold = _ink_level(lines) if level is None else level
    paper = cv2.threshold(lines, threshold - 1, 1, cv2.THRESH_BINARY)[1].astype(np.uint8)
    if paper.all():
        return Paper(paper, np.full(paper.shape, float(max(paper.shape)), np.float32))
    return Paper(paper, cv2.distanceTransform(paper, cv2.DIST_L2, 5))  # type: ignore[arg-type]


def _ink_level(lines: ByteArray) -> int:
    counts = cv2.calcHist([lines], [0], None, [256], [0, 256]).ravel()
    paper = 128 + int(np.argmax(counts[128:])) if counts[128:].any() else 255
    darker = np.cumsum(counts[: paper - _LEAST_CONTRAST], dtype=np.float64)
    ink = int(np.searchsorted(darker, 0.05 * darker[-1])) if darker[-1] else paper
    return paper - max(_LEAST_CONTRAST, round((paper - ink) * _INK_SHARE))


def _peaks(width: FloatArray) -> NDArray[np.intp]:
    """Return the flat indices of the places that no neighbour is wider than: each area's widest is among them."""
    return np.flatnonzero((width >= cv2.dilate(width, np.ones((3, 3), np.uint8))) & (width > 0))


def _cores(width: FloatArray, radius: float) -> LabelArray:
    """Label the places of the centre of the greatest ball of the ladder that fits, int32 (H, W), 0 elsewhere."""
    peaks = _peaks(width)
    count, labels = _connected(width, radius)
    while radius >= 1:
        fitted, radius = radius, radius / 2 if radius > 2 else 0.0
        found, pieces = _connected(width, radius)
        new = np.ones(found + 1, bool)
        new[0] = False
        new[pieces.reshape(-1)[peaks[width.reshape(-1)[peaks] > fitted]]] = False  # a greater ball was there
        if new.any():
            labels += np.where(new, count + np.cumsum(new), 0).astype(np.int32)[pieces]
            count += int(np.count_nonzero(new))
    return labels


def _connected(width: FloatArray, radius: float) -> tuple[int, LabelArray]:
    """Return the number of places where a ball fits, and their labels 1..n, int32 (H, W)."""
    fits = (width > radius).view(np.uint8)
    count, labels = cv2.connectedComponents(fits, connectivity=4, ltype=cv2.CV_32S)
    return count - 1, labels  # type: ignore[return-value]


def _heights(drawing: Paper, radius: float) -> ByteArray:
    """Return the heights to flood over, uint8: paper rises from 0 to TOP / 2 as it narrows, ink is TOP."""
    rising = np.asarray(np.maximum(radius - drawing.width, 0) * np.float32(TOP / 2 / radius), np.uint8)
    rising[drawing.paper == 0] = TOP
    return rising


def widest_of(labels: LabelArray, width: FloatArray) -> NDArray[np.float64]:
    """Return the greatest distance from ink, px, of each label 0..n."""
    peaks = _peaks(width)
    widest = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(widest, labels.reshape(-1)[peaks], width.reshape(-1)[peaks])
    return widest


def in_scan_order(labels: LabelArray) -> LabelArray:
    """Number the labels >= 0 of a map, int32 (H, W), 1..n by their first pixel, row by row; 0 stays 0."""
    flat = labels.reshape(-1)
    runs = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    found, first = np.unique(flat[runs], return_index=True)
    number = np.zeros(int(flat.max(initial=0)) + 1, np.int32)
    present = found > 0
    number[found[present][np.argsort(first[present])]] = np.arange(1, np.count_nonzero(present) + 1)
    return number[labels]


def _check(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise SettingsError(f"{name} = {value} is out of range", hint=f"Use a number from {least} to {most}")
