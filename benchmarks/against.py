"""Measures this checkout against another one, and compares what both write.

    python benchmarks/against.py OLD_CHECKOUT [--only NAME ...] [--rounds 6] [--bytes-only] [--json results.json]

Both run with this interpreter, each command as a process of its own on one thread with -j 1; only their command lines
are used. Pictures are drawn once, by examples/monsters.py of this checkout.

speed     processor time, user and system, that a picture or a training step takes: that of a run over many less that
          of a run over few, over the difference, so that the start does not count. The checkouts take turns, A B B A;
          the figure is the median over rounds of the ratios new / old, with its 95 % bootstrap interval. Beside it the
          median wall-clock time of the whole runs over many. Nothing else should run on the machine meanwhile.
results   "same", or which files differ and how. Hidden files do not count, nor do times; of checkpoints and ONNX files
          the weights are compared, not their names.

Exit code 1 where results differ. Linux and macOS.
"""

import argparse
import importlib.metadata
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
from _checkouts import Checkout, filled, results
from _same_bytes import CASES, Outcome, compare, prepare, wanted

ROOT = Path(__file__).resolve().parent.parent
FEW_PICTURES, FEW_STEPS, SIDE = 4, 2, 512


@dataclass(frozen=True)
class Timed:
    """A command whose time is measured, without -o; {count} is how many pictures or steps, more of them if quick."""

    command: str
    unit: str = "picture"
    times: int = 1

    def counts(self, options: argparse.Namespace) -> tuple[int, int]:
        """How many are few and how many are many."""
        few, many = (FEW_STEPS, options.steps) if self.unit == "step" else (FEW_PICTURES, options.pictures)
        return few, many * self.times


TIMED = {
    "hinted": Timed("colorize {lines} --hints {hints} --limit {count} -j 1"),
    "unguided": Timed("colorize {lines} --limit {count} -j 1"),
    "flat": Timed("colorize {lines} --hints {hints} --model flat --limit {count} -j 1", times=2),
    "extract-lines": Timed("extract-lines {shaded} --limit {count} -j 1", times=4),
    "extract-lines-flats": Timed("extract-lines {flats} --limit {count} -j 1", times=4),
    "extract-lines-ink": Timed("extract-lines {lines} --limit {count} -j 1", times=4),
    "make-hints": Timed("make-hints {shaded} --limit {count} -j 1", times=2),
    "train-fillnet": Timed("train {dataset} --model fillnet --set size=128 --steps {count} --threads 1", "step"),
    "train-pix2pix": Timed("train {dataset} --model pix2pix --preset small --steps {count} --threads 1", "step"),
}


@dataclass(frozen=True)
class Speed:
    """Processor milliseconds a picture or step and seconds of whole runs: medians of both, and the paired ratio."""

    unit: str
    old_ms: float
    new_ms: float
    ratio: float
    low: float
    high: float
    old_wall_s: float
    new_wall_s: float


