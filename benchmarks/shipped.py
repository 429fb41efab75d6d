"""Measures `colorize` with the model that comes with the toolkit: time, memory of large drawings, against U-Net-256.

    python benchmarks/shipped.py [--pictures 64] [--size 512] [--large 4000] [--rounds 3] [--json results.json]

Line art and hints are drawn by examples/monsters.py. Runs are processes of their own, files in and files out:

picture    milliseconds a picture of --size px with as many workers as there are cores: the time of all pictures less
           that of one, so that start and loading of the network do not count; the same for flat
network    pictures a second that fillnet and the 54 M U-Net-256 (random weights) bring forward at 256 px on one thread,
           batch 1, in one process in turn, and their ratio
whole      time of a run over all pictures at 256 px with fillnet and with the U-Net-256, and their ratio
large      seconds and peak memory of one drawing of --large px, start included

Each figure is the median of the rounds.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from inference import draw, save_network, seconds_of

from pipelines.models import fillnet, pix2pix

ROOT = Path(__file__).resolve().parent.parent
PICTURE_TARGET, RATIO_TARGET, SECONDS_TARGET, MEMORY_TARGET = 60.0, 5.0, 6.0, 2.0  # ms, times, s, GiB
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def command(lines: Path, output: Path, *more: str) -> list[str]:
    """A run of `colorize` as a process of its own."""
    drawn = lines.parent.parent if lines.is_file() else lines.parent
    hints = drawn / "hints" / lines.name if lines.is_file() else drawn / "hints"
    place = ["colorize", str(lines), "-o", str(output), "--hints", str(hints)]
    return [sys.executable, "-m", "colorize_cli", *place, *more]


def milliseconds_a_picture(folder: Path, pictures: int, model: str) -> float:
    """The time of all pictures less that of one, over the number of the others."""
    drawn, output = folder / "drawn", folder / "out"
    jobs = ("--model", model, "-j", str(os.cpu_count() or 1))
    one = seconds_of(command(folder / "one" / "lines", output, *jobs), output, 1)
    everything = seconds_of(command(drawn / "lines", output, *jobs), output, pictures)
    return (everything - one) / (pictures - 1) * 1000


def forward_seconds(network: torch.nn.Module, channels: int, repeats: int) -> float:
    """Seconds of one picture of 256 px on one thread."""
    torch.set_num_threads(1)
    given = torch.zeros(1, channels, 256, 256).contiguous(memory_format=torch.channels_last)
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.inference_mode():
        network(given)
        began = time.perf_counter()
        for _ in range(repeats):
            network(given)
    return (time.perf_counter() - began) / repeats


def large(folder: Path, side: int) -> tuple[float, float]:
    """Seconds and GiB of one large drawing."""
    drawn, output = folder / f"drawn-{side}", folder / "large"
    if not drawn.exists():
        draw(drawn, pictures=1, size=side)
    lines = next((drawn / "lines").glob("*.png"))
    shutil.rmtree(output, ignore_errors=True)
    run = command(lines, output / "large.png")
    began = time.perf_counter()
    said = subprocess.run([sys.executable, "-c", PEAK, *run], check=True, capture_output=True, text=True, cwd=ROOT)
    return time.perf_counter() - began, int(said.stdout) / 2**20


def medians(rounds: int, measured: Callable[[], Sequence[float]]) -> list[float]:
    """The median of each figure over the rounds."""
    found = [measured() for _ in range(rounds)]
    return [median(column) for column in zip(*found, strict=True)]


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    draw(folder / "drawn", pictures=options.pictures, size=options.size)
    draw(folder / "one", pictures=1, size=options.size)
    small = folder / "small" / "drawn"
    draw(small, pictures=options.pictures, size=256)
    save_network(folder / "network", 64)
    ours, flat = medians(
        options.rounds,
        lambda: [milliseconds_a_picture(folder, options.pictures, model) for model in ("fillnet", "flat")],
    )
    lean, unet = fillnet.build_network(fillnet.Params()), pix2pix.build_network(pix2pix.Params())
    lean_seconds, unet_seconds = medians(
        options.rounds, lambda: [forward_seconds(lean, 7, 40), forward_seconds(unet, 3, 5)]
    )
    output = folder / "whole"
    whole = medians(
        options.rounds,
        lambda: [
            seconds_of(command(small / "lines", output, "--model", model), output, options.pictures)
            for model in ("fillnet", str(folder / "network"))
        ],
    )
    seconds, peak = medians(options.rounds, lambda: large(folder, options.large))
    return {
        "picture": {"size": options.size, "fillnet_ms": round(ours, 1), "flat_ms": round(flat, 1)},
        "network": {
            "fillnet_per_second": round(1 / lean_seconds, 1),
            "unet_256_per_second": round(1 / unet_seconds, 1),
            "ratio": round(unet_seconds / lean_seconds, 1),
        },
        "whole": {
            "fillnet_s": round(whole[0], 2),
            "unet_256_s": round(whole[1], 2),
            "ratio": round(whole[1] / whole[0], 2),
        },
        "large": {"size": options.large, "seconds": round(seconds, 2), "gib": round(peak, 2)},
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--size", type=int, default=512, help="side of the line art, px")
    parser.add_argument("--large", type=int, default=4000, help="side of the large drawing, px")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options)
    print(f"{found['picture']['fillnet_ms']} ms a picture of {options.size} px (target {PICTURE_TARGET:g})")
    print(
        f"network alone {found['network']['ratio']} times the U-Net-256's pictures a second (target {RATIO_TARGET:g})"
    )
    print(f"whole runs {found['whole']['ratio']} times")
    seconds, peak = found["large"]["seconds"], found["large"]["gib"]
    print(f"{options.large} px: {seconds} s (target {SECONDS_TARGET:g}), {peak} GiB (target {MEMORY_TARGET:g})")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
