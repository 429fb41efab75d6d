"""Puts together the parts of one training run, and keeps what it needs to go on."""

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from pipelines.core.data.manifest import Dataset
from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import plain
from pipelines.inference.checkpoint import Training, load_checkpoint, read_training, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.types import NetworkSpec
from pipelines.nn.devices import Precision, choose_precision
from pipelines.nn.frozen import frozen_names
from pipelines.train.going_on import damaged_last_told, rate_note
from pipelines.train.initial_weights import Start, begin_with
from pipelines.training.config import StepInterval, TrainConfig
from pipelines.training.distributed import ProcessGroup
from pipelines.training.loader import BatchLoader
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.progress import Progress, RunLength
from pipelines.training.run_folder import RunFolder
from pipelines.training.task import TrainingTask
from pipelines.training.trainer import Trainer, TrainerConfig, of_process
from pipelines.training.training_data import examples_of, open_pairs
from pipelines.training.validation import Validator

_LOSSES = "losses."  # before the names of sums of losses, of which each process has its own
_NOTED = 5  # pictures that cannot be read are named one by one up to so many


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
        start: Start | None = None,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """before: what the run that is there says of itself, None for a new one."""
        self.model, self.params, self.config, self.about = str(about["model"]), params, config, about
        self.folder, self.group, self.is_lead = folder, group, group.rank == 0
        self._before = before
        trainer_config = _trainer_config(config, about["computed_in"])
        self._spec: NetworkSpec = module.network_spec(params)
        self.pairs, self._validation_pairs = open_pairs(datasets, self._spec, config)
        self._notes = [*self.pairs.notes, *getattr(module, "training_notes", lambda _: ())(params)]
        chosen = choose_precision(config.precision, device)
        if chosen != trainer_config.precision:
            self.note(
                f"the run goes on in {trainer_config.precision}, as it began; a new one would learn in {chosen} here"
            )
        torch.manual_seed(config.seed)
        task: TrainingTask = module.build_task(params)
        if start is not None and self.is_lead:  # the others are given the first one's weights
            self.note(begin_with(start, task.networks, task.generator, frozen=set(frozen_names(task.networks))))
        self.trainer = Trainer(task, trainer_config, device=device, group=group)
        examples = examples_of(module, params, self.pairs, config)
        self._notes += getattr(examples, "notes", ())
        self.loader = BatchLoader(
            examples,
            len(self.pairs),
            batch_size=config.batch_size,
            seed=config.seed,
            unpaired=self.trainer.task.unpaired,
            rank=group.rank,
            world_size=group.world_size,
        )
        self.pictures_per_step = config.batch_size * config.accumulate * group.world_size
        self.length = self._length_of(config)

    def is_due(self, interval: int | str, step: int) -> bool:
        """Whether what is done at an interval is done after a step."""
        every = StepInterval.parse("interval", interval)
        return every.is_due(step, pictures=len(self.pairs), pictures_per_step=self.pictures_per_step)

    def note(self, note: str) -> None:
        """Keep something that people should know of the run."""
        self._notes.append(note)

    @property
    def reads_pictures(self) -> bool:
        """Whether the model turns pictures into others, instead of colouring line art."""
        return self._spec.encoding.reads_picture

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

    def build_validator(self, count: int | None = None) -> Validator:
        """The validation pictures, or training pictures where there are none; at most `count` of them."""
        wanted = self.config.validate_pictures
        pairs = self._validation_pairs
        if not len(pairs):
            self.note("the dataset has no validation pictures: training pictures are shown and measured instead")
            pairs = self.pairs
        return Validator(
            pairs,
            self._spec.encoding,
            count=min(wanted, wanted if count is None else count),
            device=self.trainer.device,
            best_by=self.config.best_by,
            paints_by_domain=self._spec.paints_by_domain,
        )

    def resume(self) -> Progress:
        """Where the run stands, everything loaded; a new run stands at step 0."""
        self.group.barrier()
        if not self.folder.has_last():
            if self.is_lead:
                self.folder.cut_metrics(-1)
            return Progress()
        with damaged_last_told(self.folder.folder):
            progress = self._load_last()
        changed_rate = rate_note(self.config, self._before or {}, progress, self._length_of)
        if changed_rate:
            self.note(changed_rate)
        if self.is_lead:
            self.folder.cut_metrics(progress.step)
        return progress

    def _load_last(self) -> Progress:
        training = read_training(self.folder.last)
        state = dict(training.about)
        computed_by = {name: state.pop(name, count) for name, count in self._computing().items()}
        progress = Progress.from_json(state)
        if progress.best and not {self.config.best_by, "step", "val_psnr", "val_l1"} <= progress.best.keys():
            raise ValueError("the best validation lacks figures")
        ema_generator, _ = load_checkpoint(self.folder.last)
        self.trainer.load_state(training.tensors, ema_generator.state_dict())
        for name, total in of_process(training.tensors, self.group.rank).items():
            if name.startswith(_LOSSES):
                progress.loss_sums[name.removeprefix(_LOSSES)] = float(total)
        for name, count in self._computing().items():
            if computed_by[name] != count:
                self.note(f"the run had {computed_by[name]} {name} so far, now {count}: it does not repeat bit for bit")
        return progress

    def _length_of(self, config: TrainConfig) -> RunLength:
        return RunLength.of(config, pictures=len(self.pairs), pictures_per_step=self.pictures_per_step)

    def save_last(self, progress: Progress) -> None:
        """Save everything that the run needs to go on; raises TrainingError where weights are no numbers."""
        self.trainer.check_weights(progress.step)
        sums = {
            f"{_LOSSES}{name}": torch.tensor(total, dtype=torch.float64) for name, total in progress.loss_sums.items()
        }
        tensors = self.trainer.state_of_all(sums)
        if self.is_lead:
            state = {**dataclasses.asdict(progress), **self._computing()}
            self._write(self.folder.last, progress, Training(state, tensors))

    def save_best(self, progress: Progress) -> None:
        """Keep the weights that colour as the best so far; raises TrainingError where weights are no numbers."""
        self.trainer.check_weights(progress.step)
        if self.is_lead:
            self._write(self.folder.best, progress)

    def _write(self, folder: Path, progress: Progress, training: Training | None = None) -> None:
        rows, columns = self.pairs.shape
        frame = None if rows == columns else (columns, rows)
        params = plain(self.params) | dict.fromkeys(self.about.get("weight_files", ()), "")  # places of this machine
        info = CheckpointInfo(self.model, params, progress.step, dict(progress.figures), frame=frame)
        write_checkpoint(folder, info, self.trainer.ema_generator.state_dict(), training)

    def _computing(self) -> dict[str, int]:
        """What the last bits of a run depend on beside its settings."""
        threads = torch.get_num_threads() if self.trainer.device.type == "cpu" else 1
        return {"threads": threads, "processes": self.group.world_size}


