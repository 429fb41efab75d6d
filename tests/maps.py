"""Draws made-up aerial photographs beside their maps: fields, water, a wood, roads and houses of simple shapes."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests import drawings

_MAP = {"field": (242, 239, 233), "water": (170, 211, 223), "wood": (173, 209, 158), "road": (250, 214, 96)}
_HOUSE = (217, 208, 201)
_GROUNDS = {"field": (140, 130, 84), "water": (38, 62, 88), "wood": (44, 70, 40), "road": (116, 116, 120)}
_ROOFS = ((150, 72, 56), (96, 92, 98), (180, 160, 140))


def draw_pair(seed: int, size: int = 128) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photograph and its map, uint8 RGB (size, size, 3) each, in register."""
    rng = np.random.default_rng(seed)
    kinds = np.zeros((size, size), np.uint8)  # number of a kind, in the order of _MAP
    for kind, count in ((1, 1), (2, 2)):
        for _ in range(count):
            centre, axes = rng.integers(0, size, 2), rng.integers(size // 8, size // 3, 2)
            cv2.ellipse(kinds, centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)), 0, 360, kind, -1)
    for _ in range(2):
        ends = rng.integers(0, size, 2)
        upright = rng.random() < 0.5
        first, last = (
            ((int(ends[0]), 0), (int(ends[1]), size)) if upright else ((0, int(ends[0])), (size, int(ends[1])))
        )
        cv2.line(kinds, first, last, 3, max(size // 20, 2))
    aerial = np.array(list(_GROUNDS.values()), np.uint8)[kinds]
    drawn = np.array(list(_MAP.values()), np.uint8)[kinds]
    for _ in range(6):
        corner, sides = rng.integers(0, size - size // 8, 2), rng.integers(size // 16, size // 8, 2)
        spot = slice(corner[1], corner[1] + sides[1]), slice(corner[0], corner[0] + sides[0])
        if (kinds[spot] == 0).all():
            aerial[spot], drawn[spot] = _ROOFS[int(rng.integers(len(_ROOFS)))], _HOUSE
    texture = np.where(kinds == 2, 22, 8)[..., None] * rng.standard_normal((size, size, 1))
    light = rng.uniform(0.85, 1.15)
    return np.clip(aerial * light + texture, 0, 255).astype(np.uint8), drawn


def write_pairs(folder: Path, count: int, *, size: int = 128) -> Path:
    """So many pictures A|B, the photograph left of its map; returns the folder."""
    for number in range(count):
        drawings.write(folder / f"{number:04d}.png", np.hstack(draw_pair(number, size)))
    return folder
