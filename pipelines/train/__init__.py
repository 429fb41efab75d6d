"""Stage: datasets of pairs -> a run: checkpoints that colour, figures, sample sheets.

One loop for all models, read from top to bottom in `fit`; what is optimised is the model's (`training/task.py`), one
step is `training/trainer.py`, which batch comes when is `training/loader.py`. Chance in a step is seeded by (seed,
step) and batches by the step, so a run that was stopped, however, goes on as if it had not been.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from pipelines.core import registry
from pipelines.core.data.manifest import MANIFEST, Dataset, open_dataset
from pipelines.core.errors import UsageError
from pipelines.core.files import sha256
from pipelines.core.imaging.picture import encode_png
from pipelines.core.settings import plain, resolve
from pipelines.models import DEFAULT_LEARNER
from pipelines.nn.devices import choose_device
from pipelines.train.initial_weights import choose_start
from pipelines.train.out_of_memory import memory_shortage_told
from pipelines.train.profiling import profile
from pipelines.train.report import TrainReport
from pipelines.train.run import UNSAID, TrainingRun, agreed_precision, settle_precision
from pipelines.train.weight_files import describe_files, weight_file_digests
from pipelines.training.callbacks import (
    FollowerCallback,
    NullCallback,
    Stop,
    TensorBoardLogger,
    TrainCallback,
    agree_to_stop,
    import_event_writer,
)
from pipelines.training.config import free_settings, settings_of
from pipelines.training.distributed import launch
from pipelines.training.progress import Pace, Progress
from pipelines.training.run_folder import RunFolder
from pipelines.training.schedules import lr_factor
from pipelines.training.training_data import check_datasets, choose_frame


def train(
    datasets: Sequence[str | Path],
    output: str | Path,
    *,
    model: str = DEFAULT_LEARNER,
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    start: str | None = None,
    dry_run: bool = False,
    callback: TrainCallback | None = None,
) -> TrainReport:
    """Train `model` on the datasets' training split into the run folder `output`, or go on with the run that is there.

    values: settings of the model; settings: fields of TrainConfig that the preset's recipe gives way to. start: a run,
    checkpoint, reference file or shipped model whose weights a new run begins with. Raises UsageError before any work;
    TrainingError where losses become no numbers or pictures collapse, the last good checkpoint staying; ColorizeError
    where the disk is full, the same, and MemoryShortageError where a step does not fit into memory.
    """
    module = _load_learning_model(model)
    params = resolve(module, values or {}, preset=preset)
    config = settings_of(module, preset, settings or {})
    computed_on = choose_device(device)
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    sources = [open_dataset(folder) for folder in datasets]
    if not sources:
        raise UsageError("there is no dataset", hint="Build one: colorize-cli build-dataset PICTURES -o DATASET")
    check_datasets(sources, module.network_spec(params), config)
    about = {"model": model, "params": plain(params), "settings": plain(config), "datasets": _digests(sources)}
    folder = RunFolder(Path(output))
    before = None if dry_run else folder.about()
    about |= describe_files(weight_file_digests(module, params), about["params"], before or {})
    began_with, record = choose_start(start, before, has_last=not dry_run and folder.has_last(), run=output)
    about |= {"start": record} if record else {}
    about["computed_in"] = settle_precision(config, computed_on, before)
    if not dry_run:
        folder.check(about, free=(*free_settings(config), *UNSAID))  # before other processes start: one of them says it
        if config.tensorboard:
            import_event_writer()
    group, computed_on = launch(computed_on, devices=devices, nodes=nodes)
    about["computed_in"] = agreed_precision(about["computed_in"], group)
    frame = choose_frame(sources, module.network_spec(params))
    with memory_shortage_told(config, frame, computed_on, goes_on=before is not None):
        run = TrainingRun(
            module,
            params,
            config,
            datasets=sources,
            folder=folder,
            about=about,
            device=computed_on,
            group=group,
            start=began_with,
            before=before,
        )
        lead_callback = callback or NullCallback()
        own_callback = lead_callback if run.is_lead else FollowerCallback(lead_callback)
        return profile(run, own_callback) if dry_run else fit(run, own_callback)


def fit(run: TrainingRun, callback: TrainCallback) -> TrainReport:
    """The loop: batch, step, log, validate, save, until the end of the run or until asked to stop."""
    config, folder, trainer, group = run.config, run.folder, run.trainer, run.group
    validator = run.build_validator()
    if run.is_lead:
        folder.open(run.about, free=(*free_settings(config), *UNSAID))
    group.barrier()
    progress = run.resume()
    callback.began(run.about, step=progress.step)
    for note in run.notes:
        callback.noted(note)

    began, saved, pace = time.monotonic() - progress.seconds, time.monotonic(), Pace()
    pending: list[dict[str, Tensor]] = []  # losses on the device: reading them in every step would wait for it
    prefetched = run.loader.prefetch(progress.step * config.accumulate, workers=config.workers)
    tensorboard = TensorBoardLogger(folder.folder, progress.step, wanted=config.tensorboard and run.is_lead)
    stop: Stop = ""
    is_over = _is_over(run, progress)
    with closing(tensorboard), closing(prefetched):
        while not is_over:
            stop = agree_to_stop(callback, group)
            if stop:
                break

            # batch
            waited_from = time.monotonic()
            batches = [next(prefetched) for _ in range(config.accumulate)]
            pace.waited += time.monotonic() - waited_from

            # step
            factor = lr_factor(config, run.length.share(progress), plateaus=progress.plateaus)
            pending.append(trainer.train_step(batches, progress.step, lr_factor=factor))
            progress.step += 1
            pace.steps += 1
            progress.seconds = time.monotonic() - began
            if config.minutes is not None:  # then time decides on rate and end: the same in all processes
                progress.seconds = group.reduce_metrics({"seconds": progress.seconds})["seconds"]
            callback.stepped(progress.step, run.length.share(progress))

            is_over = _is_over(run, progress)
            to_validate = is_over or run.is_due(config.validate_every, progress.step)
            minutes_unsaved = (time.monotonic() - saved) / 60
            to_save = to_validate or bool(group.all_reduce_max(int(minutes_unsaved >= config.save_minutes)))

            # log
            to_log = progress.step % config.log_every == 0
            if to_log or to_save:
                progress.add_losses(pending)
            if to_log:
                _log(run, _metrics(run, progress, pace), callback, tensorboard)
                pace = Pace()

            # validate
            validated_from = time.monotonic()
            if to_validate:
                figures, sheet = validator.validate(trainer.ema_generator, step=progress.step)
                figures = group.reduce_metrics(figures)  # to the last bit the same in all processes: they decide
                is_best = progress.add_validation(figures, best_by=config.best_by, plateau=config.plateau)
                is_over = is_over or progress.is_patience_over(config.patience)
                _log(run, {"step": progress.step, **figures}, callback, tensorboard)
                if is_best:
                    run.save_best(progress)
            if run.is_lead and (is_over or run.is_due(config.sample_every or config.validate_every, progress.step)):
                sheet = sheet if to_validate else validator.sample_sheet(trainer.ema_generator)
                folder.keep_sample(progress.step, encode_png(sheet))
                tensorboard.log_samples(sheet, progress.step)
            pace.began += time.monotonic() - validated_from

            # save
            if to_save:
                run.save_last(progress)
                saved = time.monotonic()
        progress.add_losses(pending)
    if stop:
        run.save_last(progress)
    elif progress.is_patience_over(config.patience):
        best = f"{config.best_by} {progress.best[config.best_by]:g} at step {progress.best['step']:.0f}"
        run.note(f"ended by patience: {progress.since_best} validations were not better than {best}")
    return TrainReport(
        str(folder.folder),
        progress.step,
        progress.seconds,
        progress.figures,
        progress.best,
        stopped_by=stop,
        notes=run.notes,
        reads_pictures=run.reads_pictures,
        lead=run.is_lead,
    )


def _load_learning_model(model: str) -> ModuleType:
    module = registry.load("models", model)
    if not hasattr(module, "build_task"):
        able = registry.names_with("models", "build_task")
        raise UsageError(f"the model '{model}' does not learn", hint=f"Choose from: {', '.join(able)}")
    return module


def _digests(datasets: Sequence[Dataset]) -> list[str]:
    return [sha256((dataset.folder / MANIFEST).read_bytes()) for dataset in datasets]


def _is_over(run: TrainingRun, progress: Progress) -> bool:
    """Whether the run has ended, the same in all processes."""
    is_over = run.length.is_over(progress) or progress.is_patience_over(run.config.patience)
    return bool(run.group.all_reduce_max(int(is_over))) if run.length.minutes is not None else is_over


def _metrics(run: TrainingRun, progress: Progress, pace: Pace) -> dict[str, Any]:
    """A line of metrics.jsonl: losses and pace since the last one."""
    losses = run.group.reduce_metrics(progress.take_losses())
    return {
        "step": progress.step,
        "epoch": round(progress.step * run.pictures_per_step / len(run.pairs), 4),
        "learning_rate": run.config.learning_rate
        * lr_factor(run.config, run.length.share(progress), plateaus=progress.plateaus),
        **{name: round(value, 6) for name, value in losses.items()},
        **pace.figures(run.pictures_per_step),
        "seconds": round(progress.seconds, 1),
    }


def _log(run: TrainingRun, row: dict[str, Any], callback: TrainCallback, tensorboard: TensorBoardLogger) -> None:
    if run.is_lead:
        run.folder.log(row)
    tensorboard.log(row)
    callback.logged(row)
