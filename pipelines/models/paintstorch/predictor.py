"""Colours drawings as every painter of whole pictures does, and shows its hints as the network reads them."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.inference import image_predictor
from pipelines.inference.letterbox import Letterboxed
from pipelines.inference.network import Network
from pipelines.inference.types import ColorResult, Drawing
from pipelines.models.paintstorch import HINT_CELL


def predict(network: Network, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Colour drawings, all of them together; raises MethodError where the network gives values that are no numbers."""
    results = image_predictor.predict(network, drawings)
    return [
        result.with_further_steps({"hints": partial(_hints_of, network, drawing)})
        for result, drawing in zip(results, drawings, strict=True)
    ]


def show_hints(box: Letterboxed) -> U8:
    """The hints of a drawing in the network's square, as the network reads them: on white, RGB (h, w, 3).

    Each cell has the mean colour of its hinted pixels, the fainter the fewer they are.
    """
    side = len(box.hints) // HINT_CELL
    hinted = (box.hints[..., 3:] >= HINT_ALPHA).astype(np.float32)
    layers = np.dstack([box.hints[..., :3] * hinted, 255 * (1 - hinted)])
    colour_and_paper = cv2.resize(layers, (side, side), interpolation=cv2.INTER_AREA)
    cells = np.rint(colour_and_paper[..., :3] + colour_and_paper[..., 3:]).astype(np.uint8)
    enlarged = cells.repeat(HINT_CELL, axis=0).repeat(HINT_CELL, axis=1)
    return np.ascontiguousarray(enlarged[box.roi])


def _hints_of(network: Network, drawing: Drawing) -> U8:
    return show_hints(image_predictor.lay_in(network, drawing))
