"""Stage: line art -> finished colour at full size, with the line art on top."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipelines.colorize.compositing import finish
from pipelines.colorize.ensemble import Ensemble
from pipelines.colorize.facts import sum_up_run
from pipelines.colorize.lock import Lock, StoppedError
from pipelines.colorize.options import (
    NO_GRID,
    Background,
    FillOptions,
    Guides,
    Lines,
    OutputOptions,
    RunOptions,
    check_outputs,
    find_companions,
    folders_beside,
    read_grid,
    read_palette_of,
)
from pipelines.colorize.reader import DrawingReader
from pipelines.colorize.task import ColorizeTask
from pipelines.colorize.variants import check_variants, variant_folders
from pipelines.core.batch.folders import mark_auxiliary
from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, Sources
from pipelines.core.batch.plan import BatchSettings, Destination, Job, Plan, find, job_for, rows_of_unread
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import report_stopped, run
from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import plain
from pipelines.inference.merging import Merge, resolve_merge
from pipelines.inference.model_source import check_reads, find_models
from pipelines.models import DEFAULT_MODEL

__all__ = ["ColorizeTask", "FillOptions", "Guides", "Merge", "OutputOptions", "RunOptions", "colorize", "finish"]

_NOTES = 5  # most hint files without a drawing that are named


def colorize(
    inputs: Sequence[str],
    output: str | None,
    *,
    model: str | Sequence[str] = DEFAULT_MODEL,
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    guides: Guides | None = None,
    merge: Merge | None = None,
    shown: OutputOptions | None = None,
    running: RunOptions | None = None,
    background: Background = "auto",
    lines: Lines = "auto",
    snap: bool = True,
    filling: FillOptions | None = None,
    clean: bool | None = None,
    force: bool = False,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Colorize every line drawing in `inputs` into the folder (or file, or "-") `output`.

    `model` names one that needs no training (fillnet comes with its weights), or a run or checkpoint of a trained one,
    LABEL=... where several paint; these are then merged. Colours come from `guides`; `filling` says what becomes of
    areas without any. The line art comes out on top, at its own size; clean: whether its paper is whitened first, None:
    where it is not white. Coloured pictures are left alone without `force`. Raises UsageError, SettingsError at once.
    """
    settings, guides, outputs = batch or BatchSettings(), guides or Guides(), shown or OutputOptions()
    filling = filling or FillOptions()
    sources, destination = find(inputs, output, settings, exclude=folders_beside(guides, outputs))
    check_outputs(outputs, destination)
    companions = find_companions(guides, outputs, len(sources))
    ensemble = _ensemble([model] if isinstance(model, str) else model, preset, values, merge, running or RunOptions())
    _check_abilities(ensemble, lines, filling, guides)
    check_variants(ensemble, outputs.variants, has_folder=destination.folder is not None, lock=guides.lock)
    reader = DrawingReader(
        hint_presets=ensemble.hint_presets,
        palette=read_palette_of(guides),
        reference_places=_reference_places(companions["reference"], len(sources)),
        snap=snap,
        unhinted=filling.unhinted,
        gap=filling.gap_px,
        rules=filling.rules,
        clean=clean,
        grid=read_grid(guides),
        finds_sheets=guides.grid != NO_GRID,
        is_locked=guides.lock,
    )
    expected = _expected(guides, outputs)
    task = ColorizeTask(ensemble, reader, outputs, background, lines, expected, guides.required, force)
    plan = _plan(task, sources, destination, companions, is_locked=guides.lock, settings=settings)
    jobs = plan.jobs
    if guides.lock and settings.changed is not None:
        raise UsageError("--lock looks at all frames", hint="Leave out --changed-files: unchanged frames are skipped")
    if guides.lock and not settings.dry_run:
        try:
            plan = Lock(plan, ensemble, reader, settings).locked_plan()
        except StoppedError as stop:
            return report_stopped(plan, stop.reason)
    if destination.folder is not None and not settings.dry_run:
        _begin_auxiliary(task, destination.folder)
    report = _with_sum(run(plan, task, settings, observer=observer))
    if destination.folder is not None and not settings.dry_run:
        _mark_auxiliary(task, jobs, destination.folder)
    return report


def _ensemble(
    texts: Sequence[str],
    preset: str | None,
    values: Mapping[str, object] | None,
    merge: Merge | None,
    running: RunOptions,
) -> Ensemble:
    models = find_models(
        texts,
        preset=preset,
        values=values,
        engine=running.engine,
        precision=running.precision,
        domain=running.domain,
    )
    check_reads(models, "line art")
    return Ensemble(models, resolve_merge(merge or Merge(), models), running)


