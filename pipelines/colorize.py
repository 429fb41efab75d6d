"""Stage: line art -> finished colour at full size, with the original line art unchanged on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.batch import run
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.images import Picture, composite, decode_picture, encode_png, ink_layer, line_drawing
from pipelines.core.inputs import Partners, Selection, Source, show_path
from pipelines.core.palettes import read_palette
from pipelines.core.plans import BatchSettings, Destination, Job, Plan, find
from pipelines.core.report import Observer, Report
from pipelines.core.settings import plain, resolve
from pipelines.core.workers import Made

Background = Literal["auto", "paper", "transparent"]
Lines = Literal["keep", "none"]

_NOTES = 5  # most hint files without a drawing that are named
_ASPECT_TOLERANCE = 0.02  # a hint map or reference of another shape than the line art does not lie over it


@dataclass(frozen=True)
class Guides:
    """Where the colours come from; each may be missing."""

    hints: str | None = None  # hint map or folder of hint maps, by name
    reference: str | None = None  # coloured picture or folder of them, by name: hints are found in it
    palette: str | None = None  # palette file: regions take these colours


@dataclass(frozen=True)
class Colorization:
    """The work on one line drawing: decode, gather hints, paint, lay the line art on top, encode."""

    model: str
    params: Any
    palette: tuple[tuple[int, int, int], ...] | None
    background: Background
    lines: Lines
    reference_places: bool  # whether a reference of the line art's shape says where its colours belong
    expected: tuple[str, ...] = ()  # the guides that every drawing should have

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Made:
        """`picture` (and `hints`, `reference`) in; the finished picture, RGB or RGBA, out."""
        picture = decode_picture(files["picture"])
        hints, palette, warnings = self._guides(files, picture, rng)
        painted = registry.load("models", self.model).paint(line_drawing(picture), hints, palette, self.params, rng)
        finished = finish(picture, painted.colour, painted.background, mode=self.background, lines=self.lines)
        return Made((encode_png(finished),), warnings)

    def _guides(
        self, files: Mapping[str, bytes], picture: Picture, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, tuple[str, ...]]:
        """The hint map, the palette and what to warn of, from the files that are there."""
        shape = (picture.height, picture.width)
        hints = np.zeros((*shape, 4), np.uint8)
        palette = np.array(self.palette, np.uint8) if self.palette is not None else None
        if "reference" in files:
            found, colours = _from_reference(decode_picture(files["reference"]), shape, rng)
            if found is not None and self.reference_places:
                hints = found
            elif palette is None:
                palette = colours
        if "hints" in files:
            own = _hint_map(decode_picture(files["hints"]), shape)
            # hints by hand win over those found (F7)
            hints = np.where(own[..., 3:] > 0, own, hints) if hints[..., 3].any() else own
        missing = [f"nothing of its name in --{name}" for name in self.expected if name not in files]
        if not hints[..., 3].any() and palette is None:
            missing.append("no hints, reference or palette: colours are guessed")
        return hints, palette, ("; ".join(missing),) if missing else ()


def finish(
    picture: Picture,
    colour: NDArray[np.uint8],
    background: NDArray[np.bool_],
    *,
    mode: Background = "auto",
    lines: Lines = "keep",
) -> NDArray[np.uint8]:
    """Lay the line art over the colour, uint8 (H, W, 3), or (H, W, 4) where the result has transparency.

    `background` is the paper outside the figure, bool (H, W). In mode "auto" the result is transparent where the line
    art is: a drawing of ink alone keeps the paper outside the figure transparent, a drawing with an opaque body keeps
    its own alpha. "transparent" makes the paper outside the figure transparent, "paper" lays everything over it.
    """
    layer = ink_layer(picture)
    if lines == "none":
        layer[..., 3] = 0
    flat = composite(layer, colour)
    if mode == "paper" or (mode == "auto" and picture.alpha is None):
        return flat
    if mode == "auto" and picture.alpha is not None and not _is_ink_only(picture.rgb, picture.alpha):
        return np.dstack([flat, picture.alpha])
    outside = background[..., None]
    body = np.dstack([flat, np.full(flat.shape[:2], 255, np.uint8)])
    return np.where(outside, layer, body)


def colorize(
    inputs: Sequence[str],
    output: str | None,
    *,
    model: str = "flat",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    guides: Guides | None = None,
    background: Background = "auto",
    lines: Lines = "keep",
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Colorize every line drawing in `inputs` into the folder (or file, or "-") `output`.

    Colours come from `guides`; without any they are guessed. The line art comes out on top unchanged, at its own size.
    Raises UsageError and SettingsError before any work.
    """
    settings, wanted = batch or BatchSettings(), guides or Guides()
    sources, destination = find(inputs, output, settings, aside=(wanted.hints, wanted.reference))
    hints = _partners(wanted.hints, "--hints", len(sources))
    reference = _partners(wanted.reference, "--reference", None)
    work = Colorization(
        model=model,
        params=resolve(registry.load("models", model), values or {}, preset=preset),
        palette=_palette(wanted.palette),
        background=background,
        lines=lines,
        reference_places=reference is None or not reference.single or len(sources) == 1,
        expected=tuple(name for name, place in (("hints", hints), ("reference", reference)) if place is not None),
    )
    jobs = tuple(_job(source, destination, {"hints": hints, "reference": reference}) for source in sources)
    report = run(Plan("colorize", jobs, destination.folder, plain(work)), work, settings, observer=observer)
    if hints is not None and settings.selection == Selection() and settings.listed is None:
        report.notes += tuple(f"no drawing for the hints {show_path(path)}" for path in hints.unused()[:_NOTES])
    return report


