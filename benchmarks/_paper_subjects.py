"""The pictures of benchmarks/real_paper.py, each with its clean drawing and four dabs of colour."""

import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from _paper_kinds import KINDS, PAPER
from flat_quality import over_colour, rows_of
from numpy.typing import NDArray

from pipelines.core.imaging.compositing import composite, fit
from pipelines.core.imaging.picture import read_picture
from pipelines.segmentation.line_art import line_drawing

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CLEAN = "clean"
MONSTERS = "monsters"
STYLES = ("ink", "thin", "thick")  # of the monsters' lines, in turn
MARGIN = 0.05  # of the longer side, white around each picture
DABS = 4
DAB = 0.0115  # of the longer side: a dab's radius
SAME = 24  # levels: colours this near in every channel are one


@dataclass(frozen=True)
class Subject:
    """A picture, its clean drawing, where its figure is, and the dabs."""

    name: str
    truth: Bytes  # RGB (H, W, 3)
    lines: Bytes  # (H, W)
    figure: Mask  # (H, W)
    hints: Bytes  # RGBA (H, W, 4)

    def page(self, kind: str, seed: int) -> Bytes:
        """The drawing as one kind of page, RGB."""
        if kind == CLEAN:
            return np.dstack([self.lines] * 3)
        rng = np.random.default_rng([seed, zlib.crc32(f"{self.name}/{kind}".encode())])
        return KINDS[kind](self.lines, self.figure, rng)


# where they come from


def monsters_of(count: int, side: int, seed: int) -> Iterator[Subject]:
    """Draw monsters and place their dabs."""
    import monsters

    inner = side - 2 * round(MARGIN * side)
    for index in range(count):
        drawn = monsters.render(monsters.describe(seed, index), inner, line_style=STYLES[index % len(STYLES)])
        colour = composite(drawn.flats, np.full((inner, inner, 3), 255, np.uint8))
        yield _subject(f"{MONSTERS}/{index:03d}", over_colour(drawn.lines, colour), drawn.lines, drawn.alpha)


def pairs_of(corpus: Path, wanted: str, split: str, *, limit: int | None, side: int) -> Iterator[Subject]:
    """Read pairs of the corpus, shrink them and place their dabs."""
    inner = side - 2 * round(MARGIN * side)
    for row in rows_of(corpus, wanted, split, limit):
        colour, line = read_picture(corpus / row["color"]), line_drawing(read_picture(corpus / row["line"]))
        truth = fit(colour.over_white(), inner)
        lines = np.asarray(cv2.resize(line, truth.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
        alpha = _figure_of(truth) if colour.alpha is None else fit(colour.alpha, inner)
        yield _subject(f"{wanted}/{row['name']}", truth, lines, alpha)


def _figure_of(truth: Bytes) -> Bytes:
    """255 where the picture is not the white that reaches its border."""
    padded = np.pad((truth.min(axis=2) > 250).astype(np.uint8), 1, constant_values=1)
    outside = cv2.connectedComponents(padded, connectivity=4)[1] == 1
    return np.where(outside[1:-1, 1:-1] & (padded[1:-1, 1:-1] > 0), np.uint8(0), np.uint8(255))


def _subject(name: str, truth: Bytes, lines: Bytes, alpha: Bytes) -> Subject:
    margin = round(MARGIN * max(lines.shape) / (1 - 2 * MARGIN))
    truth, lines = (_framed(array, margin, 255) for array in (truth, lines))
    figure = _framed(alpha, margin, 0) >= 128
    return Subject(name, truth, lines, figure, dabs(truth, lines, figure))


def _framed(array: Bytes, margin: int, value: int) -> Bytes:
    sides = ((margin, margin), (margin, margin), (0, 0))[: array.ndim]
    return np.pad(array, sides, constant_values=value)


# dabs


def dabs(truth: Bytes, lines: Bytes, figure: Mask) -> Bytes:
    """Place a disc in the middle of the largest flat part of each of the largest colours; RGBA (H, W, 4)."""
    free = figure & (lines >= PAPER)
    hints = np.zeros((*lines.shape, 4), np.uint8)
    radius = max(2, round(DAB * max(lines.shape)))
    for _ in range(DABS):
        colour, same = _largest_colour(truth, free)
        if not same.any():
            break
        row, column, room = _middle(same)
        disc = np.zeros(lines.shape, np.uint8)
        cv2.circle(disc, (column, row), max(1, min(radius, int(room) - 1)), 1, -1)
        hints[(disc > 0) & same] = (*colour, 255)
        free &= ~same
    return hints


def _largest_colour(truth: Bytes, free: Mask) -> tuple[tuple[int, ...], Mask]:
    """The commonest colour where it is free, and all that is free and near to it."""
    if not free.any():
        return (0, 0, 0), free
    bins = (truth[free] >> 3).astype(np.int32) @ np.array([1024, 32, 1])
    common = bins == np.bincount(bins).argmax()
    colour = np.rint(np.median(truth[free][common], axis=0)).astype(np.int16)
    same = free & (np.abs(truth.astype(np.int16) - colour).max(axis=2) <= SAME)
    return tuple(colour.tolist()), same


def _middle(mask: Mask) -> tuple[int, int, float]:
    """Row, column and distance to the edge of the innermost pixel of a mask's largest part."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    inside = np.pad((parts == largest).astype(np.uint8), 1)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(row), int(column), float(depth.max())