UNSAID = ("computed_in",)
"""What runs of earlier versions do not say of themselves."""


def settle_precision(config: TrainConfig, device: torch.device, before: Mapping[str, Any] | None) -> Precision:
    """The precision in which a run learns: with "auto" that in which it began, on whatever it goes on.

    before: what the run that is there says of itself. Raises SettingsError for fp16 on a CPU, UsageError for a run that
    says no precision that there is.
    """
    began_in: Precision | None = (before or {}).get("computed_in")
    if began_in is not None and began_in not in typing.get_args(Precision):
        raise UsageError(
            f"the run says that it is computed in '{show_path(began_in)}': it is damaged",
            hint="Give a new folder after -o",
        )
    asked = began_in if config.precision == "auto" and began_in is not None else config.precision
    return choose_precision(asked, device)


def agreed_precision(own: Precision, group: ProcessGroup) -> Precision:
    """The precision in which all processes learn: the first one's, since what "auto" means is measured in each."""
    precisions: tuple[Precision, ...] = typing.get_args(Precision)
    return precisions[group.number_of_first(precisions.index(own))]


def _trainer_config(config: TrainConfig, precision: Precision) -> TrainerConfig:
    return TrainerConfig(
        optimizer=OptimizerConfig(lr=config.learning_rate, betas=(config.beta1, config.beta2)),
        ema=config.ema,
        precision=precision,
        channels_last=config.channels_last,
        compile=config.compile,
        gradient_checkpointing=config.gradient_checkpointing,
        freeze=config.freeze,
        seed=config.seed,
    )
