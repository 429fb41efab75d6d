"""Stage: datasets of pairs -> a run: checkpoints that colour, figures, sample sheets.

One loop for all models, read from top to bottom in `_learn`; what is optimised is the model's (`models/_players.py`),
one step is `models/_game.py`, which batch comes when is `models/_feed.py`. Chance in a step is seeded by (seed, step)
and batches by the step, so a run that was stopped, however, goes on as if it had not been.
"""

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from pipelines.inference.checkpoint import TRAINING as TRAINING_FILE
from pipelines.inference.checkpoint import Training, load_checkpoint, read_training, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo, recover
from pipelines.nn.devices import choose_device
from pipelines.training.augmentation import Augmentation
from pipelines.training.callbacks import (
    FollowerCallback,
    NullCallback,
    Stop,
    TensorBoardLogger,
    TrainCallback,
    event_writer,
)
from pipelines.training.config import FREE, TrainConfig
from pipelines.training.distributed import ProcessGroup, choose_precision, launch
from pipelines.training.loader import BatchLoader
from pipelines.training.pair_dataset import PairDataset
from pipelines.training.run_folder import RunFolder
from pipelines.training.task import TrainingTask
from pipelines.training.trainer import OptimConfig, Trainer, check_finite
from pipelines.training.validation import Validator

Row = dict[str, Any]

_DEFAULT_EPOCHS = 200.0  # Pix2Pix and CycleGAN papers: 100 at full rate, 100 falling to 0
_TIMED_STEPS = 3  # of a dry run, after one to warm up


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
        return {"": 0, "interrupt": 130, "termination": 143}[self.stopped_by]


@dataclass
class _Progress:
    """Where a run stands; what is saved of it beside tensors."""

    step: int = 0
    seconds: float = 0.0
    best: dict[str, float] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)  # of losses since the last line of metrics
    summed: int = 0


@dataclass
class _Pace:
    """How fast it went since the last line of metrics; validation does not count."""

    began: float  # seconds of time.monotonic
    waited: float = 0.0  # for batches, seconds
    steps: int = 0


def train(
    datasets: Sequence[str | Path],
    output: str | Path,
    *,
    model: str = "pix2pix",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    dry_run: bool = False,
    observer: TrainCallback | None = None,
) -> TrainReport:
    """Train `model` on the datasets' training split into the run folder `output`, or go on with the run that is there.

    values: settings of the model; settings: fields of TrainSettings that the preset's recipe gives way to. Raises
    UsageError before any work; TrainingError where losses become no numbers or pictures collapse, the last good
    checkpoint staying; ColorizeError where the disk is full, the same.
    """
    module = _learning(model)
    params = resolve(module, values or {}, preset=preset)
    chosen = settings_of(module, preset, settings or {})
    where = choose_device(device)
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    shelves = [open_dataset(folder) for folder in datasets]
    if not shelves:
        raise UsageError("there is no dataset", hint="Build one: colorize-cli build-dataset PICTURES -o DATASET")
    about = {"model": model, "params": plain(params), "settings": plain(chosen), "datasets": _digests(shelves)}
    if not dry_run:
        RunFolder(Path(output)).check(about, free=FREE)  # before other processes start: one of them says it
        if chosen.tensorboard:
            event_writer()
    team, where = launch(where, devices=devices, nodes=nodes)
    run = _Run(module, params, chosen, shelves, Path(output), about, where, team)
    watching = (observer or NullCallback()) if team.rank == 0 else FollowerCallback(observer or NullCallback())
    return run.estimate(watching) if dry_run else run.go(watching)


def settings_of(module: ModuleType, preset: str | None, explicit: Mapping[str, Any]) -> TrainConfig:
    """The training settings: defaults, then the preset's recipe, then what was asked for."""
    recipe = dict(module.RECIPES.get(preset or "standard", {}))
    if any(explicit.get(name) is not None for name in ("steps", "epochs", "minutes")):
        for name in ("steps", "epochs", "minutes"):
            recipe.pop(name, None)
    chosen = TrainConfig(**recipe | dict(explicit))
    if chosen.steps is chosen.epochs is chosen.minutes is None:
        chosen = dataclasses.replace(chosen, epochs=_DEFAULT_EPOCHS)
    return chosen


