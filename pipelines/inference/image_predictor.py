"""Colours drawings with a network that paints whole pictures: the way of every model that says nothing else."""

from collections.abc import Sequence

import numpy as np

from pipelines.core.imaging.arrays import F32
from pipelines.core.imaging.compositing import composite
from pipelines.inference.encoding import to_levels
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.letterbox import Letterboxed
from pipelines.inference.network import Network
from pipelines.inference.types import ColorResult, Drawing


def predict(network: Network, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Colour drawings, all of them together; raises MethodError where the network gives values that are no numbers."""
    preset = network.spec.hint_preset
    boxes = [
        network.letterbox(drawing.lines, drawing.rules.without_reserved(drawing.guides[preset].hints))
        for drawing in drawings
    ]
    pictures = predict_pictures(network, boxes)
    return [
        _at_full_size(network, drawing, box, picture)
        for drawing, box, picture in zip(drawings, boxes, pictures, strict=True)
    ]


def predict_pictures(network: Network, boxes: Sequence[Letterboxed]) -> list[F32]:
    """What a network paints of drawings in its square: RGB, float32 (h, w, 3), 0..255, of the part that each covers."""
    inputs = np.stack([network.spec.encoding.encode(box.lines, box.hints) for box in boxes])  # (B, channels, S, S)
    pictures = to_levels(network.run(inputs)[0])  # (B, S, S, 3)
    return [np.ascontiguousarray(picture[box.roi]) for picture, box in zip(pictures, boxes, strict=True)]


def _at_full_size(network: Network, drawing: Drawing, box: Letterboxed, picture: F32) -> ColorResult:
    guide = drawing.guides[network.spec.hint_preset]
    hints = drawing.rules.without_reserved(guide.hints)
    result = upsample(picture, drawing.lines, drawing.areas, hints=hints, palette=guide.deciding_palette)
    return result.with_steps(
        {
            "input": lambda: composite(box.hints, np.dstack([box.lines] * 3)),
            "raw": lambda: np.rint(picture).astype(np.uint8),
        }
    )
