"""Stage: datasets of pairs -> a run: checkpoints that colour, figures, sample sheets.

One loop for all models, read from top to bottom in `fit`; what is optimised is the model's (`training/task.py`), one
step is `training/trainer.py`, which batch comes when is `training/loader.py`. Chance in a step is seeded by (seed,
step) and batches by the step, so a run that was stopped, however, goes on as if it had not been.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from pipelines.core import registry
from pipelines.core.data.manifest import MANIFEST, Dataset, open_dataset
from pipelines.core.errors import UsageError
from pipelines.core.exit_codes import BY_STOP
from pipelines.core.files import sha256
from pipelines.core.imaging.picture import encode_png
from pipelines.core.settings import plain, resolve
from pipelines.inference.checkpoint import TRAINING as TRAINING_FILE
from pipelines.inference.checkpoint import Training, load_checkpoint, read_training, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo, recover
from pipelines.inference.types import NetworkSpec
from pipelines.models import DEFAULT_LEARNER
from pipelines.nn.devices import choose_device, choose_precision, peak_memory
from pipelines.nn.frozen import frozen_names
from pipelines.training.callbacks import (
    FollowerCallback,
    NullCallback,
    Stop,
    TensorBoardLogger,
    TrainCallback,
    agree_to_stop,
    import_event_writer,
)
from pipelines.training.config import FREE, Interval, TrainConfig, settings_of
from pipelines.training.distributed import ProcessGroup, launch
from pipelines.training.loader import BatchLoader
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.progress import Pace, Progress, RunLength
from pipelines.training.run_folder import RunFolder
from pipelines.training.schedules import lr_factor
from pipelines.training.trainer import Trainer, TrainerConfig, check_finite
from pipelines.training.training_data import check_datasets, examples_of, open_pairs
from pipelines.training.validation import Validator
from pipelines.training.weight_files import weight_file_digests

_TIMED_STEPS = 3  # of a dry run, after one to warm up
_NOTED = 5  # pictures that cannot be read are named one by one up to so many


@dataclass
class TrainReport:
    """What came of a run."""

    folder: str
    step: int = 0  # optimizer steps in all
    seconds: float = 0.0  # in training, in all
    figures: dict[str, float] = field(default_factory=dict)  # of the last validation
    best: dict[str, float] = field(default_factory=dict)  # of the best one
    stopped_by: Stop = ""
    notes: tuple[str, ...] = ()
    estimate: dict[str, Any] = field(default_factory=dict)  # of a dry run

    lead: bool = True  # whether this is the first of the processes: the one that tells people

    @property
    def exit_code(self) -> int:
        """0 at the end of the run, 130 interrupted, 143 terminated."""
        return BY_STOP[self.stopped_by]


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
    dry_run: bool = False,
    callback: TrainCallback | None = None,
) -> TrainReport:
    """Train `model` on the datasets' training split into the run folder `output`, or go on with the run that is there.

    values: settings of the model; settings: fields of TrainConfig that the preset's recipe gives way to. Raises
    UsageError before any work; TrainingError where losses become no numbers or pictures collapse, the last good
    checkpoint staying; ColorizeError where the disk is full, the same.
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
    about["weight_files"] = weight_file_digests(module, params)
    folder = RunFolder(Path(output))
    if not dry_run:
        folder.check(about, free=FREE)  # before other processes start: one of them says it
        if config.tensorboard:
            import_event_writer()
    group, computed_on = launch(computed_on, devices=devices, nodes=nodes)
    run = TrainingRun(
        module, params, config, datasets=sources, folder=folder, about=about, device=computed_on, group=group
    )
    lead_callback = callback or NullCallback()
    own_callback = lead_callback if run.is_lead else FollowerCallback(lead_callback)
    return profile(run, own_callback) if dry_run else fit(run, own_callback)


