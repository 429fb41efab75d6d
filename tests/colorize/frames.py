"""Frames of a head that moves on and a hand that swings, and hints for them."""

from pathlib import Path

import cv2
import numpy as np

from pipelines.colorize import Guides, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Report
from tests import drawings
from tests.drawings import Bytes

SIZE = 96


HEAD, HAND = (34, 48), (76, 36)


def frame(turn: int, *, missing: bool = False) -> Bytes:
    """A head that moves on, and a hand that swings."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.circle(lines, at(HEAD, turn), 24, 0, 2)
    if not missing:
        cv2.circle(lines, at(HAND, turn), 13, 0, 2)
    return lines


def at(place: tuple[int, int], turn: int) -> tuple[int, int]:
    return place[0] + 2 * turn, place[1] + (4 * turn if place == HAND else 0)


def hints(turn: int, **colours: tuple[int, int, int]) -> Bytes:
    layer = np.zeros((SIZE, SIZE, 4), np.uint8)
    for name, colour in colours.items():
        cv2.circle(layer, at({"head": HEAD, "hand": HAND}[name], turn), 4, (*colour, 255), -1)
    return layer


def run(art: Path, name: str = "out", *, jobs: int = 1, model: str = "flat", **guides: object) -> Report:
    found = {place: str(art / str(where)) if place != "lock" else where for place, where in guides.items()}
    wanted = Guides(**found)  # type: ignore[arg-type]
    batch = BatchSettings(jobs=jobs)
    return colorize([str(art / "lines")], str(art / name), model=model, guides=wanted, background="paper", batch=batch)


def seen(art: Path, name: str = "out") -> dict[str, list[tuple[int, ...]]]:
    """The colours of head and hand in each frame that has them."""
    pictures = {turn: drawings.read(art / name / f"walk_{turn}.png") for turn in range(4)}
    found = {}
    for part, place in (("head", HEAD), ("hand", HAND)):
        turns = [turn for turn in pictures if part == "head" or turn != 2]
        found[part] = [tuple(pictures[turn][at(place, turn)[::-1]].tolist()) for turn in turns]
    return found
