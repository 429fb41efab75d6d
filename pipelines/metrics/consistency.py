"""How steady a colour is over the frames of a sequence: CIEDE2000 of a part's colour from its mean over the frames.

Parts are told apart by their true colour: regions whose true medians are within 3 (CIE76) in any frame are one part.
For every part that two frames or more have, the distances of its colour in each frame (mean of the region medians, by
area) from the mean over the frames, weighted by area. Frames of a sequence are pictures whose names differ in their
last number alone: walk/3, walk/12. Range 0 to about 100, lower is better; NaN without sequences. Needs the line art and
--frames. Source: this project.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pipelines.core.imaging.arrays import F64
from pipelines.core.imaging.colours import ciede2000
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.results import Score

UNIT = "dE00"
HIGHER_IS_BETTER = False
NEEDS = ("lines", "regions", "frames")

SAME_PART = 3.0  # dE
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


@dataclass(frozen=True)
class _PartInFrame:
    """A part in one frame."""

    frame: str
    colour: F64  # L*a*b* (3,) in the result
    area: float  # px


class Metric:
    """Consistency over frames."""

    def __init__(self) -> None:
        self._frames: dict[str, list[tuple[str, F64]]] = defaultdict(list)

    def measure(self, case: Case) -> list[list[float]]:
        """Return a row for each region: true L*a*b*, L*a*b* in the result, area in px."""
        areas = case.areas
        rows = np.hstack([areas.truth_medians, areas.result_medians, areas.sizes[:, None]])
        return [[round(float(value), 3) for value in row] for row in rows]

    def update(self, name: str, score: Score) -> None:
        """Take in the regions of one frame."""
        if isinstance(score, list) and _LAST_NUMBER.search(name):
            sequence = _LAST_NUMBER.sub("#", name)
            self._frames[sequence].append((name, np.array(score, np.float64).reshape(-1, 7)))

    def compute(self) -> float:
        """Return the mean distance over parts and frames, by area."""
        distances, areas = [], []
        for frames in self._frames.values():
            for part in _parts(frames):
                colours, weights = np.array([frame.colour for frame in part]), [frame.area for frame in part]
                distances += ciede2000(colours, colours.mean(axis=0)).tolist()
                areas += weights
        return float(np.average(distances, weights=areas)) if areas else float("nan")

    def caution(self) -> str:
        """Return nothing: the value needs no word beside it."""
        return ""


def _parts(frames: list[tuple[str, F64]]) -> list[list[_PartInFrame]]:
    """The parts that two frames or more have."""
    parts: list[tuple[F64, dict[str, list[F64]]]] = []
    for name, rows in sorted(frames, key=lambda frame: frame[0]):
        for row in rows:
            near = [part for part in parts if np.linalg.norm(part[0] - row[:3]) <= SAME_PART]
            if not near:
                near = [(row[:3], defaultdict(list))]
                parts.append(near[0])
            near[0][1][name].append(row)
    return [[_in_frame(name, np.array(rows)) for name, rows in part.items()] for _, part in parts if len(part) > 1]


def _in_frame(name: str, rows: F64) -> _PartInFrame:
    return _PartInFrame(name, np.average(rows[:, 3:6], axis=0, weights=rows[:, 6]), float(rows[:, 6].sum()))
