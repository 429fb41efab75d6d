"""Declares how a model is trained, apart from what it is: how long, how fast, on what, how often it is looked at."""

import dataclasses
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any, Literal, NamedTuple

from pipelines.core.errors import SettingsError
from pipelines.core.registry import suggestion
from pipelines.core.settings import check_number

_DEFAULT_EPOCHS = 200.0  # Pix2Pix and CycleGAN papers: 100 at full rate, 100 falling to 0

Schedule = Literal["linear", "constant", "exponential", "steps", "plateau"]
Figure = Literal["val_psnr", "val_l1", "val_ssim", "val_delta_e"]
"""What validation reports: `val_psnr` in dB, `val_l1` in levels of 255; where asked for, the metric ssim or delta_e."""

_OF_SCHEDULES: dict[str, tuple[Schedule, ...]] = {
    "constant": ("linear",),
    "lr_decay": ("exponential", "steps", "plateau"),
    "milestones": ("steps",),
    "plateau": ("plateau",),
}
"""Settings that only these schedules read."""

_INTERVAL = re.compile(r"(-?\d+(?:\.\d+)?)\s*(epochs?)?")

HIGHER_IS_BETTER: dict[Figure, bool] = {"val_psnr": True, "val_l1": False, "val_ssim": True, "val_delta_e": False}

_DECAYS: dict[Schedule, float] = {"exponential": 0.1, "steps": 0.1, "plateau": 0.5}

# how long, where and how often: a run may go on with others of these
FREE = (
    *("steps", "epochs", "minutes", "patience", "save_minutes", "log_every", "sample_every"),
    *("workers", "cache_gb", "tensorboard"),
)


