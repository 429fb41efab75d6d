"""Measures trapped-ball segmentation and flat colour in one thread: time a picture, and time a pixel as pictures grow.

    python benchmarks/trapped_ball.py [--rounds 7] [--json results.json]

The load is line art of rings, blobs and strokes from a seed: the same drawing at every size, with lines of .5 % of the
longer side, so that only the number of pixels changes. The least time of all rounds is given, because other work on the
machine only adds to it. `flat` is models/flat.py with ten hints at its own settings; above its work size of 2048 px it
finds colours at that size and then brings them to full size.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.models import flat
from pipelines.regions import trapped_ball

Bytes = NDArray[np.uint8]

SIZES = ((512, 512), (980, 1820), (1024, 1024), (2048, 2048), (4096, 4096))
TARGETS = {(512, 512): 25.0, (980, 1820): 150.0}  # ms, of segmentation


def draw(height: int, width: int, seed: int = 7) -> Bytes:
    """Draw soft line art, uint8 (height, width): rings, blobs with a wavy outline, and open strokes."""
    rng = np.random.default_rng(seed)
    scale = np.array([width, height], np.float64)
    thickness = max(1, round(0.005 * max(height, width)))
    lines = np.full((height, width), 255, np.uint8)
    for _ in range(40):
        angle = np.linspace(0, 2 * np.pi, 200)
        wave = 1 + rng.uniform(0, 0.3) * np.sin(angle * rng.integers(2, 7) + rng.uniform(0, 6))
        radius = rng.uniform(0.02, 0.14) * min(height, width)
        points = (
            rng.uniform(0.05, 0.95, 2) * scale
            + np.column_stack([np.cos(angle), np.sin(angle)]) * radius * wave[:, None]
        )
        cv2.polylines(lines, [np.rint(points).astype(np.int32)], bool(rng.integers(2)), 0, thickness, cv2.LINE_AA)
    return lines


def spread_hints(height: int, width: int, seed: int = 7) -> Bytes:
    """Place ten discs of different colours, uint8 RGBA (height, width, 4)."""
    rng = np.random.default_rng(seed)
    hints = np.zeros((height, width, 4), np.uint8)
    for _ in range(10):
        centre = (rng.uniform(0.1, 0.9, 2) * [width, height]).astype(int).tolist()
        colour = (*rng.integers(0, 256, 3).tolist(), 255)
        cv2.circle(hints, centre, max(2, max(height, width) // 64), colour, cv2.FILLED)
    return hints


def least_milliseconds(action: Callable[[], object], rounds: int) -> float:
    """Return the least time of an action, ms, after one round that does not count."""
    action()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def measure(height: int, width: int, rounds: int) -> dict[str, float]:
    """Measure one size: milliseconds and nanoseconds a pixel of segmentation and of flat colour."""
    lines, hints = draw(height, width), spread_hints(height, width)
    settings, flat_settings = trapped_ball.Params(), flat.Params()
    segment = least_milliseconds(lambda: trapped_ball.segment(lines, settings), rounds)
    rng = np.random.default_rng(0)
    paint = least_milliseconds(lambda: flat.fill(lines, hints, None, flat_settings, rng), rounds)
    pixels = height * width
    return {
        "regions": int(trapped_ball.segment(lines, settings).max()),
        "segment, ms": segment,
        "segment, ns a pixel": segment * 1e6 / pixels,
        "flat, ms": paint,
        "flat, ns a pixel": paint * 1e6 / pixels,
    }


def main() -> None:
    """Parse the command line, measure, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    results = {}
    for height, width in SIZES:
        rounds = arguments.rounds if height * width <= 1 << 22 else min(arguments.rounds, 3)
        figures = results[f"{width}x{height}"] = measure(height, width, rounds)
        target = TARGETS.get((height, width))
        print(
            f"{width}x{height}: segment {figures['segment, ms']:.1f} ms ({figures['segment, ns a pixel']:.0f} ns a px"
            f"{f', target {target:.0f} ms' if target else ''}), flat {figures['flat, ms']:.1f} ms, "
            f"{figures['regions']} regions",
            flush=True,
        )
    if arguments.json:
        about = {
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "threads": 1,
        }
        arguments.json.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
