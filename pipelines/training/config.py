"""Declares how a model is trained, apart from what it is: how long, how fast, on what, how often it is looked at."""

from dataclasses import dataclass
from typing import Literal

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number

# how long, where and how often: a run may go on with others of these
FREE = ("steps", "epochs", "minutes", "save_minutes", "log_every", "workers", "cache_gb", "tensorboard")


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; how long is the first of steps, epochs and minutes that is reached."""

    steps: int | None = None  # optimizer steps
    epochs: float | None = None  # times that every training picture is seen
    minutes: float | None = None  # time spent training; the rate then falls with the time, so runs do not repeat
    batch_size: int = 1  # pictures a step and device; the papers' batch is 1
    accumulate: int = 1  # batches whose gradients are added up in a step
    learning_rate: float = 2e-4  # of Adam, as in both papers
    beta1: float = 0.5  # of Adam, as in both papers
    beta2: float = 0.999  # of Adam
    constant: float = 0.5  # share of the run before the learning rate falls linearly to 0
    ema: float = 0.999  # averaging of the weights that colour: share that stays in a step, 0 none
    flip: bool = True  # mirror half of the pictures
    jitter: float = 0.0  # enlarge by up to this share and cut to size again; .12 is the papers' 286 -> 256
    hue: float = 0.0  # turn the colours of picture and hints by up to this share of the hue circle
    vary_hints: bool = False  # other hints each time: none, some of them, or dabs and strokes anywhere
    vary_lines: float = 0.0  # share of the pictures whose lines are drawn otherwise: width, gaps, tone, softness
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"  # auto: bf16 where the device computes in it, else fp32
    channels_last: bool = True  # memory layout in which convolutions are faster on most devices
    compile: bool = False  # torch.compile
    gradient_checkpointing: bool = False  # compute activations twice instead of keeping them
    seed: int = 0  # of weights, order, augmentation, dropout
    workers: int = 2  # threads that read ahead
    cache_gb: float = 4.0  # memory for decoded pictures
    threads: int | None = None  # CPU threads that compute; None: torch's choice. Part of what repeats bit for bit
    log_every: int = 20  # steps between lines in metrics.jsonl
    validate_every: int = 500  # steps between validations, each with a sample sheet
    validate_pictures: int = 64  # of the validation split
    save_minutes: float = 5.0  # between saves of `last`; validations save it too
    tensorboard: bool = False  # write events for TensorBoard too

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name in ("steps", "epochs", "minutes"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), 0, 1e12)
        for name in ("batch_size", "accumulate", "log_every", "validate_every", "validate_pictures"):
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
        if not self.learning_rate > 0:
            raise SettingsError(f"learning_rate = {self.learning_rate} is out of range", hint="Use one above 0")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(
                    f"{name} = {getattr(self, name)} is out of range", hint="Use a number from 0 to below 1"
                )
        if self.threads is not None:
            check_number("threads", self.threads, 1)
