"""The work on drawings: read them, colour them, merge, lay the line art on top, encode what is wanted."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from pipelines.colorize.compositing import finish_layer, resolve_lines, restyle_ink
from pipelines.colorize.ensemble import EnsembleTask, Results
from pipelines.colorize.explain import draw_explanation
from pipelines.colorize.facts import Account, ColoringFacts, GuidedBy, facts_of, take_account, warnings_of
from pipelines.colorize.options import Background, Lines, OutputOptions
from pipelines.colorize.reader import ReadDrawing
from pipelines.colorize.variants import predict_variants
from pipelines.core import families
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import bleed_colour
from pipelines.core.imaging.panels import panel
from pipelines.core.imaging.picture import Picture, decode_part, encode_png
from pipelines.core.settings import plain
from pipelines.exports.base.decomposition import HINTS, NAMES, FinishedPicture, decompose
from pipelines.inference.types import ColorResult
from pipelines.segmentation.painted import Painted, find_painted, painted_mask
from pipelines.tracking.recolour import TargetColours, decode_targets, recolour

_PANEL_CELL = 256  # px


class _Job(NamedTuple):
    """A drawing on its way through the work."""

    read: ReadDrawing
    targets: TargetColours | None  # the colours that its areas have in all frames
    truth: Picture | None
    has_hints: bool  # whether its layers have one for hints
    warnings: tuple[str, ...]
    guided_by: GuidedBy
    coloured: Painted  # how much of it is coloured already


@dataclass(frozen=True)
class ColorizeTask(EnsembleTask):
    """The work on line drawings."""

    outputs: OutputOptions = field(default_factory=OutputOptions)
    background: Background = "auto"
    lines: Lines = "auto"
    expected: tuple[str, ...] = ()  # the guides that every drawing should have
    require_hints: bool = False  # a drawing none of whose hints is used fails
    force: bool = False  # pictures that are coloured already are coloured again

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `hints`, `reference`, `truth`) in; out the finished picture, RGB or RGBA, and what is beside.

        Beside are the variants, the steps, the panel and the files of the layers, each where it is wanted, in this
        order. Frames of a sequence have two more files: hints `carried` from others, and the colours that areas are
        `locked` to.
        """
        return self.run_batch([Input(files, rng)])[0]

    def run_batch(self, inputs: Sequence[Input]) -> list[Produced]:
        """The same for several drawings, which networks colour together."""
        batches = self.ensemble.in_batches(self._read, lambda job: job.read.picture.rgb.size, inputs)
        return [produced for batch in batches for produced in self._coloured(batch)]

    @property
    def settings(self) -> dict[str, Any]:
        """What results depend on."""
        without_places = {"ensemble": self.ensemble.identity, "outputs": replace(self.outputs, truth=None)}
        settings: dict[str, Any] = plain(self) | plain(without_places)
        del settings["force"]  # what is line art is coloured the same with it
        return settings

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of the intermediate pictures, in the order in which they are written."""
        names = ["hints", "composite"]
        for model in self.ensemble.models:
            names += [*model.steps, f"{model.label}-colour"]
            if self.ensemble.merge is not None:
                names += [f"{model.label}-shading", model.label]
        return (*names, "merged-colour") if self.ensemble.merge is not None else tuple(names)

    def layer_files(self, reads: Container[str]) -> tuple[str, ...]:
        """What is appended to a result's name for the files of its layers; `reads` is what is read for it."""
        if self.outputs.layers is None:
            return ()
        names = (*NAMES, HINTS) if self.reader.has_hints(reads) else NAMES
        return families.load("exports", self.outputs.layers).files(names)

    def _read(self, item: Input) -> _Job:
        files, rng = item
        read = self.reader.read(files, rng)
        return _Job(
            read,
            targets=self._targets(files["locked"]) if "locked" in files else None,
            truth=decode_part(files, "truth") if "truth" in files else None,
            has_hints=self.reader.has_hints(files),
            warnings=self._missing(files, read.notes),
            guided_by=_guided_by(read, files),
            coloured=find_painted(read.picture),
        )

    def _targets(self, locked: bytes) -> TargetColours:
        """The colours that areas have in all frames; what a reserved hint says is in the hints that are carried."""
        reserved = self.reader.rules.reserved
        targets = {
            area: tuple(colour for colour in colours if colour not in reserved)
            for area, colours in decode_targets(locked).items()
        }
        return {area: colours for area, colours in targets.items() if colours}

    def _missing(self, files: Mapping[str, bytes], notes: Sequence[str]) -> tuple[str, ...]:
        """What the user may have thought to be there."""
        missing = [f"nothing of its name in --{name}" for name in self.expected if name not in files]
        if "carried" in files:  # hints for one frame are enough
            missing = [text for text in missing if text != "nothing of its name in --hints"]
        unlocked = files["unlocked"].decode("utf-8", "surrogateescape") if "unlocked" in files else ""
        return tuple(text for text in ("; ".join(missing), *notes, unlocked) if text)

    def _coloured(self, jobs: Sequence[_Job]) -> list[Produced]:
        wanted = [job for job in jobs if self.force or not job.coloured.is_finished]
        for job in wanted:
            self._check_required(job)
        drawings = [job.read.drawing for job in wanted]
        results = self.ensemble.predict(drawings) if wanted else []
        variants = predict_variants(self.ensemble, drawings, self.outputs.variants) if wanted else []
        finished = iter(self.ensemble.each(self._finished, zip(wanted, results, variants, strict=True)))
        return [next(finished) if self.force or not job.coloured.is_finished else _left_alone(job) for job in jobs]

    def _check_required(self, job: _Job) -> None:
        painted = job.read.painted
        is_painted = (
            painted is not None and painted.alpha is not None and painted.alpha.any()
        )  # it is said what is wrong
        if self.require_hints and not is_painted and job.guided_by not in ("hints", "reference"):
            raise MethodError("there are no hints", hint="Paint some, or leave out --require-hints")

    def _finished(self, item: tuple[_Job, Results, tuple[Results, ...]]) -> Produced:
        job, results, variants = item
        merged = self.ensemble.merged(results, job.read.drawing)
        if job.targets is not None:
            merged = recolour(merged, job.read.drawing.areas, job.targets)
        unpainted, merged = merged, self._with_painted(job, merged)
        pictures = [self._on_lines(job.read, merged)]
        others = [self._with_painted(job, self.ensemble.merged(variant, job.read.drawing)) for variant in variants]
        pictures += [self._on_lines(job.read, other) for other in others]
        encoded = [encode_png(picture, metadata=job.read.picture.metadata) for picture in pictures]
        if self.outputs.steps:
            steps = self._steps(job.read, results, merged)
            encoded += [encode_png(steps[name]) for name in self.step_names]
        if self.outputs.panels:
            encoded.append(encode_png(self._panel(job, results, pictures[0])))
        account, facts = self._account(job, unpainted, pictures[0])
        if self.outputs.explain:
            encoded.append(encode_png(draw_explanation(account, job.read.drawing, unpainted)))
        layers = self._layers(job, merged, pictures[0]) if self.outputs.layers is not None else ()
        return Produced((*encoded, *layers), (*job.warnings, *warnings_of(facts)), facts.as_json())

    def _account(self, job: _Job, result: ColorResult, picture: U8) -> tuple[Account, ColoringFacts]:
        """What happened to a drawing; raises MethodError where hints are required and none is used."""
        reading, guide = job.read.drawing.reading, job.read.guide
        seen = picture[..., 3] if picture.shape[2] == 4 else None
        rules = job.read.drawing.rules
        reads_hints = any(model.traits.reads_hints for model in self.ensemble.models)
        account = take_account(
            reading, result, guide, painted=job.read.painted, seen=seen, rules=rules, reads_hints=reads_hints
        )
        if job.guided_by == "reference":  # what is found in one is nobody's hint
            account = account._replace(marks=())
        facts = facts_of(account, reading, result, guide=guide, guided_by=job.guided_by)
        facts = replace(
            facts,
            paper_cleaned=job.read.line_art.is_cleaned,
            partly_coloured=bool(job.coloured.is_partly) and self.lines != "tint",
            computed_in=self.ensemble.computed_in,
        )
        if self.require_hints and job.guided_by != "reference" and not facts.hints["used"]:
            raise MethodError(
                "; ".join(warnings_of(facts)) or "no hint was used",
                hint="Paint hints inside areas, or leave out --require-hints",
            )
        return account, facts

    def _with_painted(self, job: _Job, result: ColorResult) -> ColorResult:
        """A result in which what is painted on the page comes out as it is: white under it, or itself without lines."""
        if not job.coloured.is_partly or self.lines == "tint":
            return result
        painted = painted_mask(job.read.picture, job.read.drawing.reading.paper)[..., None]
        below = job.read.picture.rgb if self.lines == "none" else np.uint8(255)
        colour, flats = (np.where(painted, below, picture) for picture in (result.colour, result.flats))
        return replace(result, colour=colour, flats=flats)

    def _line_art(self, read: ReadDrawing, result: ColorResult) -> U8:
        return restyle_ink(read.line_art.layer, resolve_lines(self.lines, read.line_art), result.ink)

    def _multiplies(self, read: ReadDrawing) -> bool:
        return resolve_lines(self.lines, read.line_art) == "multiply"

    def _on_lines(self, read: ReadDrawing, result: ColorResult) -> U8:
        layer = self._line_art(read, result)
        finished = finish_layer(
            read.picture,
            layer,
            result.colour,
            result.background,
            mode=self.background,
            multiplied=self._multiplies(read),
        )
        return bleed_colour(finished)

    def _layers(self, job: _Job, merged: ColorResult, picture: U8) -> tuple[bytes, ...]:
        """The files of the layers, in the order of their names."""
        reading = job.read.drawing.reading
        finished = FinishedPicture(
            flattened=picture,
            colour=merged.colour,
            flats=merged.flats,
            background=merged.background,
            line_art=self._line_art(job.read, merged),
            is_multiplied=self._multiplies(job.read),
            hints=job.read.shown_hints if job.has_hints else None,
            areas=reading.areas.labels * reading.paper if self.outputs.flats == "region" else None,
            metadata=job.read.picture.metadata,
        )
        document = decompose(finished, flats=self.outputs.flats)
        return tuple(families.load("exports", str(self.outputs.layers)).write(document).values())

    def _steps(self, read: ReadDrawing, results: Results, merged: ColorResult) -> dict[str, U8]:
        """The intermediate pictures by name."""
        steps = {"hints": read.shown_hints, "composite": read.hints_on_lines, "merged-colour": merged.colour}
        for label, result in results.items():
            steps |= {f"{label}-{name}": picture for name, picture in result.steps.items()}
            steps[f"{label}-colour"] = result.colour
            if self.ensemble.merge is not None:
                steps[label] = self._on_lines(read, result)
                steps[f"{label}-shading"] = result.shading
        return steps

    def _panel(self, job: _Job, results: Results, picture: U8) -> U8:
        """Lines, hints, each model, merged, truth side by side."""
        row: list[tuple[str, Picture | None]] = [("lines", job.read.picture)]
        row.append(("hints", Picture(job.read.hints_on_lines)))
        merge = self.ensemble.merge
        if merge is not None:
            row += [(label, _as_picture(self._on_lines(job.read, result))) for label, result in results.items()]
        row.append((f"merged: {merge.mode}" if merge else self.ensemble.models[0].label, _as_picture(picture)))
        if job.truth is not None:
            row.append(("truth", job.truth))
        return panel(row, cell=_PANEL_CELL)


def _guided_by(read: ReadDrawing, files: Container[str]) -> GuidedBy:
    """What the colours of a drawing come from, above all."""
    if any(guide.has_hints for guide in read.drawing.guides.values()):
        by_hand = read.is_hinted_by_hand or "carried" in files
        return "hints" if by_hand or "reference" not in files else "reference"
    return "palette" if read.is_guided else "nothing"


def _left_alone(job: _Job) -> Produced:
    """Nothing, for a picture that is coloured already."""
    facts = ColoringFacts(coloured_already=True)
    reason = "is coloured already, so it was left alone. Use --force to colour it all the same"
    return Produced((), (reason,), facts.as_json(), reason)


def _as_picture(array: U8) -> Picture:
    return Picture(array[..., :3], array[..., 3] if array.shape[2] == 4 else None)