def _check_abilities(ensemble: Ensemble, lines: Lines, filling: FillOptions, guides: Guides) -> None:
    """Refuse what none of the models can do; raises UsageError."""
    if lines == "tint" and not any(model.traits.finds_line_colour for model in ensemble.models):
        label = ensemble.models[0].label
        raise UsageError(f"{label} finds no colour for lines", hint="Leave out --lines tint, or use --model fillnet")
    if any(model.traits.hint_preset == "fills" for model in ensemble.models):
        return
    asked = {
        "--unhinted nearest": filling.unhinted == "nearest",
        "--grid": guides.grid not in (None, NO_GRID),
    }
    if not any(model.traits.reads_hints for model in ensemble.models):
        asked |= {
            "--outside": filling.outside != "auto",
            "--unhinted empty": filling.unhinted == "empty",
            "--background-hint": filling.background_hint is not None,
            "--empty-hint": filling.empty_hint is not None,
        }
    for option, is_asked in asked.items():
        if is_asked:
            label = ensemble.models[0].label
            raise UsageError(
                f"{label} paints whole pictures, which {option} says nothing to", hint="Use --model fillnet"
            )


def _reference_places(reference: CompanionFiles | None, pictures: int) -> bool:
    """Whether a reference says where its colours belong: one for many pictures gives its colours alone."""
    return reference is None or not reference.single or pictures == 1


def _expected(guides: Guides, outputs: OutputOptions) -> tuple[str, ...]:
    """The companions that every drawing should have."""
    places = {"hints": guides.hints, "reference": guides.reference, "truth": outputs.truth}
    return tuple(name for name, place in places.items() if place is not None)


def _folders_in_output(task: ColorizeTask) -> tuple[str, ...]:
    """The folders below the output for what is written beside the results."""
    steps = task.step_names if task.outputs.steps else ()
    for name in steps:
        if steps.count(name) > 1:
            raise UsageError(f"two intermediate pictures would be called '{name}'", hint="Give the models other names")
    return (
        *variant_folders(task.outputs.variants),
        *(f"steps/{name}" for name in steps),
        *(("panels",) if task.outputs.panels else ()),
        *(("explain",) if task.outputs.explain else ()),
    )


def _plan(
    task: ColorizeTask,
    sources: Sources,
    destination: Destination,
    companions: Mapping[str, CompanionFiles | None],
    *,
    is_locked: bool,
    settings: BatchSettings,
) -> Plan:
    """What is done with each drawing, and what is said of hints that nobody asked for."""
    folders = _folders_in_output(task)
    jobs = tuple(_job(task, source, destination, companions, folders=folders) for source in sources)
    return Plan(
        "colorize",
        jobs + rows_of_unread(companions, settings),
        destination.folder,
        task.settings,
        reported_settings=plain(task) | {"lock": is_locked},
        notes=_unused_hints(companions["hints"], settings),
        passed_over=sources.passed_over,
    )


def _job(
    task: ColorizeTask,
    source: Source,
    destination: Destination,
    companions: Mapping[str, CompanionFiles | None],
    *,
    folders: Sequence[str],
) -> Job:
    reads = [("picture", source.path)]
    for name, files in companions.items():
        companion = files.of(source.relative) if files else None
        if companion is not None:
            reads.append((name, companion))
    result = destination.place(source.relative, ".png")
    outputs = [result]
    if result is not None and destination.folder is not None:
        outputs += [destination.folder / name / result.relative_to(destination.folder) for name in folders]
        outputs += [result.parent / (result.stem + ending) for ending in task.layer_files(dict(reads))]
    return job_for(source, tuple(outputs), more=reads[1:])


def _with_sum(report: Report) -> Report:
    """A report with a note on what happened to all drawings."""
    return replace(report, notes=(*report.notes, *sum_up_run(report)))


def _begin_auxiliary(task: ColorizeTask, folder: Path) -> None:
    """Mark the folders for what is beside the results before there is anything in them, since a run may be killed."""
    for name in {name.partition("/")[0] for name in _folders_in_output(task)}:
        with suppress(OSError):  # of which the pictures tell
            (folder / name).mkdir(parents=True, exist_ok=True)
        mark_auxiliary(folder / name)


def _mark_auxiliary(task: ColorizeTask, jobs: Sequence[Job], folder: Path) -> None:
    """Mark the folders in the output that hold no results, but what is beside them."""
    folders = _folders_in_output(task)
    files = [(job.output, output) for job in jobs for output in tuple(job.outputs)[1 + len(folders) :]]
    layers = {output.parent for result, output in files if result and output and output.parent != result.parent}
    for place in layers | {folder / name.partition("/")[0] for name in folders}:
        mark_auxiliary(place)


def _unused_hints(hints: CompanionFiles | None, settings: BatchSettings) -> tuple[str, ...]:
    """Notes on hint files that belong to no drawing, where all drawings were looked at."""
    if hints is None or settings.selection != Selection() or settings.listed is not None:
        return ()
    return tuple(f"no drawing for the hints {show_path(path)}" for path in hints.unused()[:_NOTES])
