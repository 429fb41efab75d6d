"""Measures whole runs, files in and files out: throughput, scaling over workers, memory, start-up and second runs.

    python benchmarks/batch.py [--pictures 200] [--many 5000] [--json results.json]

The load is drawn by examples/monsters.py. Figures that compare two things are taken in turn, A B A B ..., in one run;
the median of the pairwise ratios is given. Nothing else should run on the machine meanwhile.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipelines.colorize import Guides, colorize
from pipelines.core.batch.plan import BatchSettings, Job, Plan, find
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.extract_lines import extract_lines

ROOT = Path(__file__).resolve().parent.parent
CORES = 2


@dataclass(frozen=True)
class Recode:
    """The least that any picture work does: decode the file, encode it again."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` in, the same as PNG out."""
        return Produced((encode_png(decode_picture(files["picture"]).over_white()),))


def recode(source: Path, output: Path, settings: BatchSettings) -> None:
    """Decode and encode every file with the same workers and the same safe writing as every stage."""
    sources, destination = find([str(source)], str(output), settings)
    jobs = tuple(
        Job((("picture", item.path),), (destination.place(item.relative, ".png"),), item.relative) for item in sources
    )
    run(Plan("recode", jobs, destination.folder, {}), Recode(), settings)


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def paired(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median seconds of both and the median of the ratios first / second, taken in turn after one warm-up each."""
    first(), second()
    times = [(seconds(first), seconds(second)) for _ in range(rounds)]
    ratios = [a / b for a, b in times]
    return (*(statistics.median(column) for column in zip(*times, strict=True)), statistics.median(ratios))


def draw(folder: Path, count: int, size: int) -> None:
    """Draw monsters, as users would."""
    command = [sys.executable, str(ROOT / "examples" / "monsters.py"), str(folder)]
    subprocess.run([*command, "--count", str(count), "--size", str(size)], check=True, stdout=subprocess.DEVNULL)


def multiply(source: Path, folder: Path, count: int) -> None:
    """`count` different small pictures made from a few: one corner pixel differs."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = [decode_picture(path.read_bytes()).over_white() for path in sorted(source.glob("*.png"))]
    for index in range(count):
        picture = cv2.resize(originals[index % len(originals)], (128, 128), interpolation=cv2.INTER_AREA)
        picture[0, 0] = index % 256, index // 256, 7
        (folder / f"{index:05}.png").write_bytes(encode_png(np.asarray(picture, np.uint8)))


def peak_memory(command: list[str]) -> float:
    """Peak of the memory of a command and its children together, MiB (proportional set size, sampled; Linux only)."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(map(_memory_of, _family(process.pid))))
        time.sleep(0.05)
    return peak


def _family(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for member in found:
        found += [process for process, parent in parents.items() if parent == member]
    return found


def _memory_of(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def throughput(drawn: Path, scratch: Path, rounds: int) -> dict[str, float]:
    """extract-lines against decoding and encoding alone, and flat colorization, at 512 x 512 with two workers."""
    settings = BatchSettings(jobs=CORES, overwrite=True)
    shaded, lines, hints = drawn / "shaded", drawn / "lines", drawn / "hints"
    count = len(list(lines.glob("*.png")))
    extract, plain, ratio = paired(
        lambda: extract_lines([str(shaded)], str(scratch / "lines"), batch=settings),
        lambda: recode(shaded, scratch / "recoded", settings),
        rounds,
    )
    guides = Guides(hints=str(hints))
    one = BatchSettings(jobs=1, overwrite=True)
    two_workers, one_worker, inverse = paired(
        lambda: colorize([str(lines)], str(scratch / "colour"), model="flat", guides=guides, batch=settings),
        lambda: colorize([str(lines)], str(scratch / "colour-1"), model="flat", guides=guides, batch=one),
        rounds,
    )
    return {
        "extract-lines, pictures/s": count / extract,
        "decode and encode alone, pictures/s": count / plain,
        "extract-lines / decode and encode, time": ratio,
        "colorize flat, 2 workers, pictures/s": count / two_workers,
        "colorize flat, 1 worker, pictures/s": count / one_worker,
        "colorize flat, 2 workers / 1 worker, speed": 1 / inverse,
    }


def whole_commands(drawn: Path, scratch: Path, few: int, many: int) -> dict[str, float]:
    """Memory of short and long lists, a second run over unchanged pictures, and the time of --help."""
    for count in (few, many):
        multiply(drawn / "lines", scratch / f"in-{count}", count)
    program = [sys.executable, "-m", "colorize_cli"]

    def command(count: int) -> list[str]:
        return [
            *program,
            "colorize",
            "--model",
            "flat",
            str(scratch / f"in-{count}"),
            "-o",
            str(scratch / f"out-{count}"),
            "-j",
            "2",
            "-q",
        ]

    memory = {count: peak_memory(command(count)) for count in (few, many)}
    subprocess.run(command(many), check=True)
    again = statistics.median(seconds(lambda: subprocess.run(command(many), check=True)) for _ in range(5))
    shown = [
        seconds(lambda: subprocess.run([*program, "--help"], check=True, stdout=subprocess.DEVNULL)) for _ in range(9)
    ]
    return {
        f"peak memory, {few} pictures, MiB": memory[few],
        f"peak memory, {many} pictures, MiB": memory[many],
        f"peak memory, {many} / {few} pictures": memory[many] / memory[few],
        f"second run over {many} unchanged pictures, ms a picture": again * 1000 / many,
        "colorize-cli --help, s": statistics.median(shown),
    }


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "opencv": cv2.__version__,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200, help="pictures of 512 x 512 for throughput")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each paired measurement")
    parser.add_argument("--many", type=int, default=5000, help="small pictures for memory and second runs")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        draw(scratch / "drawn", options.pictures, 512)
        figures = throughput(scratch / "drawn", scratch, options.rounds)
        figures |= whole_commands(scratch / "drawn", scratch, 200, options.many)
    for name, value in figures.items():
        print(f"{name:62} {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
