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
_DEPTH = 3  # areas within areas
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


def details(spots: HintSpots, regions: int, counted: Mask, grown: Labels) -> Mask:
    """Tell which of the counted spots, (spots,), are details, by what they would get.

    Parts of small spots that meet make a cluster. One that meets the rest in a narrow, as a head meets a body, is an
    area with a main colour of its own: so it goes on inside. grown: int32 (H, W), the colour that each pixel of paper
    would have, 0 elsewhere.
    """
    chosen, within = np.zeros(len(counted), bool), spots
    for _ in range(_DEPTH):
        small = small_spots(within, regions, counted)
        if not small.any():
            break
        part_map, part = _parts(spots, small, grown)
        clusters, cluster = _clusters(part_map, part, spots.labels)
        is_open = _is_open(clusters, grown, cluster, spots.area)[cluster]
        stays = is_open | _meets_main(part_map, grown)[part]
        chosen |= small & stays & _is_open(part_map, grown, part, spots.area)[part]
        counted = small & (cluster > 0) & ~is_open & ~chosen
        within, regions = spots._replace(region=cluster), int(cluster.max(initial=0)) + 1
    return chosen


def _parts(spots: HintSpots, small: Mask, grown: Labels) -> tuple[Labels, Index]:
    """Number the parts that small spots alone would get, int32 (H, W), 1..; and give each spot's, (spots,), or 0."""
    part_map, part, offset = np.zeros(grown.shape, np.int32), np.zeros(len(small), np.intp), 0
    for colour in np.unique(spots.colour[small]).tolist():
        own = (grown == colour).view(np.uint8)
        count, parts = cv2.connectedComponents(own, connectivity=4, ltype=cv2.CV_32S)
        of_colour = np.flatnonzero(spots.colour == colour)
        number = _labels_at(of_colour, spots.labels, parts, len(small))
        of_small = np.ones(count, bool)
        of_small[number[~small[of_colour]]] = False
        of_small[0] = False
        shifted = np.where(of_small, np.arange(count) + offset, 0)
        np.copyto(part_map, shifted[parts].astype(np.int32), where=parts > 0)
        part[of_colour] = np.where(small[of_colour], shifted[number], 0)
        offset += count
    return part_map, part


def _clusters(part_map: Labels, part: Index, spot_labels: Labels) -> tuple[Labels, Index]:
    """Join parts that meet: number the clusters, int32 (H, W), 1.., and give each spot's, (spots,), 0 for none."""
    joined = (part_map > 0).view(np.uint8)
    _, clusters = cv2.connectedComponents(joined, connectivity=4, ltype=cv2.CV_32S)
    cluster = _labels_at(np.arange(len(part)), spot_labels, np.asarray(clusters, np.int32), len(part))
    return np.asarray(clusters, np.int32), np.where(part > 0, cluster, 0)


def _labels_at(numbers: Index, spot_labels: Labels, labels: Labels, count: int) -> Index:
    """Return the label that each of the spots `numbers`, (n,), lies on, 0 where on none; count: of all spots."""
    label_of_spot = np.zeros(count + 1, np.intp)
    hinted = (spot_labels > 0) & (labels > 0)
    label_of_spot[spot_labels[hinted]] = labels[hinted]
    return label_of_spot[numbers + 1]


def _is_open(parts: Labels, grown: Labels, part: Index, area: F64) -> Mask:
    """Tell which parts, (n + 1,), meet the rest over open paper, wider than their spots are, and not at lines.

    part: (spots,), of each spot, 0 for none; area: (spots,), px.
    """
    count = int(parts.max(initial=0)) + 1
    own = parts > 0
    at_seam = _seams(parts, grown)
    reach = 2 * max(round(_LINE * max(parts.shape)), 4) + 1
    others = ((grown > 0) & ~own).view(np.uint8)
    at_line = own & ~at_seam & (cv2.dilate((grown == 0).view(np.uint8), _SQUARE) > 0)
    at_line &= cv2.dilate(others, np.ones((reach, reach), np.uint8)) > 0
    seam, drawn = (np.bincount(parts[border], minlength=count) for border in (at_seam, at_line))
    side = np.sqrt(np.bincount(parts.reshape(-1), minlength=count))
    width = np.bincount(part, 2 * np.sqrt(area / np.pi), count)
    is_open = (seam > _OPEN * side) & (seam > _WIDE * width) & (seam > _UNDRAWN * (seam + drawn))
    is_open[0] = False
    return np.asarray(is_open)


def _meets_main(part_map: Labels, grown: Labels) -> Mask:
    """Tell which parts, (n + 1,), meet what is no part of small spots along most of their seam."""
    count, own = int(part_map.max(initial=0)) + 1, part_map > 0
    main = cv2.dilate(((grown > 0) & ~own).view(np.uint8), _SQUARE) > 0
    return np.asarray(
        2 * np.bincount(part_map[own & main], minlength=count)
        > np.bincount(part_map[_seams(part_map, grown)], minlength=count)
    )


def _seams(parts: Labels, grown: Labels) -> Mask:
    """Tell which pixels of parts, bool (H, W), have another part or other paper beside them."""
    labels = np.where(parts > 0, parts, np.where(grown > 0, np.int32(-1), np.int32(0))).astype(np.float32)
    lowest = cv2.erode(np.where(labels == 0, np.float32(np.inf), labels), _SQUARE)
    highest = cv2.dilate(np.where(labels == 0, np.float32(-np.inf), labels), _SQUARE)
    return np.asarray((parts > 0) & (lowest != highest))


def spots_as_painted(spots: HintSpots, chosen: Mask, paper: Mask) -> Labels:
    """Return the colours of the chosen spots where they lie, int32 (H, W), 0 elsewhere."""
    colours = np.concatenate([[0], np.where(chosen, spots.colour, 0)]).astype(np.int32)
    return np.where(paper, map_labels(colours, spots.labels), np.int32(0))