class _Run:
    """One run: its parts, and the loop over them."""

    def __init__(
        self,
        module: ModuleType,
        params: Any,
        settings: TrainConfig,
        datasets: Sequence[Dataset],
        folder: Path,
        about: Row,
        device: torch.device,
        team: ProcessGroup,
    ) -> None:
        self.module, self.params, self.settings, self.about = module, params, settings, about
        self.folder, self.files, self.device, self.team = folder, RunFolder(folder), device, team
        self.precision = choose_precision(settings.precision, device)
        cache = int(settings.cache_gb * 2**30)
        filled = (
            module.network_spec(params).encoding.name == "filled"
        )  # then the feed keeps pictures filled, and few as they are
        self.shelf = PairDataset(datasets, "train", size=params.size, cache_bytes=cache // 8 if filled else cache)
        self.validation = PairDataset(datasets, "val", size=params.size, cache_bytes=0)
        self.notes: list[str] = []
        torch.manual_seed(settings.seed)
        self.learner: TrainingTask = module.build_task(params)
        self.game = Trainer(self.learner, self._rules(), device=device, team=team)
        self.feed = BatchLoader(
            self.shelf,
            module.network_spec(params).encoding,
            batch_size=settings.batch_size,
            seed=settings.seed,
            augmentation=Augmentation(
                settings.flip, settings.jitter, settings.hue, settings.vary_hints, settings.vary_lines
            ),
            unpaired=self.learner.unpaired,
            cache_bytes=cache - cache // 8 if filled else 0,
            rank=team.rank,
            world=team.size,
        )
        self.pictures_a_step = settings.batch_size * settings.accumulate * team.size
        self.last_step = self._last_step()

    def go(self, watching: TrainCallback) -> TrainReport:
        """Train from the beginning or from where the run stands."""
        judge = self._judge()
        if self.team.rank == 0:
            self.files.open(self.about, free=FREE)
        self.team.wait()
        progress = self._resumed()
        watching.began(self.about, step=progress.step)
        board = TensorBoardLogger(self.folder, progress.step, wanted=self.settings.tensorboard and self.team.rank == 0)
        try:
            stop = self._learn(progress, judge, watching, board)
        finally:
            board.close()
        report = TrainReport(str(self.folder), progress.step, progress.seconds, stopped_by=stop)
        return dataclasses.replace(
            report,
            figures=progress.figures,
            best=progress.best,
            notes=self._all_notes(),
            lead=self.team.rank == 0,
        )

    def _learn(self, progress: _Progress, judge: Validator, watching: TrainCallback, board: TensorBoardLogger) -> Stop:
        """The loop: batch, step, log, validate, save, until the end of the run or until asked to stop."""
        settings, began = self.settings, time.monotonic() - progress.seconds
        saved, pace = time.monotonic(), _Pace(time.monotonic())
        stop: Stop = ""
        batches = self.feed.ahead(progress.step * settings.accumulate, workers=settings.workers)
        pending: list[dict[str, Tensor]] = []
        while not self._ended(progress):
            stop = _asked(self.team, watching)
            if stop:
                break
            asked = time.monotonic()
            several = [next(batches) for _ in range(settings.accumulate)]
            pace.waited += time.monotonic() - asked
            pending.append(self.game.step(several, progress.step, rate=self._rate(progress)))
            progress.step += 1
            pace.steps += 1
            progress.seconds = self._agreed(time.monotonic() - began)
            watching.stepped(progress.step, self._share(progress))
            log = progress.step % settings.log_every == 0
            judged = progress.step % settings.validate_every == 0 or self._ended(progress)
            save = judged or self._time_to_save(saved)
            if log or save:
                _settle(pending, progress)
            if log:
                self._log(self._row(progress, pace), watching, board)
                pace = _Pace(time.monotonic())
            if judged:
                asked = time.monotonic()
                self._validate(progress, judge, watching, board)
                pace.began += time.monotonic() - asked
            if save:
                self._save(progress)
                saved = time.monotonic()
        _settle(pending, progress)
        batches.close()  # type: ignore[attr-defined]
        if stop:
            self._save(progress)
        return stop

    def _validate(
        self, progress: _Progress, judge: Validator, watching: TrainCallback, board: TensorBoardLogger
    ) -> None:
        verdict = judge(self.game.painter, step=progress.step)
        progress.figures = verdict.figures
        better = verdict.figures["val_psnr"] > progress.best.get("val_psnr", float("-inf"))
        if better:
            progress.best = {**verdict.figures, "step": progress.step}
        if self.team.rank:
            return
        self._log({"step": progress.step, **verdict.figures}, watching, board)
        sheet = encode_png(verdict.sheet)
        self.files.keep_sample(progress.step, sheet)
        board.show(verdict.sheet, progress.step)
        if better:
            write_checkpoint(self.folder / "best", self._card(progress), self.game.painter.state_dict())

    def _save(self, progress: _Progress) -> None:
        self.game.check_weights(progress.step)
        if self.team.rank:
            return
        about = {**dataclasses.asdict(progress), **self._computing()}
        training = Training(about, self.game.state())
        weights = self.game.painter.state_dict()
        write_checkpoint(self.folder / "last", self._card(progress), weights, training)

    def _computing(self) -> dict[str, int]:
        """What the last bits of a run depend on beside its settings."""
        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        return {"threads": threads, "processes": self.team.size}

    def _resumed(self) -> _Progress:
        """Where the run stands, everything loaded; a new run stands at step 0."""
        last = self.folder / "last"
        if self.team.rank == 0:
            recover(last)
        self.team.wait()
        if not (last / TRAINING_FILE).is_file():
            if self.team.rank == 0:
                self.files.cut_metrics(-1)
            return _Progress()
        training = read_training(last)
        about = dict(training.about)
        for name, now in self._computing().items():
            before = about.pop(name, now)
            if before != now:
                self.notes.append(f"the run had {before} {name} so far, now {now}: it does not repeat bit for bit")
        painter, _ = load_checkpoint(last)
        self.game.load_state(training.tensors, painter.state_dict())
        progress = _Progress(**about)
        if self.team.rank == 0:
            self.files.cut_metrics(progress.step)
        return progress

    def estimate(self, watching: TrainCallback) -> TrainReport:
        """A dry run: sizes of the networks, and memory and time of real steps; nothing is written."""
        watching.began(self.about, step=0)
        batches = self.feed.ahead(0, workers=0)
        seconds = []
        for number in range(_TIMED_STEPS + 1):
            several = [next(batches) for _ in range(self.settings.accumulate)]
            began = time.perf_counter()
            terms = self.game.step(several, number)
            check_finite({name: float(value) for name, value in terms.items()}, number)
            seconds.append(time.perf_counter() - began)
        step_seconds = min(seconds[1:])
        estimate: Row = {
            "parameters": {name: count_parameters(one) for name, one in self.learner.networks.items()},
            "training_pictures": len(self.shelf),
            "steps": self.last_step if self.last_step is not None else "as time allows",
            "seconds_a_step": round(step_seconds, 4),
            "pictures_a_second": round(self.pictures_a_step / step_seconds, 2),
            "peak_memory_gb": round(_peak_memory(self.device) / 2**30, 2),
            "hours": self._hours(step_seconds),
        }
        return TrainReport(str(self.folder), notes=self._all_notes(), estimate=estimate)

    def _hours(self, step_seconds: float) -> float:
        by_steps = self.last_step * step_seconds / 3600 if self.last_step is not None else float("inf")
        by_time = self.settings.minutes / 60 if self.settings.minutes is not None else float("inf")
        return round(min(by_steps, by_time), 3)

    def _judge(self) -> Validator:
        shelf, count = self.validation, self.settings.validate_pictures
        if not len(shelf):
            self.notes.append(
                "the dataset has no validation pictures: training pictures are shown and measured instead"
            )
            shelf = self.shelf
        if not len(shelf):
            raise UsageError("the dataset has no pictures to train on", hint="Build it with a training split")
        return Validator(shelf, self.module.network_spec(self.params).encoding, count=count, device=self.device)

    def _rules(self) -> OptimConfig:
        shared = {item.name for item in dataclasses.fields(OptimConfig)} - {"precision"}
        taken = {name: getattr(self.settings, name) for name in shared}
        return OptimConfig(precision=self.precision, **taken)

    def _card(self, progress: _Progress) -> CheckpointInfo:
        name = self.module.__name__.rsplit(".", 1)[-1]
        return CheckpointInfo(name, plain(self.params), progress.step, dict(progress.figures))

    def _last_step(self) -> int | None:
        """The step at which the run ends, by steps and epochs; None where only time ends it."""
        ends = [self.settings.steps] if self.settings.steps is not None else []
        if self.settings.epochs is not None:
            ends.append(-(-int(self.settings.epochs * len(self.shelf)) // self.pictures_a_step))
        return min(ends) if ends else None

    def _share(self, progress: _Progress) -> float:
        """How much of the run is behind, from 0 to 1."""
        by_steps = progress.step / max(self.last_step, 1) if self.last_step is not None else 0.0
        by_time = progress.seconds / max(self.settings.minutes * 60, 1e-9) if self.settings.minutes is not None else 0.0
        return min(max(by_steps, by_time), 1.0)

    def _ended(self, progress: _Progress) -> bool:
        if self.last_step is not None and progress.step >= self.last_step:
            return True
        over = self.settings.minutes is not None and progress.seconds >= self.settings.minutes * 60
        return bool(self.team.agree(int(over))) if self.settings.minutes is not None else False

    def _rate(self, progress: _Progress) -> float:
        """The factor on the learning rate: 1, then falling linearly to 0 at the end."""
        share = self._share(progress)
        return 1.0 if share < self.settings.constant else (1 - share) / max(1 - self.settings.constant, 1e-9)

    def _time_to_save(self, saved: float) -> bool:
        return bool(self.team.agree(int(time.monotonic() - saved >= self.settings.save_minutes * 60)))

    def _agreed(self, seconds: float) -> float:
        """The time that decides on the learning rate and the end, the same in all processes."""
        return self.team.means({"seconds": seconds})["seconds"] if self.settings.minutes is not None else seconds

    def _row(self, progress: _Progress, pace: _Pace) -> Row:
        losses = self.team.means({name: total / progress.summed for name, total in progress.sums.items()})
        progress.sums, progress.summed = {}, 0
        seconds = max(time.monotonic() - pace.began, 1e-9)
        return {
            "step": progress.step,
            "epoch": round(progress.step * self.pictures_a_step / len(self.shelf), 4),
            "learning_rate": self.settings.learning_rate * self._rate(progress),
            **{name: round(value, 6) for name, value in losses.items()},
            "pictures_a_second": round(pace.steps * self.pictures_a_step / seconds, 3),
            "data_share": round(pace.waited / seconds, 4),
            "seconds": round(progress.seconds, 1),
        }

    def _log(self, row: Row, watching: TrainCallback, board: TensorBoardLogger) -> None:
        if self.team.rank == 0:
            self.files.log(row)
            board.add(row)
        watching.logged(row)

    def _all_notes(self) -> tuple[str, ...]:
        shelves = (self.shelf, self.validation)
        unreadable = [reason for shelf in shelves for _, reason in sorted(shelf.unreadable.items())]
        named = [f"left out, since it cannot be read: {reason}" for reason in unreadable[:5]]
        if len(unreadable) > len(named):
            named.append(f"... and {len(unreadable) - len(named)} more")
        return (*self.notes, *named)


def count_parameters(network: torch.nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(weight.numel() for weight in network.parameters())


def _learning(model: str) -> ModuleType:
    module = registry.load("models", model)
    if not hasattr(module, "build_task"):
        able = [name for name in registry.names("models") if hasattr(registry.load("models", name), "build_task")]
        raise UsageError(f"the model '{model}' does not learn", hint=f"Choose from: {', '.join(able)}")
    return module


def _digests(datasets: Sequence[Dataset]) -> list[str]:
    return [sha256((dataset.folder / MANIFEST).read_bytes()) for dataset in datasets]


def _asked(team: ProcessGroup, watching: TrainCallback) -> Stop:
    codes: tuple[Stop, ...] = ("", "interrupt", "termination")
    return codes[team.agree(codes.index(watching.stop_wanted()))]


def _settle(pending: list[dict[str, Tensor]], progress: _Progress) -> None:
    """Bring the losses of the steps since the last time from the device, checked, into the sums."""
    for number, terms in enumerate(pending, start=progress.step - len(pending) + 1):
        values = {name: float(value) for name, value in terms.items()}
        check_finite(values, number)
        for name, value in values.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + value
    progress.summed += len(pending)
    pending.clear()


def _peak_memory(device: torch.device) -> float:
    """The most memory that this process has held so far, bytes; on a GPU, of its memory."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)
