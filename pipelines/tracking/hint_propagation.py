"""Carries hints from frame to frame: where some frame hints an area, the others are painted with that hint.

A hint of one colour is laid where the area is widest. An area that holds several colours in one frame keeps them all,
each at its place in the area's box.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Labels
from pipelines.core.imaging.colours import differ, medoid
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.segmentation.label_maps import label_boxes
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.tracking.frames import FrameHint, FrameInfo
from pipelines.tracking.tracks import UNTRACKED

_WIDEST = -1.0  # in bytes, instead of a place in the box: where the area is widest
_RADIUS = 0.017  # of the longer side: the greatest radius of a hint that is carried
_DEPTH = 0.6  # of the distance from the area's border


def hints_of_tracks(frames: Sequence[FrameInfo], tracks: Sequence[Index]) -> dict[int, tuple[FrameHint, ...]]:
    """Return each hinted track's hints: one of its colour, or those of the frame with most where there are several."""
    by_track: dict[int, dict[int, list[FrameHint]]] = defaultdict(lambda: defaultdict(list))
    for number, (frame, frame_tracks) in enumerate(zip(frames, tracks, strict=True)):
        for hint in frame.hints:
            if frame_tracks[hint.area] != UNTRACKED:
                by_track[int(frame_tracks[hint.area])][number].append(hint)
    return {track: _agree(list(by_frame.values())) for track, by_frame in sorted(by_track.items())}


def _agree(by_frame: Sequence[Sequence[FrameHint]]) -> tuple[FrameHint, ...]:
    several = [hints for hints in by_frame if differ([hint.colour for hint in hints])]
    if several:
        return tuple(max(several, key=lambda hints: sum(hint.weight for hint in hints)))
    hints = [hint for hints in by_frame for hint in hints]
    colour = medoid([hint.colour for hint in hints], [hint.weight for hint in hints])
    return (FrameHint(0, colour, 0.0, None),)


def propagate_hints(
    frame: FrameInfo, tracks: Index, hinted: Mapping[int, tuple[FrameHint, ...]]
) -> tuple[FrameHint, ...]:
    """Return the hints that other frames have for this one's areas without any of their own."""
    largest: dict[int, int] = {}
    for area in np.argsort(-frame.size, kind="stable").tolist():
        if frame.size[area] and int(tracks[area]) in hinted:
            largest.setdefault(int(tracks[area]), area)
    taken = {int(tracks[hint.area]) for hint in frame.hints}
    return tuple(
        hint._replace(area=area)
        for track, area in sorted(largest.items(), key=lambda item: item[1])
        if track not in taken
        for hint in hinted[track]
    )


def draw_hints(hints: U8, carried: Sequence[FrameHint], lines: U8, labels: Labels) -> U8:
    """Lay hints that are carried into their areas, among hints, uint8 RGBA (H, W, 4), which stay.

    lines: uint8 (H, W), 0 = ink; labels: int32 (H, W), the areas' numbers.
    """
    if not carried:
        return hints
    result = hints.copy()
    boxes, paper = label_boxes(labels), line_mask_of(lines).paper
    for hint in carried:
        if not 0 <= hint.area < len(boxes.top) or boxes.top[hint.area] == boxes.bottom[hint.area]:
            continue  # the area is not there
        window = boxes.window(hint.area)
        inside = ((labels[window] == hint.area) & (paper[window] > 0)).view(np.uint8)
        _draw(result[window], inside, hint, _RADIUS * max(lines.shape))
    return result


def _draw(window: U8, inside: U8, hint: FrameHint, radius: float) -> None:
    """Draw a hint into a window, RGBA (h, w, 4), in place: where it belongs, on what is inside, uint8 (h, w), alone."""
    depth = np.asarray(cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
    if not depth.any():
        return
    if hint.place is None:
        row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    else:
        row, column = _nearest_deep(depth, hint.place)
    disc = np.zeros(inside.shape, np.uint8)
    disc_radius = max(1, int(min(_DEPTH * float(depth[row, column]), radius)))
    cv2.circle(disc, (int(column), int(row)), disc_radius, 1, -1)
    window[(disc & inside).astype(bool) & (window[..., 3] < HINT_ALPHA)] = (*hint.colour, 255)


def _nearest_deep(depth: F32, place: tuple[float, float]) -> tuple[np.intp, np.intp]:
    """Return the pixel, not at the very border, nearest to a place, x and y from 0 to 1."""
    rows, columns = np.nonzero(depth >= min(2.0, float(depth.max())))
    x, y = place
    squared = (rows + 0.5 - y * depth.shape[0]) ** 2 + (columns + 0.5 - x * depth.shape[1]) ** 2
    nearest = int(np.argmin(squared))
    return rows[nearest], columns[nearest]


def encode_hints(hints: Sequence[FrameHint]) -> bytes:
    """Turn hints to be carried into JSON."""
    return json.dumps([[hint.area, *hint.colour, *(hint.place or (_WIDEST, _WIDEST))] for hint in hints]).encode()


def decode_hints(data: bytes) -> tuple[FrameHint, ...]:
    """Turn JSON that `encode_hints` wrote into hints."""
    return tuple(
        FrameHint(area, (red, green, blue), 0.0, None if x == _WIDEST else (x, y))
        for area, red, green, blue, x, y in json.loads(data)
    )
