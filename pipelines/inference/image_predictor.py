"""Colours drawings with a network that paints whole pictures: the way of every model that says nothing else."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.background import asked_areas
from pipelines.inference.encoding import to_levels
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.letterbox import Letterboxed
from pipelines.inference.network import Network
from pipelines.inference.snapping.exact_hints import exact_hints, snap
from pipelines.inference.types import ColorResult, Drawing


def predict(network: Network, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Colour drawings, all of them together; raises MethodError where the network gives values that are no numbers.

    Further pictures that the network gives are steps by their names.
    """
    boxes = [lay_in(network, drawing) for drawing in drawings]
    pictures, *others = _run(network, boxes)
    further = [output.name for output in network.spec.outputs[1:] if output.is_picture]
    return [
        _at_full_size(network, drawing, box, pictures[index]).with_further_steps(
            {name: partial(_to_step, other[index]) for name, other in zip(further, others, strict=True)}
        )
        for index, (drawing, box) in enumerate(zip(drawings, boxes, strict=True))
    ]


def lay_in(network: Network, drawing: Drawing) -> Letterboxed:
    """A drawing and those of its hints that say a colour, laid into the network's square."""
    hints = drawing.guides[network.spec.hint_preset].hints
    return network.letterbox(drawing.lines, drawing.rules.without_reserved(hints))


def predict_pictures(network: Network, boxes: Sequence[Letterboxed]) -> list[F32]:
    """What a network paints of drawings in its square: RGB, float32 (h, w, 3), 0..255, of the part that each covers."""
    return _run(network, boxes)[0]


def _run(network: Network, boxes: Sequence[Letterboxed]) -> list[list[F32]]:
    """Each picture that a network gives, of every drawing: float32 (h, w, C), 0..255, of the part that it covers."""
    inputs = np.stack([network.spec.encoding.encode(box.lines, box.hints) for box in boxes])  # (B, channels, S, S)
    outputs = zip(network.run(inputs), network.spec.outputs, strict=True)
    return [
        [np.ascontiguousarray(picture[box.roi]) for picture, box in zip(to_levels(output), boxes, strict=True)]
        for output, about in outputs
        if about.is_picture
    ]


def _at_full_size(network: Network, drawing: Drawing, box: Letterboxed, picture: F32) -> ColorResult:
    guide = drawing.guides[network.spec.hint_preset]
    rules = drawing.rules
    is_hinted = network.spec.reads_hints and bool((guide.hints[..., 3] >= HINT_ALPHA).any())
    is_asked = is_hinted or (network.spec.reads_hints and rules.guess == "empty")
    hinted = drawing.reading.with_hints(guide.hints) if is_asked else None
    result = upsample(
        picture,
        drawing.lines,
        drawing.areas,
        palette=guide.deciding_palette,
        asked=asked_areas(hinted, rules) if hinted is not None else None,
    )
    if hinted is not None and is_hinted and drawing.snap:
        result = snap(result, exact_hints(drawing, hinted, guide.hints))
    return result.with_steps(
        {
            "input": lambda: composite(box.hints, np.dstack([box.lines] * 3)),
            "raw": partial(_to_step, picture),
        }
    )


def _to_step(picture: F32) -> U8:
    """An RGB picture (h, w, 3) of one (h, w, 3) or grey one (h, w, 1), 0..255, to the nearest level."""
    return np.broadcast_to(np.rint(picture), (*picture.shape[:2], 3)).astype(np.uint8)
