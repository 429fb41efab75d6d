"""Measures the automatic hints: time of a picture at 256x256 on one core, and the k-medoids solver beside another.

    python benchmarks/hints_speed.py [--corpus DIR] [--pictures 8] [--python-extra PYTHON] [--json results.json]

The pictures are the first of each set of the corpus's test split. PYTHON is an interpreter that has
scikit-learn-extra (Python 3.11: pip install "numpy<2" scikit-learn-extra==0.3.0); both solvers get the same
distances, with weights of one, and run in turn, in processor time. Its PAM starts by BUILD, as ours does, and from its
default start too.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.picture import Picture, read_picture
from pipelines.hints.base.medoids import weighted_medoids
from pipelines.hints.kmedoids import Params, place

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SIDE, TARGET_MS, TARGET_RATIO = 256, 40.0, 200.0
STARTS = ("build", "heuristic")

PEER = """
import sys, time, warnings
import numpy as np
from sklearn_extra.cluster import KMedoids
warnings.simplefilter("ignore")
path, count, start = sys.argv[1], int(sys.argv[2]), sys.argv[3]
distances = np.load(path)
began = time.process_time()
found = KMedoids(count, metric="precomputed", method="pam", init=start, max_iter=300, random_state=0).fit(distances)
seconds = time.process_time() - began
print(repr(seconds), repr(float(distances[found.medoid_indices_].min(axis=0).sum())))
"""


@dataclass(frozen=True)
class PictureTime:
    """Best of several runs of one picture."""

    set: str
    name: str
    wall_ms: float
    core_ms: float  # time of the processor alone: what the wall clock shows on an idle machine


@dataclass(frozen=True)
class SolverTime:
    """Both solvers on the same points: the median of several runs of ours, one run of the other's."""

    points: int
    count: int
    start: str
    own_ms: float
    own_loss: float
    peer_ms: float
    peer_loss: float


def times_ms(action: Callable[[], object], repeats: int, clock: Callable[[], float]) -> list[float]:
    """Return the times of several calls, ms."""
    times = []
    for _ in range(repeats):
        began = clock()
        action()
        times.append(1000 * (clock() - began))
    return times


def corpus_pictures(corpus: Path, pictures: int) -> Iterable[tuple[str, str, Picture]]:
    """Yield set, name and picture, shrunk to 256 px, of the first test pictures of each set."""
    taken: dict[str, int] = {}
    for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["split"] != "test" or not entry.get("color") or taken.get(entry["set"], 0) >= pictures:
            continue
        taken[entry["set"]] = taken.get(entry["set"], 0) + 1
        picture = read_picture(corpus / entry["color"])
        alpha = None if picture.alpha is None else fit(picture.alpha, SIDE)
        yield entry["set"], entry["name"], Picture(fit(picture.over_white(), SIDE), alpha)


def time_pictures(corpus: Path, pictures: int, repeats: int) -> list[PictureTime]:
    """Time the hints of each picture."""
    found = []
    for group, name, picture in corpus_pictures(corpus, pictures):
        hints = partial(place, picture.rgb, picture.alpha, Params(), np.random.default_rng(0))
        wall, core = (min(times_ms(hints, repeats, clock)) for clock in (time.perf_counter, time.process_time))
        found.append(PictureTime(group, name, wall, core))
    return found


def point_sets() -> list[tuple[NDArray[np.float64], int]]:
    """Return distances and numbers of medoids: colours of stage 1 and places of stage 2, drawn at random."""
    rng = np.random.default_rng(0)
    sets = []
    for points, dimensions, count in ((1000, 3, 35), (600, 3, 35), (1000, 5, 10), (600, 5, 10)):
        drawn = rng.random((points, dimensions))
        sets.append((np.sqrt(((drawn[:, None] - drawn[None]) ** 2).sum(axis=-1)), count))
    return sets


def ask_peer(python: str, path: Path, count: int, start: str) -> tuple[float, float]:
    """Return the seconds and the loss of scikit-learn-extra's PAM on the distances in a file."""
    command = [python, "-c", PEER, str(path), str(count), start]
    seconds, loss = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(loss)


def time_solvers(python: str, repeats: int) -> list[SolverTime]:
    """Time both solvers on the same points, in turn."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "distances.npy")
        for distances, count in point_sets():
            np.save(path, distances)
            solve = partial(weighted_medoids, distances, np.ones(len(distances)), count)
            for start in STARTS:
                seconds, loss = ask_peer(python, path, count, start)
                own = median(times_ms(solve, repeats, time.process_time))
                found.append(SolverTime(len(distances), count, start, own, solve().loss, 1000 * seconds, loss))
    return found


def show_pictures(times: list[PictureTime]) -> None:
    """Print a table of sets."""
    print(f"two-stage k-medoids, {SIDE} px, one core, best of several runs (target: under {TARGET_MS:.0f} ms)")
    print(f"{'set':24}{'n':>4}{'median':>9}{'worst':>9}{'median, processor alone':>26}{'worst':>9}")
    for group in [*dict.fromkeys(one.set for one in times), None]:
        of_set = [one for one in times if group in (one.set, None)]
        wall, core = ([getattr(one, clock) for one in of_set] for clock in ("wall_ms", "core_ms"))
        print(f"{group or 'all':24}{len(of_set):4}{np.median(wall):9.1f}{max(wall):9.1f}", end="")
        print(f"{np.median(core):26.1f}{max(core):9.1f}")


def show_solvers(times: list[SolverTime]) -> None:
    """Print a table of point sets."""
    print(f"\nown solver against scikit-learn-extra's PAM (target: {TARGET_RATIO:.0f} times at 1000 points, k = 35)")
    print(f"{'points':>7}{'k':>4}  {'its start':12}{'own ms':>9}{'its ms':>10}{'ratio':>8}{'own loss / its loss':>22}")
    for one in times:
        print(f"{one.points:7}{one.count:4}  {one.start:12}{one.own_ms:9.1f}{one.peer_ms:10.0f}", end="")
        print(f"{one.peer_ms / one.own_ms:8.0f}{one.own_loss / one.peer_loss:22.9f}")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"))
    parser.add_argument("--pictures", type=int, default=8, help="pictures of each set")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--python-extra", help="a Python that has scikit-learn-extra")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):  # read when NumPy is loaded
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=os.environ | ONE_THREAD, check=False).returncode)
    cv2.setNumThreads(1)
    pictures = time_pictures(Path(options.corpus), options.pictures, options.repeats) if options.corpus else []
    if pictures:
        show_pictures(pictures)
    else:
        print("skipped the pictures: no --corpus and COLORIZE_CLI_CORPUS is unset")
    solvers = time_solvers(options.python_extra, options.repeats) if options.python_extra else []
    if solvers:
        show_solvers(solvers)
    else:
        print("skipped the comparison of solvers: no --python-extra with scikit-learn-extra")
    if options.json:
        machine = {"machine": platform.platform(), "numpy": np.__version__, "opencv": cv2.__version__}
        results = {"pictures": [asdict(time) for time in pictures], "solvers": [asdict(time) for time in solvers]}
        options.json.write_text(json.dumps(machine | results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
