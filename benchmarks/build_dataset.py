"""Measures build-dataset, files in and files out: pictures a second, what the options cost, second runs and memory.

    python benchmarks/build_dataset.py [--corpus DIR] [--pictures 240] [--many 5000] [--json results.json]

The load is 256 x 256 pairs (adaptive lines, k-medoids hints, whole picture padded) on two workers, of the corpus's
coloured pictures, an equal number of every set; without a corpus, of pictures that examples/monsters.py draws. Memory
is that of the command and its workers together, for few and for many small pictures. Nothing else should run
meanwhile.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from batch import CORES, draw, machine, multiply, peak_memory, seconds

from pipelines.build_dataset import Recipe, Storing, build_dataset
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.data.curation import Curation

FEW = 200  # pictures of the short run whose memory is compared with the long one's
PROGRAM = "from colorize_cli.app import main; main()"


def gather(corpus: Path, folder: Path, count: int) -> None:
    """Copy about `count` coloured pictures of the corpus, an equal number of every set, spread over it."""
    sets: dict[str, list[str]] = defaultdict(list)
    for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("color"):
            sets[row["set"]].append(row["color"])
    each = max(1, count // len(sets))
    for name, paths in sets.items():
        (folder / name).mkdir(parents=True)
        for path in paths[:: max(1, len(paths) // each)][:each]:
            shutil.copy(corpus / path, folder / name)


def throughput(pictures: Path, scratch: Path, rounds: int) -> dict[str, float]:
    """Pictures a second: plain, with one worker, with everything left out and raised, packed in shards; and again."""
    count = sum(1 for path in pictures.rglob("*") if path.is_file())
    curation = Curation(drop_duplicates=True, drop_dull=20)
    runs: dict[str, Callable[[Path, int], object]] = {
        "plain": lambda folder, jobs: _build(pictures, folder, jobs, Recipe(), Curation(), Storing()),
        "curated": lambda folder, jobs: _build(
            pictures, folder, jobs, Recipe(saturation_boost=0.5), curation, Storing()
        ),
        "shards": lambda folder, jobs: _build(pictures, folder, jobs, Recipe(), Curation(), Storing("webdataset")),
    }
    taken: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for name, run in runs.items():
            taken[name].append(seconds(lambda run=run, at=scratch / f"{name}-{number}": run(at, CORES)))  # type: ignore[misc]
        taken["again"].append(seconds(lambda at=scratch / f"plain-{number}": runs["plain"](at, CORES)))  # type: ignore[misc]
        taken["one"].append(seconds(lambda at=scratch / f"one-{number}": runs["plain"](at, 1)))  # type: ignore[misc]
    best = {name: min(times) for name, times in taken.items()}
    median = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "pictures": count,
        "2 workers, pictures/s (best of the rounds)": count / best["plain"],
        "2 workers, pictures/s (median)": count / median["plain"],
        "1 worker, pictures/s (median)": count / median["one"],
        "duplicates and dull ones dropped, saturation raised, pictures/s (median)": count / median["curated"],
        "packed in shards too, pictures/s (median)": count / median["shards"],
        "second run, nothing changed, ms a picture (median)": median["again"] * 1000 / count,
    }


def _build(pictures: Path, output: Path, jobs: int, recipe: Recipe, curation: Curation, storing: Storing) -> None:
    batch = BatchSettings(jobs=jobs)
    report = build_dataset([str(pictures)], str(output), recipe=recipe, curation=curation, storing=storing, batch=batch)
    assert report.exit_code == 0, report.summary()


def memory(drawn: Path, scratch: Path, many: int) -> dict[str, float]:
    """Peak memory of the command and its workers, for few and for many small pictures, all options on."""
    peaks = {}
    for count in (FEW, many):
        multiply(drawn, scratch / f"in-{count}", count)
        command = [sys.executable, "-c", PROGRAM, "build-dataset", str(scratch / f"in-{count}"), "-j", str(CORES), "-q"]
        options = ["--size", "64", "--set", "kmedoids.max_points=100", "--drop-dull", "1"]
        peaks[count] = peak_memory([*command, *options, "-o", str(scratch / f"out-{count}")])
    return {
        f"peak memory, {FEW} pictures, MiB": peaks[FEW],
        f"peak memory, {many} pictures, MiB": peaks[many],
        f"peak memory, {many} / {FEW} pictures": peaks[many] / peaks[FEW],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"), help="picture corpus")
    parser.add_argument("--pictures", type=int, default=240, help="pictures for throughput")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the throughput measurement")
    parser.add_argument("--many", type=int, default=5000, help="small pictures for memory; 0 leaves memory out")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        draw(scratch / "drawn", 24 if options.corpus else options.pictures, 512)
        if options.corpus:
            gather(Path(options.corpus), scratch / "pictures", options.pictures)
        figures = throughput(
            scratch / "pictures" if options.corpus else scratch / "drawn" / "shaded", scratch, options.rounds
        )
        if options.many:
            figures |= memory(scratch / "drawn" / "shaded", scratch, options.many)
    for name, value in figures.items():
        print(f"{name:76} {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
