"""Measures a training step of Pix2Pix against a plain textbook loop, and how long the loop waits for data.

    python benchmarks/train_step.py [--rounds 5] [--threads 2] [--device cpu] [--precision auto]
                                   [--dataset DATASET] [--json results.json]

Both learn networks of the same size, U-Net-256 and 70x70 PatchGAN, from the same batch. The textbook's are written
here from torch's own layers; its loop is float32, contiguous and eager: the generator runs once for the
discriminator's step and once more for its own, Adam is torch's default, the generator's step works out the
discriminator's gradients too, losses are read by item() in every step. The other is `pipelines/training/trainer.py`
with its own settings, averaged weights included, in the precision that `train --precision auto` takes on the device, or
in the one given. Both take a step in turn in every round; the figure is the median of
the rounds' ratios. With --dataset, `pipelines.train` then learns from that dataset with two reading threads, and the
share of its time that was spent waiting for data is printed.
"""

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.processor import processor_name
from pipelines.models.pix2pix import Params
from pipelines.models.pix2pix.task import Task
from pipelines.nn.devices import bf16_gain, choose_precision
from pipelines.train import train
from pipelines.training.callbacks import NullCallback
from pipelines.training.task import Batch
from pipelines.training.trainer import Trainer, TrainerConfig

RATE, BETAS, L1_WEIGHT = 2e-4, (0.5, 0.999), 100.0
TARGETS = {"fp32": 1.5, "bf16": 2.2}
DATA_TARGET = 0.02  # of the time


@dataclass(frozen=True)
class StepTimes:
    """Seconds a step took in each round."""

    textbook: list[float]
    ours: list[float]

    @property
    def ratio(self) -> float:
        """Median over rounds of how many times faster ours is."""
        return median(plain / own for plain, own in zip(self.textbook, self.ours, strict=True))


class TextbookUNet(nn.Module):
    """A U-Net of eight scales as tutorials write it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width, *[8 * width] * 5]
        downs: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False)]
        for entering, leaving in pairwise(channels[:-1]):
            convolution = nn.Conv2d(entering, leaving, 4, 2, 1, bias=False)
            downs.append(nn.Sequential(nn.LeakyReLU(0.2), convolution, nn.BatchNorm2d(leaving)))
        downs.append(nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(channels[-2], channels[-1], 4, 2, 1, bias=False)))
        ups: list[nn.Module] = []
        for number, leaving in enumerate(reversed(channels[:-1])):
            entering = channels[-1 - number] * (2 if number else 1)
            raising = nn.ConvTranspose2d(entering, leaving, 4, 2, 1, bias=False)
            dropout = [nn.Dropout(0.5)] if 1 <= number <= 3 else []
            ups.append(nn.Sequential(nn.ReLU(), raising, nn.BatchNorm2d(leaving), *dropout))
        ups.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * width, 3, 4, 2, 1), nn.Tanh()))
        self.downs, self.ups = nn.ModuleList(downs), nn.ModuleList(ups)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 3, 256, 256) in and out."""
        skips = []
        for down in self.downs:
            features = down(features)
            skips.append(features)
        features = self.ups[0](skips.pop())
        for up in list(self.ups)[1:]:
            features = up(torch.cat([skips.pop(), features], 1))
        return features


def textbook_patch_gan(width: int) -> nn.Module:
    """Return a 70x70 PatchGAN as tutorials write it."""
    layers: list[nn.Module] = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for entering, leaving, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
        convolution = nn.Conv2d(entering * width, leaving * width, 4, stride, 1, bias=False)
        layers += [convolution, nn.BatchNorm2d(leaving * width), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


class Textbook:
    """Pix2Pix as tutorials write it."""

    def __init__(self, width: int, device: torch.device) -> None:
        self.generator = TextbookUNet(width).to(device)
        self.discriminator = textbook_patch_gan(width).to(device)
        self._painting = torch.optim.Adam(self.generator.parameters(), lr=RATE, betas=BETAS)
        self._judging = torch.optim.Adam(self.discriminator.parameters(), lr=RATE, betas=BETAS)

    def step(self, batch: Batch) -> tuple[float, float]:
        """Move the discriminator, then the generator; returns their losses."""
        judge, lines = self.discriminator, batch.inputs
        fake = self.generator(lines).detach()
        self._judging.zero_grad()
        seen_real = judge(torch.cat([lines, batch.targets], 1))
        seen_fake = judge(torch.cat([lines, fake], 1))
        judged = 0.5 * (_logistic(seen_real, 1.0) + _logistic(seen_fake, 0.0))
        torch.autograd.backward(judged)
        self._judging.step()
        fake = self.generator(lines)
        self._painting.zero_grad()
        distance = functional.l1_loss(fake, batch.targets)
        painted = _logistic(judge(torch.cat([lines, fake], 1)), 1.0) + L1_WEIGHT * distance
        torch.autograd.backward(painted)
        self._painting.step()
        return judged.item(), painted.item()


def _logistic(logits: Tensor, wanted: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted))


