"""Colours arrays from Python: networks are loaded once, drawings come in and results go out, nothing is written.

predictor = Predictor("fillnet")
result = predictor.predict(lines, hints=hints)
result.picture, result.flats, result.shading, result.areas
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.core.errors import MethodError, UsageError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture
from pipelines.flatting.hint_cleaning import clean_hints
from pipelines.flatting.hint_copy import hints_of_copy
from pipelines.flatting.reading import LineReading
from pipelines.inference.model_source import AskedPrecision, ModelSource, check_reads, device_for, find_models
from pipelines.inference.types import ColorGuide, ColorResult, Drawing, ModelTraits
from pipelines.segmentation.line_art import LineArt
from pipelines.structure.fill_rules import FillRules

if TYPE_CHECKING:
    from pipelines.inference.network import EngineName


class Predictor:
    """One model, ready to colour drawings.

    `model` is what `colorize --model` takes: the name of one that comes with the toolkit, a run or checkpoint of
    `train`, or a FILE.onnx. preset, values: of a model without weights. device: auto, cpu, cuda or mps; engine: torch
    or onnx; precision: fp32, bf16, on a GPU fp16, or auto, as of `colorize --precision`. domain: in which a network
    paints that learned several; None: its first. Raises UsageError for what does not exist, is damaged or reads no line
    art, SettingsError for settings that it has not.
    """

    def __init__(
        self,
        model: str,
        *,
        preset: str | None = None,
        values: Mapping[str, object] | None = None,
        device: str = "auto",
        engine: "EngineName" = "torch",
        precision: AskedPrecision = "fp32",
        domain: str | None = None,
    ) -> None:
        sources = find_models([model], preset=preset, values=values, engine=engine, precision=precision, domain=domain)
        check_reads(sources, "line art")
        self._source: ModelSource = sources[0]
        self._device = device_for([self._source], device)
        if self._source.is_network:
            self._source.load(self._device)

    @property
    def traits(self) -> ModelTraits:
        """What the model can do."""
        return self._source.traits

    def predict(
        self,
        lines: U8,
        *,
        hints: U8 | None = None,
        palette: U8 | None = None,
        seed: int = 0,
        snap: bool = True,
        vivid: bool = True,
        clean: bool | None = None,
        gap: float | None = None,
        rules: FillRules | None = None,
    ) -> ColorResult:
        """Colour one drawing.

        lines: line art, uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, sRGB, of any tone and on any paper that
        `colorize` takes. hints: uint8 RGBA (H, W, 4), alpha 0 = no hint, or an opaque copy of the line art that was
        painted on. palette: uint8 (k, 3); areas without a hint then take its colours. seed: of colours drawn where
        nothing names them. snap: hints keep their exact colour where they lie. vivid: without any hint colours are
        lively; no: the likeliest, however grey. clean: whether paper is whitened first; None: where it is not white.
        gap: px, openings in lines up to this wide are closed; None: in proportion. rules: the ground, areas without a
        hint, reserved colours. Raises MethodError for hints of another size, UsageError for arrays of other shapes.
        """
        return self.predict_batch(
            [lines],
            hints=[hints],
            palette=palette,
            seed=seed,
            snap=snap,
            vivid=vivid,
            clean=clean,
            gap=gap,
            rules=rules,
        )[0]

    def predict_batch(
        self,
        lines: Sequence[U8],
        *,
        hints: Sequence[U8 | None] | None = None,
        palette: U8 | None = None,
        seed: int = 0,
        snap: bool = True,
        vivid: bool = True,
        clean: bool | None = None,
        gap: float | None = None,
        rules: FillRules | None = None,
    ) -> list[ColorResult]:
        """Colour several drawings, which a network takes together; sizes may differ. Results as of `predict`, one each.

        hints: one for each drawing, or None where it has none. The n-th drawing has the random numbers of seed + n.
        """
        layers = [None] * len(lines) if hints is None else list(hints)
        if len(layers) != len(lines):
            raise UsageError(f"{len(layers)} hint maps for {len(lines)} drawings", hint="Give one for each, or None")
        pictures = [_as_picture(picture) for picture in lines]
        pages = [LineArt(picture, clean=clean) for picture in pictures]
        drawings = [
            replace(
                self._drawing(page.drawing, _as_hints(layer, picture), palette, seed + number),
                reading=LineReading(page.drawing, gap=gap),
                snap=snap,
                vivid=vivid,
                rules=rules or FillRules(),
            )
            for number, (page, picture, layer) in enumerate(zip(pages, pictures, layers, strict=True))
        ]
        if not drawings:
            return []
        results = self._source.predict(drawings, self._device)
        return [
            replace(result, line_art=page.layer, is_multiplied=page.is_grey)
            for result, page in zip(results, pages, strict=True)
        ]

    def _drawing(self, drawing: U8, hints: U8, palette: U8 | None, seed: int) -> Drawing:
        """What the model is given."""
        guide = ColorGuide(hints, _as_palette(palette))
        guides = {self.traits.hint_preset: guide}
        return Drawing(LineReading(drawing), guides, np.random.default_rng(seed))


def _as_picture(lines: U8) -> Picture:
    """Line art of one, three or four channels as a picture; raises UsageError for anything else."""
    if lines.dtype != np.uint8 or lines.size == 0:
        raise UsageError(f"the line art is {lines.dtype} {lines.shape}", hint="Give uint8 with at least one pixel")
    if lines.ndim == 2:
        return Picture(np.ascontiguousarray(np.dstack([lines] * 3)))
    if lines.ndim == 3 and lines.shape[2] in (3, 4):
        alpha = np.ascontiguousarray(lines[..., 3]) if lines.shape[2] == 4 else None
        is_opaque = alpha is None or int(alpha.min()) == 255
        return Picture(np.ascontiguousarray(lines[..., :3]), None if is_opaque else alpha)
    raise UsageError(f"the line art is {lines.shape}", hint="Give (H, W), (H, W, 3) or (H, W, 4)")


def _as_hints(hints: U8 | None, picture: Picture) -> U8:
    """Hints as they were meant, their alpha 0 or 255; none where there are none."""
    shape = (picture.height, picture.width)
    if hints is None:
        return np.zeros((*shape, 4), np.uint8)
    if hints.dtype != np.uint8 or hints.ndim != 3 or hints.shape[2] != 4:
        raise UsageError(f"the hints are {hints.dtype} {hints.shape}", hint="Give uint8 RGBA, (H, W, 4)")
    if hints.shape[:2] != shape:
        raise MethodError(
            f"the hints are {hints.shape[1]}x{hints.shape[0]}, the line art {shape[1]}x{shape[0]}",
            hint="Give hints of the line art's size",
        )
    is_opaque = int(hints[..., 3].min(initial=255)) == 255
    of_copy = hints_of_copy(np.ascontiguousarray(hints[..., :3]), picture.over_white()) if is_opaque else None
    return clean_hints(hints) if of_copy is None else of_copy


def _as_palette(palette: U8 | None) -> U8 | None:
    if palette is None:
        return None
    if palette.dtype != np.uint8 or palette.ndim != 2 or palette.shape[1] != 3 or not len(palette):
        raise UsageError(f"the palette is {palette.dtype} {palette.shape}", hint="Give uint8 RGB, (k, 3)")
    return palette
