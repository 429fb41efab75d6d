"""Reads one drawing and what guides its colours, from the bytes of files to what models are given."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.colorize.options import Unhinted
from pipelines.core import registry
from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colours import Rgb
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.line_art import LineArt
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.flatting.hint_cleaning import clean_hints
from pipelines.flatting.hint_copy import hints_of_copy
from pipelines.flatting.reading import LineReading
from pipelines.hints.base.combine import laid_over
from pipelines.inference.types import ColorGuide, Drawing, HintPreset
from pipelines.tracking.frames import FrameHint
from pipelines.tracking.hint_propagation import decode_hints, draw_hints


class ReadDrawing(NamedTuple):
    """A drawing that was read: the picture, its line art, what models are given."""

    picture: Picture
    line_art: LineArt
    drawing: Drawing
    painted: Picture | None = None  # the hint picture as it was painted, of any size

    @property
    def guide(self) -> ColorGuide:
        """The guide that is shown: that for networks where there is any."""
        guides = self.drawing.guides
        return guides.get("discs") or guides["fills"]

    @property
    def shown_hints(self) -> U8:
        """The hints as they are shown, RGBA (H, W, 4)."""
        return self.guide.hints

    @property
    def hints_on_lines(self) -> U8:
        """The same on the line art, RGB (H, W, 3)."""
        return composite(self.shown_hints, np.dstack([self.drawing.lines] * 3))

    @property
    def is_guided(self) -> bool:
        """Whether anything says which colours there are to be."""
        return any(guide.has_hints or guide.palette is not None for guide in self.drawing.guides.values())


@dataclass(frozen=True)
class DrawingReader:
    """How drawings are read for the models of a run."""

    hint_presets: tuple[HintPreset, ...]  # of the models, each once, sorted
    palette: tuple[Rgb, ...] | None = None
    reference_places: bool = True  # whether a reference of the line art's shape says where its colours belong
    snap: bool = True  # whether areas keep their hint's exact colour where the hint lies
    unhinted: Unhinted = "lively"  # colours of drawings without hints
    clean: bool | None = None  # whether paper is whitened; None: where it is not white

    def read(self, files: Mapping[str, bytes], rng: np.random.Generator) -> ReadDrawing:
        """Read `picture`, and `hints`, `reference` and hints `carried` from other frames where they are given."""
        picture = decode_picture(files["picture"])
        line_art = LineArt(picture, clean=self.clean)
        reading = LineReading(line_art.drawing)
        painted = decode_picture(files["hints"]) if "hints" in files else None
        by_hand = _hint_map(painted, picture, line_art) if painted is not None else None
        guides = {preset: self._guide(files, reading, by_hand, preset, rng) for preset in self.hint_presets}
        if "carried" in files:
            hints = decode_hints(files["carried"])
            guides = {preset: _with_hints(guide, hints, reading) for preset, guide in guides.items()}
        drawing = Drawing(reading, guides, rng, snap=self.snap, vivid=self.unhinted == "lively")
        return ReadDrawing(picture, line_art, drawing, painted)

    def has_hints(self, names: Container[str]) -> bool:
        """Whether files of these names hold hints."""
        return "hints" in names or ("reference" in names and self.reference_places)

    def _guide(
        self,
        files: Mapping[str, bytes],
        reading: LineReading,
        by_hand: U8 | None,
        preset: HintPreset,
        rng: np.random.Generator,
    ) -> ColorGuide:
        """The hint map and the palette, from the files that are there."""
        shape = reading.lines.shape
        hints = np.zeros((*shape, 4), np.uint8)
        palette = np.array(self.palette, np.uint8) if self.palette is not None else None
        if "reference" in files:
            hints_of_reference, colours = hints_from_reference(decode_picture(files["reference"]), shape, preset, rng)
            if hints_of_reference is not None and self.reference_places:
                hints = hints_of_reference
            elif palette is None:
                palette = colours
        if by_hand is not None:
            hints = laid_over(by_hand, hints, reading.lines)
        return ColorGuide(hints, palette)


def hints_from_reference(
    reference: Picture, shape: tuple[int, ...], preset: HintPreset, rng: np.random.Generator
) -> tuple[U8 | None, U8]:
    """Hints found in a coloured picture at the line art's size (None where the shapes differ), and its colours."""
    method = registry.load("hints", "kmedoids")
    params = method.PRESETS["fills"] if preset == "fills" else method.Params()
    hints: U8 = method.place(reference.over_white(), reference.alpha, params, rng)
    colours = np.unique(hints[hints[..., 3] > 0][:, :3], axis=0)
    return (_resized(hints, shape) if same_aspect(hints.shape[:2], shape) else None), colours


def _with_hints(guide: ColorGuide, hints: Sequence[FrameHint], reading: LineReading) -> ColorGuide:
    """A guide with hints that are carried from other frames."""
    if not hints:
        return guide
    return replace(guide, hints=draw_hints(guide.hints, hints, reading.lines, reading.areas.labels))


def _hint_map(hints: Picture, picture: Picture, line_art: LineArt) -> U8:
    """A hint picture, cleaned, as RGBA at the size of the line art; raises MethodError where it cannot lie over it."""
    shape = line_art.drawing.shape
    height, width = shape
    if not same_aspect((hints.height, hints.width), shape):
        raise MethodError(
            f"the hints are {hints.width}x{hints.height}, the line art {width}x{height}",
            hint="Paint hints on a layer of the line art's size",
        )
    if hints.alpha is not None:
        return _resized(clean_hints(hints.layer()), shape)
    layer = hints_of_copy(hints.rgb, picture.over_white())
    if layer is None:
        raise MethodError(
            "the hint picture has no transparency, so all of it is a hint, and it is no copy of the line art",
            hint="Paint hints on a transparent layer or on a copy of the line art, or use --reference for a coloured "
            "picture",
        )
    return layer


def _resized(hints: U8, shape: tuple[int, ...]) -> U8:
    if hints.shape[:2] == shape:
        return hints
    return np.asarray(cv2.resize(hints, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
