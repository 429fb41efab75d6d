"""Reads one drawing and what guides its colours, from the bytes of files to what models are given."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from pipelines.colorize.options import Unhinted
from pipelines.colorize.reference import ReferenceGuide, read_reference, resized_hints
from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colours import Rgb
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.picture import Picture, decode_part
from pipelines.flatting.hint_cleaning import clean_hints
from pipelines.flatting.hint_copy import hints_of_copy
from pipelines.flatting.reading import LineReading
from pipelines.hints.base.combine import laid_over
from pipelines.inference.types import ColorGuide, Drawing, HintPreset
from pipelines.segmentation.line_art import LineArt
from pipelines.structure.fill_rules import FillRules
from pipelines.tracking.frames import FrameHint
from pipelines.tracking.hint_propagation import decode_hints, draw_hints
from pipelines.tracking.palette_lock import decode_palette
from pipelines.tracking.sprite_sheet import Sheet, find_sheet, needs_hints, sheet_of_grid, spread_hints

_OFFERED = "no hint of its folder fits it: it has their colours"


class ReadDrawing(NamedTuple):
    """A drawing that was read: the picture, its line art, what models are given."""

    picture: Picture
    line_art: LineArt
    drawing: Drawing
    painted: Picture | None = None  # the hint picture as it was painted, of any size
    notes: tuple[str, ...] = ()  # what is to be said of how guides were used
    is_hinted_by_hand: bool = False

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
    unhinted: Unhinted = "lively"  # colours of areas without hints
    gap: float | None = None  # px: openings in lines up to this wide are closed; None: in proportion
    rules: FillRules = field(default_factory=FillRules)
    clean: bool | None = None  # whether paper is whitened; None: where it is not white
    grid: tuple[int, int] | None = None  # px, width and height of a sheet's cells; None: found where it is a sheet
    finds_sheets: bool = True  # whether sheets are looked for where there is no grid
    is_locked: bool = False  # whether drawings take colours from one another, before any from another picture's places

    def read(self, files: Mapping[str, bytes], rng: np.random.Generator) -> ReadDrawing:
        """Read `picture`, and `hints` and `reference` where they are given.

        Of a sequence there are hints `carried` from other frames, or else the colours that are `offered`.
        """
        picture = decode_part(files, "picture")
        line_art = LineArt(picture, clean=self.clean)
        reading = LineReading(line_art.drawing, gap=self.gap)
        painted = decode_part(files, "hints") if "hints" in files else None
        by_hand = _hint_map(painted, picture, line_art) if painted is not None else None
        references = self._references(files, reading, rng)
        guides = {preset: self._guide(reading, by_hand, references.get(preset)) for preset in self.hint_presets}
        sheet = self._sheet(files, reading, guides)
        if sheet is not None:
            hints_of_all = spread_hints(sheet, reading.lines, guides["fills"].hints)
            reading = LineReading(reading.lines, gap=sheet.gap if self.gap is None else self.gap)
            guides["fills"] = replace(guides["fills"], hints=hints_of_all)
        if "offered" in files:
            offered = np.array(decode_palette(files["offered"]), np.uint8).reshape(-1, 3)
            offered = offered[~(self.rules.is_ground(offered) | self.rules.is_empty(offered))]
            guides = {preset: _with_palette(guide, offered) for preset, guide in guides.items()}
        if "carried" in files:
            hints = decode_hints(files["carried"])
            guides = {preset: _with_hints(guide, hints, reading) for preset, guide in guides.items()}
        is_flat = any(reference.is_flat for reference in references.values())
        drawing = Drawing(
            reading,
            guides,
            rng,
            snap=self.snap,
            vivid=self.unhinted != "likely",
            shaded=not is_flat and sheet is None,
            rules=self.rules,
        )
        notes: dict[str, None] = dict.fromkeys(reference.note for reference in references.values() if reference.note)
        if sheet is not None:
            notes[f"a sheet of {sheet.columns} x {sheet.rows} sprites: hints on one count for all"] = None
        if "offered" in files:
            notes[_OFFERED] = None
        is_hinted = by_hand is not None and bool(by_hand[..., 3].any())
        return ReadDrawing(picture, line_art, drawing, painted, tuple(notes), is_hinted)

    def has_hints(self, names: Container[str]) -> bool:
        """Whether files of these names hold hints."""
        return "hints" in names or ("reference" in names and self.reference_places)

    def _sheet(
        self, files: Mapping[str, bytes], reading: LineReading, guides: Mapping[HintPreset, ColorGuide]
    ) -> Sheet | None:
        """The sprites of the drawing, where it is a sheet of them and only some have hints."""
        if "hints" not in files or "fills" not in guides or not guides["fills"].has_hints:
            return None
        if self.grid is not None:
            sheet: Sheet | None = sheet_of_grid(reading.lines.shape, self.grid)
        else:
            sheet = find_sheet(reading.paper) if self.finds_sheets and self.rules.guess != "empty" else None
        return sheet if sheet is not None and needs_hints(sheet, reading.paper, guides["fills"].hints) else None

    def _references(
        self, files: Mapping[str, bytes], reading: LineReading, rng: np.random.Generator
    ) -> dict[HintPreset, ReferenceGuide]:
        """What the reference says to models of each kind; nothing where there is none."""
        if "reference" not in files:
            return {}
        reference = decode_part(files, "reference")
        by_place = not self.is_locked and (self.palette is None or self.reference_places)
        return {
            preset: read_reference(reference, reading, preset, rng, has_places=self.reference_places, by_place=by_place)
            for preset in self.hint_presets
        }

    def _guide(self, reading: LineReading, by_hand: U8 | None, reference: ReferenceGuide | None) -> ColorGuide:
        """The hint map and the palette, from the files that are there."""
        shape = reading.lines.shape
        hints = np.zeros((*shape, 4), np.uint8)
        palette = np.array(self.palette, np.uint8) if self.palette is not None else None
        if reference is not None:
            hints = hints if reference.hints is None else reference.hints
            palette = reference.palette if palette is None else palette
        if by_hand is not None:
            hints = laid_over(by_hand, hints, reading.lines)
        return ColorGuide(hints, palette)


def _with_palette(guide: ColorGuide, palette: U8) -> ColorGuide:
    """A guide with a palette, (k, 3), where it has none."""
    return guide if guide.palette is not None else replace(guide, palette=palette)


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
        return resized_hints(clean_hints(hints.layer()), shape)
    layer = hints_of_copy(hints.rgb, picture.over_white())
    if layer is None:
        raise MethodError(
            "the hint picture has no transparency, so all of it is a hint, and it is no copy of the line art",
            hint="Paint hints on a transparent layer or on a copy of the line art, or use --reference for a coloured "
            "picture",
        )
    return layer
