"""The exact region map of a painted monster, and hints placed in its regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from _monster_model import Monster

Bytes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]

PAPER = 1
"""Region number of the paper outside the figure."""

SPECK = 6
"""Areas of this many pixels or fewer are ink: what is left between lines that nearly touch."""


@dataclass(frozen=True, eq=False)
class Areas:
    """What ink encloses: a map of numbers (0 = ink), and each number's name and box (x, y, width, height)."""

    numbers: Labels
    names: Mapping[int, str]
    boxes: Mapping[int, tuple[int, int, int, int]]


def separated(colour: Bytes, solid: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the ink mask with ink added where two colours still meet without it, 4-connected."""
    solid = solid.copy()
    solid[:, 1:] |= (colour[:, 1:] != colour[:, :-1]) & ~solid[:, 1:] & ~solid[:, :-1]
    solid[1:] |= (colour[1:] != colour[:-1]) & ~solid[1:] & ~solid[:-1]
    return solid


def find_areas(solid: npt.NDArray[np.bool_], owner: Bytes, owner_names: list[str], monster: Monster) -> Areas:
    """Number the 4-connected areas that ink encloses, each after the part that fills most of it; specks become ink."""
    paper = (~solid).view(np.uint8)
    count, areas, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4, ltype=cv2.CV_32S)
    width = len(owner_names)
    votes = np.bincount((areas * width + owner).ravel(), minlength=count * width).reshape(count, width)
    pixels = stats[:, cv2.CC_STAT_AREA]
    outside = int(areas[0, 0])
    kept = [area for area in range(1, count) if pixels[area] > SPECK]
    order = sorted(kept, key=lambda area: (area != outside, -int(pixels[area]), area))
    majority = [owner_names[place] for place in votes.argmax(axis=1)]
    chosen = _chosen_numbers([majority[area] or "paper" for area in order], _own_numbers(monster))
    number = np.zeros(count, np.int32)
    number[order] = [entry for entry, _ in chosen]
    boxes = {entry: _box(stats[area]) for area, (entry, _) in zip(order, chosen, strict=True)}
    return Areas(number[areas], dict(chosen), boxes)


def _box(row: npt.NDArray[np.int32]) -> tuple[int, int, int, int]:
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def _own_numbers(monster: Monster) -> dict[str, int]:
    """Return the region number of each part: its place in the description, after the paper."""
    own = {"paper": PAPER}
    waiting = list(reversed(monster.parts))
    while waiting:
        part = waiting.pop()
        own[part.name] = PAPER + len(own)
        waiting.extend(reversed(part.marks))
    return own


def _chosen_numbers(names: list[str], own: Mapping[str, int]) -> list[tuple[int, str]]:
    """Give the first area of a name its own number, and further ones new numbers and names such as "body~2"."""
    seen: dict[str, int] = {}
    chosen: list[tuple[int, str]] = []
    following = PAPER + len(own)
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1:
            chosen.append((own[name], name))
        else:
            chosen.append((following, f"{name}~{seen[name]}"))
            following += 1
    return chosen


def place_hints(areas: Areas, flats: Bytes) -> Bytes:
    """Return a disc of each region's colour around the point farthest from its ink, where there is room."""
    size = flats.shape[0]
    hints = np.zeros((size, size, 4), np.uint8)
    room = cv2.distanceTransform((areas.numbers > 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    for number, (x0, y0, width, height) in areas.boxes.items():
        window = (slice(y0, y0 + height), slice(x0, x0 + width))
        inside = np.where(areas.numbers[window] == number, room[window], 0)
        _, most, _, (x, y) = cv2.minMaxLoc(inside)
        colour = flats[y0 + y, x0 + x]
        if most >= max(2.5, 0.008 * size) and colour[3] == 255:
            radius = int(min(0.6 * most, max(2.0, 0.017 * size)))
            cv2.circle(hints, (x0 + x, y0 + y), radius, tuple(int(v) for v in colour), -1)
    return hints
