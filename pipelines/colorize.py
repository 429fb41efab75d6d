"""Stage: line art -> finished colour at full size, with the original line art unchanged on top."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.batch import run
from pipelines.core.blending import shading_of
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.images import Picture, composite, decode_picture, encode_png, ink_layer, line_drawing
from pipelines.core.inputs import Partners, Selection, Source, set_beside, show_path
from pipelines.core.palettes import read_palette
from pipelines.core.panels import panel
from pipelines.core.plans import BatchSettings, Destination, Job, Plan, find
from pipelines.core.report import Observer, Report
from pipelines.core.settings import plain
from pipelines.core.workers import Given, Made
from pipelines.hints._by_hand import laid_over
from pipelines.models._merging import Layers, Merge, settle
from pipelines.models._painters import (
    Canvas,
    Guide,
    HintPreset,
    Painter,
    Painting,
    device_of,
    find_painters,
    load,
    paint,
)

__all__ = ["Colorization", "Guides", "Merge", "Running", "Shown", "colorize", "finish"]

Background = Literal["auto", "paper", "transparent"]
Lines = Literal["keep", "none"]

_LEVELS_AT_ONCE = 3 << 22  # numbers in pictures that a CPU holds at full size at once: four megapixels
_NOTES = 5  # most hint files without a drawing that are named
_ASPECT_TOLERANCE = 0.02  # a hint map or reference of another shape than the line art does not lie over it
_PANEL_CELL = 256  # px
_AT_ONCE = {"cpu": 8, "cuda": 32, "mps": 16}  # pictures that a network paints together


@dataclass(frozen=True)
class Guides:
    """Where the colours come from; each may be missing."""

    hints: str | None = None  # hint map or folder of hint maps, by name
    reference: str | None = None  # coloured picture or folder of them, by name: hints are found in it
    palette: str | None = None  # palette file: regions take these colours


@dataclass(frozen=True)
class Shown:
    """What is written beside the results."""

    steps: bool = False  # every intermediate picture, into the folder "steps"
    panels: bool = False  # lines, hints, each model, merged, truth side by side (F9), into the folder "panels"
    truth: str | None = None  # coloured picture or folder of them, by name; None: the reference


@dataclass(frozen=True)
class Running:
    """Where networks run; models without weights do not ask."""

    device: str = "auto"  # cpu, cuda, mps; auto: a GPU where there is one
    batch_size: int | None = None  # pictures painted together; None: 8 on a CPU, more on a GPU


class _Drawing(NamedTuple):
    """A line drawing on its way through the work."""

    picture: Picture
    canvas: Canvas
    truth: Picture | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Colorization:
    """The work on line drawings: decode, gather hints, paint, merge, lay the line art on top, encode."""

    painters: tuple[Painter, ...]
    merge: Layers | None
    palette: tuple[tuple[int, int, int], ...] | None
    background: Background
    lines: Lines
    reference_places: bool  # whether a reference of the line art's shape says where its colours belong
    expected: tuple[str, ...]  # the guides that every drawing should have
    steps: bool
    panels: bool
    device: str  # where networks run
    at_once: int  # pictures that are painted together

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Made:
        """`picture` (and `hints`, `reference`, `truth`) in; the finished picture, RGB or RGBA, steps and panel out."""
        return self.many([Given(files, rng)])[0]

    def many(self, inputs: Sequence[Given]) -> list[Made]:
        """The same for several drawings, which networks paint together."""
        if self.device != "cpu":
            return self._painted(self._each(self._prepared, inputs))
        made: list[Made] = []
        waiting: list[_Drawing] = []
        for given in inputs:
            waiting.append(self._prepared(given))
            if sum(drawing.picture.rgb.size for drawing in waiting) >= _LEVELS_AT_ONCE:
                made += self._painted(waiting)
                waiting = []
        return made + (self._painted(waiting) if waiting else [])

    def _painted(self, drawings: Sequence[_Drawing]) -> list[Made]:
        canvases = [drawing.canvas for drawing in drawings]
        made = [paint(painter, canvases, self.device) for painter in self.painters]
        return self._each(self._finished, zip(drawings, zip(*made, strict=True), strict=True))

    @property
    def shares_memory(self) -> bool:
        """Networks are large, slow to load and let go of Python's lock: threads share them."""
        return any(painter.is_network for painter in self.painters)

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of the intermediate pictures, in the order in which they are written."""
        names = ["hints", "composite"]
        for painter in self.painters:
            names += [*painter.steps, f"{painter.label}-colour"]
            if self.merge is not None:
                names += [f"{painter.label}-shading", painter.label]
        return (*names, "merged-colour") if self.merge is not None else tuple(names)

    def _each(self, step: Any, items: Iterable[Any]) -> list[Any]:
        """A step for each item: on threads where a fast device waits for it, else one after the other."""
        if self.device == "cpu":
            return [step(item) for item in items]
        with ThreadPoolExecutor() as pool:
            return list(pool.map(step, items))

    def _prepared(self, given: Given) -> _Drawing:
        files, rng = given
        picture = decode_picture(files["picture"])
        presets = {painter.hint_preset for painter in self.painters}
        guides = {preset: self._guide(files, picture, preset, rng) for preset in sorted(presets)}
        missing = [f"nothing of its name in --{name}" for name in self.expected if name not in files]
        if not any(guide.hints[..., 3].any() or guide.palette is not None for guide in guides.values()):
            missing.append("no hints, reference or palette: colours are guessed")
        truth = decode_picture(files["truth"]) if "truth" in files else None
        canvas = Canvas(line_drawing(picture), guides, rng)
        return _Drawing(picture, canvas, truth, ("; ".join(missing),) if missing else ())

    def _guide(
        self, files: Mapping[str, bytes], picture: Picture, preset: HintPreset, rng: np.random.Generator
    ) -> Guide:
        """The hint map and the palette, from the files that are there."""
        shape = (picture.height, picture.width)
        hints = np.zeros((*shape, 4), np.uint8)
        palette = np.array(self.palette, np.uint8) if self.palette is not None else None
        if "reference" in files:
            found, colours = _from_reference(decode_picture(files["reference"]), shape, preset, rng)
            if found is not None and self.reference_places:
                hints = found
            elif palette is None:
                palette = colours
        if "hints" in files:
            own = _hint_map(decode_picture(files["hints"]), shape)
            hints = laid_over(own, hints, line_drawing(picture))
        return Guide(hints, palette)

    def _finished(self, item: tuple[_Drawing, tuple[Painting, ...]]) -> Made:
        drawing, paintings = item
        made = {painter.label: painting for painter, painting in zip(self.painters, paintings, strict=True)}
        whole = paintings[0] if self.merge is None else self.merge.merged(made)
        pictures = [self._on_lines(drawing, whole)]
        if self.steps:
            steps = self._steps(drawing, made, whole)
            pictures += [steps[name] for name in self.step_names]
        if self.panels:
            pictures.append(self._panel(drawing, made, pictures[0]))
        return Made(tuple(encode_png(picture) for picture in pictures), drawing.warnings)

    def _on_lines(self, drawing: _Drawing, painting: Painting) -> NDArray[np.uint8]:
        return finish(drawing.picture, painting.colour, painting.background, mode=self.background, lines=self.lines)

    def _steps(self, drawing: _Drawing, made: Mapping[str, Painting], whole: Painting) -> dict[str, NDArray[np.uint8]]:
        """The intermediate pictures by name."""
        hints, hinted = _shown_hints(drawing.canvas)
        steps = {"hints": hints, "composite": hinted, "merged-colour": whole.colour}
        for label, painting in made.items():
            steps |= {**painting.steps, f"{label}-colour": painting.colour}
            if self.merge is not None:
                steps[label] = self._on_lines(drawing, painting)
                steps[f"{label}-shading"] = shading_of(painting.colour, painting.flat)
        return steps

    def _panel(self, drawing: _Drawing, made: Mapping[str, Painting], result: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Lines, hints, each model, merged, truth side by side."""
        row: list[tuple[str, Picture | None]] = [("lines", drawing.picture)]
        row.append(("hints", Picture(_shown_hints(drawing.canvas)[1])))
        if self.merge is not None:
            row += [(label, _as_picture(self._on_lines(drawing, painting))) for label, painting in made.items()]
        row.append((f"merged: {self.merge.mode}" if self.merge else self.painters[0].label, _as_picture(result)))
        if drawing.truth is not None:
            row.append(("truth", drawing.truth))
        return panel(row, cell=_PANEL_CELL)


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
    model: str | Sequence[str] = "flat",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    guides: Guides | None = None,
    merge: Merge | None = None,
    shown: Shown | None = None,
    running: Running | None = None,
    background: Background = "auto",
    lines: Lines = "keep",
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Colorize every line drawing in `inputs` into the folder (or file, or "-") `output`.

    `model` names a model without weights, or a run or checkpoint of a trained one, LABEL=... where several paint; these
    are then merged. Colours come from `guides`; without any they are guessed. The line art comes out on top unchanged,
    at its own size. Raises UsageError and SettingsError before any work.
    """
    settings, wanted, beside = batch or BatchSettings(), guides or Guides(), shown or Shown()
    sources, destination = find(inputs, output, settings, aside=(wanted.hints, wanted.reference, beside.truth))
    if destination.folder is None and (beside.steps or beside.panels):
        raise UsageError("steps and panels need a folder to lie in", hint="Give a folder after -o")
    if beside.truth is not None and not beside.panels:
        raise UsageError("the truth is shown in panels alone", hint="Add --panels, or leave out --truth")
    partners = _all_partners(wanted, beside, len(sources))
    hints, reference = partners["hints"], partners["reference"]
    asked = {"hints": wanted.hints, "reference": wanted.reference, "truth": beside.truth}
    painters = find_painters([model] if isinstance(model, str) else model, preset=preset, values=values)
    device, at_once = _settled(running or Running(), painters)
    work = Colorization(
        painters=painters,
        merge=settle(merge or Merge(), painters),
        palette=_palette(wanted.palette),
        background=background,
        lines=lines,
        reference_places=reference is None or not reference.single or len(sources) == 1,
        expected=tuple(name for name, place in asked.items() if place is not None),
        steps=beside.steps,
        panels=beside.panels,
        device=device,
        at_once=at_once,
    )
    beside_results = _folders_beside(work)
    jobs = tuple(_job(source, destination, partners, beside_results) for source in sources)
    processes = settings.jobs if device == "cpu" else 1
    plan = Plan("colorize", jobs, destination.folder, _what_matters(work))
    report = run(plan, work, replace(settings, jobs=processes), observer=observer)
    report.settings = plain(work)
    if destination.folder is not None and not settings.dry_run:
        for name in sorted({place.partition("/")[0] for place in beside_results}):
            set_beside(destination.folder / name)
    if hints is not None and settings.selection == Selection() and settings.listed is None:
        report.notes += tuple(f"no drawing for the hints {show_path(path)}" for path in hints.unused()[:_NOTES])
    return report


def _settled(running: Running, painters: Sequence[Painter]) -> tuple[str, int]:
    """The device, and how many pictures are painted together; networks are loaded to find out that they are whole."""
    networks = [painter for painter in painters if painter.is_network]
    device = device_of(running.device) if networks else "cpu"
    for painter in networks:
        load(painter, device)
    return device, (running.batch_size or _AT_ONCE[device]) if networks else 1


def _what_matters(work: Colorization) -> dict[str, Any]:
    """The settings on which results depend: not where a checkpoint lies, nor where networks run."""
    settings: dict[str, Any] = plain(work)
    for painter in settings["painters"]:
        del painter["checkpoint"]
    return {name: value for name, value in settings.items() if name not in ("device", "at_once")}


def _folders_beside(work: Colorization) -> tuple[str, ...]:
    """The folders below the output for what is written beside the results."""
    steps = work.step_names if work.steps else ()
    for name in steps:
        if steps.count(name) > 1:
            raise UsageError(f"two intermediate pictures would be called '{name}'", hint="Give the models other names")
    return (*(f"steps/{name}" for name in steps), *(("panels",) if work.panels else ()))


def _job(
    source: Source, destination: Destination, partners: Mapping[str, Partners | None], beside: Sequence[str]
) -> Job:
    reads = [("picture", source.path)]
    for name, place in partners.items():
        partner = place.of(source.relative) if place else None
        if partner is not None:
            reads.append((name, partner))
    result = destination.place(source.relative, ".png")
    outputs = [result]
    if result is not None and destination.folder is not None:
        outputs += [destination.folder / name / result.relative_to(destination.folder) for name in beside]
    return Job(tuple(reads), tuple(outputs), source.relative)


def _all_partners(guides: Guides, shown: Shown, pictures: int) -> dict[str, Partners | None]:
    """The files that belong to the drawings, by what they are read as."""
    hints = _partners(guides.hints, "--hints", pictures)
    reference = _partners(guides.reference, "--reference", None)
    truth = _partners(shown.truth, "--truth", pictures) if shown.panels else None
    if shown.panels and shown.truth is None and reference is not None and (pictures == 1 or not reference.single):
        truth = reference
    return {"hints": hints, "reference": reference, "truth": truth}


def _partners(place: str | None, option: str, pictures: int | None) -> Partners | None:
    if place is None:
        return None
    partners = Partners(Path(place), option)
    if partners.single and pictures is not None and pictures > 1:
        raise UsageError(f"{option} is one file for {pictures} pictures", hint="Give a folder, by name")
    return partners


def _palette(path: str | None) -> tuple[tuple[int, int, int], ...] | None:
    if path is None:
        return None
    return tuple((int(red), int(green), int(blue)) for red, green, blue in read_palette(Path(path)))


def _shown_hints(canvas: Canvas) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The hints, RGBA (H, W, 4), those of networks where there are any, and the same on the line art, RGB."""
    guide = canvas.guides.get("discs") or canvas.guides["fills"]
    return guide.hints, composite(guide.hints, np.dstack([canvas.lines] * 3))


def _as_picture(array: NDArray[np.uint8]) -> Picture:
    return Picture(array[..., :3], array[..., 3] if array.shape[2] == 4 else None)


def _from_reference(
    reference: Picture, shape: tuple[int, int], preset: HintPreset, rng: np.random.Generator
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]:
    """Hints found in a coloured picture at the line art's size (None where the shapes differ), and its colours."""
    method = registry.load("hints", "kmedoids")
    params = method.PRESETS["fills"] if preset == "fills" else method.Params()
    hints = method.place(reference.over_white(), reference.alpha, params, rng)
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
