"""Tiny datasets of pairs that tests of training draw and build for themselves."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.build_dataset import Recipe, Splitting, build_dataset
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.framing import Framing
from tests import drawings


def picture(seed: int, size: int) -> NDArray[np.uint8]:
    """Two outlined discs of bright colours on white, uint8 RGB (size, size, 3)."""
    rng = np.random.default_rng(seed)
    rgb = np.full((size, size, 3), 255, np.uint8)
    for _ in range(2):
        centre = tuple(int(value) for value in rng.integers(size // 3, size - size // 3, 2))
        colour = tuple(int(value) for value in rng.permutation([30, int(rng.integers(40, 230)), 230]))
        cv2.circle(rgb, centre, size // 5, colour, -1, cv2.LINE_AA)
        cv2.circle(rgb, centre, size // 5, (0, 0, 0), max(size // 48, 1), cv2.LINE_AA)
    return rgb


def build_pairs(folder: Path, *, size: int, train: int, val: int) -> Path:
    """Build a dataset of so many pictures of `size` px in its splits; returns the dataset's folder."""
    for split, count in (("train", train), ("val", val)):
        for number in range(count):
            seed = number + 100 * (split == "val")
            drawings.write(folder / "art" / split / f"{number:02d}.png", picture(seed, size))
    recipe = Recipe(Framing((size, size)), lines=("adaptive",), values={"kmedoids.max_points": "60"})
    out = folder / "pairs"
    report = build_dataset(
        [str(folder / "art")],
        str(out),
        recipe=recipe,
        splitting=Splitting(keep=True),
        batch=BatchSettings(jobs=1),
    )
    assert report.counts["failed"] == 0
    return out
