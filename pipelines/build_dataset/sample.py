"""Makes the files of one picture: frames it, finds its lines, places its hints, paints the composites."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pipelines.core import families
from pipelines.core.batch.workers import Produced
from pipelines.core.data.curation import foreground_colourfulness
from pipelines.core.data.layout import OWN_LINES, PICTURE_LINES, Artifact, DatasetLayout
from pipelines.core.data.near_duplicates import picture_hash
from pipelines.core.data.pairing import InputLayout, read_pair
from pipelines.core.files import sha256
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colourfulness import saturate, saturation_factor
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import Framing, Placement, find_foreground, place_in_frame, resized
from pipelines.core.imaging.picture import Picture, encode_png
from pipelines.core.method_specs import MethodSpec
from pipelines.segmentation.line_art import line_drawing

LINE_SCALE = 2
"""Lines are found at up to so many times the frame's scale, then shrunk, as drawn line art would be."""


@dataclass(frozen=True)
class SampleTask:
    """The task of one picture; its fields are the settings that the dataset's description holds."""

    reading: InputLayout
    framing: Framing
    lines: tuple[MethodSpec, ...]
    hints: tuple[MethodSpec, ...]
    saturation_boost: float
    place: DatasetLayout  # where artifacts lie, and which there are

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in; what was made, as JSON, and the PNG of each artifact out."""
        picture, own_lines = read_pair(files, self.reading)
        framed = frame_picture(picture, own_lines, self.framing, self.saturation_boost)
        studio = _Studio(self, framed, seed=int(rng.integers(1 << 62)))
        lines, hints = self.line_labels(has_own_lines=own_lines is not None), self.hint_labels
        encoded = {item.key: encode_png(studio.array(item)) for item in self.place.artifacts(lines, hints)}
        record = {
            "source": {"width": picture.width, "height": picture.height, "sha256": sha256(files["picture"])},
            **framed.facts(),
            "hash": picture_hash(framed.picture.over_white()).as_json(),
            "drawn": studio.drawn_params,
            "sha256": {key: sha256(data) for key, data in encoded.items()},
        }
        return Produced((json.dumps(record).encode(), *encoded.values()), self._warnings(framed))

    def line_labels(self, *, has_own_lines: bool) -> tuple[str, ...]:
        """LINES of a picture with or without line art of its own."""
        return tuple(spec.label for spec in self.lines if has_own_lines or spec.method != OWN_LINES)

    @property
    def has_pictures(self) -> bool:
        """Whether what is to be coloured is pictures that are no line art."""
        return any(spec.label == PICTURE_LINES for spec in self.lines)

    @property
    def hint_labels(self) -> tuple[str, ...]:
        """HINTS of every picture."""
        return tuple(spec.label for spec in self.hints)

    def _warnings(self, framed: "FramedPicture") -> tuple[str, ...]:
        """What the user should look at."""
        warnings = []
        if self.reading in ("AB", "BA") and framed.own_lines is not None and not self.has_pictures:
            lines, colours = (
                foreground_colourfulness(half, find_foreground(half)) for half in (framed.own_lines, framed.picture)
            )
            if lines > colours:
                warnings.append("its line half is more colourful than its colour half: is --read the wrong way round?")
        if int(framed.colour.min()) == 255:
            warnings.append("it is blank in its frame")
        return tuple(warnings)


@dataclass(frozen=True)
class FramedPicture:
    """A picture brought into its frame, and what was measured on the way."""

    picture: Picture
    own_lines: Picture | None
    placement: Placement
    crop: U8  # what of the picture is seen, RGB over white, at its own scale
    colour: U8  # the same at the frame's scale, its saturation raised
    background: tuple[int, int, int]  # RGB around it
    has_figure: bool  # whether figure and background were told apart
    colourfulness: float
    saturation_factor: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture, at its own scale."""
        return self.picture.height, self.picture.width

    def own_picture(self) -> U8:
        """The whole frame of its own partner where that is no line art: RGB, white around it if its ground is not."""
        assert self.own_lines is not None
        ground = find_foreground(self.own_lines).background or (255, 255, 255)
        height, width = self.shape
        return self.paste(self.crop_to_size(resized(self.own_lines.over_white(), (width, height))), ground)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the part of the frame that the picture covers, px."""
        return self.colour.shape[1], self.colour.shape[0]

    def facts(self) -> dict[str, Any]:
        """How it was framed, for the manifest."""
        rows, columns = self.placement.roi(self.shape)
        return {
            "view": [round(value, 3) for value in self.placement.view],
            "covers": [columns.start, rows.start, *self.size],
            "figure": self.has_figure,
            "colourfulness": self.colourfulness,
            "saturation_factor": self.saturation_factor,
        }

    def paste(self, array: U8, fill: int | tuple[int, ...]) -> U8:
        """The whole frame: an array of `size` in its place and `fill` around it."""
        return self.placement.paste(array, self.shape, fill)

    def crop_to_size(self, array: U8) -> U8:
        """What is seen of an array of the picture's shape, at the frame's scale."""
        return resized(self.placement.crop(array), self.size)

    def crop_for_lines(self) -> U8:
        """What lines are found in: the picture at up to LINE_SCALE times the frame's scale."""
        width, height = self.size
        if self.crop.shape[1] <= width:
            return resized(self.crop, self.size)
        if self.crop.shape[1] <= LINE_SCALE * width:
            return self.crop
        return resized(self.crop, (LINE_SCALE * width, LINE_SCALE * height))


