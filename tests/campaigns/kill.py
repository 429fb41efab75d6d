"""Kills runs at random moments and checks that the next run ends as if nothing had happened.

    python tests/campaigns/kill.py [--rounds 50] [--pictures 60]

Every round starts `colorize-cli colorize`, sends SIGKILL to the main process (every third round to the whole process
group) after a random time, checks that every visible file is whole, and at last compares all bytes with an undisturbed
run. Prints one line a round; exit 0 if all held.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
CHANCE = random.Random(0)


def command(source: Path, out: Path) -> list[str]:
    """One colorization of a folder from drawn hints."""
    program = [sys.executable, "-m", "colorize_cli", "colorize", "--model", "flat", "-j", "2", "-q"]
    return [*program, str(source / "lines"), "--hints", str(source / "hints"), "-o", str(out)]


def is_whole(path: Path) -> bool:
    """Whether a picture decodes and ends as a PNG ends."""
    data = path.read_bytes()
    return data.endswith(b"IEND\xaeB`\x82") and cv2.imdecode(np.frombuffer(data, np.uint8), -1) is not None


def visible_files(out: Path) -> dict[str, bytes]:
    """All files that a user sees, by name."""
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.png"))}


def kill_until_done(source: Path, out: Path, *, pictures: int, longest: float, group: bool) -> int | None:
    """Start the command and kill it, up to four times; returns how often, None where half a file was visible.

    longest: seconds after which it is killed at the latest. group: kill its workers with it.
    """
    kills = 0
    while len(visible_files(out)) < pictures and kills < 4:
        process = subprocess.Popen(command(source, out), cwd=ROOT, start_new_session=True)
        time.sleep(CHANCE.uniform(0, longest))
        (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        if not all(is_whole(path) for path in out.glob("*.png")):
            return None
    return kills


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--pictures", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source, undisturbed = Path(scratch) / "in", Path(scratch) / "undisturbed"
        draw = [sys.executable, str(ROOT / "examples/monsters.py"), str(source), "--size", "256"]
        subprocess.run([*draw, "--count", str(options.pictures)], check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        subprocess.run(command(source, undisturbed), cwd=ROOT, check=True)
        duration = time.monotonic() - began
        expected = visible_files(undisturbed)
        for number in range(options.rounds):
            out = Path(scratch) / f"out-{number}"
            kills = kill_until_done(source, out, pictures=options.pictures, longest=duration, group=number % 3 == 0)
            if kills is None:
                print(f"round {number}: a half-written file is visible")
                return 1
            survived = len(visible_files(out))
            subprocess.run(command(source, out), cwd=ROOT, check=True)
            if visible_files(out) != expected:
                print(f"round {number}: the result differs from an undisturbed run")
                return 1
            print(f"round {number}: {kills} kills, {survived} files had survived, the result is equal", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
