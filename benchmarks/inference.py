"""Measures colouring files with a trained network against the plain loop over pictures, files in and files out.

    python benchmarks/inference.py [--pictures 48] [--size 256] [--rounds 3] [--precision auto]
                                  [--json results.json]

The network is a U-Net-256 with random weights; line art and hints are drawn by examples/monsters.py. The plain loop
reads both with Pillow, lays the hints on the line art, runs the network one by one under torch.no_grad (float32,
contiguous, torch's own number of threads) and writes a PNG with Pillow. Ours is `colorize-cli colorize --model`, which
finds areas and brings colours to the line art's size as well. Each run is a process of its own: start, loading of the
network and writing count in both. They take turns; the figure is the median of the rounds' ratios.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch

from pipelines.core.processor import processor_name
from pipelines.core.settings import plain
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import WEIGHTS, CheckpointInfo
from pipelines.models.pix2pix import Params, build_network
from pipelines.nn.devices import choose_precision

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"fp32": 2.0, "bf16": 3.0}

PLAIN_LOOP = """
import sys
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from pipelines.models.pix2pix import Params, build_network
weights, width, lines, hints, output = sys.argv[1:]
network = build_network(Params(ngf=int(width), ndf=int(width)))
network.load_state_dict(load_file(weights))
network.eval()
Path(output).mkdir()
for path in sorted(Path(lines).glob("*.png")):
    picture = Image.open(path).convert("RGBA")
    picture.alpha_composite(Image.open(Path(hints, path.name)).convert("RGBA"))
    picture = picture.convert("RGB").resize((256, 256), Image.Resampling.BICUBIC)
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().unsqueeze(0) / 127.5 - 1
    with torch.no_grad():
        painted = network(values)[0]
    levels = ((painted.permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).byte().numpy()
    Image.fromarray(levels).save(Path(output, path.name))
"""


@dataclass(frozen=True)
class RunTimes:
    """Seconds of whole runs over all pictures, a pair in each round."""

    plain: list[float]
    ours: list[float]

    @property
    def ratio(self) -> float:
        """Median over rounds of how many times faster ours is."""
        return median(one / other for one, other in zip(self.plain, self.ours, strict=True))


def draw(folder: Path, *, pictures: int, size: int) -> None:
    """Draw line art and hints, as users would."""
    command = [sys.executable, str(ROOT / "examples" / "monsters.py"), str(folder)]
    subprocess.run([*command, "--count", str(pictures), "--size", str(size)], check=True, capture_output=True)


def save_network(folder: Path, width: int) -> None:
    """Write a checkpoint with random weights."""
    torch.manual_seed(0)
    params = Params(ngf=width, ndf=width)
    write_checkpoint(
        folder, CheckpointInfo("pix2pix", plain(params), note="random weights"), build_network(params).state_dict()
    )


def seconds_of(command: Sequence[str], output: Path, pictures: int) -> float:
    """Time a command that writes `pictures` files to a folder that is not there yet, and check that it does."""
    shutil.rmtree(output, ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    seconds = time.perf_counter() - began
    written = len(list(output.glob("*.png")))
    if written != pictures:
        raise SystemExit(f"{written} pictures instead of {pictures}: {' '.join(command)}")
    return seconds


def time_runs(folder: Path, *, pictures: int, rounds: int, width: int, precision: str) -> RunTimes:
    """Time both ways in turn, on what `draw` and `save_network` left in the folder."""
    lines, hints, network = folder / "drawn" / "lines", folder / "drawn" / "hints", folder / "network"
    plain_output, our_output = folder / "plain", folder / "ours"
    weights = str(network / WEIGHTS)
    plain_loop = [sys.executable, "-c", PLAIN_LOOP, weights, str(width), str(lines), str(hints), str(plain_output)]
    arguments = ["colorize", str(lines), "-o", str(our_output), "--hints", str(hints), "--model", str(network)]
    arguments += ["--precision", precision]
    times = RunTimes([], [])
    for _ in range(rounds):
        times.plain.append(seconds_of(plain_loop, plain_output, pictures))
        times.ours.append(seconds_of([sys.executable, "-m", "colorize_cli", *arguments], our_output, pictures))
    return times


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--size", type=int, default=256, help="side of the line art, px")
    parser.add_argument("--width", type=int, default=64, help="ngf")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        draw(folder / "drawn", pictures=options.pictures, size=options.size)
        save_network(folder / "network", options.width)
        precision = choose_precision(options.precision, torch.device("cpu"))
        times = time_runs(
            folder, pictures=options.pictures, rounds=options.rounds, width=options.width, precision=precision
        )
    print(f"U-Net-256 of width {options.width}, {options.pictures} pictures of {options.size} px, {precision}")
    print(f"{'way':8}{'best s':>9}{'median s':>10}{'pictures/s':>12}")
    for name, seconds in asdict(times).items():
        print(f"{name:8}{min(seconds):9.2f}{median(seconds):10.2f}{options.pictures / median(seconds):12.2f}")
    print(f"ratio, median of {options.rounds} rounds: {times.ratio:.2f} (target {TARGETS[precision]})")
    if options.json:
        machine = {"machine": platform.platform(), "torch": torch.__version__}
        results = asdict(times) | {"ratio": times.ratio, "pictures": options.pictures, "size": options.size}
        results |= {"precision": precision, "processor": processor_name()}
        options.json.write_text(json.dumps(machine | results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