def frame_picture(
    picture: Picture, own_lines: Picture | None, framing: Framing, saturation_boost: float
) -> FramedPicture:
    """Choose what is seen of a picture, scale it to its frame and raise its saturation."""
    foreground = find_foreground(picture)
    placement = place_in_frame(framing, picture.rgb.shape, foreground)
    crop = placement.crop(picture.over_white())
    rows, columns = placement.roi(picture.rgb.shape)
    colourfulness = foreground_colourfulness(picture, foreground)
    factor = round(saturation_factor(colourfulness, saturation_boost), 3)
    return FramedPicture(
        picture=picture,
        own_lines=own_lines,
        placement=placement,
        crop=crop,
        colour=saturate(resized(crop, (columns.stop - columns.start, rows.stop - rows.start)), factor),
        background=framing.pad or foreground.background or (255, 255, 255),
        has_figure=foreground.box() is not None,
        colourfulness=colourfulness,
        saturation_factor=factor,
    )


class _Studio:
    """Makes the artifacts of one picture; each array is worked out once."""

    def __init__(self, task: SampleTask, framed: FramedPicture, *, seed: int) -> None:
        self.drawn_params: dict[str, Any] = {}  # label -> the settings that were drawn for this picture
        self._framed, self._seed, self._domain = framed, seed, task.place.domain
        self._lines = {spec.label: spec for spec in task.lines}
        self._hints = {spec.label: spec for spec in task.hints}
        self._arrays: dict[Artifact, U8] = {}

    def array(self, artifact: Artifact) -> U8:
        """The pixels of an artifact, as large as the frame."""
        if artifact not in self._arrays:
            self._arrays[artifact] = self._make(artifact)
        return self._arrays[artifact]

    def _make(self, artifact: Artifact) -> U8:
        match artifact.role:
            case "lines" if artifact.lines == PICTURE_LINES:
                return np.asarray(cv2.cvtColor(self._framed.own_picture(), cv2.COLOR_RGB2GRAY), np.uint8)
            case "composite" if artifact.lines == PICTURE_LINES:
                return self._framed.own_picture()
            case "colour":
                return self._framed.paste(self._framed.colour, self._framed.background)
            case "lines":
                return self._framed.paste(self._find_lines(self._lines[artifact.lines]), 255)
            case "hints":
                return self._framed.paste(self._place_hints(self._hints[artifact.hints]), 0)
            case "composite":
                lines = _as_rgb(self.array(Artifact("lines", lines=artifact.lines)))
                return composite(self.array(Artifact("hints", hints=artifact.hints)), lines)
            case "pair":
                source = self.array(Artifact(self._domain, artifact.lines, artifact.hints))
                return np.hstack([_as_rgb(source), self.array(Artifact("colour"))])

    def _find_lines(self, spec: MethodSpec) -> U8:
        framed = self._framed
        if spec.method == OWN_LINES:
            assert framed.own_lines is not None
            height, width = framed.shape
            return framed.crop_to_size(resized(line_drawing(framed.own_lines), (width, height)))
        rng, params = self._draw(spec)
        return resized(families.load("lines", spec.method).extract(framed.crop_for_lines(), params, rng), framed.size)

    def _place_hints(self, spec: MethodSpec) -> U8:
        rng, params = self._draw(spec)
        alpha = self._framed.picture.alpha
        seen_alpha = None if alpha is None else self._framed.crop_to_size(alpha)
        return families.load("hints", spec.method).place(self._framed.colour, seen_alpha, params, rng)

    def _draw(self, spec: MethodSpec) -> tuple[np.random.Generator, Any]:
        """A method's own random numbers, whatever other methods there are, and its settings for this picture."""
        rng = np.random.default_rng([self._seed, *f"{spec.family} {spec.label}".encode()])
        params = spec.draw_params(rng)
        if spec.ranges:
            self.drawn_params[spec.label] = {name: getattr(params, name) for name, _, _ in spec.ranges}
        return rng, params


def _as_rgb(array: U8) -> U8:
    return np.dstack([array] * 3) if array.ndim == 2 else array
