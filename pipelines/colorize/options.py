"""What is asked of `colorize`: colours, outputs, where networks run; checked before any work."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.core import registry
from pipelines.core.batch.inputs import CompanionFiles
from pipelines.core.batch.plan import Destination
from pipelines.core.errors import PictureError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colours import Rgb
from pipelines.core.imaging.palette_files import read_palette
from pipelines.core.imaging.picture import decode_picture
from pipelines.exports.base.decomposition import Flats
from pipelines.hints.base.palette_extraction import fills_of, palette_of
from pipelines.inference.model_source import AskedPrecision
from pipelines.structure.fill_rules import EMPTY, GROUND, FillRules, Guess, OutsideMode

Background = Literal["auto", "paper", "transparent"]
Lines = Literal["auto", "keep", "multiply", "tint", "none"]
Unhinted = Literal["lively", "likely", "nearest", "empty"]

_WIDEST_GAP = 10000.0  # px

_LEAST_CELL = 4  # px: the least side of a sprite


NO_GRID = "none"
"""Instead of a grid: pictures are no sheets."""


@dataclass(frozen=True)
class Guides:
    """Where the colours come from; each may be missing."""

    hints: str | None = None  # hint map or folder of hint maps, by name
    reference: str | None = None  # coloured picture or folder of them, by name: hints are found in it
    palette: str | None = None  # palette file: regions take these colours
    palette_from: str | None = None  # finished picture or folder of them: regions take their colours
    required: bool = False  # a picture none of whose hints is used fails
    grid: str | None = None  # WxH, px of the cells of a sheet of sprites; None: found; "none": not looked for
    lock: bool = False  # one palette for a folder; areas keep their colour over frames, names that differ in a number


@dataclass(frozen=True)
class FillOptions:
    """What goes for areas and the ground, whatever the model."""

    gap: str = "auto"  # px: openings in lines up to this wide are closed; auto: 2 % of the longer side
    outside: OutsideMode = "auto"  # whether hints on the paper outside the figure colour all of it
    unhinted: Unhinted = "lively"  # colours of areas without hints
    background_hint: str | None = None  # RRGGBB: hints of this colour say that an area is ground
    empty_hint: str | None = None  # RRGGBB: and these that it is left empty

    @property
    def gap_px(self) -> float | None:
        """Px of the drawing, None for auto; raises UsageError for what is no number."""
        if self.gap == "auto":
            return None
        try:
            gap = float(self.gap)
        except ValueError:
            gap = -1.0
        if not 0 <= gap <= _WIDEST_GAP:
            raise UsageError(f"--gap {self.gap} is no width", hint="Give px, such as 12, 0 for none, or auto")
        return gap

    @property
    def rules(self) -> FillRules:
        """The same as models are told; raises UsageError for what is no colour."""
        ground = GROUND if self.background_hint is None else _as_colour(self.background_hint, "--background-hint")
        empty = EMPTY if self.empty_hint is None else _as_colour(self.empty_hint, "--empty-hint")
        if ground == empty:
            raise UsageError("one colour says two things", hint="Give --background-hint and --empty-hint two colours")
        guess: Guess = "nearest" if self.unhinted == "nearest" else "empty" if self.unhinted == "empty" else "auto"
        return FillRules(self.outside, guess, ground, empty)


def _as_colour(text: str, option: str) -> Rgb:
    match = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text)
    if match is None:
        raise UsageError(f"{option} {text} is no colour", hint="Give red, green and blue, two digits each: FF00FE")
    return int(match[1], 16), int(match[2], 16), int(match[3], 16)


@dataclass(frozen=True)
class OutputOptions:
    """What is written beside the results."""

    steps: bool = False  # every intermediate picture, into the folder "steps"
    panels: bool = False  # lines, hints, each model, merged, truth side by side (F9), into the folder "panels"
    truth: str | None = None  # coloured picture or folder of them, by name; None: the reference
    layers: str | None = None  # the result in layers too: ora, psd or png
    flats: Flats = "one"  # the flat colours in one layer, or a group with a layer for each colour or each region
    explain: bool = False  # a picture of what was hinted, guessed and ground, into the folder "explain"
    variants: int = 1  # plausible colourings of each drawing; beyond the first into the folders "variants/2" ...


@dataclass(frozen=True)
class RunOptions:
    """Where networks run; models without weights do not ask."""

    device: str = "auto"  # cpu, cuda, mps; auto: a GPU where there is one
    batch_size: int | None = None  # pictures painted together; None: 8 on a CPU, more on a GPU
    engine: Literal["torch", "onnx"] = "torch"  # what runs them; ONNX files are always run by onnx
    precision: AskedPrecision = "auto"  # in which they multiply
    domain: str | None = None  # in which those paint that learned several; None: their own


def folders_beside(guides: Guides, outputs: OutputOptions) -> tuple[str | None, ...]:
    """Folders whose pictures are no drawings, though they may lie among them."""
    return guides.hints, guides.reference, guides.palette_from, outputs.truth


def check_outputs(outputs: OutputOptions, destination: Destination) -> None:
    """Refuse what cannot be written; raises UsageError."""
    if destination.folder is None and (outputs.steps or outputs.panels or outputs.explain):
        raise UsageError("steps, panels and explanations need a folder to lie in", hint="Give a folder after -o")
    if outputs.truth is not None and not outputs.panels:
        raise UsageError("the truth is shown in panels alone", hint="Add --panels, or leave out --truth")
    if outputs.layers is None and outputs.flats != "one":
        raise UsageError("flats are divided in layers alone", hint="Add --layers ora, or leave out --flats")
    if outputs.layers is not None:
        _check_layers(outputs, destination)


def _check_layers(outputs: OutputOptions, destination: Destination) -> None:
    registry.load("exports", str(outputs.layers))
    if destination.folder is None:
        raise UsageError("layers need a folder to lie in", hint="Give a folder after -o")
    if outputs.layers == "png" and outputs.flats != "one":
        raise UsageError(
            f"there is no telling how many files the flats by {outputs.flats} would be",
            hint="Use --layers ora or --layers psd, which hold them in one file",
        )


def find_companions(guides: Guides, outputs: OutputOptions, pictures: int) -> Mapping[str, CompanionFiles | None]:
    """The files that belong to the drawings, by what they are read as."""
    hints = _companions(guides.hints, "--hints", pictures)
    reference = _companions(guides.reference, "--reference", None)
    truth = _companions(outputs.truth, "--truth", pictures) if outputs.panels else None
    if outputs.panels and outputs.truth is None and reference is not None and (pictures == 1 or not reference.single):
        truth = reference
    return {"hints": hints, "reference": reference, "truth": truth}


def _companions(place: str | None, option: str, pictures: int | None) -> CompanionFiles | None:
    if place is None:
        return None
    companions = CompanionFiles(Path(place), option)
    if companions.single and pictures is not None and pictures > 1:
        raise UsageError(f"{option} is one file for {pictures} pictures", hint="Give a folder, by name")
    return companions


def read_grid(guides: Guides) -> tuple[int, int] | None:
    """The width and height, px, of a sheet's cells, None for none; raises UsageError for what is no WxH."""
    if guides.grid in (None, NO_GRID):
        return None
    if guides.hints is None:
        raise UsageError("--grid tells for which sprites hints count", hint="Give --hints, or leave out --grid")
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", str(guides.grid))
    if match is None or min(int(match[1]), int(match[2])) < _LEAST_CELL:
        raise UsageError(
            f"--grid {guides.grid} is no grid of sprites", hint="Give the px of a sprite, such as 16x16, or none"
        )
    return int(match[1]), int(match[2])


