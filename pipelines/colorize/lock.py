"""Finds what the pictures of a run have in common, in two passes before the work (`--lock`).

The first notes down each drawing's areas and hints, the second the colours that some of them are painted in; between
and after them areas are followed over frames and their colours chosen (`pipelines/tracking`). What is found is kept in
the output's hidden folder, so that nothing is looked at twice, and given to each picture's job as files: so it decides
whether a result is stale.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.colorize.ensemble import Ensemble, EnsembleTask
from pipelines.colorize.reader import DrawingReader, ReadDrawing
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import StopReason
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Input, Produced, TaskFn, explain
from pipelines.core.errors import ColorizeError
from pipelines.core.files import STATE_FOLDER, replace_file
from pipelines.core.imaging.colours import Rgb
from pipelines.core.settings import plain
from pipelines.tracking.frames import decode, encode, survey
from pipelines.tracking.hint_propagation import encode_hints, propagate_hints
from pipelines.tracking.palette_lock import (
    AreaColour,
    Shot,
    choose_colours,
    decode_samples,
    encode_palette,
    encode_samples,
    find_shots,
    frames_to_sample,
    hinted_palette,
    sample_colours,
    track_shot,
)
from pipelines.tracking.recolour import TargetColours, encode_targets

_NOT_SURVEYED = "not locked to the other pictures"
_NOT_SAMPLED = "its colours are not among those that are locked"


class StoppedError(Exception):
    """A pass before the work was interrupted."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SurveyTask:
    """The first pass: a drawing's areas, and where its hints lie."""

    reader: DrawingReader

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and its hints or reference) in, the areas as JSON out."""
        drawing = self.reader.read(files, rng).drawing
        hints = next(iter(drawing.guides.values())).hints
        return Produced((encode(survey(drawing.lines, drawing.areas, hints, by_hand="hints" in files)),))

    @property
    def settings(self) -> dict[str, Any]:
        """What the survey depends on: where hints are found, not what becomes of their colours."""
        return {**plain(self.reader), "palette": self.reader.palette is not None}


@dataclass(frozen=True)
class SampleColoursTask(EnsembleTask):
    """The second pass: the colours in which models paint a drawing's areas."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (with its guides, and hints `carried` from other frames) in, colours by area as JSON out."""
        return self.run_batch([Input(files, rng)])[0]

    def run_batch(self, inputs: Sequence[Input]) -> list[Produced]:
        """The same for several drawings, which networks colour together."""
        batches = self.ensemble.in_batches(self._read, lambda read: read.picture.rgb.size, inputs)
        return [produced for batch in batches for produced in self._sampled(batch)]

    @property
    def settings(self) -> dict[str, Any]:
        """What the colours depend on."""
        return {**plain(self.reader), **plain(self.ensemble.identity)}

    def _read(self, item: Input) -> ReadDrawing:
        return self.reader.read(item.files, item.rng)

    def _sampled(self, reads: Sequence[ReadDrawing]) -> list[Produced]:
        results = self.ensemble.predict([read.drawing for read in reads])
        return [
            Produced((encode_samples(sample_colours(self.ensemble.merged(result, read.drawing), read.drawing.areas)),))
            for read, result in zip(reads, results, strict=True)
        ]


