"""Measures how fast `evaluate` is: pictures of 256 x 256 with line art and hints, all metrics that need no weights.

    python benchmarks/evaluate.py [--pictures 1000] [--side 256] [--workers 2] [--json results/evaluate.json]

Pictures are drawn: eight discs with ink around them on white; results are the truth with noise of 3 levels in its
fills, so that hardly two pixels are alike, which is the slowest case for colour differences. Figures: seconds of a
first run, reports included, and its processor time a picture, which tells more on a loaded machine; seconds of a second
run, in which nothing has changed; peak memory of a run with one worker, for this many pictures and for a tenth of them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.picture import encode_png
from pipelines.evaluate import References, evaluate

TARGET = 60.0  # seconds for 1,000 pictures of 256 x 256 on 2 cores


def draw(folder: Path, count: int, side: int) -> None:
    """Write truth, results, line art and hints."""
    for name in ("truth", "result", "lines", "hints"):
        (folder / name).mkdir(parents=True)
    for index in range(count):
        rng = np.random.default_rng(index)
        truth, lines = np.full((side, side, 3), 255, np.uint8), np.full((side, side), 255, np.uint8)
        hints = np.zeros((side, side, 4), np.uint8)
        for _ in range(8):
            centre, radius = tuple(map(int, rng.integers(0, side, 2))), int(rng.integers(side // 16, side // 5))
            colour = tuple(map(int, rng.integers(0, 256, 3)))
            cv2.circle(truth, centre, radius, colour, -1)
            cv2.circle(lines, centre, radius, 255, -1)
            cv2.circle(lines, centre, radius, 0, 2, cv2.LINE_AA)
            cv2.circle(hints, centre, 3, (*colour, 255), -1)
        noisy = np.clip(truth + rng.normal(0, 3, truth.shape), 0, 255).astype(np.uint8)
        pictures = {"truth": _inked(truth, lines), "result": _inked(noisy, lines), "lines": lines, "hints": hints}
        for name, picture in pictures.items():
            (folder / name / f"{index}.png").write_bytes(encode_png(picture))


def _inked(colour: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray((colour.astype(np.uint16) * lines[..., None] + 127) // 255, np.uint8)


def run(folder: Path, count: int, workers: int) -> dict[str, float]:
    """Evaluate `count` pictures of a folder twice: seconds of each run."""
    references = References(*(str(folder / name) for name in ("truth", "lines", "hints")))
    seconds = {}
    with tempfile.TemporaryDirectory() as report:
        for name in ("first", "again"):
            began, before = time.perf_counter(), _cpu_seconds()
            done = evaluate([str(folder / "result")], references, report, batch=BatchSettings(jobs=workers))
            get_reusable_executor().shutdown()  # its processor time is known when it has ended
            seconds[name] = round(time.perf_counter() - began, 2)
            seconds[f"{name}_cpu"] = round(_cpu_seconds() - before, 2)
            assert done.exit_code == 0
            assert len(done.records) == count
    return seconds


def peak_memory(folder: Path, count: int) -> float:
    """Evaluate in a process of its own, one worker, and return its peak memory, MiB."""
    command = [sys.executable, __file__, "--memory-of", str(folder), "--pictures", str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cpu_seconds() -> float:
    """Processor time of this process and its ended children: what a run costs however loaded the machine is."""
    return sum(sum(resource.getrusage(kind)[:2]) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    """Parse the command line, measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        run(arguments.memory_of, arguments.pictures, 1)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    tenth = max(1, arguments.pictures // 10)
    with tempfile.TemporaryDirectory() as name:
        many, few = Path(name, "many"), Path(name, "few")
        draw(many, tenth * 10, arguments.side)
        draw(few, tenth, arguments.side)
        seconds = run(many, tenth * 10, arguments.workers)
        memory, memory_few = peak_memory(many, tenth * 10), peak_memory(few, tenth)
    figures = {
        "pictures": tenth * 10,
        "side": arguments.side,
        "workers": arguments.workers,
        "seconds": seconds["first"],
        "cpu_milliseconds_a_picture": round(100 * seconds["first_cpu"] / tenth, 1),
        "seconds_again": seconds["again"],
        "peak_mib": round(memory, 1),
        "peak_mib_of_a_tenth": round(memory_few, 1),
    }
    print(json.dumps(figures, indent=1))
    print(f"target: {TARGET * arguments.pictures / 1000:.1f} s for {arguments.pictures} pictures")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
