"""Small corpora that tests draw, and datasets built of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.build_dataset import Recipe, build_dataset
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Report
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.framing import Framing
from tests import drawings

SMALL = Framing((48, 48))
QUICK = {"kmedoids.max_points": "60"}


def picture(seed: int, width: int = 96, height: int = 72) -> U8:
    """A disc and a box with outlines, in colours and at places of their own, on white."""
    rng = np.random.default_rng(seed)
    rgb = np.full((height, width, 3), 255, np.uint8)
    for number in range(2):
        colour = tuple(int(value) for value in rng.integers(60, 230, 3))
        centre = (int(rng.integers(24, width - 24)), int(rng.integers(20, height - 20)))
        if number:
            corner = (centre[0] + 14, centre[1] + 10)
            cv2.rectangle(rgb, (centre[0] - 14, centre[1] - 10), corner, colour, -1)
            cv2.rectangle(rgb, (centre[0] - 14, centre[1] - 10), corner, (0, 0, 0), 2)
        else:
            cv2.circle(rgb, centre, 16, colour, -1, cv2.LINE_AA)
            cv2.circle(rgb, centre, 16, (0, 0, 0), 2, cv2.LINE_AA)
    return rgb


def build(source: Path | list[str], output: Path, **options: Any) -> Report:
    recipe = options.pop("recipe", Recipe())
    values = {**({} if recipe.hints != ("kmedoids",) else QUICK), **recipe.values}
    framing = SMALL if recipe.framing == Framing() else recipe.framing
    settings = {"jobs": 1, **options.pop("batch", {})}
    return build_dataset(
        [str(source)] if isinstance(source, Path) else source,
        str(output),
        recipe=replace(recipe, framing=framing, values=values),
        batch=BatchSettings(**settings),
        **options,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def content(folder: Path, *, hidden: bool = False) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if hidden or not name.startswith(".")}


def with_lines(art: Path, folder: Path, *, scale: int = 1) -> Path:
    """Line art of its own for every picture: a cross, which no extraction would find."""
    for path in art.rglob("*.png"):
        lines = np.full((72 * scale, 96 * scale), 255, np.uint8)
        lines[36 * scale : 40 * scale] = 0
        drawings.write(folder / path.relative_to(art), lines)
    return folder
