"""Measures `extract-lines --method network` against running the network plainly, from files to files.

    python benchmarks/line_network.py [--pictures 24] [--size 512] [--workers 1 2 8] [--rounds 3] [--width 16]
                                      [--json results.json]

The network is a small one with random weights (`--width` channels at full size, twice as many at half of it), as
TorchScript and as ONNX. *Plainly* is the loop that one writes by hand: decode with OpenCV, scale to -1..1, run the
whole picture on one thread, scale back, encode. Both read the same PNG files and write PNG files; they take turns in
each round, and the figure is the median of the rounds' ratios. Starting the program is in neither, loading the network
is in both.
"""

import argparse
import json
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.batch.plan import BatchSettings
from pipelines.extract_lines import extract_lines
from pipelines.inference.line_networks import line_network, network_files

Run = Callable[[np.ndarray[Any, np.dtype[np.float32]]], np.ndarray[Any, np.dtype[np.float32]]]


class LineUNet(nn.Module):
    """A network of two scales that gives a picture of its input's size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.outer = nn.Conv2d(3, width, 3, padding=1)
        self.inner = nn.Sequential(*(nn.Conv2d(width * (1 + bool(i)), 2 * width, 3, padding=1) for i in range(3)))
        self.last = nn.Conv2d(3 * width, width, 3, padding=1)
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 1, H, W) in [0, 1]."""
        outer = functional.relu(self.outer(picture))
        inner = functional.interpolate(self.inner(functional.avg_pool2d(outer, 2)), scale_factor=2.0)
        return torch.sigmoid(self.out(functional.relu(self.last(torch.cat([outer, inner], 1)))))


def write_networks(folder: Path, width: int, size: int) -> dict[str, Path]:
    """The same network as TorchScript and as ONNX."""
    torch.manual_seed(0)
    network, example = LineUNet(width).eval(), torch.zeros(1, 3, size, size)
    files = {"TorchScript": folder / "lines.pt", "ONNX": folder / "lines.onnx"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both exporters are deprecated for others that cannot do this
        torch.jit.trace(network, example).save(str(files["TorchScript"]))  # type: ignore[no-untyped-call]
        axes = {"picture": {2: "height", 3: "width"}}
        torch.onnx.export(
            network, (example,), str(files["ONNX"]), input_names=["picture"], dynamic_axes=axes, dynamo=False
        )
    return files


def write_pictures(folder: Path, count: int, size: int) -> list[Path]:
    """Drawings of circles."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for path in paths:
        page = np.full((size, size, 3), 255, np.uint8)
        for x, y, radius in rng.integers(20, size // 2, (12, 3)):
            cv2.circle(page, (int(2 * x), int(2 * y)), int(radius), tuple(map(int, rng.integers(80, 255, 3))), -1)
            cv2.circle(page, (int(2 * x), int(2 * y)), int(radius), (0, 0, 0), 3, cv2.LINE_AA)
        path.write_bytes(cv2.imencode(".png", page)[1].tobytes())
    return paths


def open_plainly(network: Path) -> Run:
    """A network as one opens it by hand, on one thread."""
    if network.suffix == ".onnx":
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        return lambda planes: np.asarray(session.run(None, {"picture": planes})[0], np.float32)
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.load(str(network)).eval()  # type: ignore[no-untyped-call]

    def run(planes: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.inference_mode():
            return np.asarray(script(torch.from_numpy(planes)).numpy(), np.float32)

    return run


def run_plainly(network: Path, pictures: Sequence[Path], output: Path) -> None:
    """The loop that one writes by hand."""
    run = open_plainly(network)
    output.mkdir()
    for path in pictures:
        picture = np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]
        planes = picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - np.float32(1)
        levels = (run(planes)[0, 0] * 255).round().astype(np.uint8)
        (output / path.name).write_bytes(cv2.imencode(".png", levels)[1].tobytes())


def run_ours(network: Path, folder: Path, output: Path, workers: int) -> None:
    """The stage, with the network opened anew."""
    network_files.open_network.cache_clear()
    line_network.open_line_network.cache_clear()
    values = {"input_range": "signed", "polarity": "ink-light", "whiten": False}
    report = extract_lines(
        [str(folder)],
        str(output),
        method="network",
        weights=str(network),
        values=values,
        batch=BatchSettings(jobs=workers),
    )
    assert report.exit_code == 0


def timed(work: Callable[[], None]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Seconds of each round, plainly and by each number of workers, for each kind of file."""
    pictures = write_pictures(folder / "pictures", options.pictures, options.size)
    rows = []
    for kind, network in write_networks(folder, options.width, options.size).items():
        times: dict[str, list[float]] = {name: [] for name in ("plainly", *map(str, options.workers))}
        for number in range(options.rounds):
            place = folder / f"{kind}-{number}"
            place.mkdir()
            times["plainly"].append(timed(partial(run_plainly, network, pictures, place / "plainly")))
            for workers in options.workers:
                ours = partial(run_ours, network, folder / "pictures", place / str(workers), workers)
                times[str(workers)].append(timed(ours))
        rows.append({"kind": kind, "seconds": times})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options, Path(folder))
    for row in rows:
        plain = row["seconds"]["plainly"]
        print(f"{row['kind']}: plainly {median(plain) / options.pictures * 1000:.0f} ms a picture")
        for workers in options.workers:
            ours = row["seconds"][str(workers)]
            ratio = median(one / other for one, other in zip(plain, ours, strict=True))
            print(f"  {workers} workers {median(ours) / options.pictures * 1000:.0f} ms, {ratio:.2f}x as fast")
    if options.json is not None:
        result = {"machine": platform.platform(), "torch": torch.__version__, "rows": rows}
        options.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