class StepInterval(NamedTuple):
    """How often something is done: every so many steps, or epochs."""

    length: float
    is_epochs: bool

    @classmethod
    def parse(cls, name: str, value: int | str) -> "StepInterval":
        """An interval from a number of steps, "500", or of epochs, "1epoch"; raises SettingsError for anything else."""
        match = _INTERVAL.fullmatch(str(value).strip())
        is_epochs = bool(match and match[2])
        if match is None or not float(match[1]) > 0 or not (is_epochs or float(match[1]).is_integer()):
            problem = "is no interval" if match is None else "is out of range"
            raise SettingsError(f"{name} = {value} {problem}", hint="Use a number of steps, or such as 1epoch")
        return cls(float(match[1]), is_epochs)

    def is_due(self, step: int, *, pictures: int, pictures_per_step: int) -> bool:
        """Whether a step, counted from 1, ends one: the first at which that many steps or epochs are full."""
        if not self.is_epochs:
            return step % int(self.length) == 0
        seen, span = step * pictures_per_step, self.length * pictures
        return seen // span > (seen - pictures_per_step) // span


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; how long is the first of steps, epochs and minutes that is reached."""

    steps: Annotated[int | None, "optimizer steps"] = None
    epochs: Annotated[float | None, "times that every training picture is seen"] = None
    minutes: Annotated[
        float | None, "time spent training; the rate then falls with the time, so runs do not repeat"
    ] = None
    patience: Annotated[int | None, "end after so many validations without a better `best_by`"] = None
    batch_size: Annotated[int, "pictures a step and device; the papers' batch is 1"] = 1
    accumulate: Annotated[int, "batches whose gradients are added up in a step"] = 1
    learning_rate: Annotated[float, "of what names no optimizer of its own; Adam, as in both papers"] = 2e-4
    beta1: Annotated[float, "of Adam, as in both papers"] = 0.5
    beta2: Annotated[float, "of Adam"] = 0.999
    schedule: Annotated[
        Schedule,
        "how the learning rate goes on: linear holds it, then falls to 0; exponential, steps and plateau, by lr_decay",
    ] = "linear"
    constant: Annotated[float, "share of the run before the learning rate falls linearly to 0"] = 0.5
    lr_decay: Annotated[
        float | None,
        "factor on the learning rate: at the end if exponential (None: .1), at each milestone if steps (.1), where "
        "val_l1 falls no more if plateau (.5)",
    ] = None
    plateau: Annotated[int, "validations without a lower val_l1 after which plateau lowers the learning rate"] = 5
    milestones: Annotated[tuple[float, ...], "shares of the run from which on steps multiply the learning rate"] = (
        0.5,
        0.75,
    )
    ema: Annotated[float, "averaging of the weights that colour: share that stays in a step, 0 none"] = 0.999
    freeze: Annotated[
        tuple[str, ...], "networks, or NETWORK.PART of them, that stay as they are: their weights and their statistics"
    ] = ()
    flip: Annotated[bool, "mirror half of the pictures"] = True
    jitter: Annotated[float, "enlarge by up to this share and cut to size again; .12 is the papers' 286 -> 256"] = 0.0
    hue: Annotated[float, "turn the colours of picture and hints by up to this share of the hue circle"] = 0.0
    vary_hints: Annotated[bool, "other hints each time: none, some of them, or dabs and strokes anywhere"] = False
    vary_lines: Annotated[
        float, "share of the pictures whose lines are drawn otherwise: width, gaps, tone, softness"
    ] = 0.0
    redraw_hints: Annotated[
        str, "METHOD or METHOD:PRESET of the hints family: hints drawn anew each time on the picture as it is seen"
    ] = ""
    hintless: Annotated[float, "share of the pictures that are seen without any hint"] = 0.0
    line_mix: Annotated[
        str, "KIND=SHARE,... of the dataset's kinds of lines, one drawn each time; an epoch then counts pictures"
    ] = ""
    input_jitter: Annotated[
        float, "brightness of the line art, or of the picture to be turned into another, changed by up to this share"
    ] = 0.0
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"], "auto: bf16 where the device computes in it, else fp32"
    ] = "auto"
    channels_last: Annotated[bool, "memory layout in which convolutions are faster on most devices"] = True
    compile: Annotated[bool, "torch.compile"] = False
    gradient_checkpointing: Annotated[bool, "compute activations twice instead of keeping them"] = False
    seed: Annotated[int, "of weights, order, augmentation, dropout"] = 0
    workers: Annotated[int, "threads that read ahead"] = 2
    cache_gb: Annotated[float, "memory for decoded pictures"] = 4.0
    threads: Annotated[
        int | None, "CPU threads that compute; None: torch's choice. Part of what repeats bit for bit"
    ] = None
    log_every: Annotated[int, "steps between lines in metrics.jsonl"] = 20
    validate_every: Annotated[int | str, "steps between validations, or epochs, such as 1epoch"] = 500
    sample_every: Annotated[
        int | str, "steps between sample sheets, or epochs, such as 25epochs; 0: with each validation"
    ] = 0
    validate_pictures: Annotated[int, "of the validation split"] = 64
    best_by: Annotated[
        Figure, "figure by which `best` is chosen: val_psnr and val_ssim the highest, val_l1 and val_delta_e the lowest"
    ] = "val_psnr"
    save_minutes: Annotated[float, "between saves of `last`; validations save it too"] = 5.0
    tensorboard: Annotated[bool, "write events for TensorBoard too"] = False

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        self._check_choices()
        self._check_data()
        for name in ("steps", "epochs", "minutes"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), 0, 1e12)
        for name in ("batch_size", "accumulate", "log_every", "validate_pictures", "plateau"):
            check_number(name, getattr(self, name), 1)
        for name in ("constant", "ema"):
            check_number(name, getattr(self, name), 0, 1)
        for name in ("workers", "save_minutes"):
            check_number(name, getattr(self, name), 0)
        check_number("cache_gb", self.cache_gb, 0, 1e6)
        check_number("jitter", self.jitter, 0, 10)
        check_number("seed", self.seed, 0, 2**32 - 1)
        check_number("hue", self.hue, 0, 0.5)
        check_number("vary_lines", self.vary_lines, 0, 1)
        if self.patience is not None:
            check_number("patience", self.patience, 1)
        check_number("lr_decay", self.decay, 0, 1)
        if self.schedule == "exponential" and not self.decay:
            raise SettingsError("lr_decay = 0 would stop learning at once", hint="Use one above 0, or another schedule")
        for milestone in self.milestones:
            check_number("milestones", milestone, 0, 1)
        if not self.learning_rate > 0:
            raise SettingsError(f"learning_rate = {self.learning_rate} is out of range", hint="Use one above 0")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(
                    f"{name} = {getattr(self, name)} is out of range", hint="Use a number from 0 to below 1"
                )
        if self.threads is not None:
            check_number("threads", self.threads, 1)

    def _check_data(self) -> None:
        """Refuse hints, mixes of lines and intervals that cannot be."""
        from pipelines.core.data.line_mix import parse_line_mix  # with numpy, which --help does without
        from pipelines.core.method_specs import resolve_method_specs

        check_number("hintless", self.hintless, 0, 1)
        check_number("input_jitter", self.input_jitter, 0, 1)
        parse_line_mix(self.line_mix)
        if self.redraw_hints:
            resolve_method_specs("hints", [self.redraw_hints], {})
        if self.redraw_hints and self.vary_hints:
            raise SettingsError(
                "redraw_hints and vary_hints contradict each other", hint="Leave one out: --no-vary-hints"
            )
        StepInterval.parse("validate_every", self.validate_every)
        if self.sample_every != 0:
            StepInterval.parse("sample_every", self.sample_every)

    @property
    def decay(self) -> float:
        """The factor of the schedules that go by one: `lr_decay`, or the schedule's own."""
        return _DECAYS.get(self.schedule, 1.0) if self.lr_decay is None else self.lr_decay

    def _check_choices(self) -> None:
        for name, kind in typing.get_type_hints(type(self)).items():
            if typing.get_origin(kind) is Literal and (value := getattr(self, name)) not in typing.get_args(kind):
                raise SettingsError(f"{name} cannot be '{value}'", hint=suggestion(str(value), typing.get_args(kind)))


