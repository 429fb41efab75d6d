"""Places no hint at all: for models that are to colour line art alone, such as pix2pix after SketchSause's notebook.

    hints(x, y) = nothing, whatever the picture

Source: the SketchSause project's line art to colour notebook, which gives its network the drawing and nothing else.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.core.imaging.arrays import U8


@dataclass(frozen=True)
class Params:
    """There is nothing to set."""


def place(image: U8, alpha: U8 | None, params: Params, rng: np.random.Generator) -> U8:
    """Return an empty hint map, uint8 RGBA (H, W, 4), for a picture, uint8 RGB (H, W, 3); rng is not used."""
    return np.zeros((*image.shape[:2], 4), np.uint8)