def _job(source: Source, destination: Destination, partners: Mapping[str, Partners | None]) -> Job:
    reads = [("picture", source.path)]
    for name, place in partners.items():
        partner = place.of(source.relative) if place else None
        if partner is not None:
            reads.append((name, partner))
    return Job(tuple(reads), (destination.place(source.relative, ".png"),), source.relative)


def _partners(place: str | None, option: str, pictures: int | None) -> Partners | None:
    if place is None:
        return None
    partners = Partners(Path(place), option)
    if partners.single and pictures is not None and pictures > 1:
        raise UsageError(f"{option} is one file for {pictures} pictures", hint="Give a folder of hints, by name")
    return partners


def _palette(path: str | None) -> tuple[tuple[int, int, int], ...] | None:
    if path is None:
        return None
    return tuple((int(red), int(green), int(blue)) for red, green, blue in read_palette(Path(path)))


def _from_reference(
    reference: Picture, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]:
    """Hints found in a coloured picture at the line art's size (None where the shapes differ), and its colours."""
    method = registry.load("hints", "kmedoids")
    hints = method.place(reference.over_white(), reference.alpha, method.PRESETS["fills"], rng)
    colours = np.unique(hints[hints[..., 3] > 0][:, :3], axis=0)
    same = _same_aspect(hints.shape[:2], shape)
    return (_resized(hints, shape) if same else None), colours


def _hint_map(picture: Picture, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A hint picture as RGBA at the size of the line art; raises MethodError where it cannot lie over it."""
    height, width = shape
    if picture.alpha is None:
        raise MethodError(
            "the hint picture has no transparency, so all of it is a hint",
            hint="Paint hints on a transparent layer, or use --reference for a coloured picture",
        )
    if not _same_aspect((picture.height, picture.width), shape):
        raise MethodError(
            f"the hints are {picture.width}x{picture.height}, the line art {width}x{height}",
            hint="Paint hints on a layer of the line art's size",
        )
    solid = np.where(picture.alpha >= 128, 255, 0).astype(np.uint8)  # soft brush edges: colours there are mixed
    return _resized(np.dstack([picture.rgb, solid]), shape)


def _same_aspect(size: tuple[int, ...], shape: tuple[int, int]) -> bool:
    return abs(size[0] * shape[1] / (size[1] * shape[0]) - 1) <= _ASPECT_TOLERANCE


def _resized(hints: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    if hints.shape[:2] == shape:
        return hints
    return cv2.resize(hints, shape[::-1], interpolation=cv2.INTER_NEAREST)  # type: ignore[return-value]


def _is_ink_only(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bool:
    """Whether what is opaque in a drawing with alpha is ink, not paper: then its transparency is the paper."""
    solid = alpha >= 128
    light = solid & (rgb.min(axis=2) > 192)
    return bool(np.count_nonzero(light) * 2 < np.count_nonzero(solid))
