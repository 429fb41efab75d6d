"""What is asked of a filling beside the hints' colours: the ground, areas without a hint, and two reserved colours.

A dab of a reserved colour says what an area is instead of which colour it has. Both are one level away from what a
colour picker gives by itself, so that nobody asks for them by chance, and settable:

    GROUND  #FF00FE  this is ground, as the paper outside is: paper, or transparent with `--background transparent`
    EMPTY   #00FFFE  leave this empty: it stays white, and no colour is guessed
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.imaging.colours import Rgb

OutsideMode = Literal["auto", "paper", "fill"]
"""Whether hints on the paper outside colour all of it: where that is what they mean, never, always."""

Guess = Literal["auto", "nearest", "empty"]
"""Areas without a hint: as the model thinks, as the hint that speaks for them best, or none: they stay paper."""

GROUND: Rgb = (255, 0, 254)
"""The hint that says: this is ground."""

EMPTY: Rgb = (0, 255, 254)
"""The hint that says: leave this empty."""


@dataclass(frozen=True)
class FillRules:
    """What is asked of a filling beside the hints' colours."""

    outside: OutsideMode = "auto"
    guess: Guess = "auto"
    ground: Rgb = GROUND  # the colour of hints that say so
    empty: Rgb = EMPTY

    def is_ground(self, colours: U8) -> Mask:
        """Tell which colours, uint8 (..., 3), say that an area is ground."""
        return np.asarray((colours == np.array(self.ground, np.uint8)).all(axis=-1))

    def is_empty(self, colours: U8) -> Mask:
        """Tell which colours, uint8 (..., 3), say that an area is left empty."""
        return np.asarray((colours == np.array(self.empty, np.uint8)).all(axis=-1))

    @property
    def reserved(self) -> tuple[Rgb, Rgb]:
        """The colours that are none."""
        return self.ground, self.empty

    def without_reserved(self, hints: U8) -> U8:
        """The hints, uint8 RGBA (H, W, 4), with white in the place of reserved colours."""
        pixels = np.ascontiguousarray(hints).view("<u4")[..., 0]  # 0xAABBGGRR
        colours = pixels & np.uint32(0xFFFFFF)
        ground, empty = (red | green << 8 | blue << 16 for red, green, blue in self.reserved)
        reserved = ((colours == ground) | (colours == empty)) & (pixels > colours)
        if not reserved.any():
            return hints
        plain = hints.copy()
        plain[reserved, :3] = 255
        return plain
