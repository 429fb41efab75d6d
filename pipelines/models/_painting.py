"""Paints line drawings with a trained network, at the scale at which it learned.

The whole picture is laid into the network's square as `build-dataset` lays it: shrunk evenly until the longer side
fits, white around it. Two things are done to drawings that training pictures did not need: where shrinking leaves thin
lines faint they are darkened again, all alike, and hints smaller than those of training grow to about their size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.framing import Figure, Framing, arrange, resized
from pipelines.models._batch import InputKind, network_input, to_floats
from pipelines.models._card import params_of
from pipelines.models._filled import Filled, Found, stacked
from pipelines.models._hint_marks import OPAQUE
from pipelines.models._onnx_engine import OnnxEngine, is_onnx, open_file

if TYPE_CHECKING:
    from torch import nn

    from pipelines.models._card import Card

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Engine = Callable[[Floats], list[Floats]]
"""What runs a network: float32 (B, Cin, S, S) to the picture, or for filled drawings to fill, ink, guesses, shares."""

EngineName = Literal["torch", "onnx"]

_RIDGE = 0.6  # darkness that the middle of a typical line keeps when it is shrunk
_MOST_GAIN = 8.0
_LEAST_HINT = 15 / 256  # of the working size: radius to which smaller hints grow, that of training
_KEPT = 4  # networks that a process keeps loaded


class Sheet(NamedTuple):
    """A line drawing and its hints in a network's square, and where in it the drawing lies."""

    lines: Bytes  # (S, S), 0 = ink
    hints: Bytes  # RGBA (S, S, 4)
    place: tuple[slice, slice]  # rows and columns that the drawing covers


@dataclass(frozen=True)
class Network:
    """A network ready to paint."""

    engine: Engine
    kind: InputKind
    size: int  # px, the side of its square

    def lay_in(self, lines: Bytes, hints: Bytes) -> Sheet:
        """Lay a line drawing, uint8 (H, W), and its hints, uint8 RGBA (H, W, 4), into the network's square."""
        return lay_in(lines, hints, self.size, least_hint=0.0 if self.kind == "filled" else _LEAST_HINT)

    def paint(self, sheets: Sequence[Sheet]) -> list[Floats]:
        """Paint drawings together; returns RGB, float32 (h, w, 3), 0..255, of the part that each covers.

        Raises MethodError where the network gives values that are no numbers.
        """
        inputs = np.stack([network_input(sheet.lines, sheet.hints, self.kind) for sheet in sheets])  # (B, Cin, S, S)
        made = self._run(inputs)[0]  # (B, 3, S, S) in [-1, 1]
        return [
            np.ascontiguousarray(picture[sheet.place]) for picture, sheet in zip(_levels(made), sheets, strict=True)
        ]

    def find(self, filled: Sequence[Filled]) -> list[Found]:
        """What a network that works on flat colour says of drawings laid out for it; MethodError as for `paint`."""
        inputs = np.stack([to_floats(stacked(one)) for one in filled])  # (B, 7, S, S)
        fill, ink, guesses, shares = self._run(inputs)
        pictures, inks = _levels(fill), ink * np.float32(127.5) + np.float32(127.5)
        return [Found(*found) for found in zip(pictures, inks, _odds(guesses), _odds(shares), strict=True)]

    def _run(self, inputs: Floats) -> list[Floats]:
        """What the engine gives for inputs (B, Cin, S, S)."""
        made = self.engine(inputs)
        if not all(np.isfinite(one).all() for one in made):
            raise MethodError("the network gives values that are no numbers", hint="Give another checkpoint")
        return made


@lru_cache(maxsize=_KEPT)
def load_network(checkpoint: str, weights: str, device: str, engine: EngineName = "torch") -> Network:
    """Load a checkpoint folder or an ONNX file, once in a process, to be run by an engine; onnx runs on the CPU.

    Raises UsageError where its digest is not `weights` any more, MissingPackageError without the engine's packages.
    """
    network, digest = _loaded(checkpoint, device, engine)
    if digest != weights:
        raise UsageError(f"{checkpoint} was replaced meanwhile", hint="Run the same command again")
    return network


def _loaded(checkpoint: str, device: str, engine: EngineName) -> tuple[Network, str]:
    if is_onnx(checkpoint):
        file = open_file(checkpoint)
        return Network(file.engine, file.kind, file.size), file.digest
    from pipelines.models._checkpoint import load_painter

    module, card = load_painter(checkpoint)
    params: Any = params_of(card)
    kind: InputKind = registry.load("models", card.model).input_kind(params)
    if engine == "onnx":
        return Network(_exported(module, card), kind, params.size), card.weights_sha256
    from pipelines.models._torch_engine import TorchEngine

    return Network(TorchEngine(module, kind, device), kind, params.size), card.weights_sha256