def free_settings(config: TrainConfig) -> tuple[str, ...]:
    """Settings with others of which a run may go on, since they change nothing of what it learns in a step.

    How often it is validated is one of them, but where plateaus of what validations say lower the learning rate.
    """
    return FREE if config.schedule == "plateau" else (*FREE, "validate_every")


def settings_of(module: ModuleType, preset: str | None, explicit: Mapping[str, Any]) -> TrainConfig:
    """The training settings: defaults, then the preset's recipe, then what was asked for."""
    recipes: Mapping[str, Mapping[str, Any]] = getattr(module, "RECIPES", {})
    recipe = dict(recipes.get(preset or "standard", {}))
    if any(explicit.get(name) is not None for name in ("steps", "epochs", "minutes")):
        for name in ("steps", "epochs", "minutes"):
            recipe.pop(name, None)
    for asked, other in (("redraw_hints", "vary_hints"), ("vary_hints", "redraw_hints")):
        if explicit.get(asked):  # it takes the place of the recipe's way with hints
            recipe.pop(other, None)
            if recipe.get("hintless") == 1:
                del recipe["hintless"]
    config = TrainConfig(**recipe | dict(explicit))
    if explicit.get("hintless") == 1 and (explicit.get("redraw_hints") or explicit.get("vary_hints")):
        raise SettingsError(
            "hintless = 1 shows no hints: to redraw or vary them would do nothing", hint="Leave one of them out"
        )
    for name, schedules in _OF_SCHEDULES.items():
        if explicit.get(name) is not None and config.schedule not in schedules:
            raise SettingsError(
                f"{name} says nothing where the schedule is {config.schedule}",
                hint=f"Leave it out, or choose the schedule {' or '.join(schedules)}",
            )
    if config.steps is config.epochs is config.minutes is None:
        config = dataclasses.replace(config, epochs=_DEFAULT_EPOCHS)
    return config
