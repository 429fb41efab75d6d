"""Measures networks run by onnxruntime against torch, in one process, on as many threads.

    python benchmarks/onnx_speed.py [--size 256] [--batches 1 8] [--rounds 9] [--model RUN] [--json results.json]

The network is a `fillnet` with random weights, or the checkpoint given. Both engines are those of `colorize --engine`,
given the same random input, on one thread each, as they run in a worker; they take turns, and the figure is the median
of the rounds' ratios. What it costs to start is measured too: processes that load one network and paint one picture
with it, from a checkpoint by torch and from an ONNX file by onnxruntime.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from pipelines.core.settings import plain
from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo, find_checkpoint, read_info, spec_of
from pipelines.inference.network import Engine
from pipelines.inference.onnx_engine import OnnxEngine
from pipelines.inference.onnx_export import to_onnx
from pipelines.inference.torch_engine import TorchEngine
from pipelines.models.fillnet import Params, build_network

ROOT = Path(__file__).resolve().parent.parent

START = """
import sys
import numpy as np
from pipelines.inference.model_source import find_models
(model,) = find_models([sys.argv[1]])
network = model.load("cpu")
network.run(np.zeros((1, network.spec.encoding.channels, network.spec.size, network.spec.size), np.float32))
"""


@dataclass(frozen=True)
class Times:
    """Seconds of both engines, a pair in each round."""

    what: str
    torch: list[float]
    onnx: list[float]

    @property
    def ratio(self) -> float:
        """Median over rounds of how many times faster onnxruntime is."""
        return median(one / other for one, other in zip(self.torch, self.onnx, strict=True))


def save_network(folder: Path, size: int) -> None:
    """Write a checkpoint with random weights."""
    torch.manual_seed(0)
    params = Params(size=size)
    write_checkpoint(
        folder, CheckpointInfo("fillnet", plain(params), note="random weights"), build_network(params).state_dict()
    )


def seconds(call: Callable[[], object]) -> float:
    """Time a call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def time_engines(engines: tuple[Engine, Engine], given: NDArray[np.float32], rounds: int) -> Times:
    """Time both engines in turn on one input (B, C, S, S), after a run each that is not counted."""
    by_torch, by_onnx = engines
    for one, other in zip(by_torch(given), by_onnx(given), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)
    times = Times(f"batch of {len(given)}", [], [])
    for _ in range(rounds):
        times.torch.append(seconds(lambda: by_torch(given)))
        times.onnx.append(seconds(lambda: by_onnx(given)))
    return times


def time_starts(checkpoint: Path, file: Path, channels: int, rounds: int) -> Times:
    """Time processes that load a network and run it once."""
    times = Times("start and first picture", [], [])
    for _ in range(rounds):
        for path, found in ((checkpoint, times.torch), (file, times.onnx)):
            command = [sys.executable, "-c", START, str(path.resolve())]
            found.append(seconds(lambda: subprocess.run(command, check=True, cwd=ROOT)))  # noqa: B023
    return times


def measure(checkpoint: Path, folder: Path, *, batches: list[int], rounds: int, starts: int) -> list[Times]:
    """Measure a checkpoint at its size, for each number of pictures together, and from the start."""
    network, info = load_checkpoint(checkpoint)
    spec = spec_of(info)
    file = folder / "network.onnx"
    file.write_bytes(to_onnx(network, info))
    engines = TorchEngine(network, "cpu"), OnnxEngine(file.read_bytes())
    rng = np.random.default_rng(0)
    shape = (spec.encoding.channels, spec.size, spec.size)
    found = [time_engines(engines, rng.uniform(-1, 1, (count, *shape)).astype(np.float32), rounds) for count in batches]
    return [*found, time_starts(checkpoint, file, shape[0], starts)]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256, help="side of the pictures, px, without --model")
    parser.add_argument("--model", help="a run or checkpoint, instead of random weights")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--starts", type=int, default=3, help="rounds of whole processes")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.model is None:
            save_network(folder / "network", options.size)
        checkpoint = find_checkpoint(options.model or folder / "network")
        info = read_info(checkpoint)
        size = spec_of(info).size
        found = measure(checkpoint, folder, batches=options.batches, rounds=options.rounds, starts=options.starts)
    print(f"{info.model} at {size} px, one thread; seconds, medians of {options.rounds} rounds")
    print(f"{'what':26}{'torch':>9}{'onnx':>9}{'ratio':>8}")
    for times in found:
        print(f"{times.what:26}{median(times.torch):9.3f}{median(times.onnx):9.3f}{times.ratio:8.2f}")
    if options.json:
        versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
        results = [asdict(times) | {"ratio": times.ratio} for times in found]
        about = {"machine": platform.platform(), **versions, "model": info.model, "size": size}
        options.json.write_text(json.dumps(about | {"times": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
