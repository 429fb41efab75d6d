"""What a model is given of one drawing, and what it gives back: one shape for all models."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from pipelines.flatting.areas import AreaMap, find_areas

if TYPE_CHECKING:
    pass
from pipelines.core.imaging.arrays import U8, Mask

Steps = dict[str, U8]
HintPreset = Literal["fills", "discs"]  # small spots within areas for models that fill, discs as in training


class ColorGuide(NamedTuple):
    """What says which colours go where; each may say nothing."""

    hints: U8  # RGBA (H, W, 4)
    palette: U8 | None  # (k, 3)


@dataclass
class Drawing:
    """What is given for one drawing."""

    lines: U8  # (H, W), 0 = ink
    guides: Mapping[HintPreset, ColorGuide]  # for each kind of painter
    rng: np.random.Generator
    snap: bool = True  # areas have their hint's exact colour where the hint lies
    lively: bool = True  # drawings without any hint get lively colours; no: the likeliest, however grey
    varied: bool = False  # another plausible colouring, by chance, instead of the likeliest
    _areas: AreaMap | None = field(default=None, repr=False)

    def another(self) -> "Drawing":
        """The same drawing, to be coloured otherwise."""
        return replace(self, varied=True, rng=self.rng.spawn(1)[0])

    @property
    def areas(self) -> AreaMap:
        """The areas of the drawing, found once."""
        if self._areas is None:
            self._areas = find_areas(self.lines)
        return self._areas


@dataclass(frozen=True)
class ColorResult:
    """What a painter made of one drawing."""

    colour: U8  # RGB (H, W, 3), under the lines too
    flat: U8  # RGB (H, W, 3), the same without the shading inside areas
    background: Mask  # (H, W), the paper outside the figure
    steps: Steps = field(default_factory=dict)  # intermediate pictures by the painter's names for them
    ink: U8 = field(default_factory=lambda: np.zeros(3, np.uint8))  # RGB (3,), the colour that suits the lines
