"""Finds the palette of finished pictures: the colours of their fills, by k-medoids over all of them together.

Each picture gives its fills' colours (no ink, no soft edges, no paper around the figure), at most 48 of them, each with
a weight of its share of the picture to the power of 0.75, so that small areas such as eyes count. Over the colours of
all pictures k-medoids finds k of them by the distance in CIE L*a*b*, k the least of 4, 6, 8, 12, 16, 24, 32 with a mean
distance of at most 1.5. All are exact colours of a picture. The heaviest comes first.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, U8
from pipelines.core.imaging.colours import srgb_to_lab
from pipelines.hints.base.fills import find_fills, find_hintable
from pipelines.hints.base.medoids import weighted_medoids

_SIDE = 512  # px of the longer side: longer pictures are thinned, which keeps exact colours
_INK_WIDTH = 16 / 256  # of the longer side: dark strokes up to this wide are ink
_INK_VALUE = 110  # level: the greatest max(r, g, b) of ink
_EDGE = 32  # levels by which neighbours differ at an edge
_PER_PICTURE = 48  # colours
_MOST = 600  # colours that k-medoids weighs up
_POWER = 0.75
_SHARES = 10_000  # weights are whole numbers, so that sums are exact
_STEPS = 16  # as are distances, in steps of 1/16
_COUNTS = (4, 6, 8, 12, 16, 24, 32)
_MEAN = 1.5  # dE of colours from the nearest of the palette


class MainColours(NamedTuple):
    """The main colours of one picture."""

    colours: U8  # (n, 3)
    weights: F64  # (n,), whole numbers


def fills_of(image: U8, alpha: U8 | None) -> MainColours:
    """Return the main colours of a picture, uint8 RGB (H, W, 3); none where all of it is paper or transparent."""
    step = -(-max(image.shape[:2]) // _SIDE)
    small = np.ascontiguousarray(image[::step, ::step])
    figure = find_hintable(small, None if alpha is None else alpha[::step, ::step], skip_paper=True)
    if not figure.any():
        return MainColours(np.zeros((0, 3), np.uint8), np.zeros(0))
    width = _INK_WIDTH * max(small.shape[:2])
    fills = small[find_fills(small, figure, ink_width=width, ink_value=_INK_VALUE, edge=_EDGE)]
    colours, counts = _cubes(fills)
    medoids = weighted_medoids(_distances(colours), counts, _PER_PICTURE)
    shares = np.bincount(medoids.labels, counts, len(medoids.members)) / counts.sum()
    return MainColours(colours[medoids.members], np.maximum(np.rint(_SHARES * shares**_POWER), 1))


def _cubes(pixels: U8) -> tuple[U8, F64]:
    """Return the commonest colour of each cube of 8 levels that has any, and its pixels, for the fullest cubes."""
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    _, cube = np.unique(values >> 3, axis=0, return_inverse=True)
    order = np.lexsort((-counts, cube.reshape(-1)))
    first = np.unique(cube.reshape(-1)[order], return_index=True)[1]
    sums = np.bincount(cube.reshape(-1), counts).astype(np.float64)
    fullest = np.sort(np.argsort(-sums, kind="stable")[:_MOST])
    return values[order[first]][fullest], sums[fullest]


def palette_of(pictures: Iterable[MainColours]) -> U8:
    """Return the palette of pictures, uint8 (k, 3), k <= 32, the heaviest colour first; (0, 3) where they have none."""
    main_colours = list(pictures)
    if not sum(len(picture.colours) for picture in main_colours):
        return np.zeros((0, 3), np.uint8)
    every_colour = np.concatenate([picture.colours for picture in main_colours])
    every_weight = np.concatenate([picture.weights for picture in main_colours])
    colours, which = np.unique(every_colour, axis=0, return_inverse=True)
    weights = np.bincount(which.reshape(-1), every_weight).astype(np.float64)
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:_MOST])
    colours, weights = colours[heaviest], weights[heaviest]
    distances = _distances(colours)
    for count in _COUNTS:
        medoids = weighted_medoids(distances, weights, count)
        if medoids.loss <= _MEAN * _STEPS * weights.sum():
            break
    shares = np.bincount(medoids.labels, weights, len(medoids.members))
    return np.asarray(colours[medoids.members[np.argsort(-shares, kind="stable")]], np.uint8)


def _distances(colours: U8) -> F64:
    """Return the distances in CIE L*a*b* of colours, (n, n), in whole steps of 1/16."""
    lab = srgb_to_lab(colours)
    return np.asarray(np.rint(_STEPS * np.linalg.norm(lab[:, None] - lab, axis=2)), np.float64)
