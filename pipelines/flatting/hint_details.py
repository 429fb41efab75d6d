"""Tells which spots are details of an area that has a main colour: blush, lips, a highlight stay as large as painted.

The main colour of a region is the one whose spots cover most. A smaller spot of another colour may be a detail: of at
most `_SMALL` of the greatest of the main colour, or, beside several of these, of at most `_SMALLER` of the least of
them and of `_MINOR` of all. Two dabs of one size are two halves, as hints found in a picture are, which are alike.

Size alone does not tell a blush from a glove. What does is the part that the spot would get if its colour grew as all
others do: it is a detail if that part meets the rest over open paper, and is a part of its own if in a narrow or at a
line: if the seam is short for the part or hardly longer than the spot is wide.
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask
from pipelines.flatting.hint_spots import HintSpots
from pipelines.segmentation.label_maps import map_labels

_SMALL = 0.4
_SMALLER = 0.8
_MINOR = 0.4
_OPEN = 0.5  # of the side of a square as large as the part: a seam that long is open
_WIDE = 1.6  # times the width of the spots: a seam that long is wider than they are
_UNDRAWN = 0.55  # of its border to the rest: no line runs there
_LINE = 0.02  # of the longer side: lines are no wider
_SQUARE = np.ones((3, 3), np.uint8)


def small_spots(spots: HintSpots, regions: int, counted: Mask) -> Mask:
    """Tell which spots, (spots,), are small beside those of their region's main colour; `regions`: how many labels.

    counted: bool (spots,), those that lie on the figure.
    """
    span = len(spots.colours)
    key = spots.region * span + spots.colour
    covered = np.bincount(key[counted], spots.area[counted], regions * span).reshape(regions, span)
    main = covered.argmax(axis=1)
    is_main = counted & (spots.colour == main[spots.region])
    greatest, least = np.zeros(regions), np.full(regions, np.inf)
    np.maximum.at(greatest, spots.region[is_main], spots.area[is_main])
    np.minimum.at(least, spots.region[is_main], spots.area[is_main])
    several = np.bincount(spots.region[is_main], minlength=regions) > 1
    total = covered.max(axis=1)
    is_small = spots.area <= _SMALL * greatest[spots.region]
    is_smaller = (spots.area <= _SMALLER * least[spots.region]) & (spots.area <= _MINOR * total[spots.region])
    return np.asarray(counted & ~is_main & (is_small | (is_smaller & several[spots.region])))


def details(spots: HintSpots, small: Mask, grown: Labels, paper: Mask) -> Mask:
    """Tell which small spots, (spots,), are details, by what they would get.

    grown: int32 (H, W), the colour that each pixel of paper would have, 0 elsewhere. paper: bool (H, W).
    """
    chosen = np.zeros(len(small), bool)
    for colour in np.unique(spots.colour[small]).tolist():
        own = (grown == colour) & paper
        count, parts = cv2.connectedComponents(own.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
        of_colour = np.flatnonzero(spots.colour == colour)
        part = _parts_of(of_colour, spots.labels, parts, len(small))
        only_small = np.ones(count, bool)
        only_small[part[~small[of_colour]]] = False
        only_small[0] = False
        is_open = _is_open(parts, count, grown, part, spots.area[of_colour])
        chosen[of_colour] = small[of_colour] & (only_small & is_open)[part]
    return chosen


def _parts_of(numbers: Index, labels: Labels, parts: Labels, count: int) -> Labels:
    """Return the part that holds each of the spots `numbers`, (n,), 0 where none does."""
    part_of_spot = np.zeros(count + 1, np.int32)
    hinted = (labels > 0) & (parts > 0)
    part_of_spot[labels[hinted]] = parts[hinted]
    return part_of_spot[numbers + 1]


def _is_open(parts: Labels, count: int, grown: Labels, part: Labels, area: F64) -> Mask:
    """Tell which parts, (count,), meet the rest over open paper, wider than their spots are, and not at lines."""
    others, own = (grown > 0) & (parts == 0), parts > 0
    at_seam = own & (cv2.dilate(others.view(np.uint8), _SQUARE) > 0)
    reach = 2 * max(round(_LINE * max(parts.shape)), 4) + 1
    at_line = own & ~at_seam & (cv2.dilate((grown == 0).view(np.uint8), _SQUARE) > 0)
    at_line &= cv2.dilate(others.view(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    seam, drawn = (np.bincount(parts[border], minlength=count) for border in (at_seam, at_line))
    side = np.sqrt(np.bincount(parts.reshape(-1), minlength=count))
    width = np.zeros(count)
    np.add.at(width, part, 2 * np.sqrt(area / np.pi))
    return np.asarray((seam > _OPEN * side) & (seam > _WIDE * width) & (seam > _UNDRAWN * (seam + drawn)))


def spots_as_painted(spots: HintSpots, chosen: Mask, paper: Mask) -> Labels:
    """Return the colours of the chosen spots where they lie, int32 (H, W), 0 elsewhere."""
    colours = np.concatenate([[0], np.where(chosen, spots.colour, 0)]).astype(np.int32)
    return np.where(paper, map_labels(colours, spots.labels), np.int32(0))