@dataclass(frozen=True)
class Lock:
    """The passes over one run's plan."""

    plan: Plan
    ensemble: Ensemble
    reader: DrawingReader
    settings: BatchSettings

    def locked_plan(self) -> Plan:
        """The plan with what each picture is to keep; raises StoppedError."""
        jobs = {number: job for number, job in enumerate(self.plan.jobs) if _can_be_seen(job)}
        if self.plan.output is None or len(jobs) < 2:
            return self.plan  # a single picture has nothing in common with any other
        unlocked_jobs = jobs
        jobs = {number: replace(job, relative=job.relative.parent) for number, job in jobs.items()}  # one seed a folder
        surveys, unseen = self._survey(jobs)
        jobs |= {number: unlocked_jobs[number] for number in unseen}
        numbers_of = self._shots(sorted(surveys))
        shots = [track_shot(decode(surveys[number].read_bytes()) for number in numbers) for _, numbers in numbers_of]
        for (_, numbers), shot in zip(numbers_of, shots, strict=True):
            for number, frame, tracks in zip(numbers, shot.frames, shot.tracks, strict=True):
                jobs[number] = self._with_file(
                    jobs[number], "carried", encode_hints(propagate_hints(frame, tracks, shot.hinted))
                )
        for number, palette in self._strangers(numbers_of, shots):
            jobs[number] = self._with_file(jobs[number], "offered", encode_palette(palette))
        sampled, unpainted = self._sample(jobs, numbers_of, shots)
        for number, targets in self._targets(numbers_of, sampled):
            jobs[number] = self._with_file(jobs[number], "locked", encode_targets(targets))
        for number, reason in (unseen | unpainted).items():
            jobs[number] = self._with_file(jobs[number], "unlocked", reason.encode("utf-8", "surrogateescape"))
        return replace(self.plan, jobs=tuple(jobs.get(number, job) for number, job in enumerate(self.plan.jobs)))

    def _survey(self, jobs: Mapping[int, Job]) -> tuple[dict[int, Path], dict[int, str]]:
        task = SurveyTask(self.reader)
        return self._pass("areas", task, task.settings, jobs, passed_over=_NOT_SURVEYED)

    def _sample(
        self, jobs: Mapping[int, Job], numbers_of: Sequence[tuple[str, list[int]]], shots: Sequence[Shot]
    ) -> tuple[list[Shot], dict[int, str]]:
        """The shots with what some of their frames are painted in, and what is to be said of those that failed."""
        wanted = [
            numbers[at] for (_, numbers), shot in zip(numbers_of, shots, strict=True) for at in frames_to_sample(shot)
        ]
        task = SampleColoursTask(self.ensemble, self.reader)
        chosen = {number: jobs[number] for number in sorted(wanted)}
        colours, unpainted = self._pass("colours", task, task.settings, chosen, passed_over=_NOT_SAMPLED)
        sampled = [
            shot._replace(samples=_samples(numbers, colours))
            for (_, numbers), shot in zip(numbers_of, shots, strict=True)
        ]
        return sampled, unpainted

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

    def _strangers(
        self, numbers_of: Sequence[tuple[str, list[int]]], shots: Sequence[Shot]
    ) -> Iterator[tuple[int, tuple[Rgb, ...]]]:
        """The pictures to which no hint of their folder is carried, and the colours of its hints."""
        for folder in dict.fromkeys(folder for folder, _ in numbers_of):
            here = [at for at, (place, _) in enumerate(numbers_of) if place == folder]
            palette = hinted_palette([shots[at] for at in here])
            for at in here if palette else ():
                shot = shots[at]
                for number, frame, tracks in zip(numbers_of[at][1], shot.frames, shot.tracks, strict=True):
                    if not frame.hints and not propagate_hints(frame, tracks, shot.hinted):
                        yield number, palette

    def _targets(
        self, numbers_of: Sequence[tuple[str, list[int]]], sampled: Sequence[Shot]
    ) -> Iterator[tuple[int, TargetColours]]:
        """Each picture's colours: the sequences of one folder have one palette."""
        for folder in dict.fromkeys(folder for folder, _ in numbers_of):
            here = [at for at, (place, _) in enumerate(numbers_of) if place == folder]
            palette: Sequence[Rgb] | None = self.reader.palette
            for at, frames in zip(here, choose_colours([sampled[at] for at in here], palette), strict=True):
                yield from zip(numbers_of[at][1], frames, strict=True)

    def _pass(
        self, name: str, task: TaskFn, settings: Mapping[str, Any], jobs: Mapping[int, Job], *, passed_over: str
    ) -> tuple[dict[int, Path], dict[int, str]]:
        """Do one pass; returns the file that it wrote of each picture, and what is to be said of those that failed."""
        passes = [replace(job, outputs=(self._place(job, name),)) for job in jobs.values()]
        plan = Plan(f"colorize {name}", tuple(passes), self._home, settings, trusting=False)
        report = run(plan, task, replace(self.settings, fail_fast=False))
        if report.stopped_by:
            raise StoppedError(report.stopped_by)
        records = dict(zip(jobs, report.records, strict=True))
        failed = {number: record.reason for number, record in records.items() if record.status == "failed"}
        files = {number: Path(record.outputs[0]) for number, record in records.items() if number not in failed}
        return files, {number: f"{passed_over}: {reason}" for number, reason in failed.items()}

    def _with_file(self, job: Job, name: str, content: bytes) -> Job:
        """The job with one more file to read."""
        place = self._place(job, name)
        try:
            replace_file(place, content, scratch=self._home)
        except OSError as error:  # such as a full disk: without this file the picture would come out another
            return replace(job, problem=job.problem or ColorizeError(explain(error)))
        return replace(job, reads=(*job.reads, (name, place)))

    def _place(self, job: Job, kind: str) -> Path:
        result = Path(str(job.output))
        return self._home / kind / result.relative_to(str(self.plan.output)).with_suffix(".json")

    @property
    def _home(self) -> Path:
        return Path(str(self.plan.output)) / STATE_FOLDER / "lock"


def _can_be_seen(job: Job) -> bool:
    """Whether a job's drawing can be looked at twice: it has no problem and comes from no pipe."""
    return job.problem is None and all(path is not None for _, path in job.reads)


def _samples(numbers: Sequence[int], colours: Mapping[int, Path]) -> dict[int, dict[int, AreaColour]]:
    return {at: decode_samples(colours[n].read_bytes()) for at, n in enumerate(numbers) if n in colours}
