"""Finds the gaps in lines through which two colours meet: where, and how wide.

Colours meet at a mouth: a run of pixels on paper beside a pixel of the other colour. It is a gap where it reaches ink
at its ends; one that does not is the edge of a dab within an area. The mouth lies across the narrowest place, where
colours that grow meet, so that its widest point is half a gap's width from the ink on both sides:

    2 D - 1 <= width <= 2 D,   D = the greatest distance from ink in the mouth, px

and between these as far as the mouth's ends are apart.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Labels
from pipelines.flatting.reading import LineReading

_ALIKE = 8  # levels: colours that differ less are one
_AT_INK = 2.0  # px: so near a mouth reaches it
_BULGE = 0.25  # of the way between its ends: how far a mouth bends; round dabs beside a line bend by half of it
_WIDEST = 0.1  # of the longer side: what is wider is no gap, but open


class OpenGap(NamedTuple):
    """A gap in a line, and where its middle is."""

    x: int  # px
    y: int
    width: float  # px


def find_gaps(reading: LineReading, areas: Labels, flats: U8) -> tuple[OpenGap, ...]:
    """Find the gaps through which colours meet on a drawing, the widest first.

    areas: int32 (H, W), of one colour each. flats: uint8 RGB (H, W, 3), their colours.
    """
    rows, columns = _meetings(reading.paper, areas, flats)
    if not len(rows):
        return ()
    places = np.column_stack([columns, rows])
    distance = _distance(reading, rows, columns)
    mouth, count = _mouths(rows, columns)
    scale = max(reading.lines.shape) / max(reading.small_lines.shape)
    order = np.argsort(mouth, kind="stable")
    edges = np.searchsorted(mouth[order], np.arange(count + 1))
    gaps = [_gap(places[part], distance[part], scale) for part in np.split(order, edges[1:-1])]
    widest = _WIDEST * max(reading.lines.shape)
    kept = [gap for gap in gaps if gap is not None and gap.width <= widest]
    return tuple(sorted(kept, key=lambda gap: (-gap.width, gap.y, gap.x)))


def _gap(places: Index, distance: F32, scale: float) -> OpenGap | None:
    """The gap at whose mouth pixels, x and y (k, 2), lie, `distance` from ink; None where it is the edge of a dab.

    scale: px of the drawing for each of the scale at which distances are measured.
    """
    ends = places[distance <= _AT_INK * scale]
    if not len(ends):
        return None
    first = ends[_farthest(ends, ends[0])]
    chord = ends[_farthest(ends, first)] - first
    length = float(np.hypot(*chord))
    across, down = (places - first).T
    bulge = np.abs(across * chord[1] - down * chord[0]).max() / max(length, 1.0)
    if bulge > _BULGE * length + 2 * scale:
        return None
    middle = int(distance.argmax())
    width = np.clip(length + scale, 2 * distance[middle] - scale, 2 * distance[middle])
    return OpenGap(int(places[middle, 0]), int(places[middle, 1]), round(float(width), 1))


def _farthest(places: Index, place: Index) -> int:
    return int(((places - place) ** 2).sum(axis=1).argmax())


def _meetings(paper: U8, areas: Labels, flats: U8) -> tuple[Index, Index]:
    """The rows and columns, (m,) each, of pixels of paper beside one of another colour, right of it or below."""
    width = areas.shape[1]
    label, is_paper, colour = areas.reshape(-1), paper.reshape(-1), flats.reshape(-1, 3)
    places = []
    for step in (1, width):
        here = np.flatnonzero(label[step:] != label[:-step])
        here = here[(is_paper[here] & is_paper[here + step]).view(bool)]
        if step == 1:
            here = here[here % width != width - 1]
        apart = np.abs(colour[here].astype(np.int16) - colour[here + step]).max(axis=1, initial=0)
        places.append(here[apart > _ALIKE])
    rows, columns = np.divmod(np.unique(np.concatenate(places)), width)
    return rows, columns


def _distance(reading: LineReading, rows: Index, columns: Index) -> F32:
    """How far from ink pixels are, px of the drawing, (m,)."""
    (height, width), (small_height, small_width) = reading.lines.shape, reading.small_lines.shape
    small = reading.mask.distance[rows * small_height // height, columns * small_width // width]
    return np.asarray(small * np.float32(max(height, width) / max(small_height, small_width)), np.float32)


def _mouths(rows: Index, columns: Index) -> tuple[Index, int]:
    """The mouth, 0.., that each pixel belongs to, (m,), and how many there are: pixels within 2 px are of one."""
    top, left = int(rows.min()), int(columns.min())
    near = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), np.uint8)
    near[rows - top, columns - left] = 1
    near = np.asarray(cv2.dilate(near, np.ones((3, 3), np.uint8)), np.uint8)
    count, parts = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_32S)
    return parts[rows - top, columns - left].astype(np.intp) - 1, count - 1
