"""Kills training runs at random moments and checks that they end as if nothing had happened.

    python tests/campaigns/train_kill.py [--rounds 20] [--kills 5] [--steps 24] [--model cyclegan]

--model is any that learns, with the settings that make it tiny in tests (`tests/runs.py`). Every round trains it with
`colorize-cli train`, sends SIGKILL after a random time, and runs the same command again, some times over; in every
second round whatever checkpoint is visible after a kill must load (which also mends it). At last all bytes of `last`,
`best` and `samples` and all figures that do not depend on time must be those of an undisturbed run. Prints one line a
round, with the steps that were saved when it was killed; exit 0 if all held.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.runs import LEARNING, tiny  # noqa: E402 - a campaign is started by its path

TIMING = ("pictures_a_second", "data_share", "seconds")
_LOOK = 0.02  # seconds between two looks at an undisturbed run
_EARLY = 0.2  # share of the kills that come before a run's first step
KEPT = ("last", "best", "samples")


def command(dataset: Path, out: Path, model: str, steps: int) -> list[str]:
    """A training run that saves after every step and validates often."""
    small = tiny(model)
    run = [sys.executable, "-m", "colorize_cli", "train", str(dataset), "-o", str(out), "--model", model, "-q"]
    run += ["--steps", str(steps), "--device", "cpu", "--threads", "1", "--hue", ".3", "--jitter", ".1"]
    run += ["--log-every", "3", "--validate-every", "4", "--validate-pictures", "4", "--save-minutes", "0"]
    run += ["--preset", small.preset] if small.preset else []
    return [*run, *(part for name, value in small.values.items() for part in ("--set", f"{name}={value}"))]


def build(scratch: Path, size: int) -> Path:
    """A small dataset of drawn creatures."""
    draw = [sys.executable, str(ROOT / "examples/monsters.py"), str(scratch / "art"), "--size", "128", "--count", "24"]
    subprocess.run(draw, check=True, stdout=subprocess.DEVNULL)
    make = [sys.executable, "-m", "colorize_cli", "build-dataset", str(scratch / "art" / "shaded"), "-q"]
    make += ["-o", str(scratch / "pairs"), "--size", str(size), "--val", "20", "--test", "0"]
    subprocess.run(make, cwd=ROOT, check=True)
    return scratch / "pairs"


def content(run: Path) -> dict[str, Any]:
    """All bytes that a user sees, and the figures without what depends on time."""
    found: dict[str, Any] = {}
    for folder in KEPT:
        for path in sorted((run / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                found[str(path.relative_to(run))] = path.read_bytes()
    state = json.loads(found["last/training.json"])
    found["last/training.json"] = {name: value for name, value in state.items() if name not in TIMING}
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found["metrics"] = [{name: value for name, value in row.items() if name not in TIMING} for row in rows]
    return found


def broken_checkpoint(run: Path) -> str | None:
    """The first visible checkpoint that does not load, with the reason."""
    from pipelines.core.errors import ColorizeError
    from pipelines.inference.checkpoint import load_checkpoint, read_training

    for name in ("last", "best"):
        if (run / name).exists():
            try:
                load_checkpoint(run / name)
                if name == "last":
                    read_training(run / name)
            except ColorizeError as error:
                return f"{name}: {error}"
    return None


class Pace(NamedTuple):
    """How long an undisturbed run takes, seconds."""

    start: float  # until its first checkpoint
    steps: float  # from then on


def undisturbed(run: list[str], out: Path) -> Pace:
    """Let a run end, and look when its first checkpoint came."""
    began, first = time.monotonic(), 0.0
    process = subprocess.Popen(run, cwd=ROOT)
    while process.poll() is None:
        if not first and saved_step(out):
            first = time.monotonic() - began
        time.sleep(_LOOK)
    assert process.returncode == 0
    return Pace(first, time.monotonic() - began - first)


def moments(pace: Pace, kills: int, chance: random.Random) -> list[float]:
    """After how many seconds each kill comes: one in five while the run starts, the others spread over its steps."""
    share = 1.5 * pace.steps / kills  # of the steps at most: three quarters of the run are behind at the last kill
    return [
        chance.uniform(0, pace.start) if chance.random() < _EARLY else pace.start + chance.uniform(-0.1, 1) * share
        for _ in range(kills)
    ]


def saved_step(run: Path) -> int:
    """The step of the last checkpoint, 0 where there is none yet or it is just being replaced."""
    try:
        return int(json.loads((run / "last" / "training.json").read_text())["step"])
    except FileNotFoundError:
        return 0


def disturbed(run: list[str], out: Path, *, waits: list[float], looking: bool, steps: list[int]) -> str | None:
    """Kill the run after so many seconds each time, then let it end; returns what was wrong, None if nothing.

    The steps that were saved at each kill are added to `steps`.
    """
    for wait in waits:
        process = subprocess.Popen(run, cwd=ROOT, start_new_session=True)
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        steps.append(saved_step(out))
        if looking and (problem := broken_checkpoint(out)):
            return problem
    ended = subprocess.run(run, cwd=ROOT, check=False)
    return None if ended.returncode == 0 else f"the last run ended with {ended.returncode}"


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kills", type=int, default=5, help="in a round")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--model", choices=LEARNING, default="cyclegan")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        dataset = build(Path(scratch), tiny(options.model).size)
        straight = Path(scratch) / "undisturbed"
        pace = undisturbed(command(dataset, straight, options.model, options.steps), straight)
        expected = content(straight)
        for number in range(options.rounds):
            out = Path(scratch) / f"out-{number}"
            run = command(dataset, out, options.model, options.steps)
            waits, steps = moments(pace, options.kills, chance), list[int]()
            problem = disturbed(run, out, waits=waits, looking=number % 2 == 1, steps=steps)
            if problem is None and (found := content(out)) != expected:
                differing = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
                problem = f"differs from an undisturbed run in {', '.join(sorted(differing))}"
            if problem is not None:
                print(f"round {number}: {problem}")
                return 1
            shown = ", ".join(map(str, steps))
            print(f"round {number}: killed {options.kills} times, at steps {shown}; the result is equal", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