class TrainingRun:
    """The parts of one run, ready to be used by `fit` and `profile`."""

    def __init__(
        self,
        module: ModuleType,
        params: Any,
        config: TrainConfig,
        *,
        datasets: Sequence[Dataset],
        folder: RunFolder,
        about: Mapping[str, Any],
        device: torch.device,
        group: ProcessGroup,
    ) -> None:
        self.model, self.params, self.config, self.about = str(about["model"]), params, config, about
        self.folder, self.group, self.is_lead = folder, group, group.rank == 0
        trainer_config = _trainer_config(config, device)  # refuses a precision before pictures are looked for
        self._spec: NetworkSpec = module.network_spec(params)
        self.pairs, self._validation_pairs = open_pairs(datasets, self._spec, config)
        self._notes = [*self.pairs.notes, *getattr(module, "training_notes", lambda _: ())(params)]
        torch.manual_seed(config.seed)
        self.trainer = Trainer(module.build_task(params), trainer_config, device=device, group=group)
        self.loader = BatchLoader(
            examples_of(module, params, self.pairs, config),
            len(self.pairs),
            batch_size=config.batch_size,
            seed=config.seed,
            unpaired=self.trainer.task.unpaired,
            rank=group.rank,
            world_size=group.world_size,
        )
        self.pictures_per_step = config.batch_size * config.accumulate * group.world_size
        self.length = RunLength.of(config, pictures=len(self.pairs), pictures_per_step=self.pictures_per_step)

    def is_due(self, interval: int | str, step: int) -> bool:
        """Whether what is done at an interval is done after a step."""
        every = Interval.parse("interval", interval)
        return every.is_due(step, pictures=len(self.pairs), pictures_per_step=self.pictures_per_step)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of the run, pictures that could not be read among it."""
        unreadable = [
            reason for pairs in (self.pairs, self._validation_pairs) for _, reason in sorted(pairs.unreadable.items())
        ]
        named = [f"left out, since it cannot be read: {reason}" for reason in unreadable[:_NOTED]]
        if len(unreadable) > len(named):
            named.append(f"... and {len(unreadable) - len(named)} more")
        return (*self._notes, *named)

    def build_validator(self) -> Validator:
        """The validation pictures, or training pictures where there are none."""
        pairs = self._validation_pairs
        if not len(pairs):
            self._notes.append(
                "the dataset has no validation pictures: training pictures are shown and measured instead"
            )
            pairs = self.pairs
        return Validator(
            pairs,
            self._spec.encoding,
            count=self.config.validate_pictures,
            device=self.trainer.device,
            paints_by_domain=self._spec.paints_by_domain,
        )

    def resume(self) -> Progress:
        """Where the run stands, everything loaded; a new run stands at step 0."""
        if self.is_lead:
            recover(self.folder.last)
        self.group.barrier()
        if not (self.folder.last / TRAINING_FILE).is_file():
            if self.is_lead:
                self.folder.cut_metrics(-1)
            return Progress()
        training = read_training(self.folder.last)
        state = dict(training.about)
        for name, count in self._computing().items():
            before = state.pop(name, count)
            if before != count:
                self._notes.append(f"the run had {before} {name} so far, now {count}: it does not repeat bit for bit")
        ema_generator, _ = load_checkpoint(self.folder.last)
        self.trainer.load_state(training.tensors, ema_generator.state_dict())
        progress = Progress(**state)
        if self.is_lead:
            self.folder.cut_metrics(progress.step)
        return progress

    def save_last(self, progress: Progress) -> None:
        """Save everything that the run needs to go on; raises TrainingError where weights are no numbers."""
        self.trainer.check_weights(progress.step)
        if self.is_lead:
            state = {**dataclasses.asdict(progress), **self._computing()}
            self._write(self.folder.last, progress, Training(state, self.trainer.state()))

    def save_best(self, progress: Progress) -> None:
        """Keep the weights that colour as the best so far."""
        if self.is_lead:
            self._write(self.folder.best, progress)

    def _write(self, folder: Path, progress: Progress, training: Training | None = None) -> None:
        rows, columns = self.pairs.shape
        frame = None if rows == columns else (columns, rows)
        info = CheckpointInfo(self.model, plain(self.params), progress.step, dict(progress.figures), frame=frame)
        write_checkpoint(folder, info, self.trainer.ema_generator.state_dict(), training)

    def _computing(self) -> dict[str, int]:
        """What the last bits of a run depend on beside its settings."""
        threads = torch.get_num_threads() if self.trainer.device.type == "cpu" else 1
        return {"threads": threads, "processes": self.group.world_size}


def fit(run: TrainingRun, callback: TrainCallback) -> TrainReport:
    """The loop: batch, step, log, validate, save, until the end of the run or until asked to stop."""
    config, folder, trainer, group = run.config, run.folder, run.trainer, run.group
    validator = run.build_validator()
    if run.is_lead:
        folder.open(run.about, free=FREE)
    group.barrier()
    progress = run.resume()
    callback.began(run.about, step=progress.step)

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
            factor = lr_factor(config, run.length.share(progress))
            pending.append(trainer.train_step(batches, progress.step, lr_factor=factor))
            progress.step += 1
            pace.steps += 1
            progress.seconds = time.monotonic() - began
            if config.minutes is not None:  # then time decides on rate and end: the same in all processes
                progress.seconds = group.reduce_metrics({"seconds": progress.seconds})["seconds"]
            callback.stepped(progress.step, run.length.share(progress))

            is_over = _is_over(run, progress)
            to_validate = is_over or run.is_due(config.validate_every, progress.step)
            to_sample = (
                to_validate if config.sample_every in (0, "0") else run.is_due(config.sample_every, progress.step)
            )
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
                is_best = progress.add_validation(figures, best_by=config.best_by)
                _log(run, {"step": progress.step, **figures}, callback, tensorboard)
                if is_best:
                    run.save_best(progress)
            if to_sample and run.is_lead:
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
    return TrainReport(
        str(folder.folder),
        progress.step,
        progress.seconds,
        progress.figures,
        progress.best,
        stopped_by=stop,
        notes=run.notes,
        lead=run.is_lead,
    )


def profile(run: TrainingRun, callback: TrainCallback) -> TrainReport:
    """A dry run: sizes of the networks, and memory and time of real steps; nothing is written."""
    callback.began(run.about, step=0)
    batches = run.loader.prefetch(0, workers=0)
    seconds = []
    for step in range(_TIMED_STEPS + 1):
        step_batches = [next(batches) for _ in range(run.config.accumulate)]
        began = time.perf_counter()
        terms = run.trainer.train_step(step_batches, step)
        check_finite({name: float(value) for name, value in terms.items()}, step)
        seconds.append(time.perf_counter() - began)
    step_seconds = min(seconds[1:])
    estimate: dict[str, Any] = {
        "parameters": {name: count_parameters(network) for name, network in run.trainer.task.networks.items()},
        "training_pictures": len(run.pairs),
        "steps": run.length.last_step if run.length.last_step is not None else "as time allows",
        "seconds_a_step": round(step_seconds, 4),
        "pictures_a_second": round(run.pictures_per_step / step_seconds, 2),
        "peak_memory_gb": round(peak_memory(run.trainer.device) / 2**30, 2),
        "hours": run.length.hours(step_seconds),
    }
    return TrainReport(str(run.folder.folder), notes=run.notes, estimate=estimate, lead=run.is_lead)


def count_parameters(network: torch.nn.Module) -> int:
    """How many numbers a network learns."""
    frozen = set(frozen_names(network))
    return sum(weight.numel() for name, weight in network.named_parameters() if name not in frozen)


def _load_learning_model(model: str) -> ModuleType:
    module = registry.load("models", model)
    if not hasattr(module, "build_task"):
        able = registry.names_with("models", "build_task")
        raise UsageError(f"the model '{model}' does not learn", hint=f"Choose from: {', '.join(able)}")
    return module


def _digests(datasets: Sequence[Dataset]) -> list[str]:
    return [sha256((dataset.folder / MANIFEST).read_bytes()) for dataset in datasets]


def _trainer_config(config: TrainConfig, device: torch.device) -> TrainerConfig:
    return TrainerConfig(
        optimizer=OptimizerConfig(lr=config.learning_rate, betas=(config.beta1, config.beta2)),
        ema=config.ema,
        precision=choose_precision(config.precision, device),
        channels_last=config.channels_last,
        compile=config.compile,
        gradient_checkpointing=config.gradient_checkpointing,
        seed=config.seed,
    )


def _is_over(run: TrainingRun, progress: Progress) -> bool:
    """Whether the run has ended, the same in all processes."""
    is_over = run.length.is_over(progress)
    return bool(run.group.all_reduce_max(int(is_over))) if run.length.minutes is not None else is_over


def _metrics(run: TrainingRun, progress: Progress, pace: Pace) -> dict[str, Any]:
    """A line of metrics.jsonl: losses and pace since the last one."""
    losses = run.group.reduce_metrics(progress.take_losses())
    return {
        "step": progress.step,
        "epoch": round(progress.step * run.pictures_per_step / len(run.pairs), 4),
        "learning_rate": run.config.learning_rate * lr_factor(run.config, run.length.share(progress)),
        **{name: round(value, 6) for name, value in losses.items()},
        **pace.figures(run.pictures_per_step),
        "seconds": round(progress.seconds, 1),
    }


def _log(run: TrainingRun, row: dict[str, Any], callback: TrainCallback, tensorboard: TensorBoardLogger) -> None:
    if run.is_lead:
        run.folder.log(row)
    tensorboard.log(row)
    callback.logged(row)
