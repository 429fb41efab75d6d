"""Carries hints from frame to frame: where some frame hints an area, the others are painted with that hint.

A hint of one colour is laid where the area is widest. An area that holds several colours in one frame keeps them all,
each at its place in the area's box.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8, Index, Labels
from pipelines.core.imaging.colours import differ, medoid
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.tracking.frames import FrameHint, FrameInfo, boxes_of
from pipelines.tracking.tracks import UNTRACKED

_DEEPEST = -1.0  # instead of a place in the box: where the area is widest
_RADIUS = 0.017  # of the longer side: the greatest radius of a hint that is carried
_DEPTH = 0.6  # of the distance from the area's border


def hints_of_tracks(frames: Sequence[FrameInfo], tracks: Sequence[Index]) -> dict[int, tuple[FrameHint, ...]]:
    """Return each hinted track's hints: one of its colour, or those of the frame with most where there are several."""
    found: dict[int, dict[int, list[FrameHint]]] = defaultdict(lambda: defaultdict(list))
    for number, (frame, own) in enumerate(zip(frames, tracks, strict=True)):
        for spot in frame.spots:
            if own[spot.area] != UNTRACKED:
                found[int(own[spot.area])][number].append(spot)
    return {track: _agreed(list(by_frame.values())) for track, by_frame in sorted(found.items())}


def _agreed(by_frame: Sequence[Sequence[FrameHint]]) -> tuple[FrameHint, ...]:
    several = [spots for spots in by_frame if differ([spot.colour for spot in spots])]
    if several:
        return tuple(max(several, key=lambda spots: sum(spot.weight for spot in spots)))
    spots = [spot for spots in by_frame for spot in spots]
    colour = medoid([spot.colour for spot in spots], [spot.weight for spot in spots])
    return (FrameHint(0, colour, 0.0, _DEEPEST, _DEEPEST),)


def propagate_hints(
    frame: FrameInfo, tracks: Index, hinted: Mapping[int, tuple[FrameHint, ...]]
) -> tuple[FrameHint, ...]:
    """Return the hints that other frames have for this one's areas without any of their own."""
    own = {spot.area for spot in frame.spots}
    largest: dict[int, int] = {}
    for area in np.argsort(-frame.size, kind="stable").tolist():
        if frame.size[area] and int(tracks[area]) in hinted:
            largest.setdefault(int(tracks[area]), area)
    taken = {int(tracks[area]) for area in own}
    return tuple(
        spot._replace(area=area)
        for track, area in sorted(largest.items(), key=lambda item: item[1])
        if track not in taken
        for spot in hinted[track]
    )


def draw_hints(hints: U8, spots: Sequence[FrameHint], lines: U8, labels: Labels) -> U8:
    """Lay hints that are carried into their areas, among hints, uint8 RGBA (H, W, 4), which stay.

    lines: uint8 (H, W), 0 = ink; labels: int32 (H, W), the areas' numbers.
    """
    if not spots:
        return hints
    result = hints.copy()
    boxes, paper = boxes_of(labels), line_mask_of(lines).paper
    for spot in spots:
        if not 0 <= spot.area < len(boxes) or boxes[spot.area][2] < boxes[spot.area][0]:
            continue
        left, top, right, bottom = boxes[spot.area].tolist()
        window = slice(top, bottom + 1), slice(left, right + 1)
        inside = ((labels[window] == spot.area) & (paper[window] > 0)).view(np.uint8)
        _draw(result[window], inside, spot, _RADIUS * max(lines.shape))
    return result


def _draw(part: U8, inside: U8, spot: FrameHint, radius: float) -> None:
    """Draw a hint into a window, RGBA (h, w, 4), in place: where it belongs, on what is inside, uint8 (h, w), alone."""
    depth = np.asarray(cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
    if not depth.any():
        return
    if spot.x == _DEEPEST:
        row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    else:
        row, column = _nearest_deep(depth, spot)
    disc = np.zeros(inside.shape, np.uint8)
    reach = max(1, int(min(_DEPTH * float(depth[row, column]), radius)))
    cv2.circle(disc, (int(column), int(row)), reach, 1, -1)
    part[(disc & inside).astype(bool) & (part[..., 3] < HINT_ALPHA)] = (*spot.colour, 255)


def _nearest_deep(depth: NDArray[np.float32], spot: FrameHint) -> tuple[np.intp, np.intp]:
    """Return the place, not at the very border, nearest to that of a hint."""
    rows, columns = np.nonzero(depth >= min(2.0, float(depth.max())))
    away = (rows + 0.5 - spot.y * depth.shape[0]) ** 2 + (columns + 0.5 - spot.x * depth.shape[1]) ** 2
    place = int(np.argmin(away))
    return rows[place], columns[place]


def encode_hints(spots: Sequence[FrameHint]) -> bytes:
    """Turn hints to be carried into JSON."""
    return json.dumps([[one.area, *one.colour, one.x, one.y] for one in spots]).encode()


def decode_hints(data: bytes) -> tuple[FrameHint, ...]:
    """Turn JSON that `encode_spots` wrote into hints."""
    return tuple(FrameHint(row[0], (row[1], row[2], row[3]), 0.0, row[4], row[5]) for row in json.loads(data))