def read_palette_of(guides: Guides) -> tuple[Rgb, ...] | None:
    """The colours that regions may have; raises UsageError where there are none to be read."""
    if guides.palette is not None and guides.palette_from is not None:
        raise UsageError("there are two palettes", hint="Give --palette or --palette-from")
    if guides.palette_from is not None:
        return _as_colours(_palette_of_pictures(Path(guides.palette_from)))
    return None if guides.palette is None else _as_colours(read_palette(Path(guides.palette)))


def _as_colours(palette: U8) -> tuple[Rgb, ...]:
    return tuple((int(red), int(green), int(blue)) for red, green, blue in palette)


def _palette_of_pictures(place: Path) -> U8:
    """The palette of finished pictures, (k, 3); one that cannot be read is passed over."""
    companions = CompanionFiles(place, "--palette-from")
    fills = []
    for path in [place] if companions.single else companions.files():
        try:
            picture = decode_picture(path.read_bytes())
        except (OSError, PictureError) as error:
            if companions.single:
                raise UsageError(f"{show_path(path)} cannot be read: {error}", hint="Check --palette-from") from error
            continue
        fills.append(fills_of(picture.rgb, picture.alpha))
    palette = palette_of(fills)
    if not len(palette):
        raise UsageError(f"there are no colours in {show_path(place)}", hint="Give finished pictures to --palette-from")
    return palette