def _exported(module: "nn.Module", card: "Card") -> OnnxEngine:
    from pipelines.models._onnx_export import to_onnx

    return OnnxEngine(to_onnx(module, card))


def _odds(logits: Floats) -> Floats:
    """Logits (B, n, k) as probabilities over the k."""
    odds = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(odds / odds.sum(axis=2, keepdims=True), np.float32)


def _levels(made: Floats) -> Floats:
    """Pictures (B, 3, S, S) in [-1, 1] as (B, S, S, 3), 0..255."""
    return np.moveaxis(np.clip(made * np.float32(127.5) + np.float32(127.5), 0, 255), 1, 3)


def lay_in(lines: Bytes, hints: Bytes, size: int, *, least_hint: float = _LEAST_HINT) -> Sheet:
    """Lay a line drawing, uint8 (H, W), and its hints, uint8 RGBA (H, W, 4), evenly into a square of `size` px.

    least_hint: the radius, a share of the side, to which smaller hints grow.
    """
    layout = arrange(Framing(size=(size, size)), lines.shape, Figure(None, None))
    place = layout.place(lines.shape)
    shape = (place[0].stop - place[0].start, place[1].stop - place[1].start)
    small_lines = darkened(resized(lines, (shape[1], shape[0])))
    small_hints = grown(shrunk_hints(hints, shape), least_hint * size)
    return Sheet(layout.laid(small_lines, lines.shape, 255), layout.laid(small_hints, lines.shape, 0), place)


def darkened(lines: Bytes) -> Bytes:
    """Darken lines, uint8 (H, W), by one factor until the typical line is as dark as in training; never lighten.

    darkness' = min(1, gain darkness),  gain = 0.6 / median darkness along the middle of lines, 1..8
    """
    darkness = 255 - lines
    ridge = darkness[(darkness >= cv2.dilate(darkness, np.ones((3, 3), np.uint8))) & (darkness > 8)]
    typical = float(np.median(ridge)) / 255 if ridge.size else 1.0
    gain = min(max(_RIDGE / typical, 1.0), _MOST_GAIN)
    return lines if gain == 1 else np.asarray(255 - cv2.convertScaleAbs(darkness, alpha=gain), np.uint8)


def shrunk_hints(hints: Bytes, shape: tuple[int, int]) -> Bytes:
    """Bring hints, uint8 RGBA (H, W, 4), to another size: each pixel takes a hint that lies in it, unmixed."""
    if hints.shape[:2] == shape:
        return hints
    rows, columns = np.nonzero(hints[..., 3] >= OPAQUE)
    small = np.zeros((*shape, 4), np.uint8)
    if shape[0] > hints.shape[0] or shape[1] > hints.shape[1]:
        return cv2.resize(hints, shape[::-1], interpolation=cv2.INTER_NEAREST)  # type: ignore[return-value]
    place = rows * shape[0] // hints.shape[0], columns * shape[1] // hints.shape[1]
    small[place] = hints[rows, columns]
    small[place[0], place[1], 3] = 255
    return small


def grown(hints: Bytes, radius: float) -> Bytes:
    """Grow the spots of a hint map, uint8 RGBA (H, W, 4), that are thinner than a disc of `radius` px, up to it.

    Spots do not grow over each other; where two would meet each pixel is the nearer one's.
    """
    marked = (hints[..., 3] >= OPAQUE).view(np.uint8)
    if not marked.any() or marked.all():
        return hints
    depth = np.asarray(cv2.distanceTransform(np.pad(marked, 1), cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)
    count, parts = cv2.connectedComponents(marked, connectivity=8, ltype=cv2.CV_32S)
    spots = np.asarray(parts, np.int32)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, spots.reshape(-1), depth.reshape(-1))
    away, nearest = cv2.distanceTransformWithLabels(1 - marked, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros(int(nearest.max()) + 1, np.intp)  # flat index of each marked pixel by its label
    pixels = np.flatnonzero(marked)
    source[nearest.reshape(-1)[pixels]] = pixels
    origin = source[nearest]
    reach = np.maximum(radius - deepest, 0)[spots.reshape(-1)[origin]]
    result: Bytes = np.where((away <= reach)[..., None], hints.reshape(-1, 4)[origin], hints)
    return result
