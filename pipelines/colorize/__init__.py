"""Stage: line art -> finished colour at full size, with the original line art unchanged on top."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, mark_auxiliary
from pipelines.core.batch.plan import BatchSettings, Destination, Job, Plan, find
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Input, Produced, record_of
from pipelines.core.errors import MethodError, PictureError, UsageError
from pipelines.core.files import STATE_FOLDER, replace_file, show_path
from pipelines.core.imaging.blend_modes import shading_of
from pipelines.core.imaging.colours import Rgb
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.line_art import ink_layer, line_drawing
from pipelines.core.imaging.palette_files import read_palette
from pipelines.core.imaging.panels import panel
from pipelines.core.imaging.picture import Picture, decode_picture, encode_png
from pipelines.core.settings import plain
from pipelines.exports.base.decomposition import HINTS, NAMES, Finished, Flats, decompose
from pipelines.hints.base.combine import laid_over
from pipelines.hints.base.palette_extraction import fills_of, palette_of
from pipelines.inference.merging import Merge, ResolvedMerge, resolve_merge
from pipelines.inference.model_source import ModelSource, device_for, find_models, load, predict
from pipelines.inference.types import ColorGuide, ColorResult, Drawing, HintPreset
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.tracking.frames import FrameHint, decode, encode, survey
from pipelines.tracking.hint_propagation import decode_hints, draw_hints, encode_hints, propagate_hints
from pipelines.tracking.palette_lock import (
    AreaColour,
    Shot,
    choose_colours,
    decode_samples,
    encode_samples,
    find_shots,
    frames_to_sample,
    sample_colours,
    track_shot,
)
from pipelines.tracking.recolour import TargetColours, decode_targets, encode_targets, recolour

__all__ = ["ColorizeTask", "Guides", "Merge", "OutputOptions", "RunOptions", "colorize", "finish", "line_art"]

Background = Literal["auto", "paper", "transparent"]
Lines = Literal["keep", "tint", "none"]
Unhinted = Literal["lively", "likely"]
Phase = Literal["areas", "colours", "results"]  # what is made: areas and colours are looked at before, for --lock

_LEVELS_AT_ONCE = 3 << 22  # numbers in pictures that a CPU holds at full size at once: four megapixels
_NOTES = 5  # most hint files without a drawing that are named
_ASPECT_TOLERANCE = 0.02  # a hint map or reference of another shape than the line art does not lie over it
_PANEL_CELL = 256  # px
_LOOKED_AT_WITH = {  # the settings that matter to what is looked at before the work
    "areas": ("phase", "reference_places", "hint_presets"),
    "colours": ("phase", "reference_places", "painters", "merge", "palette", "snap", "unhinted"),
}
_PASSED_OVER = {  # what it means that a picture could not be looked at
    "areas": "not locked to the other pictures",
    "colours": "its colours are not among those that are locked",
}
_AT_ONCE = {"cpu": 8, "cuda": 32, "mps": 16}  # pictures that a network paints together


@dataclass(frozen=True)
class Guides:
    """Where the colours come from; each may be missing."""

    hints: str | None = None  # hint map or folder of hint maps, by name
    reference: str | None = None  # coloured picture or folder of them, by name: hints are found in it
    palette: str | None = None  # palette file: regions take these colours
    palette_from: str | None = None  # finished picture or folder of them: regions take their colours
    lock: bool = False  # one palette for a folder; areas keep their colour over frames, names that differ in a number


@dataclass(frozen=True)
class OutputOptions:
    """What is written beside the results."""

    steps: bool = False  # every intermediate picture, into the folder "steps"
    panels: bool = False  # lines, hints, each model, merged, truth side by side (F9), into the folder "panels"
    truth: str | None = None  # coloured picture or folder of them, by name; None: the reference
    layers: str | None = None  # the result in layers too: ora, psd or png
    flats: Flats = "one"  # the flat colours in one layer, or a group with a layer for each colour or each region
    variants: int = 1  # plausible colourings of each drawing; beyond the first into the folders "variants/2" ...


@dataclass(frozen=True)
class RunOptions:
    """Where networks run; models without weights do not ask."""

    device: str = "auto"  # cpu, cuda, mps; auto: a GPU where there is one
    batch_size: int | None = None  # pictures painted together; None: 8 on a CPU, more on a GPU
    engine: Literal["torch", "onnx"] = "torch"  # what runs them; ONNX files are always run by onnx


class _Drawing(NamedTuple):
    """A line drawing on its way through the work."""

    picture: Picture
    canvas: Drawing
    wanted: TargetColours | None  # the colours that its areas have in all frames
    truth: Picture | None
    has_hints: bool  # whether its layers have one for hints
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ColorizeTask:
    """The work on line drawings: decode, gather hints, paint, merge, lay the line art on top, encode."""

    painters: tuple[ModelSource, ...]
    merge: ResolvedMerge | None
    palette: tuple[Rgb, ...] | None
    background: Background
    lines: Lines
    reference_places: bool  # whether a reference of the line art's shape says where its colours belong
    expected: tuple[str, ...]  # the guides that every drawing should have
    steps: bool
    panels: bool
    running: RunOptions  # where networks run; begun: the device itself
    layers: str | None = None  # the format of the layers
    flats: Flats = "one"
    variants: int = 1  # colourings of each drawing
    snap: bool = True  # whether areas keep their hint's exact colour where the hint lies
    unhinted: Unhinted = "lively"  # colours of drawings without hints
    phase: Phase = "results"

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `hints`, `reference`, `truth`) in; out the finished picture, RGB or RGBA, and what is beside.

        Beside are the steps, the panel and the files of the layers, each where it is wanted, in this order. Frames of
        a sequence have two more files: hints `carried` from others, and the colours that areas are `locked` to.
        """
        return self.many([Input(files, rng)])[0]

    def many(self, inputs: Sequence[Input]) -> list[Produced]:
        """The same for several drawings, which networks paint together."""
        if self.phase == "areas":
            return self._each(self._surveyed, inputs)
        if self.running.device != "cpu":
            return self._painted(self._each(self._prepared, inputs))
        made: list[Produced] = []
        waiting: list[_Drawing] = []
        for given in inputs:
            waiting.append(self._prepared(given))
            if sum(drawing.picture.rgb.size for drawing in waiting) >= _LEVELS_AT_ONCE:
                made += self._painted(waiting)
                waiting = []
        return made + (self._painted(waiting) if waiting else [])

    def _painted(self, drawings: Sequence[_Drawing]) -> list[Produced]:
        canvases = [drawing.canvas for drawing in drawings]
        made = self._paintings(canvases)
        others = [
            self._paintings([canvas.another() for canvas in canvases])
            for _ in range(1, self.variants if self.phase == "results" else 1)
        ]
        return self._each(
            self._finished, zip(drawings, made, zip(*others, strict=True) if others else [()] * len(made), strict=True)
        )

    def _paintings(self, canvases: Sequence[Drawing]) -> list[tuple[ColorResult, ...]]:
        """What each painter made of each drawing."""
        made = [predict(painter, canvases, self.running.device) for painter in self.painters]
        return list(zip(*made, strict=True))

    @property
    def shares_memory(self) -> bool:
        """Networks are large, slow to load and let go of Python's lock: threads share them."""
        return self.phase != "areas" and any(painter.is_network for painter in self.painters)

    @property
    def at_once(self) -> int:
        """How many pictures are painted together."""
        if not self.shares_memory:
            return 1
        small = self.running.device == "cpu" and all(
            painter.on_flat or not painter.is_network for painter in self.painters
        )
        return self.running.batch_size or (1 if small else _AT_ONCE.get(self.running.device, 1))

    def begun(self, workers: int | None) -> tuple["ColorizeTask", int | None]:
        """With the device that is meant; networks are loaded, which raises UsageError for those that are damaged."""
        networks = [painter for painter in self.painters if painter.is_network and self.phase != "areas"]
        device = device_for(networks, self.running.device)
        for painter in networks:
            load(painter, device)
        return replace(self, running=replace(self.running, device=device)), workers if device == "cpu" else 1

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of the intermediate pictures, in the order in which they are written."""
        names = ["hints", "composite"]
        for painter in self.painters:
            names += [*painter.steps, f"{painter.label}-colour"]
            if self.merge is not None:
                names += [f"{painter.label}-shading", painter.label]
        return (*names, "merged-colour") if self.merge is not None else tuple(names)

    def layer_files(self, reads: Container[str]) -> tuple[str, ...]:
        """What is appended to a result's name for the files of its layers; `reads` is what is read for it."""
        if self.layers is None:
            return ()
        names = (*NAMES, HINTS) if self._has_hints(reads) else NAMES
        files: tuple[str, ...] = registry.load("exports", self.layers).files(names)
        return files

    def _has_hints(self, reads: Container[str]) -> bool:
        return "hints" in reads or ("reference" in reads and self.reference_places)

    def _each(self, step: Any, items: Iterable[Any]) -> list[Any]:
        """A step for each item: on threads where a fast device waits for it, else one after the other."""
        if self.running.device == "cpu":
            return [step(item) for item in items]
        with ThreadPoolExecutor() as pool:
            return list(pool.map(step, items))

    def _prepared(self, given: Input) -> _Drawing:
        files, rng = given
        picture = decode_picture(files["picture"])
        spots: tuple[FrameHint, ...] = ()
        if "carried" in files:
            spots = decode_hints(files["carried"])
        presets = {painter.hint_preset for painter in self.painters}
        guides = {preset: self._guide(files, picture, preset, rng) for preset in sorted(presets)}
        canvas = Drawing(line_drawing(picture), guides, rng, snap=self.snap, lively=self.unhinted == "lively")
        if spots:
            canvas.guides = {preset: _with_spots(guide, spots, canvas) for preset, guide in guides.items()}
        return _Drawing(
            picture=picture,
            canvas=canvas,
            wanted=decode_targets(files["locked"]) if "locked" in files else None,
            truth=decode_picture(files["truth"]) if "truth" in files else None,
            has_hints=self._has_hints(files),
            warnings=self._missing(files, canvas),
        )

    def _missing(self, files: Mapping[str, bytes], canvas: Drawing) -> tuple[str, ...]:
        """What the user may have thought to be there."""
        missing = [f"nothing of its name in --{name}" for name in self.expected if name not in files]
        if "carried" in files:  # hints for one frame are enough
            missing = [text for text in missing if text != "nothing of its name in --hints"]
        if not any(guide.hints[..., 3].any() or guide.palette is not None for guide in canvas.guides.values()):
            missing.append("no hints, reference or palette: colours are guessed")
        passed_over = files["unlocked"].decode("utf-8", "surrogateescape") if "unlocked" in files else ""
        return tuple(text for text in ("; ".join(missing), passed_over) if text)

    def _guide(
        self, files: Mapping[str, bytes], picture: Picture, preset: HintPreset, rng: np.random.Generator
    ) -> ColorGuide:
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
        return ColorGuide(hints, palette)

    def _surveyed(self, given: Input) -> Produced:
        """The areas of a drawing, and where its hints lie."""
        canvas = self._prepared(given).canvas
        hints = next(iter(canvas.guides.values())).hints
        return Produced((encode(survey(canvas.lines, canvas.areas, hints, by_hand="hints" in given.files)),))

    def _finished(
        self, item: tuple[_Drawing, tuple[ColorResult, ...], tuple[tuple[ColorResult, ...], ...]]
    ) -> Produced:
        drawing, paintings, others = item
        made = self._by_label(paintings)
        whole = self._merged(paintings)
        if self.phase == "colours":
            return Produced((encode_samples(sample_colours(whole, drawing.canvas.areas)),))
        if drawing.wanted is not None:
            whole = recolour(whole, drawing.canvas.areas, drawing.wanted)
        pictures = [self._on_lines(drawing, whole)]
        pictures += [self._on_lines(drawing, self._merged(other)) for other in others]
        if self.steps:
            steps = self._steps(drawing, made, whole)
            pictures += [steps[name] for name in self.step_names]
        if self.panels:
            pictures.append(self._panel(drawing, made, pictures[0]))
        made_layers = self._layers(drawing, whole, pictures[0]) if self.layers is not None else ()
        return Produced((*(encode_png(picture) for picture in pictures), *made_layers), drawing.warnings)

    def _by_label(self, paintings: Sequence[ColorResult]) -> dict[str, ColorResult]:
        return {painter.label: painting for painter, painting in zip(self.painters, paintings, strict=True)}

    def _merged(self, paintings: Sequence[ColorResult]) -> ColorResult:
        return paintings[0] if self.merge is None else self.merge.merged(self._by_label(paintings))

    def _layers(self, drawing: _Drawing, whole: ColorResult, result: NDArray[np.uint8]) -> tuple[bytes, ...]:
        """The files of the layers, in the order of their names."""
        canvas = drawing.canvas
        finished = Finished(
            flattened=result,
            colour=whole.colour,
            flat=whole.flat,
            background=whole.background,
            ink=line_art(drawing.picture, self.lines, whole.ink),
            hints=_shown_hints(canvas)[0] if drawing.has_hints else None,
            areas=canvas.areas.labels * line_mask_of(canvas.lines).paper if self.flats == "region" else None,
        )
        document = decompose(finished, flats=self.flats)
        made: Mapping[str, bytes] = registry.load("exports", str(self.layers)).write(document)
        return tuple(made.values())

    def _on_lines(self, drawing: _Drawing, painting: ColorResult) -> NDArray[np.uint8]:
        return finish(
            drawing.picture,
            painting.colour,
            painting.background,
            mode=self.background,
            lines=self.lines,
            ink=painting.ink,
        )

    def _steps(
        self, drawing: _Drawing, made: Mapping[str, ColorResult], whole: ColorResult
    ) -> dict[str, NDArray[np.uint8]]:
        """The intermediate pictures by name."""
        hints, hinted = _shown_hints(drawing.canvas)
        steps = {"hints": hints, "composite": hinted, "merged-colour": whole.colour}
        for label, painting in made.items():
            steps |= {**painting.steps, f"{label}-colour": painting.colour}
            if self.merge is not None:
                steps[label] = self._on_lines(drawing, painting)
                steps[f"{label}-shading"] = shading_of(painting.colour, painting.flat)
        return steps

    def _panel(
        self, drawing: _Drawing, made: Mapping[str, ColorResult], result: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Lines, hints, each model, merged, truth side by side."""
        row: list[tuple[str, Picture | None]] = [("lines", drawing.picture)]
        row.append(("hints", Picture(_shown_hints(drawing.canvas)[1])))
        if self.merge is not None:
            row += [(label, _as_picture(self._on_lines(drawing, painting))) for label, painting in made.items()]
        row.append((f"merged: {self.merge.mode}" if self.merge else self.painters[0].label, _as_picture(result)))
        if drawing.truth is not None:
            row.append(("truth", drawing.truth))
        return panel(row, cell=_PANEL_CELL)


def line_art(picture: Picture, lines: Lines = "keep", ink: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Return the ink as it is laid over the colour, uint8 RGBA (H, W, 4); with "tint" in the colour `ink`, (3,)."""
    layer = ink_layer(picture)
    if lines == "tint" and ink is not None and ink.any():
        layer[..., :3] = ink
    if lines == "none":
        layer[..., 3] = 0
    return layer


def finish(
    picture: Picture,
    colour: NDArray[np.uint8],
    background: NDArray[np.bool_],
    *,
    mode: Background = "auto",
    lines: Lines = "keep",
    ink: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Lay the line art over the colour, uint8 (H, W, 3), or (H, W, 4) where the result has transparency.

    `background` is the paper outside the figure, bool (H, W); `ink`, RGB (3,), the colour of tinted lines. In mode
    "auto" the result is transparent where the line art is: a drawing of ink alone keeps the paper outside the figure
    transparent, a drawing with an opaque body keeps its own alpha. "transparent" makes the paper outside the figure
    transparent, "paper" lays everything over it.
    """
    layer = line_art(picture, lines, ink)
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
    model: str | Sequence[str] = "fillnet",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    guides: Guides | None = None,
    merge: Merge | None = None,
    shown: OutputOptions | None = None,
    running: RunOptions | None = None,
    background: Background = "auto",
    lines: Lines = "keep",
    snap: bool = True,
    unhinted: Unhinted = "lively",
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Colorize every line drawing in `inputs` into the folder (or file, or "-") `output`.

    `model` names one that needs no training (fillnet comes with its weights), or a run or checkpoint of a trained one,
    LABEL=... where several paint; these are then merged. Colours come from `guides`; without any they are guessed. The
    line art comes out on top unchanged, at its own size. Raises UsageError and SettingsError before any work.
    """
    settings, wanted, beside = batch or BatchSettings(), guides or Guides(), shown or OutputOptions()
    sources, destination = find(inputs, output, settings, aside=_aside(wanted, beside))
    _check_shown(beside, destination)
    if wanted.lock and beside.variants > 1:
        raise UsageError("a lock keeps one colouring", hint="Leave out --variants; another --seed gives another one")
    partners = _all_partners(wanted, beside, len(sources))
    hints, reference = partners["hints"], partners["reference"]
    asked = {"hints": wanted.hints, "reference": wanted.reference, "truth": beside.truth}
    where = running or RunOptions()
    models = [model] if isinstance(model, str) else model
    painters = find_models(models, preset=preset, values=values, engine=where.engine)
    if beside.variants > 1 and not any(painter.can_vary for painter in painters):
        raise UsageError(
            f"{painters[0].label} colours one way only", hint="Leave out --variants, or use --model fillnet"
        )
    if lines == "tint" and not any(painter.on_flat for painter in painters):
        raise UsageError(
            f"{painters[0].label} finds no colour for lines", hint="Leave out --lines tint, or use --model fillnet"
        )
    work = ColorizeTask(
        painters=painters,
        merge=resolve_merge(merge or Merge(), painters),
        palette=_palette(wanted),
        background=background,
        lines=lines,
        reference_places=reference is None or not reference.single or len(sources) == 1,
        expected=tuple(name for name, place in asked.items() if place is not None),
        steps=beside.steps,
        panels=beside.panels,
        running=where,
        layers=beside.layers,
        flats=beside.flats,
        variants=beside.variants,
        snap=snap,
        unhinted=unhinted,
    )
    jobs = _jobs(work, sources, destination, partners)
    plan = Plan("colorize", jobs, destination.folder, _what_matters(work))
    if wanted.lock and not settings.dry_run:
        try:
            plan = _Locking(plan, work, settings).planned()
        except _StoppedError as stop:
            return _not_reached(plan, str(stop))
    report = run(plan, work, settings, observer=observer)
    report.settings = plain(work) | {"lock": wanted.lock}
    if destination.folder is not None and not settings.dry_run:
        for folder in _set_apart(work, jobs, destination.folder):
            mark_auxiliary(folder)
    if hints is not None and settings.selection == Selection() and settings.listed is None:
        report.notes += tuple(f"no drawing for the hints {show_path(path)}" for path in hints.unused()[:_NOTES])
    return report


class _StoppedError(Exception):
    """A pass before the work was interrupted."""


@dataclass(frozen=True)
class _Locking:
    """Finds what the pictures of a run have in common, in two passes before the work (--lock).

    What is found is kept in the output's hidden folder, so that nothing is looked at twice, and given to each picture's
    job as files: so it decides whether a result is stale.
    """

    plan: Plan
    work: ColorizeTask
    settings: BatchSettings

    def planned(self) -> Plan:
        """The plan with what each picture is to keep; raises _StoppedError."""
        jobs = {number: job for number, job in enumerate(self.plan.jobs) if all(path for _, path in job.reads)}
        if self.plan.output is None or len(jobs) < 2:
            return self.plan  # a single picture has nothing in common with any other
        alone = jobs  # as without a lock
        jobs = {number: replace(job, relative=job.relative.parent) for number, job in jobs.items()}  # one seed a folder
        areas, unseen = self._looked_at("areas", jobs)
        jobs |= {number: alone[number] for number in unseen}
        shots = self._shots(sorted(areas))
        found = [track_shot(decode(areas[number].read_bytes()) for number in numbers) for _, numbers in shots]
        for (_, numbers), shot in zip(shots, found, strict=True):
            for number, about, tracks in zip(numbers, shot.frames, shot.tracks, strict=True):
                spots = encode_hints(propagate_hints(about, tracks, shot.hinted))
                jobs[number] = self._given(jobs[number], "carried", spots)
        asked = [numbers[at] for (_, numbers), shot in zip(shots, found, strict=True) for at in frames_to_sample(shot)]
        colours, unpainted = self._looked_at("colours", {number: jobs[number] for number in sorted(asked)})
        painted = [
            shot._replace(samples=_samples(numbers, colours)) for (_, numbers), shot in zip(shots, found, strict=True)
        ]
        for number, wanted in self._chosen(shots, painted):
            jobs[number] = self._given(jobs[number], "locked", encode_targets(wanted))
        for number, why in (unseen | unpainted).items():
            with suppress(OSError):  # such as a full disk, of which the picture itself will tell
                jobs[number] = self._given(jobs[number], "unlocked", why.encode("utf-8", "surrogateescape"))
        return replace(self.plan, jobs=tuple(jobs.get(number, job) for number, job in enumerate(self.plan.jobs)))

    def _shots(self, numbers: Sequence[int]) -> list[tuple[str, list[int]]]:
        """The folder and the pictures, in order, of each sequence; a picture that is in none is one of its own."""
        by_folder: dict[str, list[int]] = {}
        for number in numbers:
            by_folder.setdefault(str(self.plan.jobs[number].relative.parent), []).append(number)
        return [
            (folder, [members[at] for at in shot])
            for folder, members in by_folder.items()
            for shot in find_shots([self.plan.jobs[number].relative.stem for number in members])
        ]

    def _chosen(
        self, shots: Sequence[tuple[str, list[int]]], painted: Sequence[Shot]
    ) -> Iterator[tuple[int, TargetColours]]:
        """Each picture's colours: the sequences of one folder have one palette."""
        for folder in dict.fromkeys(folder for folder, _ in shots):
            here = [at for at, (place, _) in enumerate(shots) if place == folder]
            for at, frames in zip(here, choose_colours([painted[at] for at in here], self.work.palette), strict=True):
                yield from zip(shots[at][1], frames, strict=True)

    def _looked_at(self, phase: Phase, jobs: Mapping[int, Job]) -> tuple[dict[int, Path], dict[int, str]]:
        """Do one pass; returns the file that it wrote of each picture, and what is to be said of those that failed."""
        work = replace(self.work, phase=phase)
        passes = [replace(job, outputs=(self._place(job, phase),)) for job in jobs.values()]
        presets = sorted({painter.hint_preset for painter in work.painters})
        matters = _what_matters(work) | {"hint_presets": presets}
        settings = {name: matters[name] for name in _LOOKED_AT_WITH[phase]}
        plan = Plan(f"colorize {phase}", tuple(passes), self._home, settings, trusting=False)
        report = run(plan, work, replace(self.settings, fail_fast=False))
        if report.stopped_by:
            raise _StoppedError(report.stopped_by)
        records = dict(zip(jobs, report.records, strict=True))
        failed = {number: record.reason for number, record in records.items() if record.status == "failed"}
        made = {number: Path(record.outputs[0]) for number, record in records.items() if number not in failed}
        return made, {number: f"{_PASSED_OVER[phase]}: {reason}" for number, reason in failed.items()}

    def _given(self, job: Job, name: str, content: bytes) -> Job:
        """The job with one more file to read."""
        place = self._place(job, name)
        replace_file(place, content, scratch=self._home)
        return replace(job, reads=(*job.reads, (name, place)))

    def _place(self, job: Job, kind: str) -> Path:
        result = Path(str(job.outputs[0]))
        return self._home / kind / result.relative_to(str(self.plan.output)).with_suffix(".json")

    @property
    def _home(self) -> Path:
        return Path(str(self.plan.output)) / STATE_FOLDER / "lock"


def _samples(numbers: Sequence[int], colours: Mapping[int, Path]) -> dict[int, dict[int, AreaColour]]:
    return {at: decode_samples(colours[n].read_bytes()) for at, n in enumerate(numbers) if n in colours}


def _not_reached(plan: Plan, stopped_by: str) -> Report:
    records = [record_of(job, "skipped", "not reached") for job in plan.jobs]
    return Report(plan.command, dict(plan.settings), records, stopped_by=stopped_by, output=str(plan.output))  # type: ignore[arg-type]


def _aside(guides: Guides, shown: OutputOptions) -> tuple[str | None, ...]:
    """Folders whose pictures are no drawings, though they may lie among them."""
    return guides.hints, guides.reference, guides.palette_from, shown.truth


def _check_shown(shown: OutputOptions, destination: Destination) -> None:
    """Refuse what cannot be shown; raises UsageError."""
    if destination.folder is None and (shown.steps or shown.panels):
        raise UsageError("steps and panels need a folder to lie in", hint="Give a folder after -o")
    if destination.folder is None and shown.variants > 1:
        raise UsageError("variants need a folder to lie in", hint="Give a folder after -o")
    if shown.truth is not None and not shown.panels:
        raise UsageError("the truth is shown in panels alone", hint="Add --panels, or leave out --truth")
    if shown.layers is None and shown.flats != "one":
        raise UsageError("flats are divided in layers alone", hint="Add --layers ora, or leave out --flats")
    if shown.layers is None:
        return
    registry.load("exports", shown.layers)
    if destination.folder is None:
        raise UsageError("layers need a folder to lie in", hint="Give a folder after -o")
    if shown.layers == "png" and shown.flats != "one":
        raise UsageError(
            f"there is no telling how many files the flats by {shown.flats} would be",
            hint="Use --layers ora or --layers psd, which hold them in one file",
        )


def _what_matters(work: ColorizeTask) -> dict[str, Any]:
    """The settings on which results depend: not where a checkpoint lies, nor where networks run."""
    settings: dict[str, Any] = plain(work)
    for painter in settings["painters"]:
        del painter["checkpoint"], painter["engine"]
    return {name: value for name, value in settings.items() if name != "running"}


def _folders_beside(work: ColorizeTask) -> tuple[str, ...]:
    """The folders below the output for what is written beside the results."""
    steps = work.step_names if work.steps else ()
    for name in steps:
        if steps.count(name) > 1:
            raise UsageError(f"two intermediate pictures would be called '{name}'", hint="Give the models other names")
    variants = (f"variants/{number}" for number in range(2, work.variants + 1))
    return (*variants, *(f"steps/{name}" for name in steps), *(("panels",) if work.panels else ()))


def _jobs(
    work: ColorizeTask,
    sources: Sequence[Source],
    destination: Destination,
    partners: Mapping[str, CompanionFiles | None],
) -> tuple[Job, ...]:
    beside = _folders_beside(work)
    return tuple(_job(work, source, destination, partners, beside=beside) for source in sources)


def _job(
    work: ColorizeTask,
    source: Source,
    destination: Destination,
    partners: Mapping[str, CompanionFiles | None],
    *,
    beside: Sequence[str],
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
        outputs += [result.parent / (result.stem + ending) for ending in work.layer_files(dict(reads))]
    return Job(tuple(reads), tuple(outputs), source.relative)


def _set_apart(work: ColorizeTask, jobs: Sequence[Job], folder: Path) -> set[Path]:
    """The folders in the output that hold no results, but what is beside them."""
    beside = _folders_beside(work)
    files = [(job.outputs[0], output) for job in jobs for output in job.outputs[1 + len(beside) :]]
    apart = {output.parent for result, output in files if result and output and output.parent != result.parent}
    return apart | {folder / name.partition("/")[0] for name in beside}


def _all_partners(guides: Guides, shown: OutputOptions, pictures: int) -> dict[str, CompanionFiles | None]:
    """The files that belong to the drawings, by what they are read as."""
    hints = _partners(guides.hints, "--hints", pictures)
    reference = _partners(guides.reference, "--reference", None)
    truth = _partners(shown.truth, "--truth", pictures) if shown.panels else None
    if shown.panels and shown.truth is None and reference is not None and (pictures == 1 or not reference.single):
        truth = reference
    return {"hints": hints, "reference": reference, "truth": truth}


def _partners(place: str | None, option: str, pictures: int | None) -> CompanionFiles | None:
    if place is None:
        return None
    partners = CompanionFiles(Path(place), option)
    if partners.single and pictures is not None and pictures > 1:
        raise UsageError(f"{option} is one file for {pictures} pictures", hint="Give a folder, by name")
    return partners


def _palette(guides: Guides) -> tuple[Rgb, ...] | None:
    """The colours that regions may have; raises UsageError where there are none to be read."""
    if guides.palette is not None and guides.palette_from is not None:
        raise UsageError("there are two palettes", hint="Give --palette or --palette-from")
    if guides.palette_from is not None:
        return _as_colours(_palette_from(Path(guides.palette_from)))
    return None if guides.palette is None else _as_colours(read_palette(Path(guides.palette)))


def _as_colours(palette: NDArray[np.uint8]) -> tuple[Rgb, ...]:
    return tuple((int(red), int(green), int(blue)) for red, green, blue in palette)


def _palette_from(place: Path) -> NDArray[np.uint8]:
    """The palette of finished pictures, (k, 3); one that cannot be read is passed over."""
    partners = CompanionFiles(place, "--palette-from")
    found = []
    for path in [place] if partners.single else partners.files():
        try:
            picture = decode_picture(path.read_bytes())
        except (OSError, PictureError) as error:
            if partners.single:
                raise UsageError(f"{show_path(path)} cannot be read: {error}", hint="Check --palette-from") from error
            continue
        found.append(fills_of(picture.rgb, picture.alpha))
    palette = palette_of(found)
    if not len(palette):
        raise UsageError(f"there are no colours in {show_path(place)}", hint="Give finished pictures to --palette-from")
    return palette


def _with_spots(guide: ColorGuide, spots: Sequence[FrameHint], canvas: Drawing) -> ColorGuide:
    """A guide with hints that are carried from other frames."""
    return guide._replace(hints=draw_hints(guide.hints, spots, canvas.lines, canvas.areas.labels))


def _shown_hints(canvas: Drawing) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
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