class DataWatch(NullCallback):
    """Keeps the shares of time that the loop waited for data."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def logged(self, row: Mapping[str, Any]) -> None:
        """Called with every line of metrics.jsonl."""
        if "data_share" in row:
            self.shares.append(float(row["data_share"]))


def seconds_of(action: Callable[[], object], device: torch.device) -> float:
    """Time an action, to the end of what it started on the device."""
    began = time.perf_counter()
    action()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def time_steps(
    params: Params, batch_size: int, *, rounds: int, device: torch.device, config: TrainerConfig
) -> StepTimes:
    """Time both loops' steps in turn, after a step of each to warm up."""
    torch.manual_seed(0)
    shape = (batch_size, 3, params.size, params.size)
    batch = Batch(torch.rand(shape) * 2 - 1, torch.rand(shape) * 2 - 1)
    moved = Batch(batch.inputs.to(device), batch.targets.to(device))
    textbook = Textbook(params.ngf, device)
    trainer = Trainer(Task(params), config, device=device)
    times = StepTimes([], [])
    for number in range(rounds + 1):
        plain = seconds_of(lambda: textbook.step(moved), device)
        own = seconds_of(lambda step=number: trainer.train_step([batch], step), device)  # type: ignore[misc]
        if number:
            times.textbook.append(plain)
            times.ours.append(own)
    return times


def data_share(dataset: Path, params: Params, *, batch_size: int, steps: int, device: str) -> float:
    """Return the median share of time that training waits for data with two reading threads."""
    watch = DataWatch()
    settings = {"steps": steps, "batch_size": batch_size, "workers": 2, "log_every": 2, "validate_every": steps}
    values = {"ngf": params.ngf, "ndf": params.ndf}
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        settings["validate_pictures"] = 1
        train([dataset], run, values=values, settings=settings, device=device, callback=watch)
    return median(watch.shares[1:] or watch.shares)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--width", type=int, default=64, help="ngf and ndf")
    parser.add_argument("--threads", type=int, help="default: torch's choice")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--dataset", type=Path, help="of pipelines.build_dataset; measures waiting for data too")
    parser.add_argument("--steps", type=int, default=12, help="of training on the dataset")
    parser.add_argument("--compile", action="store_true", help="torch.compile, which training offers too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    params, device = Params(ngf=options.width, ndf=options.width), torch.device(options.device)
    precision = choose_precision(options.precision, device)
    config = TrainerConfig(compile=options.compile, precision=precision)
    times = time_steps(params, options.batch_size, rounds=options.rounds, device=device, config=config)
    results: dict[str, Any] = asdict(times) | {"ratio": times.ratio, "threads": torch.get_num_threads()}
    results |= {"precision": precision, "processor": processor_name()}
    if device.type == "cpu":
        results["bf16_gain"] = round(bf16_gain(), 2)
        print(f"{processor_name()}: products in bf16 are {bf16_gain():.2f} times as fast as in float32")
    print(f"U-Net-256 and PatchGAN of width {options.width}, batch {options.batch_size}, {device.type}, {precision}")
    print(f"{'loop':12}{'best s':>9}{'median s':>10}{'pictures/s':>12}")
    for name, seconds in asdict(times).items():
        print(f"{name:12}{min(seconds):9.3f}{median(seconds):10.3f}{options.batch_size / median(seconds):12.2f}")
    print(f"ratio, median of {options.rounds} rounds: {times.ratio:.2f} (target {TARGETS[precision]})")
    if options.dataset:
        share = data_share(
            options.dataset, params, batch_size=options.batch_size, steps=options.steps, device=options.device
        )
        results["data_share"] = share
        print(f"waiting for data: {100 * share:.2f} % of the time (target: under {100 * DATA_TARGET:.0f} %)")
    else:
        print("skipped waiting for data: no --dataset")
    if options.json:
        machine = {"machine": platform.platform(), "torch": torch.__version__}
        options.json.write_text(json.dumps(machine | results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