def draw(folder: Path, *more: str) -> None:
    """Draw monsters, as users would."""
    command = [sys.executable, str(ROOT / "examples" / "monsters.py"), str(folder), *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def processor_seconds() -> float:
    """User and system time of all processes that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed_run(checkout: Checkout, name: str, places: dict[str, str], count: int) -> tuple[float, float]:
    """Processor and wall-clock seconds of a run into an empty folder, and a check that it did what it should."""
    output = checkout.folder / "timed"
    shutil.rmtree(output, ignore_errors=True)
    command = filled(TIMED[name].command, places | {"count": str(count)})
    before = processor_seconds()
    run = checkout.run([*command, "-o", output.name, "-q"])
    used = processor_seconds() - before
    if run.code:
        sys.exit(f"{name} of the {checkout.name} checkout ends with {run.code}: {run.complaint}")
    if TIMED[name].unit == "picture" and (written := len(results(output))) != count:
        sys.exit(f"{name} of the {checkout.name} checkout wrote {written} files for {count} pictures")
    return used, run.wall


def cost(checkout: Checkout, name: str, places: dict[str, str], counts: tuple[int, int]) -> tuple[float, float]:
    """Processor milliseconds that one more picture or step takes, and seconds of the whole run over many."""
    (least, _), (most, wall) = (timed_run(checkout, name, places, count) for count in counts)
    found = (most - least) / (counts[1] - counts[0]) * 1000
    if found <= 0:
        sys.exit(f"{name}: {counts[1]} take no longer than {counts[0]}; give more --pictures and --steps")
    return found, wall


def speed(
    name: str, checkouts: Sequence[Checkout], places: dict[str, str], counts: tuple[int, int], rounds: int
) -> Speed:
    """Measure both in turn, A B B A, after a short run each that warms the caches of files up."""
    for checkout in checkouts:
        timed_run(checkout, name, places, counts[0])
    rows: dict[str, list[tuple[float, float]]] = {checkout.name: [] for checkout in checkouts}
    for at in range(rounds):
        for checkout in checkouts if at % 2 == 0 else reversed(checkouts):
            rows[checkout.name].append(cost(checkout, name, places, counts))
    (old, old_wall), (new, new_wall) = (list(zip(*rows[checkout.name], strict=True)) for checkout in checkouts)
    ratios = [after / before for before, after in zip(old, new, strict=True)]
    low, high = interval(ratios)
    figures = (median(old), median(new), median(ratios), low, high, median(old_wall), median(new_wall))
    return Speed(TIMED[name].unit, *(round(float(figure), 4) for figure in figures))


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the median."""
    drawn = np.random.default_rng(0).choice(np.asarray(ratios), (10_000, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(high)


def measure_speed(
    names: Sequence[str], checkouts: Sequence[Checkout], drawn: Path, options: argparse.Namespace
) -> dict[str, Speed]:
    """Measure and print the speed of those cases."""
    pictures = options.pictures * max(TIMED[name].times for name in names)
    draw(drawn / "many", "--count", str(pictures), "--size", str(SIDE))
    places = {name: str(drawn / "many" / name) for name in ("lines", "hints", "flats", "shaded")} | {
        "dataset": "dataset"
    }
    if any(TIMED[name].unit == "step" for name in names):
        for checkout in checkouts:
            checkout.run(filled("build-dataset {shaded} --size 128 -o {dataset} -j 1 -q", places))
    print(f"{'processor ms':24} {'old':>8} {'new':>8}   new / old, 95 % interval    whole run, wall s: old    new")
    found = {}
    for name in names:
        found[name] = one = speed(name, checkouts, places, TIMED[name].counts(options), options.rounds)
        label = f"{name}, a {one.unit}"
        ratio = f"{one.ratio:.3f} ({one.low:.3f}..{one.high:.3f})"
        walls = f"{one.old_wall_s:26.2f} {one.new_wall_s:6.2f}"
        print(f"{label:24} {one.old_ms:8.1f} {one.new_ms:8.1f}   {ratio:22} {walls}", flush=True)
    return found


def compare_results(names: Sequence[str], checkouts: Sequence[Checkout], drawn: Path) -> dict[str, Outcome]:
    """Compare and print what those cases write."""
    draw(drawn / "few", "--count", "4", "--size", str(SIDE))
    draw(drawn / "large", "--count", "1", "--size", "2500")
    draw(drawn / "frames", "--count", "1", "--size", "256", "--frames", "4")
    places = prepare(drawn)
    found = {}
    for name in names:
        found[name] = one = compare(name, checkouts, places)
        print(f"{name:24} {'differs' if one.differ else f'same, {one.files} files'}", flush=True)
        for line in one.differ:
            print(f"    {line}", flush=True)
    print(f"{sum(not one.differ for one in found.values())} of {len(found)} cases the same")
    return found


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "processor": named[0] if named else platform.processor() or platform.machine(),
    }


def arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD_CHECKOUT")
    names = list(dict.fromkeys([*TIMED, *CASES]))
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=names, help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=6, help="of each measurement of speed")
    parser.add_argument(
        "--pictures",
        type=int,
        default=44,
        help=f"many, of {SIDE} px, against {FEW_PICTURES}; times 2 or 4 in quick cases",
    )
    parser.add_argument("--steps", type=int, default=22, help=f"many, against {FEW_STEPS}")
    parser.add_argument("--bytes-only", action="store_true", help="compare what both write, measure nothing")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.rounds < 1 or options.pictures <= FEW_PICTURES or options.steps <= FEW_STEPS:
        parser.error(f"it takes a round, more than {FEW_PICTURES} pictures and more than {FEW_STEPS} steps")
    return options


def main() -> None:
    """Measure, compare, print, write."""
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        checkouts = [
            Checkout("old", options.old.resolve(), Path(scratch, "old")),
            Checkout("new", ROOT, Path(scratch, "new")),
        ]
        for checkout in checkouts:
            checkout.folder.mkdir()
            checkout.check()
        drawn = Path(scratch, "drawn")
        commits = {checkout.name: checkout.commit() for checkout in checkouts}
        timed = [] if options.bytes_only else [name for name in TIMED if name in options.only]
        compared = wanted(options.only)
        speeds = measure_speed(timed, checkouts, drawn, options) if timed else {}
        outcomes = compare_results(compared, checkouts, drawn) if compared else {}
    if options.json:
        figures = {"speed": _plain(speeds), "results": _plain(outcomes)}
        text = json.dumps({"machine": machine(), "commits": commits, "rounds": options.rounds, **figures}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    if any(one.differ for one in outcomes.values()):
        sys.exit(1)


def _plain(found: dict[str, Speed] | dict[str, Outcome]) -> dict[str, dict[str, object]]:
    return {name: asdict(one) for name, one in found.items()}


if __name__ == "__main__":
    main()
