"""Colours drawings with fillnet: fills them, asks the network, brings what it says to full size.

For a variant the network is asked once more, with colours drawn by chance given as hints.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.compositing import composite
from pipelines.inference.encoding import to_floats, to_levels
from pipelines.inference.letterbox import Letterboxed
from pipelines.inference.network import Network
from pipelines.inference.types import ColorResult, Drawing
from pipelines.models.fillnet.inputs import (
    GUESSED,
    UNKNOWN,
    FlatFill,
    NetworkInput,
    fill_drawing,
    pack_inputs,
    stack_channels,
)
from pipelines.models.fillnet.refine import FillNetOutput, refine, sample_hints


class _Asked(NamedTuple):
    """A filled drawing, and what the network says of it."""

    fill: FlatFill
    area_rank: U8  # (h, w), which area the network saw in each of its pixels
    output: FillNetOutput


def predict(network: Network, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Colour drawings, all of them together; raises MethodError where the network gives values that are no numbers."""
    guides = [drawing.guides["fills"] for drawing in drawings]
    answers = _ask(network, drawings, [guide.hints for guide in guides])
    varied = [number for number, drawing in enumerate(drawings) if drawing.varied]
    if varied:
        hints = [
            sample_hints(
                answers[number].output, answers[number].fill, drawings[number].rng, guides[number].offered_palette
            )
            for number in varied
        ]
        again = _ask(network, [drawings[number] for number in varied], hints)
        for number, answer in zip(varied, again, strict=True):
            answers[number] = answer
    return [
        _finish(drawing, answer, guide.offered_palette)
        for drawing, answer, guide in zip(drawings, answers, guides, strict=True)
    ]


def _ask(network: Network, drawings: Sequence[Drawing], hints: Sequence[U8]) -> list[_Asked]:
    """What the network says of drawings, given these hints."""
    fills = [
        fill_drawing(drawing.reading, layer, drawing.rules) for drawing, layer in zip(drawings, hints, strict=True)
    ]
    boxes = [network.letterbox(drawing.lines, fill.hints) for drawing, fill in zip(drawings, fills, strict=True)]
    inputs = [place_in_square(fill, box) for fill, box in zip(fills, boxes, strict=True)]
    fill, ink, colour_logits, copy_logits = network.run(np.stack([to_floats(stack_channels(one)) for one in inputs]))
    outputs = zip(
        to_levels(fill),
        ink * np.float32(127.5) + np.float32(127.5),
        softmax(colour_logits),
        softmax(copy_logits),
        strict=True,
    )
    return [
        _Asked(
            flat_fill,
            packed.area_rank[box.roi],
            FillNetOutput(np.ascontiguousarray(picture[box.roi]), line_colour, colour_probs, copy_probs),
        )
        for flat_fill, packed, box, (picture, line_colour, colour_probs, copy_probs) in zip(
            fills, inputs, boxes, outputs, strict=True
        )
    ]


def place_in_square(fill: FlatFill, box: Letterboxed) -> NetworkInput:
    """Pack a filled drawing for the network's square; what lies around it belongs to the paper outside."""
    part = pack_inputs(box.lines[box.roi], box.hints[box.roi], fill)
    shape = box.lines.shape
    ranks = part.area_rank
    edge = np.concatenate([ranks[0], ranks[-1], ranks[:, 0], ranks[:, -1]])
    outside = int(np.bincount(edge).argmax())
    is_known = fill.facts.confidence.max(initial=0) != UNKNOWN
    square = NetworkInput(
        box.lines,
        np.full((*shape, 3), 255, np.uint8),
        np.full(shape, GUESSED if is_known else UNKNOWN, np.uint8),
        np.zeros(shape, np.uint8),
        np.full(shape, outside, np.uint8),
    )
    for channel, of_part in zip(square[1:], part[1:], strict=True):
        channel[box.roi] = of_part
    return square


def softmax(logits: F32) -> F32:
    """Logits (B, n, k) as probabilities over the k."""
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(powers / powers.sum(axis=2, keepdims=True), np.float32)


def _finish(drawing: Drawing, answer: _Asked, palette: U8 | None) -> ColorResult:
    result = refine(
        answer.output,
        drawing.lines,
        answer.fill,
        palette=palette,
        snap=drawing.snap,
        rng=drawing.rng if drawing.vivid else None,
        area_rank=answer.area_rank,
    )
    result = result if drawing.shaded else replace(result, colour=result.flats)
    return result.with_steps(
        {
            "input": lambda: composite(answer.fill.hints, answer.fill.flat.colour),
            "raw": lambda: np.rint(answer.output.fill).astype(np.uint8),
        }
    )
